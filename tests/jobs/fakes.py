"""Functions for jobs of the tests; the worker imports them by name."""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from analysis.errors import ConfigError
from analysis.memory import halving
from analysis.run import RunContext

HOARD: list[Any] = []


def echo(request: dict[str, Any], context: RunContext) -> dict[str, Any]:
    return {"request": request, "pid": os.getpid()}


def digest(request: dict[str, Any], context: RunContext) -> dict[str, Any]:
    """A chain of hashes in pieces, with a long document: slow enough to be killed at every moment."""
    value = str(request["seed"])
    for piece in range(request["pieces"]):
        context.cancel.check()
        value = hashlib.sha256(value.encode()).hexdigest()
        time.sleep(0.002)
        context.progress(piece + 1, request["pieces"], f"piece {piece + 1}")
    return {"digest": value, "text": value * request.get("repeat", 1)}


def count(request: dict[str, Any], context: RunContext) -> dict[str, int]:
    """Write a line per piece, until it is told to stop."""
    for piece in range(request["pieces"]):
        context.cancel.check()
        with Path(request["file"]).open("a") as file:
            file.write(f"{piece}\n")
        context.progress(piece + 1, request["pieces"], "counting")
        time.sleep(request.get("seconds", 0.02))
    return {"pieces": request["pieces"]}


def measure(request: dict[str, Any], context: RunContext) -> dict[str, Any]:
    """Report a number per step, the last of which is none, and another name at every third step."""
    steps = request["steps"]
    for step in range(1, steps + 1):
        context.metrics(step, {"loss": float("nan") if step == steps else 1 / step} | ({"S": step} if step % 3 == 0 else {}))
    return {}


def measure_all(request: dict[str, Any], context: RunContext) -> None:
    """Report a new name at every step."""
    for step in range(100):
        context.metrics(step, {f"number {step}": 1.0})


def stubborn(request: dict[str, Any], context: RunContext) -> None:
    """Never look at the flag."""
    context.progress(1, 2, "deaf")
    time.sleep(60)


def last_words(request: dict[str, Any], context: RunContext) -> None:
    """Report twice at once, then be silent."""
    context.progress(1, 3, "first")
    context.progress(2, 3, "second")
    while not context.cancel.requested:
        time.sleep(0.01)
    context.cancel.check()


def noisy(request: dict[str, Any], context: RunContext) -> dict[str, str]:
    """Print to everything there is, as libraries do."""
    sys.stdout.write('{"end": {"state": "done"}}\n')
    os.write(1, b'{"job": "x"}\n' * 20_000)
    os.write(2, b"warning\n")
    sys.stdout.flush()
    subprocess.run([sys.executable, "-c", "print('{}')"], check=True)
    return {"read": sys.stdin.read()}


def fault(request: dict[str, Any], context: RunContext) -> None:
    raise KeyError("secret detail")


def refuse(request: dict[str, Any], context: RunContext) -> None:
    raise ConfigError("Expected 1 layer, got 2. Choose 1.")


def leave(request: dict[str, Any], context: RunContext) -> None:
    sys.exit(3)


def end_process(request: dict[str, Any], context: RunContext) -> None:
    os.write(1, b"last words of the library\n")
    os.kill(os.getpid(), request["signal"])
    time.sleep(60)


def with_child(request: dict[str, Any], context: RunContext) -> None:
    """Start a process that outlives its parent and holds its pipes, then end."""
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    Path(request["file"]).write_text(str(child))
    os.kill(os.getpid(), 9)


def no_json(request: dict[str, Any], context: RunContext) -> Any:
    return {"nan": float("nan"), "object": object(), "huge": "x" * 5_000_000}[request["what"]]


def hoard(request: dict[str, Any], context: RunContext) -> None:
    """Take memory; keep it beyond the end if so requested."""
    block = bytearray(request["bytes"])
    block[::4096] = b"x" * len(block[::4096])
    cycle: list[Any] = [block]
    cycle.append(cycle)  # free only when somebody collects
    if request["keep"]:
        HOARD.append(cycle)
    context.progress(1, 2, "full")
    while not context.cancel.requested:
        time.sleep(0.01)
    context.cancel.check()


def out_of_memory(request: dict[str, Any], context: RunContext) -> None:
    raise MemoryError("cannot allocate")


def batches(request: dict[str, Any], context: RunContext) -> dict[str, Any]:
    def attempt(size: int) -> int:
        if size > request["fits"]:
            raise MemoryError
        return size

    return {"size": halving(request["batch_size"], attempt, context), "limit": context.batch_size_limit}


def until_file(request: dict[str, Any], context: RunContext) -> dict[str, str]:
    """Run until a file exists."""
    while not Path(request["file"]).exists():
        context.cancel.check()
        time.sleep(0.01)
    return {"seen": request["file"]}


def fail_after_cancel(request: dict[str, Any], context: RunContext) -> None:
    """Ask to stop and then fail in another way."""
    context.progress(1, 4, "waiting")
    while not context.cancel.requested:
        time.sleep(0.01)
    raise OSError("a file was half written")
