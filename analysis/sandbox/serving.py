"""The limited process: it lowers its own limits, then does what it was asked, then answers."""

import contextlib
import ctypes
import math
import os
import pickle
import signal
import sys
from pathlib import Path

from analysis import errors
from analysis.sandbox.answers import encode_answer

try:
    import resource
except ImportError:  # Windows: only the time is limited there
    resource = None

LONGEST_MESSAGE = 2000
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def serve(seconds: float, memory_bytes: int, file_bytes: int, parent: int = 0) -> None:
    """Read a request from standard input, carry it out under limits and no longer than `parent` lives, and answer."""
    _die_with(parent)
    channel = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get into the answer
    try:
        if hasattr(signal, "alarm"):  # should the parent die, and its clock with it, where that is not noticed
            signal.alarm(math.ceil(seconds) + 5)
        _limit("RLIMIT_CORE", 0)
        _limit("RLIMIT_FSIZE", file_bytes)
        _limit("RLIMIT_CPU", math.ceil(seconds) + 1)
        function, arguments = pickle.loads(sys.stdin.buffer.read())  # the request is ours; imports what it names
        if sys.platform == "linux":  # macOS does not keep this limit
            _limit("RLIMIT_AS", _address_space() + memory_bytes)
        parts = encode_answer({"result": function(*arguments)})
    except Exception as error:  # noqa: BLE001 - the parent raises it again
        parts = encode_answer({"error": _public_name(error), "message": str(error)[:LONGEST_MESSAGE]})
    with channel:
        channel.writelines(parts)


def _die_with(parent: int) -> None:
    """End with the parent, or rather with its thread that started this process and waits for it (Linux only)."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, AttributeError):  # a system without that library, or a library without that function
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if parent and os.getppid() != parent:  # it died before it could be noticed
        os._exit(1)


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
