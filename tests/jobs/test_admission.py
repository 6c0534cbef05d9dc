"""A job starts only when the memory it asked for is there."""

import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.jobs import admission
from analysis.jobs.admission import admit_to_gpu, decide
from analysis.memory import OutOfMemoryError

TIMEOUT_S = 120.0
GB = 1_000_000_000
amounts = st.integers(0, 10**13)


@given(amounts, amounts, amounts, st.booleans())
def test_started_if_and_only_if_it_fits(needs: int, available: int, total: int, others_run: bool) -> None:
    decision = decide(needs, available, total, others_run=others_run)
    assert (decision == "start") == (needs == 0 or needs <= available)
    assert decision != "wait" or (others_run and needs <= total)


@given(amounts, amounts, st.integers(1, 10**12), st.booleans())
def test_more_memory_never_makes_it_worse(needs: int, available: int, more: int, others_run: bool) -> None:
    order = ["refuse", "wait", "start"]
    before, after = (decide(needs, n, 10**13, others_run=others_run) for n in (available, available + more))
    assert order.index(after) >= order.index(before)


@pytest.mark.parametrize("others_run", [False, True])
def test_what_cannot_be_told_holds_nobody_up(others_run: bool) -> None:
    assert decide(10**15, None, None, others_run=others_run) == "start"


def test_a_job_that_can_never_fit_fails_with_both_numbers(make_queue: Any) -> None:
    jobs = make_queue(available=lambda: 12 * GB, total=lambda: 16 * GB)
    job = jobs.wait(jobs.submit("echo", {}, needs_bytes=40 * GB), TIMEOUT_S)
    assert (job.state, job.started_at) == ("failed", None)
    assert job.message == (
        "This needs 40 GB of memory and 12 GB is available (cpu). "
        "Choose a smaller batch, model or corpus, or close other programs."
    )
    assert jobs.wait(jobs.submit("echo", {}, needs_bytes=11 * GB), TIMEOUT_S).state == "done"


def test_a_job_waits_for_memory_that_another_will_give_back(eventually: Any, make_queue: Any, tmp_path: Path) -> None:
    free = [3 * GB]
    jobs = make_queue(available=lambda: free[0], total=lambda: 16 * GB)
    first = jobs.submit("until_file", {"file": str(tmp_path / "go")}, device="mps")
    eventually(lambda: jobs.get(first).state == "running")
    second = jobs.submit("echo", {}, needs_bytes=8 * GB)
    eventually(lambda: jobs.get(second).message)
    assert jobs.get(second).state == "queued"
    assert jobs.get(second).message == "Waiting for memory: 8.0 GB needed, 3.0 GB available until another job ends."
    free[0] = 10 * GB
    job = jobs.wait(second, TIMEOUT_S)
    assert (job.state, job.message) == ("done", "")
    assert jobs.get(first).state == "running"
    (tmp_path / "go").touch()


def test_a_job_that_waits_for_memory_can_be_cancelled(eventually: Any, make_queue: Any, tmp_path: Path) -> None:
    jobs = make_queue(available=lambda: 3 * GB, total=lambda: 16 * GB)
    jobs.submit("until_file", {"file": str(tmp_path / "go")}, device="mps")
    eventually(lambda: jobs.list()[0].state == "running")
    waits = jobs.submit("echo", {}, needs_bytes=8 * GB)
    eventually(lambda: jobs.get(waits).message)
    jobs.cancel(waits)
    assert jobs.get(waits).state == "cancelled"


def test_waiting_ends_in_refusal_when_nothing_runs_any_more(eventually: Any, make_queue: Any, tmp_path: Path) -> None:
    jobs = make_queue(available=lambda: 3 * GB, total=lambda: 16 * GB)
    jobs.submit("until_file", {"file": str(tmp_path / "go")}, device="mps")
    eventually(lambda: jobs.list()[0].state == "running")
    waits = jobs.submit("echo", {}, needs_bytes=8 * GB)
    eventually(lambda: jobs.get(waits).message)
    (tmp_path / "go").touch()
    job = jobs.wait(waits, TIMEOUT_S)
    assert job.state == "failed"
    assert job.message.startswith("This needs 8.0 GB of memory and 3.0 GB is available (cpu).")


def test_memory_promised_to_a_running_job_is_not_given_away(eventually: Any, make_queue: Any, tmp_path: Path) -> None:
    jobs = make_queue(available=lambda: 10 * GB, total=lambda: 16 * GB)
    first = jobs.submit("until_file", {"file": str(tmp_path / "go")}, device="mps", needs_bytes=6 * GB)
    eventually(lambda: jobs.get(first).state == "running")
    second = jobs.submit("echo", {}, needs_bytes=6 * GB)
    eventually(lambda: jobs.get(second).message)
    assert jobs.get(second).state == "queued"
    (tmp_path / "go").touch()
    assert jobs.wait(second, TIMEOUT_S).state == "done"


def test_two_devices_do_not_both_take_the_last_memory(eventually: Any, make_queue: Any, tmp_path: Path) -> None:
    both = threading.Barrier(2)

    def available() -> int:
        with suppress(threading.BrokenBarrierError):  # one alone is let through after a moment
            both.wait(0.3)
        return 10 * GB

    jobs = make_queue(available=available, total=lambda: 16 * GB)
    request = {"file": str(tmp_path / "go")}
    ids = [jobs.submit("until_file", request, device=device, needs_bytes=6 * GB) for device in ("cpu", "mps")]
    eventually(lambda: jobs.list()[1].message.startswith("Waiting for memory: 6.0 GB needed, 4.0 GB available"))
    assert sorted(jobs.get(job_id).state for job_id in ids) == ["queued", "running"]
    (tmp_path / "go").touch()
    assert [jobs.wait(job_id, TIMEOUT_S).state for job_id in ids] == ["done", "done"]


def test_idle_workers_are_ended_before_a_job_is_refused(make_queue: Any) -> None:
    """What an idle worker keeps is memory that the job could have."""
    jobs = make_queue(available=lambda: 3 * GB if jobs.workers() else 10 * GB, total=lambda: 16 * GB)
    jobs.wait(jobs.submit("echo", {}, device="mps"), TIMEOUT_S)
    jobs.wait(jobs.submit("echo", {}), TIMEOUT_S)
    assert sorted(jobs.workers()) == ["cpu", "mps"]
    assert jobs.wait(jobs.submit("echo", {}, needs_bytes=8 * GB), TIMEOUT_S).state == "done"
    assert sorted(jobs.workers()) == ["cpu"]


def test_a_cuda_device_is_asked_for_its_own_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def mem_get_info(device: str) -> tuple[int, int]:
        asked.append(device)
        return 2 * GB, 24 * GB

    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=SimpleNamespace(mem_get_info=mem_get_info)))
    monkeypatch.setattr(admission, "release_memory", lambda: None)
    admit_to_gpu(1 * GB, "cuda:1")
    assert asked == ["cuda:1"]
    with pytest.raises(OutOfMemoryError, match=r"This needs 3.0 GB of memory and 2.0 GB is available \(cuda:1\)"):
        admit_to_gpu(3 * GB, "cuda:1")
    admit_to_gpu(99 * GB, "cpu")
    admit_to_gpu(0, "cuda:0")
    assert asked == ["cuda:1", "cuda:1"]
