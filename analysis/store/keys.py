"""Keys: SHA-256 of everything that decides a result, every byte of it."""

import hashlib
import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from analysis.errors import ConfigError

SCHEMA_VERSION = 1
ARRAY_KINDS = "biufcSUmM"
Chunk = bytes | memoryview


def digest(parts: dict[str, object]) -> str:
    """SHA-256, in hexadecimal, of an encoding in which two different `parts` never read the same.

    Raises:
        ConfigError: something is neither a name, a number, bytes, None, an array, nor a list or dictionary of them.
    """
    sha256 = hashlib.sha256(f"otoscope store {SCHEMA_VERSION}\0".encode())
    for chunk in _encode(parts, "the key"):
        sha256.update(chunk)
    return sha256.hexdigest()


def _encode(part: object, where: str) -> Iterator[Chunk]:
    """Type, length and content; the exact type decides, so 1, 1.0, True and "1" differ. A tuple reads as a list."""
    if part is None or type(part) is bool:
        yield {None: b"N", True: b"T", False: b"F"}[part]
    elif type(part) is int:
        yield from _sized(b"i", str(part).encode())
    elif type(part) is float:
        yield b"f" + struct.pack(">d", part)
    elif type(part) is str:
        yield from _sized(b"s", part.encode("utf-8", "surrogatepass"))
    elif type(part) is bytes:
        yield from _sized(b"b", part)
    elif type(part) is list or type(part) is tuple:
        yield b"l%d:" % len(part)
        for number, item in enumerate(part):
            yield from _encode(item, f"{where}[{number}]")
    elif type(part) is dict:
        yield from _encode_dict(part, where)
    elif isinstance(part, np.ndarray) and type(part) in (np.ndarray, np.memmap):
        yield from _encode_array(part, where)
    else:
        raise ConfigError(
            f"{where} is of type {type(part).__name__}; expected str, int, float, bool, None, bytes, a NumPy array, or a list or "
            "dictionary of them. Convert it; of a model or a file give its SHA-256."
        )


def _encode_dict(part: dict[object, object], where: str) -> Iterator[Chunk]:
    names = [name for name in part if type(name) is str]
    if len(names) < len(part):
        wrong = next(name for name in part if type(name) is not str)
        raise ConfigError(f"{where} has the name {wrong!r} ({type(wrong).__name__}); expected str.")
    yield b"d%d:" % len(part)
    for name in sorted(names):
        yield from _encode(name, where)
        yield from _encode(part[name], f"{where}[{name!r}]")


def _encode_array(array: NDArray, where: str) -> Iterator[Chunk]:
    if array.dtype.kind not in ARRAY_KINDS:
        raise ConfigError(f"{where} is an array of {array.dtype}; expected numbers, booleans, text or times.")
    yield from _sized(b"a", f"{array.dtype.str} {array.shape}".encode())
    if array.nbytes:
        yield np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _sized(tag: bytes, data: bytes) -> Iterator[bytes]:
    yield tag + b"%d:" % len(data)
    yield data
