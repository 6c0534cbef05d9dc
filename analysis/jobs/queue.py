"""The queue of the server: shared by all users, one worker process per device.

`queue()` is the server's own; it lives as long as the process, and not with a page, so a job id is all that a page keeps.
"""

import atexit
import builtins
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from analysis.jobs.board import HISTORY, Board
from analysis.jobs.job import Job, JobError, canonical, new_id
from analysis.jobs.kinds.kind import JobKind
from analysis.jobs.kinds.registry import find_kind
from analysis.jobs.lane import Lane, Shared
from analysis.jobs.log import JobLog, Outcome
from analysis.jobs.settings import Settings

DEVICES = re.compile(r"cpu|mps|cuda(:\d{1,2})?")
JOIN_S = 10.0


class JobQueue:
    """Jobs and the workers that run them; every method may be called from any thread.

    Args:
        kinds: that can be run, by name; all there are if not given.
        settings: limits and patience.
        log: where finished jobs are recorded.
        history: finished jobs that are remembered.
    """

    def __init__(
        self,
        kinds: Mapping[str, JobKind] | None = None,
        *,
        settings: Settings | None = None,
        log: JobLog | None = None,
        history: int = HISTORY,
    ) -> None:
        self._shared = Shared(kinds, Board(history), log or JobLog(), settings or Settings())
        self._board = self._shared.board
        self._starting = threading.Lock()

    def submit(self, kind: str, request: Mapping[str, Any], *, needs_bytes: int = 0, device: str = "cpu") -> str:
        """Queue a job and return its id: that of an unfinished job which asks for the same on the same device, if there is one.

        Args:
            kind: the name of one.
            request: names, finite numbers, lists and dictionaries of them.
            needs_bytes: memory it takes, of the device or (cpu, mps) of the host; 0 if unknown.
            device: "cpu", "mps", "cuda" or "cuda:N".

        Raises:
            JobError: the kind or the device is unknown, the request is no JSON, too many jobs wait, or the server is going down.
        """
        find_kind(kind, self._shared.kinds)
        if not DEVICES.fullmatch(device):
            raise JobError(f"Unknown device {device!r}: expected cpu, mps, cuda or cuda:N.")
        if needs_bytes < 0:
            raise JobError(f"Expected a number of bytes of at least 0, got {needs_bytes}.")
        device = "cuda:0" if device == "cuda" else device
        job = self._board.add(Job(new_id(), kind, canonical(request), device, needs_bytes, "queued", time.time()))
        with self._starting:
            if device not in self._shared.lanes and not self._board.stopping:
                self._shared.lanes[device] = lane = Lane(device, self._shared)
                lane.start()
        return job.id

    def get(self, job_id: str) -> Job:
        """A job as it is now.

        Raises:
            JobError: it is unknown.
        """
        return _aged(self._board.get(job_id))

    def list(self) -> builtins.list[Job]:
        """Running jobs, then queued ones in their order, then finished ones, the latest first."""
        return [_aged(job) for job in self._board.ordered()]

    def cancel(self, job_id: str) -> None:
        """End a queued job at once; ask a running one to stop, and end its worker if it does not in time.

        Raises:
            JobError: the job is unknown.
        """
        job = self._board.get(job_id)
        outcome = Outcome("cancelled", "Cancelled before it began.")
        if self._board.finish_queued(job_id, outcome):
            self._shared.log.write(job, outcome, 0.0)
        else:
            self._board.request_cancel(job_id)

    def wait(self, job_id: str, timeout_s: float | None = None) -> Job:
        """The job once it has finished, or as it is when the time is over.

        Raises:
            JobError: it is unknown, or has been forgotten meanwhile.
        """
        self._board.wait(lambda: self._board.get(job_id).finished, timeout_s)
        return self.get(job_id)

    def workers(self) -> dict[str, int]:
        """The process ids of the workers that run, by device."""
        found = {device: lane.worker_pid for device, lane in list(self._shared.lanes.items())}
        return {device: pid for device, pid in found.items() if pid is not None}

    def shutdown(self) -> None:
        """Cancel everything, end every worker and thread; nothing can be submitted afterwards."""
        for job in self._board.stop():
            self.cancel(job.id)
        with self._starting:
            lanes = list(self._shared.lanes.values())
        for lane in lanes:
            lane.join(JOIN_S)


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
