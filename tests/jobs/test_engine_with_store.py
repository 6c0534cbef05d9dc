"""A study job that is killed at any moment leaves a whole store behind, and asked again it gives the same result."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis import paths
from analysis.jobs.job import Job
from analysis.jobs.kinds.study import submit_study
from analysis.jobs.log import JobLog
from analysis.jobs.queue import JobQueue
from analysis.results import Result
from analysis.store import Store
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import read_result, stored_result

TIMEOUT_S = 120.0
KILLS_AT_A_KIND, KILLS_IN_ONE_STORE, WORKER_KILLS = 3, 6, 2
SETTINGS = {"split": "all", "windows_per_piece": 3, "n_queries": 8, "pool_size": 6, "n_same_piece": 2, "n_same_composer": 1}
Run = Callable[..., dict[str, Any]]


def check_store(cache: Path) -> int:
    """Every entry verifies, and beside entries there is nothing that could be taken for one; the number of entries."""
    store, n_entries = Store(cache / "store"), 0
    for path in (cache / "store").glob("*/*"):
        if not path.name.startswith(".partial-"):
            assert store.get(path.name, verify=True) is not None, path.name
            n_entries += 1
    assert store.usage()[0] == n_entries
    return n_entries


def load(cache: Path, document: dict[str, Any]) -> Result:
    result = read_result(Store(cache / "store"), document["store_key"])
    assert result is not None
    assert (result.headline, result.provenance["seconds"]) == (document["headline"], document["seconds"])
    return result


def content(result: Result) -> tuple[str, dict[str, bytes]]:
    """Everything but the seconds. Of embeddings it has ranks alone, which other batches after a kill do not move."""
    document = result.to_document()
    del document["provenance"]["seconds"]
    return json.dumps(document), {name: array.tobytes() for name, array in result.arrays.items()}


@pytest.fixture(scope="module")
def settings(tiny_corpus: str) -> dict[str, Any]:
    return {**SETTINGS, "corpus": tiny_corpus}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: str, settings: dict[str, Any]) -> Iterator[Run]:
    """A job in a process of its own, in a cache folder; it kills itself before the moment `die_at`."""
    request = {"study": "retrieval", "checkpoints": [tiny_checkpoint], "settings": settings}
    script, first = Path(__file__).with_name("fork_server.py"), tmp_path_factory.mktemp("first")
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(paths.repository())}
    server = subprocess.Popen(
        [sys.executable, str(script), json.dumps(request), str(first)],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    stdin, stdout = server.stdin, server.stdout
    if stdin is None or stdout is None:
        raise RuntimeError("The server has no pipes.")

    def ask(cache: Path, die_at: int | None = None) -> dict[str, Any]:
        stdin.write(json.dumps({"cache": str(cache), "die_at": die_at}) + "\n")
        stdin.flush()
        return json.loads(stdout.readline())

    yield ask
    server.kill()
    server.communicate()


def some_of_each_kind(moments: list[str]) -> list[int]:
    """Numbers of moments, from 1: the first, the last, and a few of every kind."""
    draw, numbers = random.Random(11), {1, len(moments)}
    for kind in sorted(set(moments)):
        of_kind = [number for number, what in enumerate(moments, 1) if what == kind]
        numbers |= set(draw.sample(of_kind, min(KILLS_AT_A_KIND, len(of_kind))))
    return sorted(numbers)


def test_killed_at_many_moments(run: Run, tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    moments = whole["moments"]
    assert run(tmp_path / "second")["moments"] == moments  # so that a number is always the same moment
    expected, n_entries = content(load(tmp_path / "whole", whole["document"])), check_store(tmp_path / "whole")
    assert n_entries > 3
    assert {"progress", "open", "fsync", "os.mkdir", "os.rename"} <= set(moments)
    seen = set()
    for die_at in some_of_each_kind(moments):
        cache = tmp_path / str(die_at)
        assert run(cache, die_at) == {"killed": signal.SIGKILL}
        seen.add((moments[die_at - 1], check_store(cache)))
        again = run(cache)
        assert content(load(cache, again["document"])) == expected
        assert check_store(cache) == n_entries  # what was read of every piece, the part of the checkpoint, and the result
    assert {0, n_entries} < {n_stored for _, n_stored in seen}
    assert {what for what, _ in seen} >= {"progress", "open", "fsync", "os.mkdir", "os.rename"}


def test_killed_again_and_again_in_one_store(run: Run, tmp_path: Path) -> None:
    """What killed jobs leave adds up and does not disturb the next."""
    whole = run(tmp_path / "whole")
    draw, cache = random.Random(12), tmp_path / "one"
    for _ in range(KILLS_IN_ONE_STORE):
        assert run(cache, draw.randint(5, 25)) == {"killed": signal.SIGKILL}
        check_store(cache)
    assert list((cache / "store").glob("*/.partial-*"))
    again = run(cache)
    assert content(load(cache, again["document"])) == content(load(tmp_path / "whole", whole["document"]))
    assert run(cache)["document"] == again["document"]  # the seconds are the same: it came from the store


def test_a_worker_killed_in_the_middle_of_a_study(
    tmp_path: Path, tiny_checkpoint: str, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same through the queue: the job fails with a sentence, and the next worker ends it with the same numbers."""
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    draw, jobs = random.Random(13), JobQueue(log=JobLog(tmp_path / "jobs.jsonl"))
    try:
        for _ in range(WORKER_KILLS):
            job_id = submit_study(jobs, "retrieval", [tiny_checkpoint], settings)
            job = killed_after(jobs, job_id, draw.uniform(0, 1))
            assert job.state == "done" or job.message.startswith("The worker process ended (signal 9)")
            check_store(tmp_path)
        job = jobs.wait(submit_study(jobs, "retrieval", [tiny_checkpoint], settings), TIMEOUT_S)
        assert (job.state, job.message) == ("done", "")
        result = load(tmp_path, job.document)
        found = stored_result("retrieval", build_request("retrieval", [tiny_checkpoint], settings), Store(tmp_path / "store"))
        assert found == result
    finally:
        jobs.shutdown()


def killed_after(jobs: JobQueue, job_id: str, seconds: float) -> Job:
    """Kill the worker so long after the first news of a job."""
    deadline = time.monotonic() + TIMEOUT_S
    while jobs.get(job_id).progress is None and not jobs.get(job_id).finished and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(seconds)
    for pid in jobs.workers().values():
        os.kill(pid, signal.SIGKILL)
    return jobs.wait(job_id, TIMEOUT_S)
