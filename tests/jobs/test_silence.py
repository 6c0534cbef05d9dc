"""A worker that says nothing is ended, and the next job runs; sleep of the machine does not count as silence."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.jobs.executors.local import LocalExecutor
from analysis.jobs.queue import JobQueue
from analysis.jobs.settings import JobSettings
from analysis.jobs.silence import Silence

TIMEOUT_S = 120.0

Eventually = Callable[[Callable[[], Any]], None]
Stop = Callable[[int], None]
Gone = Callable[[int], bool]


def executor_of(jobs: JobQueue) -> LocalExecutor:
    assert isinstance(jobs._shared.executor, LocalExecutor)
    return jobs._shared.executor


@pytest.fixture
def silent(jobs: JobQueue, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Process ids of workers since whose last word an hour has passed; all others have just been heard."""
    pids: list[int] = []

    def seconds(_silence: Silence, _now: float) -> float:
        worker = executor_of(jobs)._runners["cpu"]._worker
        return 3600.0 if worker and worker.pid in pids else 0.0

    monkeypatch.setattr(Silence, "seconds", seconds)
    return pids


def test_a_stopped_worker_is_ended_and_the_next_job_runs(
    eventually: Eventually, gone: Gone, stop: Stop, silent: list[int], jobs: JobQueue, log_path: Path, tmp_path: Path
) -> None:
    stopped = jobs.submit("until_file", {"file": str(tmp_path / "never")})
    waiting = jobs.submit("echo", {})
    eventually(lambda: (runner := executor_of(jobs)._runners.get("cpu")) and runner._began)
    pid = jobs.workers()["cpu"]
    stop(pid)
    silent.append(pid)
    job = jobs.wait(stopped, TIMEOUT_S)
    assert (job.state, job.message) == (
        "failed",
        "The worker process said nothing for 1 min and was ended: it hung, or was stopped from outside. "
        "Start it again; what was finished is kept.",
    )
    assert gone(pid)
    assert jobs.wait(waiting, TIMEOUT_S).document["pid"] != pid
    assert json.loads(log_path.read_text().splitlines()[0])["error"] == "The worker process ended (silent)."


def test_a_worker_that_was_stopped_while_idle_loses_no_job(stop: Stop, silent: list[int], jobs: JobQueue) -> None:
    pid = jobs.wait(jobs.submit("echo", {"n": 1}), TIMEOUT_S).document["pid"]
    stop(pid)
    silent.append(pid)
    job = jobs.wait(jobs.submit("echo", {"n": 2}), TIMEOUT_S)
    assert (job.state, job.message) == ("done", "")
    assert job.document["pid"] != pid


def test_a_job_that_reports_nothing_is_heard_all_the_same(
    eventually: Eventually, jobs: JobQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function itself says nothing; the worker gives a sign of life every second."""
    really, heard = Silence.heard, []
    monkeypatch.setattr(Silence, "heard", lambda silence, now: (heard.append(now), really(silence, now)))
    job_id = jobs.submit("until_file", {"file": str(tmp_path / "go")})
    eventually(lambda: len(heard) > 3 or jobs.get(job_id).finished)
    (tmp_path / "go").touch()
    job = jobs.wait(job_id, TIMEOUT_S)
    assert (job.state, job.progress) == ("done", None)
    assert len(heard) > 3


def test_the_usual_patience_is_a_minute(jobs: JobQueue) -> None:
    assert executor_of(jobs).settings.silence_s == JobSettings().silence_s == 60.0


def test_silence_is_counted_from_what_was_last_heard() -> None:
    silence = Silence(100.0)
    assert [silence.seconds(now) for now in (100.1, 101.0, 102.5)] == pytest.approx([0.1, 1.0, 2.5])
    silence.heard(103.0)
    assert silence.seconds(103.5) == pytest.approx(0.5)


def test_after_sleep_the_count_begins_anew() -> None:
    """Whoever counts was asleep too: a machine that was suspended, or a server that was stopped."""
    silence = Silence(0.0)
    assert silence.seconds(4.0) == pytest.approx(4.0)
    assert silence.seconds(3_604.0) == 0.0
    assert silence.seconds(3_608.0) == pytest.approx(4.0)
