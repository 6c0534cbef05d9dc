"""One line of JSON per finished job, for whoever looks after the server."""

import json
import os
import shutil
import threading
import traceback
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from analysis import paths
from analysis.errors import Cancelled, OtoscopeError
from analysis.jobs.job import Job, State
from analysis.memory import bytes_to_words, is_out_of_memory

MAX_BYTES = 10_000_000
KEPT = 3  # earlier logs: jobs.1.jsonl is the newest of them
MAX_TEXT = 20_000


@dataclass(frozen=True)
class Outcome:
    """How a job ended. `error`, `traceback` and `output` are for the log alone; an unexpected fault has no message yet."""

    state: State
    message: str = ""
    document_json: str | None = None
    peak_bytes: int | None = None
    error: str = ""
    traceback: str = ""
    output: str = ""


class JobLog:
    """A file that is never larger than `max_bytes` by more than a line; writing it never fails a job."""

    def __init__(self, path: Path | None = None, max_bytes: int = MAX_BYTES) -> None:
        self.path = path or paths.cache() / "logs" / "jobs.jsonl"
        self._max_bytes = max_bytes
        self._lock = threading.Lock()

    def write(self, job: Job, outcome: Outcome, seconds: float) -> None:
        """Append what became of a job; fields without content are left out."""
        record: dict[str, object] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"), "id": job.id, "kind": job.kind,
            "request": job.request, "device": job.device, "state": outcome.state, "seconds": round(seconds, 3),
            "peak_bytes": outcome.peak_bytes, "message": outcome.message, "error": outcome.error,
            "traceback": outcome.traceback, "output": outcome.output,
        }  # fmt: skip
        line = json.dumps({name: value for name, value in record.items() if value not in ("", None)}) + "\n"
        with self._lock, suppress(OSError):
            paths.make_cache()
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._rotate()
            file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(file, line.encode())
            finally:
                os.close(file)

    def fault(self, job_id: str) -> str:
        """What the user reads when the fault is ours."""
        path = str(self.path)
        home = str(Path.home())
        path = f"~{path[len(home) :]}" if path.startswith(f"{home}/") else path
        sentence = "This stopped because of a fault in the program, not in your request."
        if not self._can_write():
            return f"{sentence} The details could not be kept: {path} cannot be written. Free space, or check permissions."
        return f"{sentence} The details are in {path}, job {job_id}."

    def _can_write(self) -> bool:
        try:
            folder = next(parent for parent in self.path.parents if parent.is_dir())
            return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > MAX_TEXT
        except (OSError, StopIteration):
            return False

    def _rotate(self) -> None:
        if not self.path.exists() or self.path.stat().st_size < self._max_bytes:
            return
        for number in range(KEPT, 0, -1):
            older = self.path.with_suffix(f".{number}{self.path.suffix}")
            newer = self.path.with_suffix(f".{number - 1}{self.path.suffix}") if number > 1 else self.path
            if newer.exists():
                newer.replace(older)


def outcome_of(error: BaseException, peak: int | None) -> Outcome:
    """How a job ends that raised this."""
    if isinstance(error, Cancelled):
        return Outcome("cancelled", peak_bytes=peak)
    failed = Outcome(
        "failed",
        peak_bytes=peak,
        error=f"{type(error).__name__}: {error}"[:MAX_TEXT],
        traceback="".join(traceback.format_exception(error))[-MAX_TEXT:],
    )
    if isinstance(error, OtoscopeError):
        return replace(failed, message=str(error))
    if is_out_of_memory(error):
        held = f" (it held {bytes_to_words(peak)})" if peak else ""
        advice = "Choose a smaller batch, model or corpus, or close other programs."
        return replace(failed, message=f"The memory ran out{held}. {advice}")
    return failed
