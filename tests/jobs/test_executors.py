"""Every executor treats a job alike: what it says, how it ends, what a job has to go through."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.jobs.executors.executor import Executor, Listener
from analysis.jobs.executors.inline import InlineExecutor
from analysis.jobs.executors.local import LocalExecutor
from analysis.jobs.job import Job, JobError, canonical, new_id
from analysis.jobs.kinds.kind import JobKind
from analysis.jobs.log import JobLog
from analysis.jobs.queue import JobQueue, target_of
from analysis.jobs.settings import JobSettings

HERE = Path(__file__).parent
TIMEOUT_S = 120.0
EXECUTORS: dict[str, Callable[[], Executor]] = {
    "local": lambda: LocalExecutor(JobSettings(python_path=(HERE,))),
    "inline": InlineExecutor,
}
FAKES = ("digest", "count", "refuse", "fault", "batches", "last_words", "no_json", "measure")
KINDS = {name: JobKind(name, f"fakes:{name}", lambda _request: "A fake") for name in FAKES}


@pytest.fixture(params=EXECUTORS)
def executor(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Executor]:
    monkeypatch.syspath_prepend(HERE)
    made = EXECUTORS[request.param]()
    yield made
    made.close()


def job_of(kind: str, request: dict[str, Any], device: str = "cpu") -> Job:
    return Job(new_id(), kind, canonical(request), device, 0, "running", 0.0)


def run(executor: Executor, job: Job, listener: Listener | None = None) -> Any:
    assert executor.admit(job) == ("start", "")
    outcome = executor.run(job, f"fakes:{job.kind}", listener or Listener())
    executor.release(job.id)
    return outcome


def test_its_name_is_the_one_in_the_table(executor: Executor) -> None:
    assert EXECUTORS[executor.name] is not None
    assert {"cpu", "mps", "cuda:0"} <= set(executor.targets())


def test_a_document_comes_back_and_the_last_report_is_heard(executor: Executor) -> None:
    reports: list[Any] = []
    outcome = run(executor, job_of("digest", {"seed": 1, "pieces": 3}), Listener(progress=lambda *report: reports.append(report)))
    assert outcome.state == "done"
    assert '"digest"' in outcome.document_json
    assert reports[-1] == (3, 3, "piece 3")


def test_notices_are_heard(executor: Executor) -> None:
    notices: list[str] = []
    outcome = run(executor, job_of("batches", {"batch_size": 4, "fits": 2}), Listener(notice=notices.append))
    assert (outcome.state, notices) == ("done", ["Memory ran out; going on with 2 per batch instead of 4."])


def test_numbers_are_heard_in_order_and_what_is_no_number_is_left_out_with_the_reason(executor: Executor) -> None:
    heard: list[Any] = []
    notices: list[str] = []
    listener = Listener(notice=notices.append, metrics=lambda step, values: heard.append((step, values)))
    assert run(executor, job_of("measure", {"steps": 4}), listener).state == "done"
    assert heard == [(1, {"loss": 1.0}), (2, {"loss": 0.5}), (3, {"loss": 1 / 3, "S": 3.0})]
    reason = "loss is nan at step 4 and has no place in its series, nor has any later number that is not finite."
    assert notices == [reason]


@pytest.mark.parametrize(
    ("kind", "request_", "message", "error"),
    [
        ("refuse", {}, "Expected 1 layer, got 2. Choose 1.", "ConfigError: Expected 1 layer"),
        ("fault", {}, "", "KeyError: 'secret detail'"),
        ("no_json", {"what": "nan"}, "", "ValueError: Out of range float"),
        ("measure_all", {}, "", "ValueError: A job may report up to 32 series, got 33 names. Report fewer."),
    ],
)
def test_what_a_job_raises_is_an_outcome(executor: Executor, kind: str, request_: Any, message: str, error: str) -> None:
    outcome = run(executor, job_of(kind, request_))
    assert (outcome.state, outcome.message) == ("failed", message)
    assert outcome.error.startswith(error)
    assert "Traceback" in outcome.traceback


def test_a_job_is_cancelled_from_another_thread(executor: Executor) -> None:
    job, heard = job_of("last_words", {}), threading.Event()
    executor.admit(job)

    def cancel() -> None:
        heard.wait(TIMEOUT_S)
        executor.cancel(job.id)

    thread = threading.Thread(target=cancel)
    thread.start()
    assert executor.run(job, "fakes:last_words", Listener(progress=lambda *_: heard.set())).state == "cancelled"
    thread.join()
    executor.release(job.id)


def test_a_job_that_is_cancelled_before_it_runs_does_nothing(executor: Executor, tmp_path: Path) -> None:
    job = job_of("count", {"pieces": 3, "file": str(tmp_path / "pieces")})
    executor.admit(job)
    executor.cancel(job.id)
    assert executor.run(job, "fakes:count", Listener()).state == "cancelled"
    assert not (tmp_path / "pieces").exists()


def test_only_an_admitted_job_runs_and_only_until_its_release(executor: Executor) -> None:
    job = job_of("digest", {"seed": 1, "pieces": 1})
    with pytest.raises(JobError, match="was not admitted. Call admit before run"):
        executor.run(job, "fakes:digest", Listener())
    run(executor, job)
    with pytest.raises(JobError, match="was not admitted"):
        executor.run(job, "fakes:digest", Listener())
    executor.cancel(job.id)
    executor.release(job.id)


def test_nothing_begins_once_it_is_closed(executor: Executor, tmp_path: Path) -> None:
    run(executor, job_of("digest", {"seed": 1, "pieces": 1}))
    executor.close()
    assert executor.workers() == {}
    job = job_of("count", {"pieces": 3, "file": str(tmp_path / "pieces")})
    assert run(executor, job).state == "cancelled"
    assert executor.workers() == {}
    assert not (tmp_path / "pieces").exists()


def test_a_queue_runs_jobs_wherever_it_is_told_to(executor: Executor, log_path: Path) -> None:
    jobs = JobQueue(KINDS, executor=executor, log=JobLog(log_path))
    job = jobs.wait(jobs.submit("digest", {"seed": 1, "pieces": 3}, device="cuda"), TIMEOUT_S)
    assert (job.state, job.device, job.progress and job.progress.done) == ("done", "cuda:0", 3)
    assert jobs.workers() == executor.workers()
    jobs.shutdown()


def test_a_device_is_among_the_targets() -> None:
    assert target_of("gpu", ("gpu:a", "gpu:b")) == target_of("gpu:a", ("gpu:a", "gpu:b")) == "gpu:a"
    with pytest.raises(JobError, match=r"Unknown device 'cpu': expected gpu or gpu:N\."):
        target_of("cpu", ("gpu:a", "gpu:b"))
    with pytest.raises(JobError, match=r"Unknown device 'cpu': expected here\."):
        target_of("cpu", ("here",))
