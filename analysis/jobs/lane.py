"""One target of an executor: its jobs in their order, each run when it is admitted."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace

from analysis.jobs.board import Board
from analysis.jobs.executors.executor import Executor
from analysis.jobs.job import Job, JobError
from analysis.jobs.kinds.kind import JobKind
from analysis.jobs.kinds.registry import find_kind
from analysis.jobs.listener import board_listener
from analysis.jobs.log import JobLog, Outcome, outcome_of

RETRY_S = 0.25


@dataclass(frozen=True)
class Shared:
    """What all lanes of a queue have in common."""

    kinds: Mapping[str, JobKind] | None
    board: Board
    log: JobLog
    executor: Executor

    def keeps_parts(self, kind: str) -> bool:
        """Whether finished pieces of a cancelled job are of use; not those of a kind that has been forgotten since."""
        try:
            return find_kind(kind, self.kinds).partial_results
        except JobError:
            return False

    def record(self, job: Job, outcome: Outcome) -> None:
        """Log how a job ended, then end it for everyone to see."""
        self.log.write(job, outcome, self.board.seconds(job.id))
        self.board.finish(job.id, outcome)


class Lane(threading.Thread):
    """Hands the jobs of one target to the executor, one at a time."""

    def __init__(self, target: str, shared: Shared) -> None:
        super().__init__(name=f"jobs on {target}", daemon=True)
        self.target = target
        self._shared, self._board, self._executor = shared, shared.board, shared.executor

    def run(self) -> None:
        """Work until the server goes down."""
        board = self._board
        while not board.stopping:
            job = board.first_queued(self.target)
            if job is None:
                board.wait(lambda: board.stopping or board.first_queued(self.target) is not None)
            else:
                self._attempt(job)

    def _attempt(self, job: Job) -> None:
        """Run a job if it is admitted; whatever happens, the lane goes on."""
        try:
            if not self._admitted(job):
                return
            function = find_kind(job.kind, self._shared.kinds).function
            outcome = self._executor.run(job, function, board_listener(self._board, job.id))
        except Exception as error:  # noqa: BLE001 - the job fails, the lane does not
            outcome = outcome_of(error, None)
        self._record(job, outcome)
        self._executor.release(job.id)
        self._board.wake()

    def _admitted(self, job: Job) -> bool:
        """Move a job to running, refuse it, or wait a moment."""
        decision, message = self._executor.admit(job)
        if decision == "start":
            if self._board.start(job.id):
                return True
            self._executor.release(job.id)  # it was cancelled meanwhile
        elif decision == "refuse":
            self._record(job, Outcome("failed", message))
        else:
            self._board.update(job.id, message=message)
            self._board.wait(lambda: self._board.stopping or self._board.first_queued(self.target) != job, RETRY_S)
        return False

    def _record(self, job: Job, outcome: Outcome) -> None:
        """Put the outcome into words for the user, and record it."""
        state, message = outcome.state, outcome.message
        if state == "failed" and self._board.cancel_requested(job.id):
            state, message = "cancelled", ""
        if state == "cancelled":
            message = cancelled_words(self._board.get(job.id), partial_results=self._shared.keeps_parts(job.kind))
        elif state == "failed":
            message = message or self._shared.log.fault(job.id)
        self._shared.record(job, replace(outcome, state=state, message=message))


def cancelled_words(job: Job, *, partial_results: bool) -> str:
    """What the user reads after cancelling a job that had begun; counts are those of its present part."""
    if job.progress is None or not job.progress.total:
        return "Cancelled."
    kept = "; what was finished is kept" if job.progress.done and partial_results else ""
    return f"Cancelled after {job.progress.done} of {job.progress.total}{kept}."
