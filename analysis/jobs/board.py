"""Every job the server knows, safe to read and to change from any thread."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypedDict, Unpack

from analysis.jobs.job import Job, JobError, State
from analysis.jobs.log import Outcome
from analysis.jobs.metrics import Point, Series
from analysis.jobs.progress import Progress

HISTORY = 200
MOST_QUEUED = 50


class Changes(TypedDict, total=False):
    """What may change of a job."""

    state: State
    started_at: float
    finished_at: float
    seconds: float
    progress: Progress
    notices: tuple[str, ...]
    message: str
    document_json: str | None


class Board:
    """Jobs by id, in the order of their submission; the oldest finished ones go first when there are more than `history`."""

    def __init__(self, history: int = HISTORY) -> None:
        self._changed = threading.Condition()
        self._jobs: dict[str, Job] = {}
        self._began: dict[str, float] = {}
        self._to_cancel: set[str] = set()
        self._series: dict[str, dict[str, Series]] = {}
        self._history = history
        self._stopping = False

    @property
    def stopping(self) -> bool:
        """Whether the server is going down."""
        return self._stopping

    def add(self, job: Job) -> Job:
        """Take a job, or return the unfinished one that asks for the same and is not about to be cancelled.

        Raises:
            JobError: the server is going down, or too many jobs wait.
        """
        with self._changed:
            if self._stopping:
                raise JobError("No job can be started any more: the server is going down. Start the server again.")
            for other in self._jobs.values():
                same = (other.kind, other.request_json, other.device) == (job.kind, job.request_json, job.device)
                if same and not other.finished and other.id not in self._to_cancel:
                    return other
            if (waiting := sum(other.state == "queued" for other in self._jobs.values())) >= MOST_QUEUED:
                raise JobError(f"{waiting} jobs wait already, and no more than {MOST_QUEUED} may. Wait for some, or cancel some.")
            self._jobs[job.id] = job
            self._changed.notify_all()
            return job

    def get(self, job_id: str) -> Job:
        """A job as it is now.

        Raises:
            JobError: it is unknown.
        """
        with self._changed:
            if job_id not in self._jobs:
                raise JobError(
                    f"There is no job {job_id!r}: the server keeps the last {self._history} and forgets them when it "
                    "restarts. Start it again; what was finished is kept."
                )
            return self._jobs[job_id]

    def ordered(self) -> list[Job]:
        """Running jobs, then queued ones in their order, then finished ones, the latest first."""
        with self._changed:
            jobs = list(self._jobs.values())
        finished = sorted((job for job in jobs if job.finished), key=lambda job: job.finished_at or 0.0, reverse=True)
        return [*(job for job in jobs if job.state == "running"), *(job for job in jobs if job.state == "queued"), *finished]

    def first_queued(self, device: str) -> Job | None:
        """The job of a device whose turn it is."""
        with self._changed:
            return next((job for job in self._jobs.values() if job.state == "queued" and job.device == device), None)

    def start(self, job_id: str) -> bool:
        """Move a job from queued to running, unless it was cancelled meanwhile."""
        with self._changed:
            if self._jobs[job_id].state != "queued":
                return False
            self._began[job_id] = time.monotonic()
            self._change(job_id, state="running", started_at=time.time(), message="")
            return True

    def update(self, job_id: str, **changes: Unpack[Changes]) -> None:
        """Change fields of a job that has not finished."""
        with self._changed:
            if not self._jobs[job_id].finished:
                self._change(job_id, **changes)

    def measure(self, job_id: str, step: int, values: Mapping[str, float]) -> None:
        """Add numbers of a step to the series of a job that has not finished."""
        with self._changed:
            if not self._jobs[job_id].finished:
                series = self._series.setdefault(job_id, {})
                for name, value in values.items():
                    series.setdefault(name, Series()).add(step, value)

    def metrics(self, job_id: str) -> dict[str, tuple[Point, ...]]:
        """The series of a job by name, thinned if they are long; none for a job that reported no numbers.

        Raises:
            JobError: the job is unknown.
        """
        with self._changed:
            self.get(job_id)
            return {name: series.points() for name, series in self._series.get(job_id, {}).items()}

    def seconds(self, job_id: str) -> float:
        """How long a job has been running."""
        with self._changed:
            began = self._began.get(job_id)
        return 0.0 if began is None else time.monotonic() - began

    def finish(self, job_id: str, outcome: Outcome) -> None:
        """End a job, and forget the oldest finished one if there are too many."""
        with self._changed:
            if self._jobs[job_id].finished:
                return
            seconds = time.monotonic() - self._began.pop(job_id, time.monotonic())
            self._to_cancel.discard(job_id)
            self._change(
                job_id, state=outcome.state, message=outcome.message, document_json=outcome.document_json,
                finished_at=time.time(), seconds=seconds,
            )  # fmt: skip
            finished = sorted((job for job in self._jobs.values() if job.finished), key=lambda job: job.finished_at or 0.0)
            for job in finished[: max(0, len(finished) - self._history)]:
                del self._jobs[job.id]
                self._series.pop(job.id, None)

    def finish_queued(self, job_id: str, outcome: Outcome) -> bool:
        """End a job that has not begun; whether it had not."""
        with self._changed:
            if self.get(job_id).state != "queued":
                return False
            self.finish(job_id, outcome)
            return True

    def request_cancel(self, job_id: str) -> None:
        """Ask for the end of a running job."""
        with self._changed:
            if self.get(job_id).state == "running":
                self._to_cancel.add(job_id)
                self._changed.notify_all()

    def cancel_requested(self, job_id: str) -> bool:
        """Whether a running job is to stop."""
        with self._changed:
            return job_id in self._to_cancel

    def stop(self) -> list[Job]:
        """Take no more jobs; the ones that have not finished."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            return [job for job in self._jobs.values() if not job.finished]

    def wait(self, condition: Callable[[], bool], timeout_s: float | None = None) -> bool:
        """Sleep until a change of a job makes the condition true; whether it did in time."""
        with self._changed:
            return self._changed.wait_for(condition, timeout_s)

    def wake(self) -> None:
        """Let all who sleep look again."""
        with self._changed:
            self._changed.notify_all()

    def _change(self, job_id: str, **changes: Unpack[Changes]) -> None:
        self._jobs[job_id] = replace(self._jobs[job_id], **changes)
        self._changed.notify_all()
