"""Jobs in this process: for the command line without a queue, the same function with the same outcome."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from analysis.jobs.executors.executor import HOST_DEVICES, Listener, Verdict
from analysis.jobs.job import Job, JobError, canonical, document_text, new_id
from analysis.jobs.kinds.kind import JobKind
from analysis.jobs.kinds.registry import find_kind, load
from analysis.jobs.log import JobLog, Outcome, outcome_of
from analysis.jobs.metrics import finite
from analysis.jobs.system_memory import own_peak_bytes, reset_own_peak
from analysis.run import Cancel, Metrics, RunContext, ignore


class InlineExecutor:
    """Runs each job in the thread that asks for it: nothing protects the process from what a job does to it.

    Args:
        batch_size_limit: for every job; `None` for no limit.
    """

    name = "inline"

    def __init__(self, batch_size_limit: int | None = None) -> None:
        self._batch_size_limit = batch_size_limit
        self._cancels: dict[str, Cancel] = {}
        self._closed = False

    def targets(self) -> tuple[str, ...]:
        """The host's devices."""
        return HOST_DEVICES

    def admit(self, job: Job) -> Verdict:
        """Start it: this process has the memory that it has."""
        self._cancels[job.id] = Cancel()
        return Verdict("start")

    def run(self, job: Job, function: str, listener: Listener) -> Outcome:
        """Run an admitted job to its end; whatever it raises is an outcome.

        Raises:
            JobError: it was not admitted.
        """
        self._cancel_of(job)
        if self._closed:
            return Outcome("cancelled")
        try:
            document = self.compute(job, function, listener)
        except BaseException as error:  # noqa: BLE001 - whatever a job does, the queue goes on
            return outcome_of(error, own_peak_bytes())
        return Outcome("done", document_json=document, peak_bytes=own_peak_bytes())

    def compute(self, job: Job, function: str, listener: Listener) -> str:
        """Run an admitted job and return its document as JSON; what it raises passes.

        Raises:
            JobError: it was not admitted.
        """
        metrics = finite(listener.metrics, listener.notice)
        context = RunContext(listener.progress, self._cancel_of(job), listener.notice, self._batch_size_limit, metrics)
        reset_own_peak()
        called = load(function)
        context.cancel.check()
        return document_text(called(job.request, context))

    def cancel(self, job_id: str) -> None:
        """Ask a job to stop; only the job itself can."""
        if cancel := self._cancels.get(job_id):
            cancel.request()

    def release(self, job_id: str) -> None:
        """Forget a job."""
        self._cancels.pop(job_id, None)

    def workers(self) -> dict[str, int]:
        """None."""
        return {}

    def close(self) -> None:
        """Ask every job to stop, and begin no other."""
        self._closed = True
        for cancel in list(self._cancels.values()):
            cancel.request()

    def _cancel_of(self, job: Job) -> Cancel:
        if job.id not in self._cancels:
            raise JobError(f"Job {job.id} was not admitted. Call admit before run.")
        return self._cancels[job.id]


def run_inline(
    kind: str,
    request: Mapping[str, object],
    progress: Callable[[int, int, str], None] | None = None,
    cancel_on_sigint: bool = True,
    *,
    notice: Callable[[str], None] = ignore,
    metrics: Metrics = ignore,
    batch_size_limit: int | None = None,
    kinds: Mapping[str, JobKind] | None = None,
    log: JobLog | None = None,
) -> Any:  # JSON, which the kind of the job parses
    """Run a job here and return its document.

    Args:
        kind: the name of one.
        request: names, finite numbers, lists and dictionaries of them.
        progress: told (pieces done, pieces in all, what is being done).
        cancel_on_sigint: the first Ctrl-C asks the job to stop, the second interrupts it.
        notice: told sentences that the user should read beside the result.
        metrics: told (step, {name: number}).
        batch_size_limit: no batch may be larger.
        kinds: among which it is; all there are if not given.
        log: where the job is recorded.

    Raises:
        JobError: the kind is unknown or the request no JSON.
        Cancelled: the first Ctrl-C.
        KeyboardInterrupt: the second.
    """
    text, function = canonical(request), find_kind(kind, kinds).function
    job, began = Job(new_id(), kind, text, "cpu", 0, "running", time.time()), time.monotonic()
    executor, log = InlineExecutor(batch_size_limit), log or JobLog()
    executor.admit(job)
    try:
        with _first_sigint(lambda: executor.cancel(job.id)) if cancel_on_sigint else nullcontext():
            document = executor.compute(job, function, Listener(progress or ignore, notice, metrics))
    except BaseException as error:
        outcome = Outcome("cancelled") if isinstance(error, KeyboardInterrupt) else outcome_of(error, own_peak_bytes())
        log.write(job, outcome, time.monotonic() - began)
        raise
    log.write(job, Outcome("done", document_json=document, peak_bytes=own_peak_bytes()), time.monotonic() - began)
    return json.loads(document)


@contextmanager
def _first_sigint(request_cancel: Callable[[], None]) -> Iterator[None]:
    """Turn the first Ctrl-C into a request to stop; signals reach the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def request(*_: object) -> None:
        request_cancel()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, request)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
