"""One device: its jobs in their order, each admitted when there is memory for it."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from analysis.jobs.admission import Decision, decide, too_large, waiting
from analysis.jobs.board import Board
from analysis.jobs.job import Job
from analysis.jobs.kinds.kind import JobKind
from analysis.jobs.kinds.registry import find_kind
from analysis.jobs.log import JobLog, Outcome, outcome_of
from analysis.jobs.runner import Runner
from analysis.jobs.settings import Settings

RETRY_S = 0.25
RELEASE_S = 2.0


@dataclass
class Shared:
    """What all lanes of a queue have in common; `admission` lets one of them decide at a time."""

    kinds: Mapping[str, JobKind] | None
    board: Board
    log: JobLog
    settings: Settings
    lanes: dict[str, "Lane"] = field(default_factory=dict)
    admission: threading.Lock = field(default_factory=threading.Lock)

    def record(self, job: Job, outcome: Outcome) -> None:
        """Log how a job ended, then end it for everyone to see."""
        self.log.write(job, outcome, self.board.seconds(job.id))
        self.board.finish(job.id, outcome)


class Lane(threading.Thread):
    """Runs the jobs of one device, one at a time."""

    def __init__(self, device: str, shared: Shared) -> None:
        super().__init__(name=f"jobs on {device}", daemon=True)
        self.device = device
        self._shared, self._board = shared, shared.board
        self._runner = Runner(shared.board, shared.settings)
        self._job: Job | None = None
        self._asked_to_release = False

    @property
    def worker_pid(self) -> int | None:
        """The process id of the worker, `None` where none runs."""
        return self._runner.worker_pid

    @property
    def busy(self) -> bool:
        """Whether a job runs here, or its memory is still being given back."""
        return self._job is not None

    def unspent_bytes(self) -> int:
        """Host memory that the job here asked for and does not hold yet."""
        job = self._job
        if job is None or self.device.startswith("cuda"):
            return 0
        return max(0, job.needs_bytes - self._runner.resident_bytes())

    def run(self) -> None:
        """Work until the server goes down."""
        try:
            while not self._board.stopping:
                job = self._board.first_queued(self.device)
                if job is None:
                    self._rest()
                else:
                    self._attempt(job)
        finally:
            self._runner.end_worker()

    def _rest(self) -> None:
        board = self._board
        board.wait(lambda: board.stopping or self._asked_to_release or board.first_queued(self.device) is not None)
        if self._asked_to_release:
            self._runner.end_worker()
            self._asked_to_release = False
            board.wake()

    def _attempt(self, job: Job) -> None:
        """Run a job if it is admitted; whatever happens, the lane goes on."""
        try:
            if not self._admitted(job):
                return
        except Exception as error:  # noqa: BLE001 - the job fails, the lane does not
            self._record(job, outcome_of(error, None))
            return
        outcome = self._runner.run(job, find_kind(job.kind, self._shared.kinds).function)
        self._record(job, outcome)
        if outcome.state != "done":
            self._runner.settle()
        self._job = None
        self._board.wake()

    def _admitted(self, job: Job) -> bool:
        """Move a job to running, refuse it, or wait a moment; a CUDA device's own memory is checked by its worker."""
        if self.device.startswith("cuda"):
            return self._start(job)
        with self._shared.admission:
            decision, available = self._decide(job)
            if decision == "refuse":
                self._end_idle_workers()
                decision, available = self._decide(job)
            if decision == "start":
                return self._start(job)
        if decision == "refuse":
            self._record(job, Outcome("failed", too_large(job.needs_bytes, available, self.device)))
        else:
            self._board.update(job.id, message=waiting(job.needs_bytes, available))
            self._board.wait(lambda: self._board.stopping or self._board.first_queued(self.device) != job, RETRY_S)
        return False

    def _start(self, job: Job) -> bool:
        started = self._board.start(job.id)
        self._job = job if started else None
        return started

    def _decide(self, job: Job) -> tuple[Decision, int]:
        """The decision, and the bytes available beyond what running jobs have been promised."""
        others = [lane for lane in list(self._shared.lanes.values()) if lane is not self]
        free, total = self._shared.settings.available(), self._shared.settings.total()
        if free is not None:
            free = max(0, free - sum(lane.unspent_bytes() for lane in others))
        return decide(job.needs_bytes, free, total, others_run=any(lane.busy for lane in others)), free or 0

    def _end_idle_workers(self) -> None:
        """Have every idle worker ended: what they keep may be what is missing."""
        self._runner.end_worker()
        others = [lane for lane in list(self._shared.lanes.values()) if lane is not self]
        idle = [lane for lane in others if not lane.busy and lane.worker_pid is not None]
        for lane in idle:
            lane._asked_to_release = True
        self._board.wake()
        self._board.wait(lambda: not any(lane._asked_to_release for lane in idle), RELEASE_S)

    def _record(self, job: Job, outcome: Outcome) -> None:
        """Put the outcome into words for the user, and record it."""
        state, message = outcome.state, outcome.message
        if state == "failed" and self._board.cancel_requested(job.id):
            state, message = "cancelled", ""
        if state == "cancelled":
            kept = find_kind(job.kind, self._shared.kinds).partial_results
            message = cancelled_words(self._board.get(job.id), partial_results=kept)
        elif state == "failed":
            message = message or self._shared.log.fault(job.id)
        self._shared.record(job, replace(outcome, state=state, message=message))


def cancelled_words(job: Job, *, partial_results: bool) -> str:
    """What the user reads after cancelling a job that had begun; counts are those of its present part."""
    if job.progress is None or not job.progress.total:
        return "Cancelled."
    kept = "; what was finished is kept" if job.progress.done and partial_results else ""
    return f"Cancelled after {job.progress.done} of {job.progress.total}{kept}."
