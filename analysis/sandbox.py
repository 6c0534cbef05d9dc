"""Run one function in a process of its own that cannot take more time, memory or disk than it is given.

For parsers of foreign files: a decoder that hangs, grows without end or crashes costs its own process and nothing else. The
process starts in an empty folder that is removed afterwards, inherits next to no environment, and answers with numbers and
text only: nothing that comes back is ever unpickled. These are limits, not walls: the process may read what the user may.
"""

import contextlib
import io
import json
import math
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from analysis import errors, paths
from analysis.errors import OtoscopeError

try:
    import resource
except ImportError:  # Windows: only the time is limited there
    resource = None

__all__ = ["SandboxError", "decode_answer", "encode_answer", "run_limited", "serve"]

T = TypeVar("T")

_BOOTSTRAP = (
    "import json, sys; order = json.loads(sys.argv[1]); sys.path[:] = order.pop('path'); "
    "from analysis.sandbox import serve; serve(**order)"
)
_INHERITED = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_ARENA_MAX"), "1")
_TEMPORARY = ("TMPDIR", "TMP", "TEMP", "HOME")
_DTYPES = ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8")
_LONGEST_HEADER = 1 << 20
_LONGEST_MESSAGE = 2000
_TIME, _MEMORY = "time", "memory"


class SandboxError(OtoscopeError):
    """A function in a limited process was stopped, crashed, or failed in a way it did not foresee."""


def run_limited(function: Callable[..., T], *args: Any, seconds: float, memory_bytes: int, what: str, file_bytes: int = 0) -> T:
    """`function(*args)`, computed by a fresh process under limits.

    `function` must be importable by name and return numbers, text, bytes, arrays of numbers, or lists, tuples and dictionaries
    of these. The process is stopped after `seconds` of wall-clock or processor time; it may allocate `memory_bytes` beyond
    what its imports took (Linux only) and write files of at most `file_bytes` each. `what` begins the sentence of a failure:
    “Decoding song.wav”.

    Raises:
        SandboxError: a limit was reached, or the process crashed or failed unexpectedly.
        OtoscopeError: of whatever class `function` raised.

    >>> run_limited(math.gcd, 12, 18, seconds=30, memory_bytes=2**28, what="Dividing")
    6
    """
    request = pickle.dumps((function, args), protocol=5)
    with tempfile.TemporaryDirectory(prefix="otoscope-", ignore_cleanup_errors=True) as folder:
        with _child(folder, seconds=seconds, memory_bytes=memory_bytes, file_bytes=file_bytes) as child:
            answer, fate = _exchange(child, request, seconds, memory_bytes)
    if answer is None:
        raise SandboxError(_epitaph(what, fate or _cause(child.returncode), seconds, memory_bytes))
    if "result" in answer:
        return answer["result"]
    kind, message = str(answer.get("error")), str(answer.get("message"))[:_LONGEST_MESSAGE]
    if kind == MemoryError.__name__:
        raise SandboxError(_too_much(what, memory_bytes))
    known = getattr(errors, kind, None)
    if isinstance(known, type) and issubclass(known, OtoscopeError):
        raise known(message)
    raise SandboxError(f"{what} failed in a way that was not foreseen ({kind}: {message}). Use another file.")


@contextlib.contextmanager
def _child(folder: str, **limits: float) -> Iterator[subprocess.Popen[bytes]]:
    """An interpreter that runs `serve` in `folder`; at the end it is gone, and so is what it started."""
    search = [*(str(Path(entry).absolute()) for entry in sys.path), str(paths.repository())]
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environment |= _ONE_THREAD | dict.fromkeys(_TEMPORARY, folder) | {"CUDA_VISIBLE_DEVICES": ""}
    process = subprocess.Popen(
        [sys.executable, "-I", "-B", "-c", _BOOTSTRAP, json.dumps({"path": search, **limits})],
        cwd=folder, env=environment, start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        _kill(process)
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # pyright: ignore[reportOptionalMemberAccess]
        process.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and all that it started. Until it is waited for, its number belongs to nobody else."""
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)


def _exchange(
    child: subprocess.Popen[bytes], request: bytes, seconds: float, most_bytes: int
) -> tuple[dict[str, Any] | None, str]:
    """The child's answer, or `None` and what became of it where its exit status does not tell."""
    stopped = threading.Event()

    def stop() -> None:
        stopped.set()
        _kill(child)

    watchdog = threading.Timer(seconds, stop)
    watchdog.daemon = True
    watchdog.start()
    try:
        with contextlib.suppress(BrokenPipeError), child.stdin as pipe:  # pyright: ignore[reportOptionalContextManager]
            pipe.write(request)
        return decode_answer(child.stdout, most_bytes), ""  # pyright: ignore[reportArgumentType]
    except (OSError, EOFError):
        return None, _TIME if stopped.is_set() else ""
    except ValueError:
        return None, "its answer makes no sense"
    finally:
        watchdog.cancel()
        watchdog.join()


def _cause(code: int) -> str:
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"exit status {code}"
    return {"SIGXCPU": _TIME, "SIGKILL": _MEMORY}.get(name, name)  # nobody else kills it but a system without memory


def _epitaph(what: str, cause: str, seconds: float, memory_bytes: int) -> str:
    if cause == _TIME:
        return f"{what} took longer than {seconds:g} s and was stopped. Use a shorter or simpler file."
    if cause == _MEMORY:
        return _too_much(what, memory_bytes)
    return f"{what} crashed the process that did it ({cause}). The file is damaged, or made to do this; use another one."


def _too_much(what: str, memory_bytes: int) -> str:
    return f"{what} needed more memory than the {memory_bytes / 2**20:,.0f} MiB it may have. Use a shorter or simpler file."


# --- the answer: the length of a header, the header as JSON, then the bytes of each array ----------------------------------


def encode_answer(answer: dict[str, Any]) -> list[bytes]:
    """The parts of an answer as they go through the pipe.

    Raises:
        TypeError: it holds something that is no number, text, bytes, array of numbers, list, tuple or dictionary.
    """
    arrays: list[NDArray] = []
    tree = _plain(answer, arrays)
    kinds = [[array.dtype.str, array.shape] for array in arrays]
    header = json.dumps({"tree": tree, "arrays": kinds}).encode()
    return [len(header).to_bytes(8, "little"), header, *(array.tobytes() for array in arrays)]


def _plain(value: Any, arrays: list[NDArray]) -> Any:
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


def decode_answer(stream: io.BufferedIOBase, most_bytes: int) -> dict[str, Any]:
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


def _array(stream: io.BufferedIOBase, dtype: str, shape: Sequence[int], most_bytes: int) -> NDArray:
    if dtype not in _DTYPES or len(shape) > 8 or not all(type(size) is int and 0 <= size <= most_bytes for size in shape):
        raise ValueError("An array of an unknown kind.")
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


def _rebuilt(tree: Any, arrays: list[NDArray]) -> Any:
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


# --- in the limited process ---------------------------------------------------------------------------------------------------


def serve(seconds: float, memory_bytes: int, file_bytes: int) -> None:
    """Read a request from standard input, carry it out under limits, and answer on standard output."""
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get into the answer
    try:
        if hasattr(signal, "alarm"):  # should the parent die, and its clock with it
            signal.alarm(math.ceil(seconds) + 5)
        _limit("RLIMIT_CORE", 0)
        _limit("RLIMIT_FSIZE", file_bytes)
        _limit("RLIMIT_CPU", math.ceil(seconds) + 1)
        function, arguments = pickle.loads(sys.stdin.buffer.read())  # the request is ours; imports what it names
        if sys.platform == "linux":  # macOS does not keep this limit
            _limit("RLIMIT_AS", _address_space() + memory_bytes)
        parts = encode_answer({"result": function(*arguments)})
    except Exception as error:  # noqa: BLE001 - the parent raises it again
        parts = encode_answer({"error": _public_name(error), "message": str(error)[:_LONGEST_MESSAGE]})
    with channel:
        channel.writelines(parts)


def _public_name(error: Exception) -> str:
    """The name of the error's class, or of its nearest ancestor in `analysis.errors`."""
    names = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == errors.__name__]
    return names[0] if names else "MemoryError" if isinstance(error, MemoryError) else type(error).__name__


def _limit(name: str, value: int) -> None:
    if resource is None:
        return
    kind = getattr(resource, name)
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (value, value))


def _address_space() -> int:
    """Bytes of address space that this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * os.sysconf("SC_PAGESIZE")
