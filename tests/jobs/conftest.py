"""A queue with fake kinds of job, shut down after every test."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.jobs.log import JobLog
from analysis.jobs.queue import JobQueue
from analysis.jobs.settings import Settings

HERE = Path(__file__).parent
FAKES = (
    "echo digest count stubborn last_words noisy fault refuse leave end_process with_child no_json hoard out_of_memory "
    "batches until_file fail_after_cancel"
).split()
REGISTRY = {name: f"fakes:{name}" for name in FAKES} | {"slow_import": "slow_import:echo", "missing": "no_such_module:run"}

MakeQueue = Callable[..., JobQueue]


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], None]:
    """Wait for what another thread or process is about to do."""

    def wait(condition: Callable[[], Any]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, "it never happened"
            time.sleep(0.001)

    return wait


@pytest.fixture
def gone() -> Callable[[int], bool]:
    """Whether a process has ended; one that only waits to be collected by its parent has."""

    def ended(pid: int) -> bool:
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
        return state.strip() == "" or state.startswith("Z")

    return ended


@pytest.fixture
def log_path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "jobs.jsonl"


@pytest.fixture
def make_queue(log_path: Path) -> Iterator[MakeQueue]:
    made: list[JobQueue] = []

    def make(history: int = 200, **settings: Any) -> JobQueue:
        queue = JobQueue(REGISTRY, settings=Settings(python_path=(HERE,), **settings), log=JobLog(log_path), history=history)
        made.append(queue)
        return queue

    yield make
    for queue in made:
        queue.shutdown()


@pytest.fixture
def jobs(make_queue: MakeQueue) -> JobQueue:
    return make_queue()
