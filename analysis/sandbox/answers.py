"""What a limited process answers: the length of a header, the header as JSON, then the bytes of each array."""

import io
import json
import math

import numpy as np
from numpy.typing import NDArray

_DTYPES = ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8")
_LONGEST_HEADER = 1 << 20


def encode_answer(answer: dict[str, object]) -> list[bytes]:
    """The parts of an answer as they go through the pipe.

    Raises:
        TypeError: it holds something that is no number, text, bytes, array of numbers, list, tuple or dictionary.
    """
    arrays: list[NDArray] = []
    tree = _plain(answer, arrays)
    kinds = [[array.dtype.str, array.shape] for array in arrays]
    header = json.dumps({"tree": tree, "arrays": kinds}).encode()
    return [len(header).to_bytes(8, "little"), header, *(array.tobytes() for array in arrays)]


def _plain(value: object, arrays: list[NDArray]) -> object:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return {type(value).__name__: [_plain(item, arrays) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[_plain(key, arrays), _plain(item, arrays)] for key, item in value.items()]}
    array = np.frombuffer(value, np.uint8) if isinstance(value, bytes) else value
    if not isinstance(array, np.ndarray) or array.dtype.str not in _DTYPES:
        raise TypeError(
            f"A limited function returned a {type(value).__name__}; expected numbers, text, bytes or arrays of numbers."
        )
    arrays.append(array)
    return {"bytes" if isinstance(value, bytes) else "array": len(arrays) - 1}


def decode_answer(stream: io.BufferedIOBase, most_bytes: int) -> dict[str, object]:
    """Inverse of `encode_answer`, for bytes that may have been made to do harm.

    Raises:
        ValueError: they are no answer, or one of more than `most_bytes`.
        EOFError: they end too early.
    """
    try:
        length = int.from_bytes(_exactly(stream, 8), "little")
        header = json.loads(_exactly(stream, length) if length <= _LONGEST_HEADER else b"")
        arrays = []
        for dtype, shape in header["arrays"]:
            array = _array(stream, dtype, shape, most_bytes)
            most_bytes -= array.nbytes
            arrays.append(array)
        answer = _rebuilt(header["tree"], arrays)
    except (TypeError, LookupError, OverflowError, RecursionError, ValueError) as error:
        raise ValueError("The bytes are no answer.") from error
    if not isinstance(answer, dict) or not all(isinstance(key, str) for key in answer):
        raise ValueError("The bytes are no answer.")
    return answer


def _array(stream: io.BufferedIOBase, dtype: object, shape: object, most_bytes: int) -> NDArray:
    if not isinstance(dtype, str) or dtype not in _DTYPES or not isinstance(shape, list) or len(shape) > 8:
        raise ValueError("An array of an unknown kind.")
    if not all(type(size) is int and 0 <= size <= most_bytes for size in shape):
        raise ValueError("An array of an impossible size.")
    n_bytes = np.dtype(dtype).itemsize * math.prod(shape)
    if n_bytes > most_bytes:
        raise ValueError("An array that is too large.")
    return np.frombuffer(_exactly(stream, n_bytes), dtype).reshape(shape)


def _exactly(stream: io.BufferedIOBase, n_bytes: int) -> bytearray:
    data = bytearray(n_bytes)
    view, done = memoryview(data), 0
    while done < n_bytes:
        if not (got := stream.readinto(view[done:])):
            raise EOFError("The answer is cut off.")
        done += got
    return data


def _rebuilt(tree: object, arrays: list[NDArray]) -> object:
    if not isinstance(tree, dict):
        if isinstance(tree, list):
            raise ValueError("A list without its kind.")
        return tree
    ((kind, value),) = tree.items()
    if kind in ("list", "tuple"):
        items = [_rebuilt(item, arrays) for item in value]
        return items if kind == "list" else tuple(items)
    if kind == "dict":
        return {_rebuilt(key, arrays): _rebuilt(item, arrays) for key, item in value}
    array = arrays[value]
    return array.tobytes() if kind == "bytes" else array
