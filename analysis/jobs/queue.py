"""The queue of the server, shared by all users: it keeps the order of jobs, what is known of them, and their log.

`queue()` is the server's own; it lives as long as the process, and not with a page, so a job id is all that a page keeps.
"""

import atexit
import builtins
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from analysis.jobs.board import HISTORY, Board
from analysis.jobs.executors.executor import Executor
from analysis.jobs.executors.local import LocalExecutor
from analysis.jobs.job import Job, JobError, canonical, new_id
from analysis.jobs.kinds.kind import JobKind
from analysis.jobs.kinds.registry import find_kind
from analysis.jobs.lane import Lane, Shared
from analysis.jobs.log import JobLog, Outcome
from analysis.jobs.metrics import Point

JOIN_S = 10.0


class JobQueue:
    """Jobs in their order; every method may be called from any thread.

    Args:
        kinds: that can be run, by name; all there are if not given.
        executor: runs them; in worker processes of this machine if not given.
        log: where finished jobs are recorded.
        history: finished jobs that are remembered.
    """

    def __init__(
        self,
        kinds: Mapping[str, JobKind] | None = None,
        *,
        executor: Executor | None = None,
        log: JobLog | None = None,
        history: int = HISTORY,
    ) -> None:
        self._shared = Shared(kinds, Board(history), log or JobLog(), executor or LocalExecutor())
        self._board, self._executor = self._shared.board, self._shared.executor
        self._lanes: dict[str, Lane] = {}
        self._starting = threading.Lock()

    def submit(self, kind: str, request: Mapping[str, object], *, needs_bytes: int = 0, device: str = "cpu") -> str:
        """Queue a job and return its id: that of an unfinished job which asks for the same on the same device, if there is one.

        Args:
            kind: the name of one.
            request: names, finite numbers, lists and dictionaries of them.
            needs_bytes: memory it takes, of the device or (cpu, mps) of the host; 0 if unknown.
            device: a target of the executor; the name before the colon stands for the first, as "cuda" for "cuda:0".

        Raises:
            JobError: the kind or the device is unknown, the request is no JSON, too many jobs wait, or the server is going down.
        """
        find_kind(kind, self._shared.kinds)
        target = target_of(device, self._executor.targets())
        if needs_bytes < 0:
            raise JobError(f"Expected a number of bytes of at least 0, got {needs_bytes}.")
        job = self._board.add(Job(new_id(), kind, canonical(request), target, needs_bytes, "queued", time.time()))
        with self._starting:
            if target not in self._lanes and not self._board.stopping:
                self._lanes[target] = lane = Lane(target, self._shared)
                lane.start()
        return job.id

    def get(self, job_id: str) -> Job:
        """A job as it is now.

        Raises:
            JobError: it is unknown.
        """
        return _aged(self._board.get(job_id))

    def metrics(self, job_id: str) -> dict[str, tuple[Point, ...]]:
        """The numbers that a job has reported, as (step, number) by name; long series are thinned, see `Series`.

        Raises:
            JobError: it is unknown.
        """
        return self._board.metrics(job_id)

    def list(self) -> builtins.list[Job]:
        """Running jobs, then queued ones in their order, then finished ones, the latest first."""
        return [_aged(job) for job in self._board.ordered()]

    def cancel(self, job_id: str) -> None:
        """End a queued job at once; have the executor stop a running one.

        Raises:
            JobError: the job is unknown.
        """
        job = self._board.get(job_id)
        outcome = Outcome("cancelled", "Cancelled before it began.")
        if self._board.finish_queued(job_id, outcome):
            self._shared.log.write(job, outcome, 0.0)
        else:
            self._board.request_cancel(job_id)
            self._executor.cancel(job_id)

    def wait(self, job_id: str, timeout_s: float | None = None) -> Job:
        """The job once it has finished, or as it is when the time is over.

        Raises:
            JobError: it is unknown, or has been forgotten meanwhile.
        """
        self._board.wait(lambda: self._board.get(job_id).finished, timeout_s)
        return self.get(job_id)

    def workers(self) -> dict[str, int]:
        """The process ids of the executor's workers, by device."""
        return self._executor.workers()

    def shutdown(self) -> None:
        """Cancel everything, end every worker and thread; nothing can be submitted afterwards."""
        for job in self._board.stop():
            self.cancel(job.id)
        with self._starting:
            lanes = list(self._lanes.values())
        self._executor.close()
        for lane in lanes:
            lane.join(JOIN_S)


def target_of(device: str, targets: Sequence[str]) -> str:
    """The target that a device stands for.

    >>> target_of("cuda", ["cpu", "cuda:0", "cuda:1"])
    'cuda:0'

    Raises:
        JobError: there is none.
    """
    for target in targets:
        if device in (target, target.partition(":")[0]):
            return target
    raise JobError(f"Unknown device {device!r}: expected {_targets_text(targets)}.")


def _targets_text(targets: Sequence[str]) -> str:
    """Targets with the numbered ones as "cuda or cuda:N"."""
    parts = [target.partition(":") for target in targets]
    words = list(dict.fromkeys(word for name, colon, _ in parts for word in ([name, f"{name}:N"] if colon else [name])))
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _aged(job: Job) -> Job:
    if job.finished or job.progress is None:
        return job
    return replace(job, progress=job.progress.aged(time.monotonic()))


_lock = threading.Lock()
_queue: JobQueue | None = None


def queue() -> JobQueue:
    """The queue of this process, made at the first call and shut down when the process ends."""
    global _queue
    with _lock:
        if _queue is None:
            _queue = JobQueue()
            atexit.register(_queue.shutdown)
        return _queue


def close() -> None:
    """Shut the queue of this process down, if there is one."""
    if _queue is not None:
        _queue.shutdown()
