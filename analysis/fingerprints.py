"""SHA-256 of files, each read once: what was read is remembered in the cache folder until the file changes."""

import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from analysis import paths
from analysis.files import open_regular, replace_file

SCHEMA_VERSION = 1
MOST_REMEMBERED = 50_000
SAVE_EVERY_S = 5.0
# A file that changed so short a time ago could change again without a visible trace: clocks of file systems are coarse.
SETTLED_AFTER_S = 2.0
_SHA256 = re.compile("[0-9a-f]{64}")


class UnreadError(Exception):
    """More would have to be read than the caller has time for."""


class _Stamp(NamedTuple):
    size: int
    changed_ns: int
    status_changed_ns: int


class _Memo:
    """Path → stamp and SHA-256; the file is one for all processes, and another version of it is read when it was replaced."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, list[int | str]] = {}
        self._seen: tuple[str, int, int] | None = None

    def look_up(self, files: dict[str, _Stamp]) -> dict[str, str]:
        """SHA-256 of the files that have not changed since they were read."""
        with self._lock:
            self._refresh()
            rows = {path: self._known.get(path) for path in files}
        fitting = {path: row for path, row in rows.items() if isinstance(row, list) and row[:-1] == list(files[path])}
        shas = {path: row[-1] for path, row in fitting.items()}
        return {path: sha for path, sha in shas.items() if isinstance(sha, str) and _SHA256.fullmatch(sha)}

    def remember(self, files: dict[str, tuple[_Stamp, str]]) -> None:
        """Add files, and save them beside what other processes have saved; where that fails, only this process remembers."""
        memo_path = _memory_path()
        with self._lock:
            self._refresh()
            for path, (stamp, sha) in files.items():
                self._known.pop(path, None)
                self._known[path] = [*stamp, sha]
            for path in list(self._known)[: max(0, len(self._known) - MOST_REMEMBERED)]:
                del self._known[path]
            with suppress(OSError):
                paths.make_cache()
                memo_path.parent.mkdir(parents=True, exist_ok=True)
                replace_file(memo_path, json.dumps({"schema_version": SCHEMA_VERSION, "files": self._known}).encode())

    def _refresh(self) -> None:
        """Take in what another process has saved; a damaged or foreign file counts as none."""
        path = _memory_path()
        try:
            status = path.stat()
            seen = (str(path), status.st_ino, status.st_mtime_ns)
            if seen == self._seen:
                return
            saved = json.loads(path.read_bytes())
            if saved["schema_version"] == SCHEMA_VERSION:
                self._known |= dict(saved["files"])
            self._seen = seen
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return


_memo = _Memo()


def file_sha256s(
    files: Sequence[Path],
    *,
    most_unread_bytes: int | None = None,
    step: Callable[[int, int, str], None] | None = None,
) -> list[str]:
    """SHA-256 of the bytes of every file, in order.

    Args:
        files: what is read at most once, until size or time of change differ.
        most_unread_bytes: where more than so many bytes would have to be read, nothing is; None for no limit.
        step: told (files read, files to read, name) before every file that is read; it may raise to stop.

    Raises:
        OSError: a file is gone or cannot be read.
        UnreadError: more than `most_unread_bytes` would have to be read.
    """
    resolved = [os.path.realpath(path) for path in files]
    stamps = {path: _stamp(path) for path in resolved}
    known = _memo.look_up(stamps)
    unread = [path for path in stamps if path not in known]
    if most_unread_bytes is not None and sum(stamps[path].size for path in unread) > most_unread_bytes:
        raise UnreadError(f"{len(unread)} files have not been read yet.")
    new: dict[str, tuple[_Stamp, str]] = {}
    saved_at = time.monotonic()
    try:
        for number, path in enumerate(unread):
            if step:
                step(number, len(unread), f"reading {Path(path).name}")
            known[path] = _read(path)
            if _stamp(path) == stamps[path] and _settled(stamps[path]):
                new[path] = stamps[path], known[path]
            if new and time.monotonic() - saved_at > SAVE_EVERY_S:
                _memo.remember(new)
                new, saved_at = {}, time.monotonic()
    finally:
        if new:
            _memo.remember(new)
    return [known[path] for path in resolved]


def _memory_path() -> Path:
    return paths.cache() / "fingerprints.json"


def _stamp(path: str) -> _Stamp:
    status = os.stat(path)  # noqa: PTH116 - hundreds of them, at every look at a page
    return _Stamp(status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _settled(stamp: _Stamp) -> bool:
    return all(abs(time.time() - ns / 1e9) > SETTLED_AFTER_S for ns in (stamp.changed_ns, stamp.status_changed_ns))


def _read(path: str) -> str:
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
