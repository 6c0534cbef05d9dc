"""Cancelling: by asking, by force, before the beginning; what is finished stays and memory comes back."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.jobs.job import Job, JobError
from analysis.jobs.lane import cancelled_words
from analysis.jobs.progress import Progress
from analysis.jobs.queue import JobQueue
from analysis.jobs.settings import JobSettings
from analysis.jobs.system_memory import resident_bytes

TIMEOUT_S = 120.0

Eventually = Callable[[Callable[[], Any]], None]


def cancel_in_the_middle(eventually: Eventually, jobs: JobQueue, job_id: str) -> None:
    eventually(lambda: jobs.get(job_id).progress is not None)
    jobs.cancel(job_id)


def test_a_job_that_looks_at_the_flag_stops_and_keeps_its_worker(eventually: Eventually, make_queue: Any, tmp_path: Path) -> None:
    jobs, file = make_queue(cancel_grace_s=3600.0), tmp_path / "pieces"  # so that the flag alone can end the job
    job_id = jobs.submit("count", {"pieces": 10_000, "file": str(file)})
    eventually(lambda: jobs.workers())
    pid = jobs.workers()["cpu"]
    cancel_in_the_middle(eventually, jobs, job_id)
    job = jobs.wait(job_id, TIMEOUT_S)
    finished = len(file.read_text().splitlines())
    assert job.state == "cancelled"
    assert job.progress is not None
    assert job.message == f"Cancelled after {finished} of 10000; what was finished is kept."
    assert job.document is None
    assert jobs.wait(jobs.submit("echo", {}), TIMEOUT_S).document["pid"] == pid
    assert len(file.read_text().splitlines()) == finished


def test_a_job_that_does_not_stop_is_ended_with_its_worker(
    eventually: Eventually, gone: Callable[[int], bool], make_queue: Any, log_path: Path
) -> None:
    jobs = make_queue(cancel_grace_s=0.3)
    job_id = jobs.submit("stubborn", {})
    eventually(lambda: jobs.workers())
    pid = jobs.workers()["cpu"]
    cancel_in_the_middle(eventually, jobs, job_id)
    job = jobs.wait(job_id, TIMEOUT_S)
    assert (job.state, job.message) == ("cancelled", "Cancelled after 1 of 2; what was finished is kept.")
    assert json.loads(log_path.read_text())["error"] == "It did not stop in time; its worker was ended."
    assert gone(pid)
    assert jobs.wait(jobs.submit("echo", {}), TIMEOUT_S).document["pid"] != pid


def test_force_waits_as_long_as_it_is_told_which_is_five_seconds(eventually: Eventually, make_queue: Any) -> None:
    assert JobSettings().cancel_grace_s == 5.0
    jobs = make_queue(cancel_grace_s=3600.0)
    job_id = jobs.submit("stubborn", {})
    cancel_in_the_middle(eventually, jobs, job_id)
    assert jobs.wait(job_id, 1.0).state == "running"


def test_a_queued_job_is_cancelled_at_once(eventually: Eventually, jobs: JobQueue, tmp_path: Path, log_path: Path) -> None:
    running = jobs.submit("until_file", {"file": str(tmp_path / "go")})
    eventually(lambda: jobs.get(running).state == "running")
    queued = jobs.submit("echo", {})
    jobs.cancel(queued)
    job = jobs.get(queued)
    assert (job.state, job.message, job.started_at) == ("cancelled", "Cancelled before it began.", None)
    (tmp_path / "go").touch()
    assert jobs.wait(running, TIMEOUT_S).state == "done"
    assert [json.loads(line)["state"] for line in log_path.read_text().splitlines()] == ["cancelled", "done"]


def test_a_job_that_is_cancelled_while_it_is_imported_does_not_begin(
    eventually: Eventually, jobs: JobQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "importing"
    monkeypatch.setenv("OTOSCOPE_TEST_MARKER", str(marker))
    job_id = jobs.submit("slow_import", {})
    eventually(marker.exists)
    jobs.cancel(job_id)
    job = jobs.wait(job_id, TIMEOUT_S)
    assert (job.state, job.message) == ("cancelled", "Cancelled.")


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (None, "Cancelled."),
        ((0, 0), "Cancelled."),
        ((0, 110), "Cancelled after 0 of 110."),
        ((1, 110), "Cancelled after 1 of 110; what was finished is kept."),
    ],
)
def test_nothing_is_said_to_be_kept_where_nothing_was_finished(progress: tuple[int, int] | None, words: str) -> None:
    known = None if progress is None else Progress(*progress, "rendering", None, 0.0)
    assert cancelled_words(Job("x", "study", "{}", "cpu", 0, "running", 0.0, progress=known), partial_results=True) == words


def test_cancelling_what_is_finished_changes_nothing(jobs: JobQueue) -> None:
    job = jobs.wait(jobs.submit("echo", {}), TIMEOUT_S)
    jobs.cancel(job.id)
    assert jobs.get(job.id) == job
    with pytest.raises(JobError, match="There is no job 'nonesuch'"):
        jobs.cancel("nonesuch")


def test_a_fault_on_the_way_out_is_logged(eventually: Eventually, jobs: JobQueue, log_path: Path) -> None:
    job_id = jobs.submit("fail_after_cancel", {})
    cancel_in_the_middle(eventually, jobs, job_id)
    job = jobs.wait(job_id, TIMEOUT_S)
    assert (job.state, job.message) == ("cancelled", "Cancelled after 1 of 4; what was finished is kept.")
    assert json.loads(log_path.read_text())["error"] == "OSError: a file was half written"


@pytest.mark.parametrize("keep", [False, True])
def test_memory_comes_back_or_the_worker_is_replaced(eventually: Eventually, make_queue: Any, keep: bool) -> None:
    patience_s = 0.3 if keep else TIMEOUT_S  # the system takes back when it likes
    jobs = make_queue(memory_floor_bytes=0, memory_tolerance_bytes=40_000_000, memory_grace_s=patience_s)
    pid = jobs.wait(jobs.submit("echo", {}), TIMEOUT_S).document["pid"]
    before = resident_bytes(pid)
    assert before is not None
    job_id = jobs.submit("hoard", {"bytes": 200_000_000, "keep": keep})
    eventually(lambda: jobs.get(job_id).progress is not None)
    assert (resident_bytes(pid) or 0) > before + 150_000_000
    jobs.cancel(job_id)
    assert jobs.wait(job_id, TIMEOUT_S).state == "cancelled"
    after = jobs.wait(jobs.submit("echo", {}), TIMEOUT_S).document["pid"]
    assert (after == pid) is not keep
    assert (resident_bytes(after) or 0) < before + 40_000_000
