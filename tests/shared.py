"""What the processes of one test run share: a folder, and a way to make what is dear only once."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from analysis.results import Result
from analysis.studies.shipped import shipped_results


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """A folder that is the same for every process of this run, and of no other run."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """One process at a time is in here; the others wait until it has left, and find what it made."""
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def common(folder: Path, name: str, make: Callable[[], str]) -> Iterator[str]:
    """What one process made for all, in words; that process leaves when all others have left."""
    made, door = folder / name, folder / f"{name}.lock"
    with (folder / f"{name}.users").open("a") as users:
        with alone(door):
            if is_mine := not made.exists():
                made.write_text(make(), "utf-8")
            fcntl.flock(users, fcntl.LOCK_SH)
        yield made.read_text("utf-8")
        if is_mine:
            with alone(door):  # whoever comes now waits, and makes it anew
                fcntl.flock(users, fcntl.LOCK_EX)
                made.unlink()


@cache
def read_shipped(study: str) -> tuple[Result, ...]:
    """The results of a study that came with the library, read once by every process: no test may change them."""
    return tuple(shipped_results(study))
