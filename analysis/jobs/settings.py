"""How jobs are run: limits, patience, and where memory is looked up."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from analysis.jobs.system_memory import available_bytes, total_bytes

MEBIBYTE = 2**20


@dataclass(frozen=True)
class JobSettings:
    """The same for all jobs of a queue.

    Args:
        python_path: folders that workers can import from, beside the library.
        batch_size_limit: for every job; `None` for no limit.
        cancel_grace_s: a job that has not stopped so many seconds after it was asked to is ended with its worker.
        silence_s: a worker that says nothing for so many seconds is ended; while a job runs it speaks every second.
        memory_floor_bytes: a worker may always keep this much (imported libraries).
        memory_tolerance_bytes: and may keep so much more than it held before a cancelled or failed job.
        memory_grace_s: a worker that keeps more for so many seconds is replaced.
        available: free memory of the host in bytes, `None` if unknown.
        total: all memory of the host in bytes, `None` if unknown.
    """

    python_path: tuple[Path, ...] = ()
    batch_size_limit: int | None = None
    cancel_grace_s: float = 5.0
    silence_s: float = 60.0
    memory_floor_bytes: int = 768 * MEBIBYTE
    memory_tolerance_bytes: int = 256 * MEBIBYTE
    memory_grace_s: float = 2.0
    available: Callable[[], int | None] = available_bytes
    total: Callable[[], int | None] = total_bytes
