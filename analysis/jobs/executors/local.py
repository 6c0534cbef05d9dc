"""Jobs in processes of this machine, one per device; the memory of the host is shared out between them."""

import threading
from typing import NamedTuple

from analysis.jobs.admission import Decision, decide, too_large, waiting
from analysis.jobs.executors.executor import HOST_DEVICES, Listener, Verdict
from analysis.jobs.executors.runner import Runner
from analysis.jobs.job import Job, JobError
from analysis.jobs.log import Outcome
from analysis.jobs.settings import JobSettings
from analysis.run import Cancel


class Held(NamedTuple):
    """A job from its admission to its release."""

    job: Job
    cancel: Cancel


class LocalExecutor:
    """Runs each job in the worker process of its device.

    Args:
        settings: limits and patience.
    """

    name = "local"

    def __init__(self, settings: JobSettings | None = None) -> None:
        self.settings = settings or JobSettings()
        self._runners: dict[str, Runner] = {}
        self._held: dict[str, Held] = {}
        self._admission = threading.Lock()  # one decision at a time, so that no memory is promised twice
        self._closing = threading.Event()

    def targets(self) -> tuple[str, ...]:
        """The host's devices. Which of them there are is known to the worker alone, which imports the library that asks."""
        return HOST_DEVICES

    def admit(self, job: Job) -> Verdict:
        """Start a job if the host has memory for it beyond what running jobs have been promised.

        It waits for jobs that will give memory back, and before it is refused idle workers are ended: what they keep may be
        what is missing. A CUDA device's own memory is checked by its worker.
        """
        with self._admission:
            decision, available = self._decide(job)
            if decision == "refuse":
                self._end_idle_workers()
                decision, available = self._decide(job)
            if decision == "start":
                self._held[job.id] = Held(job, Cancel())
                return Verdict("start")
        if decision == "wait":
            return Verdict("wait", waiting(job.needs_bytes, available))
        return Verdict("refuse", too_large(job.needs_bytes, available, job.device))

    def run(self, job: Job, function: str, listener: Listener) -> Outcome:
        """Run an admitted job in the worker of its device.

        Raises:
            JobError: it was not admitted.
        """
        if (held := self._held.get(job.id)) is None:
            raise JobError(f"Job {job.id} was not admitted. Call admit before run.")
        runner = self._runners.setdefault(job.device, Runner(self.settings, self._closing))
        return runner.run(job, function, listener, held.cancel)

    def cancel(self, job_id: str) -> None:
        """Ask a running job to stop; its worker is ended if it does not in time."""
        if held := self._held.get(job_id):
            held.cancel.request()

    def release(self, job_id: str) -> None:
        """Forget a job once its worker has given back what the job held, or has been replaced because it did not."""
        if held := self._held.get(job_id):
            if runner := self._runners.get(held.job.device):
                runner.settle()
            self._held.pop(job_id, None)

    def workers(self) -> dict[str, int]:
        """The process ids of the workers that run, by device."""
        pids = {device: runner.worker_pid for device, runner in list(self._runners.items())}
        return {device: pid for device, pid in pids.items() if pid is not None}

    def close(self) -> None:
        """Give running jobs a second, then end every worker."""
        self._closing.set()
        for runner in list(self._runners.values()):
            runner.close()

    def _decide(self, job: Job) -> tuple[Decision, int]:
        """The decision, and the bytes available beyond what running jobs have been promised."""
        if job.device.startswith("cuda"):
            return "start", 0
        others = list(self._held.values())
        free, total = self.settings.available(), self.settings.total()
        if free is not None:
            free = max(0, free - sum(self._unspent_bytes(other.job) for other in others))
        return decide(job.needs_bytes, free, total, others_run=bool(others)), free or 0

    def _unspent_bytes(self, job: Job) -> int:
        """Host memory that a running job asked for and does not hold yet."""
        if job.device.startswith("cuda"):
            return 0
        runner = self._runners.get(job.device)
        return max(0, job.needs_bytes - (runner.resident_bytes() if runner else 0))

    def _end_idle_workers(self) -> None:
        busy = {held.job.device for held in list(self._held.values())}
        for device, runner in list(self._runners.items()):
            if device not in busy:
                runner.end_if_idle()
