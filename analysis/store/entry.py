"""One entry: a folder with `manifest.json`, `document.json` and a .npy file per array, whole or not there."""

import hashlib
import io
import json
import os
import re
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from analysis.errors import ConfigError, OtoscopeError
from analysis.files import Json
from analysis.store.keys import ARRAY_KINDS, SCHEMA_VERSION

MANIFEST, DOCUMENT = "manifest.json", "document.json"
ARRAY_FILE = re.compile(r"([A-Za-z0-9_.-]{1,200})\.npy")
VERIFIED_BELOW_BYTES = 64 * 2**20
MAPPED_FROM_BYTES = 2**20
_MISSING = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
_MALFORMED = (
    ValueError, TypeError, KeyError, AttributeError, SyntaxError, EOFError, OverflowError, RecursionError, UserWarning,
    tokenize.TokenError,
)  # fmt: skip

# Array files whose checksum this process has compared: device, inode, size and time of change.
_verified: set[tuple[int, int, int, int]] = set()


class StoreError(OtoscopeError):
    """A result cannot be stored; the result itself is not affected."""


class TornError(Exception):
    """An entry is incomplete, damaged or not ours."""


@dataclass(frozen=True, eq=False)
class Entry:
    """What was stored under a key.

    Attributes:
        key: the key.
        document: a dictionary of what JSON can say; yours to change.
        arrays: name → read-only array; large ones are mapped and read where they are touched. They stay readable after eviction.
    """

    key: str
    document: Json  # whatever JSON can say, from a file
    arrays: Mapping[str, NDArray]


@dataclass(frozen=True)
class Stored:
    """What the manifest says of a file: its bytes, their SHA-256, and of an array its dtype and its shape."""

    n_bytes: int
    sha256: str
    dtype: str | None = None
    shape: Sequence[int] = ()

    @classmethod
    def of(cls, record: object) -> "Stored":
        """From its place in the manifest.

        Raises:
            ValueError: it describes no file.
        """
        if not isinstance(record, dict):
            raise ValueError("A file without a description.")
        n_bytes, sha256, dtype, shape = (record.get(name) for name in ("bytes", "sha256", "dtype", "shape"))
        sizes = shape if isinstance(shape, list) else []
        if type(n_bytes) is not int or not isinstance(sha256, str) or not all(type(size) is int for size in sizes):
            raise ValueError("A file whose description makes no sense.")
        return cls(n_bytes, sha256, dtype if isinstance(dtype, str) else None, sizes)

    def record(self) -> dict[str, object]:
        """As it stands in the manifest."""
        described = {} if self.dtype is None else {"dtype": self.dtype, "shape": list(self.shape)}
        return {"bytes": self.n_bytes, "sha256": self.sha256, **described}


def encode_document(document: Mapping[str, object]) -> bytes:
    """JSON, without NaN or infinities.

    Raises:
        ConfigError: the document holds something that JSON cannot say.
    """
    try:
        return json.dumps(document, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"The document cannot be written as JSON ({error}). Put arrays beside it and None for NaN.") from error


def check_arrays(arrays: Mapping[str, NDArray]) -> None:
    """Refuse what would not come back as it was.

    Raises:
        ConfigError: a name is not usable as a file name everywhere, or something is not an array of plain values.
    """
    seen: dict[str, str] = {}
    for name, array in arrays.items():
        if not isinstance(name, str) or not ARRAY_FILE.fullmatch(f"{name}.npy"):
            raise ConfigError(
                f"An array is named {name!r}; expected 1 to 200 of the letters A–Z and a–z, digits, '_', '.' and '-'."
            )
        if (other := seen.setdefault(name.lower(), name)) != name:
            raise ConfigError(f"The arrays {other!r} and {name!r} differ only in capitals, which some disks ignore. Rename one.")
        if type(array) not in (np.ndarray, np.memmap) or array.dtype.kind not in ARRAY_KINDS:
            got = f"{type(array).__name__} of {getattr(array, 'dtype', 'unknown dtype')}"
            raise ConfigError(f"The array {name!r} is a {got}; expected a NumPy array of numbers, booleans, text or times.")


def write_entry(folder: Path, key: str, document: bytes, arrays: Mapping[str, NDArray], *, durable: bool = True) -> None:
    """Fill an empty folder, each file and then the folder forced to the disk if it is to be durable; the manifest comes last."""
    files = {DOCUMENT: _write_file(folder / DOCUMENT, document, durable).record()}
    for name, array in arrays.items():
        files[f"{name}.npy"] = _write_file(folder / f"{name}.npy", array, durable).record()
    manifest = {"schema_version": SCHEMA_VERSION, "key": key, "files": files}
    _write_file(folder / MANIFEST, json.dumps(manifest).encode(), durable)
    if durable:
        synchronise(folder)


def read_entry(folder: Path, key: str, *, verify: bool) -> Entry:
    """Open an entry: sizes and the document's checksum always, checksums of arrays as `Store.get` says.

    Raises:
        TornError: the entry is not there or not whole.
        OSError: the disk or this process cannot read it now.
    """
    try:
        files = read_manifest(folder, key)
        data = (folder / DOCUMENT).read_bytes()
        document = json.loads(data)
        if hashlib.sha256(data).hexdigest() != files[DOCUMENT].sha256 or not isinstance(document, dict):
            raise TornError(folder / DOCUMENT)
        arrays = {name[:-4]: _read_array(folder / name, known, verify) for name, known in files.items() if name != DOCUMENT}
    except (*_MISSING, *_MALFORMED) as error:
        raise TornError(folder) from error
    return Entry(key, document, arrays)


def read_manifest(folder: Path, key: str) -> dict[str, Stored]:
    """File name → what the manifest says of it; every file is there and has its size.

    Raises:
        TornError: the entry is not there or not whole.
        OSError: the disk cannot be read now.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        files = {name: Stored.of(record) for name, record in manifest["files"].items()}
        ours = manifest["schema_version"] == SCHEMA_VERSION and manifest["key"] == key and DOCUMENT in files
        named = ours and all(name == DOCUMENT or ARRAY_FILE.fullmatch(name) for name in files)
        if not named or any((folder / name).stat().st_size != known.n_bytes for name, known in files.items()):
            raise TornError(folder)
    except (*_MISSING, *_MALFORMED) as error:
        raise TornError(folder) from error
    return files


def synchronise(folder: Path) -> None:
    """Force a folder's list of names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Hashing:
    """A file that hashes what is written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.sha256, self.n_bytes = file, hashlib.sha256(), 0

    def write(self, data: bytes) -> None:
        self.file.write(data)
        self.sha256.update(data)
        self.n_bytes += len(data)


def _write_file(path: Path, content: bytes | NDArray, durable: bool) -> Stored:
    dtype, shape = None, ()
    with path.open("xb") as file:
        hashing = _Hashing(file)
        if isinstance(content, bytes):
            hashing.write(content)
        else:
            np.lib.format.write_array(hashing, content, allow_pickle=False)  # pyright: ignore[reportArgumentType]
            dtype, shape = content.dtype.str, content.shape
        if durable:
            file.flush()
            os.fsync(file.fileno())
    return Stored(hashing.n_bytes, hashing.sha256.hexdigest(), dtype, shape)


def _read_array(path: Path, known: Stored, verify: bool) -> NDArray:
    """The array of a file; below `MAPPED_FROM_BYTES` in memory, so that many small ones hold no file open."""
    with path.open("rb") as file:
        status = os.fstat(file.fileno())
        stamp = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)
        if verify or (status.st_size < VERIFIED_BELOW_BYTES and stamp not in _verified):
            if hashlib.file_digest(file, "sha256").hexdigest() != known.sha256:
                raise TornError(path)
            _verified.add(stamp)
            file.seek(0)
        if status.st_size < MAPPED_FROM_BYTES:
            array = np.lib.format.read_array(io.BytesIO(file.read()), allow_pickle=False)
        else:
            array = np.lib.format.open_memmap(path, mode="r")  # refuses pickled objects
            if array.offset + array.nbytes != status.st_size:
                raise TornError(path)
    if array.dtype.str != known.dtype or array.shape != tuple(known.shape):
        raise TornError(path)
    array.flags.writeable = False
    return array
