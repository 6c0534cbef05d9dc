"""The store: entries found by key, put in one step, the least recently used going first."""

import contextlib
import errno
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from numpy.typing import NDArray

from analysis import paths
from analysis.errors import ConfigError
from analysis.store import keys
from analysis.store.entry import (
    DOCUMENT,
    MANIFEST,
    Entry,
    StoreError,
    TornError,
    check_arrays,
    encode_document,
    read_entry,
    read_manifest,
    synchronise,
    write_entry,
)

LIMIT_VARIABLE = "OTOSCOPE_STORE_BYTES"
DEFAULT_LIMIT_BYTES = 5 * 10**9
STALE_AFTER_S = 3600.0
_BUCKET, _KEY = re.compile("[0-9a-f]{2}"), re.compile("[0-9a-f]{64}")
_PARTIAL = re.compile(r"\.partial-\d+-\d+-[0-9a-f]{16}")
_OCCUPIED = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)
_ATTEMPTS = 5


class _Stored(NamedTuple):
    used_ns: int
    folder: Path
    n_bytes: int


class Store:
    """Documents with arrays, in `root/ab/<key>/`; threads and processes may share one root.

    Args:
        root: folder of the store; made when something is put.
        limit_bytes: size of all entries together that `put` and `evict` keep to.

    Raises:
        ConfigError: the limit is not positive.
    """

    def __init__(self, root: Path, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        if limit_bytes <= 0:
            raise ConfigError(f"The limit of the store is {limit_bytes} bytes; expected more than 0.")
        self.root, self.limit_bytes = root, limit_bytes

    @staticmethod
    def key(**parts: object) -> str:
        """Key of everything that decides a result: SHA-256 over the names, types and every byte of `parts`.

        `parts` are str, int, float, bool, None, bytes, NumPy arrays, and lists and dictionaries of them. The order in a
        dictionary does not matter; a tuple counts as a list.

        Raises:
            ConfigError: a part is of another type.

        >>> Store.key(layer=1) == Store.key(layer=1.0)
        False
        """
        return keys.digest(parts)

    def get(self, key: str, *, verify: bool = False) -> Entry | None:
        """The entry of a key, now the most recently used; None if there is none.

        Sizes and the document's checksum are compared always; checksums of arrays below 64 MiB when this process first opens
        them, and all with `verify`. A damaged or foreign entry counts as none and is removed.

        Raises:
            ConfigError: `key` is not a key.
        """
        folder = self._folder(key)
        seen = None
        try:
            seen = folder.lstat()
            entry = read_entry(folder, key, verify=verify)
        except TornError:
            _remove(folder, seen)
            return None
        except OSError:
            return None
        with contextlib.suppress(OSError):
            os.utime(folder, ns=(now := time.time_ns(), now))
        return entry

    def contains(self, key: str) -> bool:
        """Whether there is an entry with files of the right sizes; compares no checksum and does not count as use.

        Raises:
            ConfigError: `key` is not a key.
        """
        try:
            read_manifest(self._folder(key), key)
        except (TornError, OSError):
            return False
        return True

    def beginnings(self, n_bytes: int) -> Iterator[bytes]:
        """The first bytes of every document, in order of key; unchecked, and none counts as used: read it with `get`."""
        for folder in self._children(_KEY):
            with contextlib.suppress(OSError), (folder / DOCUMENT).open("rb") as file:
                yield file.read(n_bytes)

    def put(self, key: str, document: Mapping[str, object], arrays: Mapping[str, NDArray], beside: Collection[str] = ()) -> Entry:
        """Store an entry and remove the least recently used ones beyond the limit. What is already there is kept.

        Args:
            key: from `key()`.
            document: what JSON can say.
            arrays: name → array.
            beside: keys of entries that are not removed for it.

        Raises:
            ConfigError: the document or an array cannot be stored as it is, or a name is not usable.
            StoreError: the entry, with those beside it, is larger than the limit, or the disk refuses. Nothing is left behind.
        """
        held = {item.folder: item.n_bytes for item in self._stored() if item.folder.name in {*beside} - {key}} if beside else {}
        entry = self._written(key, document, arrays, sum(held.values()), durable=True)
        self._evict(self._folder(key), *held)
        return entry

    def put_all(self, entries: Mapping[str, tuple[Mapping[str, object], Mapping[str, NDArray]]]) -> None:
        """Store many entries that can be computed again: the disk is not waited for, and there is one look at the limit.

        What a loss of power leaves of them is found damaged by its checksums and counts as none.

        Args:
            entries: key → document and arrays, as `put` takes them.

        Raises:
            ConfigError: a document or an array cannot be stored as it is, or a name is not usable.
            StoreError: an entry alone is larger than the limit, or the disk refuses. Entries before it are stored.
        """
        for key, (document, arrays) in entries.items():
            self._written(key, document, arrays, durable=False)
        if entries:
            self._evict()

    def _written(
        self, key: str, document: Mapping[str, object], arrays: Mapping[str, NDArray], held_bytes: int = 0, *, durable: bool
    ) -> Entry:
        """The entry in its place, new or as it was there."""
        folder = self._folder(key)
        text = encode_document(document)
        check_arrays(arrays)
        if there := self.get(key):
            return there
        self._check_size(len(text) + sum(array.nbytes for array in arrays.values()), held_bytes)
        partial = _partial_name(folder)
        try:
            paths.make_cache()
            partial.mkdir(parents=True)
            write_entry(partial, key, text, arrays, durable=durable)
            self._check_size(_n_bytes(partial), held_bytes)
            entry = read_entry(partial, key, verify=durable)
            return self._publish(partial, folder, durable=durable) or entry
        except TornError as error:
            raise StoreError(f"The disk of {self.root} does not give back what was written to it. Check the disk.") from error
        except OSError as error:
            hint = f"Free space, or choose another folder with {paths.CACHE_VARIABLE}."
            raise StoreError(f"The store {self.root} cannot be written ({error.strerror or error}). {hint}") from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def evict(self) -> int:
        """Remove the least recently used entries beyond the limit, and what crashed writers left; bytes freed."""
        return self._evict()

    def clear(self) -> int:
        """Remove every entry, and nothing else; bytes freed."""
        self._sweep()
        return sum(stored.n_bytes for stored in self._stored() if _remove(stored.folder))

    def usage(self) -> tuple[int, int]:
        """Number of entries and their bytes."""
        sizes = [stored.n_bytes for stored in self._stored()]
        return len(sizes), sum(sizes)

    def _folder(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ConfigError(f"{key!r} is not a key; expected 64 hexadecimal digits from Store.key().")
        return self.root / key[:2] / key

    def _check_size(self, n_bytes: int, held_bytes: int) -> None:
        if n_bytes + held_bytes > self.limit_bytes:
            advice = f"Raise {LIMIT_VARIABLE} to keep results of this size."
            takes = f"The result takes {n_bytes:,} bytes{f', what it needs {held_bytes:,}' if held_bytes else ''}"
            raise StoreError(f"{takes} and the store holds at most {self.limit_bytes:,}. {advice}")

    def _publish(self, partial: Path, folder: Path, *, durable: bool) -> Entry | None:
        """Move a written entry to its place; the entry of another writer who was faster, if any."""
        os.utime(partial, ns=(now := time.time_ns(), now))
        for _ in range(_ATTEMPTS):
            try:
                partial.rename(folder)
            except OSError as error:
                if error.errno not in _OCCUPIED:
                    raise
                if theirs := self.get(folder.name):
                    return theirs
            else:
                if durable:
                    synchronise(folder.parent)
                return None
        raise FileExistsError(errno.EEXIST, "something in the place of an entry cannot be removed", str(folder))

    def _evict(self, *kept: Path) -> int:
        self._sweep()
        stored = sorted(self._stored())
        excess, freed = sum(item.n_bytes for item in stored) - self.limit_bytes, 0
        for item in stored:
            if freed >= excess:
                break
            if item.folder not in kept and _remove(item.folder):
                freed += item.n_bytes
        return freed

    def _children(self, pattern: re.Pattern[str]) -> Iterator[Path]:
        for bucket in _listed(self.root):
            if _BUCKET.fullmatch(bucket.name):
                yield from (child for child in _listed(bucket) if pattern.fullmatch(child.name))

    def _stored(self) -> Iterator[_Stored]:
        for folder in self._children(_KEY):
            with contextlib.suppress(OSError):
                if folder.name.startswith(folder.parent.name) and (folder / MANIFEST).is_file() and not folder.is_symlink():
                    yield _Stored(folder.stat().st_mtime_ns, folder, _n_bytes(folder))

    def _sweep(self) -> None:
        """Remove what writers that crashed more than an hour ago left."""
        for partial in self._children(_PARTIAL):
            with contextlib.suppress(OSError):
                newest = max(path.stat().st_mtime for path in (partial, *partial.iterdir()))
                if newest < time.time() - STALE_AFTER_S:
                    shutil.rmtree(partial, ignore_errors=True)


def open_store() -> Store:
    """The store that pages, command line and library share, limited to `$OTOSCOPE_STORE_BYTES` bytes if that is set.

    Raises:
        ConfigError: the variable is not a positive whole number.
    """
    configured = os.environ.get(LIMIT_VARIABLE) or str(DEFAULT_LIMIT_BYTES)
    if not re.fullmatch(r"[1-9][0-9]{0,18}", configured):
        raise ConfigError(f"{LIMIT_VARIABLE} is {configured!r}; expected a whole number of bytes such as {DEFAULT_LIMIT_BYTES}.")
    return Store(paths.cache() / "store", int(configured))


def _partial_name(folder: Path) -> Path:
    return folder.with_name(f".partial-{os.getpid()}-{threading.get_ident()}-{secrets.token_hex(8)}")


def _remove(folder: Path, seen: os.stat_result | None = None) -> bool:
    """Take an entry out of its place in one step, then delete it; not what another writer has put there since it was `seen`."""
    partial = _partial_name(folder)
    try:
        now = folder.lstat()
        if seen and (now.st_ino, now.st_ctime_ns) != (seen.st_ino, seen.st_ctime_ns):
            return False
        folder.rename(partial)
    except OSError:
        return False
    if partial.is_dir() and not partial.is_symlink():
        shutil.rmtree(partial, ignore_errors=True)
    else:
        partial.unlink(missing_ok=True)
    return True


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _n_bytes(folder: Path) -> int:
    with os.scandir(folder) as files:
        return sum(file.stat(follow_symlinks=False).st_size for file in files)
