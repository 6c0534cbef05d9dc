"""Runs one job after the other in a worker process, and sees to the worker: its start, its end, the memory it keeps."""

import threading
import time
from dataclasses import asdict, replace

from analysis.files import JsonObject
from analysis.jobs.executors.executor import Listener
from analysis.jobs.job import Job
from analysis.jobs.log import Outcome, outcome_of
from analysis.jobs.order import Order
from analysis.jobs.settings import JobSettings
from analysis.jobs.silence import Silence
from analysis.jobs.worker_process import WorkerEndedError, WorkerProcess, WorkerSilentError
from analysis.run import Cancel
from analysis.units import seconds_to_words

TICK_S = 0.1
SHUTDOWN_GRACE_S = 1.0
CLOSE_S = 10.0


class Runner:
    """The owner of one device's worker, which one thread uses at a time.

    Args:
        settings: limits and patience.
        closing: set when the server goes down; a job that runs then has a second to stop, and no other begins.
    """

    def __init__(self, settings: JobSettings, closing: threading.Event) -> None:
        self._settings, self._closing = settings, closing
        self._in_use = threading.Lock()
        self._settled = True
        self._worker: WorkerProcess | None = None
        self._mark = 0
        self._peak: int | None = None
        self._began = False
        self._spoke: WorkerProcess | None = None

    @property
    def worker_pid(self) -> int | None:
        """The worker's process id, `None` before the first job and after the worker's end."""
        worker = self._worker
        return worker.pid if worker else None

    def resident_bytes(self) -> int:
        """Host memory that the worker holds."""
        worker = self._worker
        return (worker.resident_bytes() if worker else None) or 0

    def end_if_idle(self) -> None:
        """End the worker unless a job uses it; the next job starts another."""
        if self._in_use.acquire(blocking=False):
            try:
                self._end_worker()
            finally:
                self._in_use.release()

    def close(self) -> None:
        """End the worker once the job that uses it has stopped, for which it has a second."""
        if self._in_use.acquire(timeout=CLOSE_S):
            try:
                self._end_worker()
            finally:
                self._in_use.release()

    def run(self, job: Job, function: str, listener: Listener, cancel: Cancel) -> Outcome:
        """Run a job to its end, whatever that is.

        Args:
            job: of this device.
            function: "package.module:function".
            listener: told how it goes.
            cancel: looked at several times a second; the worker is ended if the job does not stop in time.
        """
        with self._in_use:
            if self._closing.is_set() or cancel.requested:
                return Outcome("cancelled")
            outcome = self._run(job, function, listener, cancel)
            self._settled = outcome.state == "done"
            return outcome

    def settle(self) -> None:
        """After a job that was cut off: replace the worker if it does not give the job's memory back in time."""
        with self._in_use:
            deadline = time.monotonic() + self._settings.memory_grace_s
            while not self._settled and self.resident_bytes() > self._mark:
                if time.monotonic() >= deadline or self._closing.is_set():
                    self._end_worker()
                else:
                    time.sleep(TICK_S)
            self._settled = True

    def _end_worker(self, *, at_once: bool = False) -> None:
        worker, self._worker = self._worker, None
        if worker:
            worker.close(at_once=at_once)

    def _run(self, job: Job, function: str, listener: Listener, cancel: Cancel) -> Outcome:
        self._peak = None
        try:
            reused = self._worker is not None and self._worker.alive
            try:
                outcome = self._run_once(job, function, listener, cancel)
            except WorkerEndedError:
                if not reused or self._began:
                    raise
                outcome = self._run_once(job, function, listener, cancel)  # it ended while idle, and never heard of this job
        except WorkerEndedError as ended:
            silent = isinstance(ended, WorkerSilentError)
            words = silent_words(self._settings.silence_s) if silent else ended_words(ended.how)
            outcome = Outcome("failed", words, peak_bytes=self._peak, error=str(ended))
        except Exception as error:  # noqa: BLE001 - no process or no descriptor to be had: this job fails, the next may not
            self._end_worker()
            outcome = outcome_of(error, self._peak)
        if outcome.state == "failed" and self._spoke:
            outcome = replace(outcome, output=self._spoke.output)
        return outcome

    def _run_once(self, job: Job, function: str, listener: Listener, cancel: Cancel) -> Outcome:
        self._began, self._spoke = False, None
        worker = self._spoke = self._living_worker()
        self._mark = max(worker.resident_bytes() or 0, self._settings.memory_floor_bytes)
        self._mark += self._settings.memory_tolerance_bytes
        order = Order(job.id, function, job.request, job.device, job.needs_bytes, self._settings.batch_size_limit)
        worker.send({"run": asdict(order)})
        return self._follow(job, worker, listener, cancel)

    def _living_worker(self) -> WorkerProcess:
        if self._worker is None or not self._worker.alive:
            self._end_worker()
            self._worker = WorkerProcess(self._settings.python_path)
        return self._worker

    def _follow(self, job: Job, worker: WorkerProcess, listener: Listener, cancel: Cancel) -> Outcome:
        """Listen until the job ends, has had its time to stop, or the worker has been silent for too long.

        Raises:
            WorkerEndedError: the worker has ended, or has been ended because it was silent.
        """
        cancel_sent_at, silence = None, Silence(time.monotonic())
        while True:
            message = worker.receive(TICK_S)
            if message is not None:
                silence.heard(time.monotonic())
            elif silence.seconds(time.monotonic()) >= self._settings.silence_s:
                self._end_worker(at_once=True)
                raise WorkerSilentError
            if message is not None and message.get("job") == job.id:
                if (end := message.get("end")) is not None:
                    return Outcome(**end)
                self._began = True
                pass_on(listener, message)
            self._peak = worker.peak_bytes() or self._peak
            if cancel_sent_at is None and cancel.requested:
                worker.send({"cancel": job.id})
                cancel_sent_at = time.monotonic()
            grace_s = SHUTDOWN_GRACE_S if self._closing.is_set() else self._settings.cancel_grace_s
            if cancel_sent_at is not None and time.monotonic() >= cancel_sent_at + grace_s:
                self._end_worker(at_once=True)
                return Outcome("cancelled", peak_bytes=self._peak, error="It did not stop in time; its worker was ended.")


def pass_on(listener: Listener, message: JsonObject) -> None:  # JSON of our own worker
    """Pass on what a worker says about its job."""
    if (progress := message.get("progress")) is not None:
        listener.progress(*progress)
    elif (notice := message.get("notice")) is not None:
        listener.notice(notice)
    for step, values in message.get("metrics", ()):
        listener.metrics(step, values)


def ended_words(how: str) -> str:
    """What the user reads when a worker has gone.

    >>> ended_words("exit code 3")
    'The worker process ended (exit code 3) before the job did; start it again. What was finished is kept.'
    >>> ended_words("signal 9")
    'The worker process ended (signal 9), perhaps because the memory ran out; start it again. What was finished is kept.'
    """
    why = ", perhaps because the memory ran out" if how == "signal 9" else " before the job did"
    return f"The worker process ended ({how}){why}; start it again. What was finished is kept."


def silent_words(seconds: float) -> str:
    """What the user reads when a worker hung.

    >>> silent_words(60)
    'The worker process said nothing for 1 min and was ended: it hung, or was stopped from outside. Start it again; ...'
    """
    return (
        f"The worker process said nothing for {seconds_to_words(seconds)} and was ended: it hung, or was stopped from outside. "
        "Start it again; what was finished is kept."
    )
