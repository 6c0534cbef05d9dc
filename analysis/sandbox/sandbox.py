"""Run one function in a process of its own that cannot take more time, memory or disk than it is given.

For parsers of foreign files: a decoder that hangs, grows without end or crashes costs its own process and nothing else. The
process starts in an empty folder that is removed afterwards, inherits next to no environment, and answers with numbers and
text only: nothing that comes back is ever unpickled. These are limits, not walls: the process may read what the user may.
"""

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar, cast

from analysis import errors, paths
from analysis.errors import OtoscopeError
from analysis.sandbox.answers import decode_answer
from analysis.sandbox.folders import temporary_folder
from analysis.sandbox.serving import LONGEST_MESSAGE

T = TypeVar("T")

_PREFIX = "otoscope-limited-"
_BOOTSTRAP = (
    "import json, sys; order = json.loads(sys.argv[1]); sys.path[:] = order.pop('path'); "
    "from analysis.sandbox.serving import serve; serve(**order)"
)
_INHERITED = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_ARENA_MAX"), "1")
_TEMPORARY = ("TMPDIR", "TMP", "TEMP", "HOME")
_TIME, _MEMORY = "time", "memory"


AT_ONCE = 2  # limited processes of one server
LONGEST_WAIT_S = 120.0
_places = threading.BoundedSemaphore(AT_ONCE)


class SandboxError(OtoscopeError):
    """A function in a limited process was stopped, crashed, or failed in a way it did not foresee."""


def run_limited(
    function: Callable[..., T], *args: object, seconds: float, memory_bytes: int, what: str, file_bytes: int = 0
) -> T:
    """`function(*args)`, computed by a fresh process under limits.

    `function` must be importable by name and return numbers, text, bytes, arrays of numbers, or lists, tuples and dictionaries
    of these. The process is stopped after `seconds` of wall-clock or processor time; it may allocate `memory_bytes` beyond
    what its imports took (Linux only) and write files of at most `file_bytes` each. `what` begins the sentence of a failure:
    “Decoding song.wav”.

    Raises:
        SandboxError: a limit was reached, the wait for a place was too long, or the process crashed or failed unexpectedly.
        OtoscopeError: of whatever class `function` raised.

    >>> import math
    >>> run_limited(math.gcd, 12, 18, seconds=30, memory_bytes=2**28, what="Dividing")
    6
    """
    request = pickle.dumps((function, args), protocol=5)
    with _turn(what), temporary_folder(_PREFIX) as (folder, lock):
        with _child(folder, lock, seconds=seconds, memory_bytes=memory_bytes, file_bytes=file_bytes) as child:
            answer, fate = _exchange(child, request, seconds, memory_bytes)
    if answer is None:
        raise SandboxError(_epitaph(what, fate or _cause(child.returncode), seconds, memory_bytes))
    if "result" in answer:
        return cast(T, answer["result"])
    kind, message = str(answer.get("error")), str(answer.get("message"))[:LONGEST_MESSAGE]
    if kind == MemoryError.__name__:
        raise SandboxError(_too_much(what, memory_bytes))
    known = getattr(errors, kind, None)
    if isinstance(known, type) and issubclass(known, OtoscopeError):
        raise known(message)
    raise SandboxError(f"{what} failed in a way that was not foreseen ({kind}: {message}). Use another file.")


@contextlib.contextmanager
def _turn(what: str) -> Iterator[None]:
    """One of the few places for such processes: each may take much memory, and anybody may ask for one."""
    if not _places.acquire(timeout=LONGEST_WAIT_S):
        raise SandboxError(f"{what} waited {LONGEST_WAIT_S:g} s for others to be done. Try again later.")
    try:
        yield
    finally:
        _places.release()


@contextlib.contextmanager
def _child(folder: str, lock: int | None, **limits: float) -> Iterator[subprocess.Popen[bytes]]:
    """An interpreter that runs `serve` in `folder` and shares the lock on it; at the end it and what it started are gone."""
    search = [*(str(Path(entry).absolute()) for entry in sys.path), str(paths.repository())]
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environment |= _ONE_THREAD | dict.fromkeys(_TEMPORARY, folder) | {"CUDA_VISIBLE_DEVICES": ""}
    process = subprocess.Popen(
        [sys.executable, "-I", "-B", "-c", _BOOTSTRAP, json.dumps({"path": search, "parent": os.getpid(), **limits})],
        cwd=folder, env=environment, start_new_session=True, pass_fds=() if lock is None else (lock,),
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
) -> tuple[dict[str, object] | None, str]:
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
