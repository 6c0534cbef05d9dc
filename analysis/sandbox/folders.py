"""Temporary folders, removed when they are done with, or by the next that needs one where all who used it were killed.

A folder is locked as long as the process that made it, or one that inherited the lock, lives: the system lets go of the locks of
the dead.
"""

import contextlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: age alone decides there
    fcntl = None

_RANDOM = "[a-z0-9_]{8}"  # what `tempfile` puts after a prefix
_UNLOCKED_S = 60.0  # a folder may be without its lock for so long after it was made, and in truth is for microseconds
_IN_USE_S = 3600.0  # where locks are unknown a folder may be in use for so long, and in truth is for minutes


@contextlib.contextmanager
def temporary_folder(prefix: str, root: Path | None = None) -> Iterator[tuple[str, int | None]]:
    """An empty folder in `root` (where temporary files go) and the lock on it, which a process may inherit.

    What killed processes left under that prefix is removed before.

    Raises:
        OSError: no folder can be made there.
    """
    parent = root or Path(tempfile.gettempdir())
    _sweep(parent, prefix)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=parent, ignore_cleanup_errors=True) as folder:
        lock = None
        with contextlib.suppress(OSError):
            lock = _lock(folder)
        try:
            yield folder, lock
        finally:
            if lock is not None:
                os.close(lock)


def _sweep(root: Path, prefix: str) -> None:
    """Remove the folders of this user that belong to nobody alive."""
    folders: list[str] = []
    ours = re.compile(re.escape(prefix) + _RANDOM)
    with contextlib.suppress(OSError), os.scandir(root) as entries:
        folders = [entry.path for entry in entries if ours.fullmatch(entry.name) and _is_ours(entry)]
    for folder in folders:
        with contextlib.suppress(OSError):  # in use, or just removed by another process
            _remove_abandoned(folder)


def _is_ours(entry: os.DirEntry[str]) -> bool:
    """A folder, not a link to one, of the user who runs this."""
    mine = not hasattr(os, "getuid") or entry.stat(follow_symlinks=False).st_uid == os.getuid()
    return mine and entry.is_dir(follow_symlinks=False)


def _remove_abandoned(folder: str) -> None:
    """Remove a folder that nobody alive uses.

    Raises:
        OSError: it is in use, or cannot be looked at.
    """
    age_s = time.time() - os.lstat(folder).st_mtime
    if age_s < _UNLOCKED_S:
        return
    try:
        lock = _lock(folder)
    except BlockingIOError:
        raise
    except OSError:  # a file system without locks
        lock = None
    try:
        if lock is not None or age_s > _IN_USE_S:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        if lock is not None:
            os.close(lock)


def _lock(folder: str) -> int | None:
    """A descriptor that holds the lock on a folder; None on a system without locks.

    Raises:
        BlockingIOError: another process holds it.
        OSError: the folder is gone, or its file system has no locks.
    """
    if fcntl is None:
        return None
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
