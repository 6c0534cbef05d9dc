"""What a job goes through: states, progress, joining, refusal, order, history."""

import dataclasses
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.jobs import queue as queue_module
from analysis.jobs.job import Job, JobError
from analysis.jobs.metrics import MOST_POINTS
from analysis.jobs.queue import JobQueue

TIMEOUT_S = 120.0

Eventually = Callable[[Callable[[], Any]], None]


def test_a_job_runs_in_another_process_and_its_document_comes_back(jobs: JobQueue) -> None:
    job_id = jobs.submit("echo", {"b": [1, 2.5, None], "a": "é"})
    job = jobs.wait(job_id, TIMEOUT_S)
    assert job.state == "done"
    assert job.document == {"request": {"a": "é", "b": [1, 2.5, None]}, "pid": jobs.workers()["cpu"]}
    assert job.message == ""
    assert job.started_at is not None
    assert job.finished_at is not None
    assert job.seconds is not None
    assert job.submitted_at <= job.started_at <= job.finished_at


def test_a_snapshot_cannot_be_changed(jobs: JobQueue) -> None:
    request = {"seed": [1]}
    job = jobs.wait(jobs.submit("echo", request), TIMEOUT_S)
    request["seed"].append(2)
    job.request["seed"].append(3)
    assert jobs.get(job.id).request == {"seed": [1]}
    with pytest.raises(dataclasses.FrozenInstanceError):
        job.state = "failed"  # pyright: ignore[reportAttributeAccessIssue]


def test_ids_are_short_and_safe_in_a_url(jobs: JobQueue) -> None:
    ids = {jobs.submit("echo", {"seed": seed}) for seed in range(20)}
    assert len(ids) == 20
    assert all(re.fullmatch("[a-z2-7]{12}", job_id) for job_id in ids)


def test_progress_counts_pieces_and_foresees_the_end(eventually: Eventually, jobs: JobQueue, tmp_path: Path) -> None:
    job_id = jobs.submit("count", {"pieces": 10_000, "file": str(tmp_path / "x")})
    seen: list[Job] = []

    def far_enough() -> bool:
        seen.append(jobs.get(job_id))
        progress = seen[-1].progress
        return progress is not None and progress.done > 10

    eventually(far_enough)
    progress = seen[-1].progress
    assert progress is not None
    assert seen[-1].state == "running"
    assert (progress.total, progress.what) == (10_000, "counting")
    assert progress.eta_s is not None
    assert progress.eta_s > 9_900 * 0.02 / 2
    done = [job.progress.done for job in seen if job.progress]
    assert done == sorted(done)
    jobs.cancel(job_id)
    assert jobs.wait(job_id, TIMEOUT_S).message.startswith("Cancelled after ")


def test_the_newest_report_is_shown_even_when_nothing_follows(eventually: Eventually, jobs: JobQueue) -> None:
    job_id = jobs.submit("last_words", {})
    eventually(lambda: (progress := jobs.get(job_id).progress) and progress.what == "second")


def test_the_same_request_joins_the_job_that_is_not_finished(jobs: JobQueue, tmp_path: Path) -> None:
    blocker = jobs.submit("until_file", {"file": str(tmp_path / "go")})
    first = jobs.submit("echo", {"a": 1, "b": 2})
    assert jobs.submit("until_file", {"file": str(tmp_path / "go")}) == blocker
    assert jobs.submit("echo", {"b": 2, "a": 1}) == first
    assert jobs.submit("echo", {"a": 1, "b": 3}) != first
    (tmp_path / "go").touch()
    jobs.wait(first, TIMEOUT_S)
    assert jobs.submit("echo", {"a": 1, "b": 2}) != first


def test_nobody_joins_a_job_that_is_being_cancelled(eventually: Eventually, jobs: JobQueue, tmp_path: Path) -> None:
    request = {"file": str(tmp_path / "go")}
    first = jobs.submit("until_file", request)
    eventually(lambda: jobs.get(first).state == "running")
    jobs.cancel(first)
    second = jobs.submit("until_file", request)
    (tmp_path / "go").touch()
    assert second != first
    assert jobs.wait(second, TIMEOUT_S).state == "done"


def test_the_list_is_running_then_queued_then_latest(eventually: Eventually, jobs: JobQueue, tmp_path: Path) -> None:
    done = [jobs.submit("echo", {"n": n}) for n in range(2)]
    for job_id in done:
        jobs.wait(job_id, TIMEOUT_S)
    running = jobs.submit("until_file", {"file": str(tmp_path / "go")})
    queued = [jobs.submit("echo", {"n": n}) for n in (2, 3)]
    eventually(lambda: jobs.get(running).state == "running")
    assert [job.id for job in jobs.list()] == [running, *queued, done[1], done[0]]
    (tmp_path / "go").touch()


def test_the_oldest_finished_jobs_are_forgotten(make_queue: Any) -> None:
    jobs = make_queue(history=3)
    ids = [jobs.submit("echo", {"n": n}) for n in range(6)]
    jobs.wait(ids[-1], TIMEOUT_S)
    assert [job.id for job in jobs.list()] == ids[:2:-1]
    with pytest.raises(JobError, match=f"There is no job '{ids[0]}': the server keeps the last 3 .* Start it again"):
        jobs.get(ids[0])


@pytest.mark.parametrize(
    ("kind", "request_", "options", "message"),
    [
        ("os.system", {}, {}, "Unknown kind of job 'os.system': expected one of batches, count"),
        ("echo", {"x": float("nan")}, {}, "finite numbers"),
        ("echo", {"x": object()}, {}, "A request may hold names"),
        ("echo", {"x": "y" * 40_000}, {}, "at most 32768 bytes, got 40008"),
        ("echo", {}, {"device": "tpu"}, "Unknown device 'tpu': expected cpu, mps, cuda or cuda:N"),
        ("echo", {}, {"needs_bytes": -1}, "at least 0, got -1"),
    ],
)
def test_a_wrong_request_is_refused(
    jobs: JobQueue, kind: str, request_: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(JobError, match=message):
        jobs.submit(kind, request_, **options)
    assert jobs.list() == []


def test_what_a_job_says_about_its_request_reaches_the_user(jobs: JobQueue) -> None:
    job = jobs.wait(jobs.submit("refuse", {}), TIMEOUT_S)
    assert (job.state, job.message) == ("failed", "Expected 1 layer, got 2. Choose 1.")


@pytest.mark.parametrize(
    ("kind", "request_", "error"),
    [
        ("fault", {}, "KeyError: 'secret detail'"),
        ("leave", {}, "SystemExit: 3"),
        ("missing", {}, "ModuleNotFoundError: No module named 'no_such_module'"),
        ("no_json", {"what": "nan"}, "ValueError: Out of range float values"),
        ("no_json", {"what": "object"}, "TypeError: Object of type object is not JSON"),
        ("no_json", {"what": "huge"}, "ValueError: The document has 5000002 bytes"),
    ],
)
def test_a_fault_is_told_in_general_and_logged_in_detail(
    jobs: JobQueue, log_path: Path, kind: str, request_: dict[str, Any], error: str
) -> None:
    job = jobs.wait(jobs.submit(kind, request_), TIMEOUT_S)
    assert job.state == "failed"
    assert job.message == (
        f"This stopped because of a fault in the program, not in your request. The details are in {log_path}, job {job.id}."
    )
    record = json.loads(log_path.read_text().splitlines()[-1])
    assert record["error"].startswith(error)
    assert "Traceback" in record["traceback"]
    assert jobs.wait(jobs.submit("echo", {}), TIMEOUT_S).document["pid"] == jobs.workers()["cpu"]


def test_printing_does_not_break_the_protocol(jobs: JobQueue) -> None:
    job = jobs.wait(jobs.submit("noisy", {}), TIMEOUT_S)
    assert (job.state, job.document) == ("done", {"read": ""})


def test_notices_stay_with_the_job(jobs: JobQueue) -> None:
    job = jobs.wait(jobs.submit("batches", {"batch_size": 64, "fits": 20}), TIMEOUT_S)
    assert job.document == {"size": 16, "limit": 16}
    assert job.notices == (
        "Memory ran out; going on with 32 per batch instead of 64.",
        "Memory ran out; going on with 16 per batch instead of 32.",
    )


def test_numbers_stay_with_the_job_until_it_is_forgotten(make_queue: Any) -> None:
    jobs = make_queue(history=1)
    job = jobs.wait(jobs.submit("measure", {"steps": 1500}), TIMEOUT_S)
    metrics = jobs.metrics(job.id)
    assert sorted(metrics) == ["S", "loss"]
    assert all(MOST_POINTS / 2 < len(points) <= MOST_POINTS for points in metrics.values())
    assert (metrics["loss"][0], metrics["loss"][-1], metrics["S"][-1]) == ((1, 1.0), (1499, 1 / 1499), (1500, 1500.0))
    assert jobs.metrics(jobs.wait(jobs.submit("echo", {}), TIMEOUT_S).id) == {}
    with pytest.raises(JobError, match="There is no job"):
        jobs.metrics(job.id)


def test_the_batch_limit_reaches_the_job(make_queue: Any) -> None:
    jobs = make_queue(batch_size_limit=5)
    job = jobs.wait(jobs.submit("batches", {"batch_size": 64, "fits": 20}), TIMEOUT_S)
    assert job.document == {"size": 5, "limit": 5}


def test_waiting_ends_with_the_time(jobs: JobQueue, tmp_path: Path) -> None:
    job_id = jobs.submit("until_file", {"file": str(tmp_path / "go")})
    assert not jobs.wait(job_id, 0.05).finished


def test_many_threads_submit_and_poll(jobs: JobQueue) -> None:
    ids: dict[int, set[str]] = {n: set() for n in range(10)}
    wrong: list[str] = []

    def user(number: int) -> None:
        for n in range(10):
            job_id = jobs.submit("echo", {"n": n})
            ids[n].add(job_id)
            jobs.list()
            job = jobs.wait(job_id, TIMEOUT_S)
            if job.state != "done" or job.document["request"] != {"n": n}:
                wrong.append(f"thread {number}, request {n}: {job}")

    threads = [threading.Thread(target=user, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_S)
    assert wrong == []
    assert not any(thread.is_alive() for thread in threads)
    assert len({job_id for found in ids.values() for job_id in found}) == sum(map(len, ids.values()))
    assert jobs.list()[0].finished


def test_the_server_has_one_queue(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    registered: list[Any] = []
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    monkeypatch.setattr(queue_module, "_queue", None)
    monkeypatch.setattr(queue_module.atexit, "register", registered.append)
    found: list[JobQueue] = []
    threads = [threading.Thread(target=lambda: found.append(queue_module.queue())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(queue) for queue in found}) == 1
    assert registered == [found[0].shutdown]
    assert found[0].workers() == {}
