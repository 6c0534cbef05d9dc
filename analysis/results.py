"""What a study returns: one schema for the store, the command line, the pages, findings and the report."""

import copy
import functools
import hashlib
import importlib.metadata
import json
import numbers
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from analysis import __version__
from analysis.errors import ConfigError
from analysis.files import Json, JsonObject
from analysis.numbers import Value, as_real, select, the
from analysis.rows import Row, column_names, rows_of

SCHEMA_VERSION = 2
ARRAY_NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}")
ARRAY_KINDS = "biufcSUmM"
R = TypeVar("R", bound=Row)
K = TypeVar("K")
_FIELDS = ("schema_version", "study", "request", "headline", "values", "tables", "arrays", "provenance")


@dataclass(frozen=True, eq=False)
class Result:
    """The answer of one study; equal to another if document and arrays are, bit for bit.

    NumPy numbers become Python's, tuples lists and arrays read-only views: what was computed and what was read back behave alike.

    Attributes:
        study: name of the study.
        request: names, numbers and lists of them: everything that decides the numbers.
        headline: the answer as a sentence.
        values: the numbers with their controls.
        tables: name → list of records (column → name, number or list of them); `rows` gives them their types.
        arrays: name → array; they live beside the document.
        provenance: see `provenance()`.

    Raises:
        ConfigError: something cannot be written to JSON or to a .npy file as it is, or is not finite; the message names it.
    """

    study: str
    request: JsonObject
    headline: str
    values: Sequence[Value]
    tables: Mapping[str, Sequence[JsonObject]]
    arrays: Mapping[str, np.ndarray]
    provenance: JsonObject
    _rows: dict[type[Row], tuple[Row, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("study", "headline"):
            if not isinstance(getattr(self, name), str):
                raise ConfigError(f"{name} of a result is {getattr(self, name)!r}; expected text.")
        if wrong := [item for item in self.values if not isinstance(item, Value)]:
            raise ConfigError(f"A result holds {type(wrong[0]).__name__} among its values; expected Value.")
        tables = {name: [_record(row, f"tables[{name!r}][{i}]") for i, row in enumerate(t)] for name, t in self.tables.items()}
        object.__setattr__(self, "request", _record(self.request, "request"))
        object.__setattr__(self, "values", tuple(self.values))
        object.__setattr__(self, "tables", _named(tables, "tables"))
        object.__setattr__(self, "arrays", {name: _read_only(name, array) for name, array in self.arrays.items()})
        object.__setattr__(self, "_rows", {})
        object.__setattr__(self, "provenance", _plain(dict(self.provenance), "provenance"))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Result):
            return NotImplemented
        mine, theirs = (json.dumps(result.to_document(), sort_keys=True) for result in (self, other))
        return mine == theirs and all(self.arrays[name].tobytes() == other.arrays[name].tobytes() for name in self.arrays)

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    @property
    def asked_checkpoints(self) -> tuple[str, ...]:
        """The checkpoints as they were asked for, each by its name or its folder."""
        return tuple(map(str, self.request.get("checkpoints", ())))

    @property
    def checkpoints(self) -> tuple[str, ...]:
        """Names of the checkpoints, in the order of the request, where a folder counts by its last part."""
        return tuple(Path(name).name for name in self.asked_checkpoints)

    @property
    def corpus(self) -> str:
        """The corpus that was asked for; "" where there is none."""
        return str(self.request.get("corpus", ""))

    @property
    def command(self) -> str:
        """The command line that gives the same numbers."""
        return str(self.provenance.get("command", ""))

    def value(self, **facets: str | float) -> Value:
        """The value whose key has these facets.

        Raises:
            ConfigError: there is none.
        """
        return the(self.values, **facets)

    def select(self, **facets: str | float) -> tuple[Value, ...]:
        """The values whose keys have these facets, in their order."""
        return select(self.values, **facets)

    def rows(self, kind: type[R]) -> tuple[R, ...]:
        """The rows of the table that `kind` describes; none where the result has no such table.

        Raises:
            ConfigError: the table has other columns, or something else in them.
        """
        if kind not in self._rows:
            self._rows[kind] = rows_of(kind, self.tables.get(kind.table, ()))
        return self._rows[kind]  # pyright: ignore[reportReturnType]

    def holds(self, kind: type[Row]) -> bool:
        """Whether it has rows of this kind: a table of that name with these columns."""
        table = self.tables.get(kind.table, ())
        return bool(table) and table[0].keys() == column_names(kind)

    def to_document(self) -> Json:
        """Everything but the arrays, ready for JSON; of the arrays the names, dtypes and shapes."""
        arrays = {name: {"dtype": array.dtype.str, "shape": list(array.shape)} for name, array in self.arrays.items()}
        parts = (self.study, self.request, self.headline, [asdict(v) for v in self.values], self.tables, arrays, self.provenance)
        return copy.deepcopy(dict(zip(_FIELDS, (SCHEMA_VERSION, *parts), strict=True)))

    @classmethod
    def from_document(cls, document: JsonObject, arrays: Mapping[str, np.ndarray]) -> "Result":
        """The result that `to_document` described.

        Raises:
            ConfigError: another schema, a missing or unknown field, or arrays that are not those described.
        """
        if (version := document.get("schema_version")) != SCHEMA_VERSION:
            raise ConfigError(f"The result has schema version {version!r}; expected {SCHEMA_VERSION}. Compute it again.")
        if differing := sorted(set(document) ^ set(_FIELDS)):
            raise ConfigError(f"The result lacks or should not have {', '.join(differing)}. Compute it again.")
        same = {name: document[name] for name in ("study", "request", "headline", "tables", "provenance")}
        try:
            result = cls(values=[Value(**record) for record in document["values"]], arrays=arrays, **same)
        except (TypeError, ValueError, AttributeError) as error:
            raise ConfigError(f"The result is not of this schema ({error}). Compute it again.") from error
        if (described := {n: {"dtype": a.dtype.str, "shape": list(a.shape)} for n, a in result.arrays.items()}) != document[
            "arrays"
        ]:
            raise ConfigError(f"The result describes the arrays {document['arrays']}, but those beside it are {described}.")
        return result


def provenance(
    *,
    checkpoints: Mapping[str, str],
    corpora: Mapping[str, str],
    device: str,
    dtype: str,
    seed: int,
    seconds: float,
    command: str,
) -> Json:
    """Where a number comes from.

    Args:
        checkpoints: name → SHA-256 of every checkpoint that was used.
        corpora: name → SHA-256 of every corpus or clip that was used.
        device: such as "cpu" or "cuda:0".
        dtype: of the forward passes, such as "float32".
        seed: of everything random.
        seconds: how long the computation took.
        command: the command line that gives the same numbers.

    Raises:
        ConfigError: a hash is not a SHA-256, or `seconds` is not a finite number from 0.
    """
    for name, sha256 in (*checkpoints.items(), *corpora.items()):
        if not re.fullmatch("[0-9a-f]{64}", sha256):
            raise ConfigError(f"The SHA-256 of {name} is {sha256!r}; expected 64 hexadecimal digits.")
    if as_real(seconds, "seconds") < 0:
        raise ConfigError(f"seconds is {seconds}; expected 0 or more.")
    return {
        "checkpoint_sha256": dict(checkpoints), "corpus_sha256": dict(corpora),
        "versions": versions(), "code_version": code_version(),
        "device": device, "dtype": dtype, "seed": int(seed), "seconds": float(seconds), "command": command,
    }  # fmt: skip


def versions() -> dict[str, str]:
    """Versions of what computes: Otoscope, Python, and the libraries that numbers depend on."""
    libraries = {name: importlib.metadata.version(name) for name in ("torch", "numpy")}
    return {"otoscope": __version__, "python": platform.python_version(), **libraries}


def code_version(folder: Path | None = None) -> str:
    """First 16 digits of a SHA-256 over the names and contents of all .py files below `folder`, the library by default."""
    folder = folder or Path(__file__).resolve().parent
    files = sorted(folder.rglob("*.py"), key=lambda file: file.relative_to(folder).as_posix())
    stamps = ((file.relative_to(folder).as_posix(), file.stat()) for file in files)
    return _hash_sources(folder, tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stamps))


@functools.lru_cache(maxsize=4)
def _hash_sources(folder: Path, files: tuple[tuple[str, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for name, _, _ in files:
        source = (folder / name).read_bytes()
        digest.update(f"{name}\0{len(source)}\0".encode() + source)
    return digest.hexdigest()[:16]


def _plain(item: object, where: str, *, flat: bool = False) -> object:
    """The same in types that JSON gives back as they were; `flat` refuses dictionaries inside `item`."""
    if item is None or type(item) in (str, int, bool):  # a result may hold a hundred thousand of them
        return item
    if isinstance(item, str | np.bool_):
        return str.__str__(item) if isinstance(item, str) else bool(item)
    if isinstance(item, numbers.Real):
        return int(item) if isinstance(item, numbers.Integral) else as_real(item, where)
    if isinstance(item, list | tuple):
        return [_plain(part, f"{where}[{number}]", flat=flat) for number, part in enumerate(item)]
    if isinstance(item, Mapping) and not flat:
        return _named({key: _plain(part, f"{where}[{key!r}]") for key, part in item.items()}, where)
    raise ConfigError(f"{where} is of type {type(item).__name__}; expected names and numbers. Convert it, or put it into arrays.")


def _record(row: object, where: str) -> Json:
    """A flat record: names, numbers and lists of them."""
    if not isinstance(row, Mapping):
        raise ConfigError(f"{where} is of type {type(row).__name__}; expected a dictionary of names and numbers.")
    return _named({key: _plain(item, f"{where}[{key!r}]", flat=True) for key, item in row.items()}, where)


def _named(items: Mapping[K, object], where: str) -> Json:
    if wrong := [key for key in items if not isinstance(key, str)]:
        raise ConfigError(f"{where} has the key {wrong[0]!r} ({type(wrong[0]).__name__}); expected text.")
    return {str.__str__(key): item for key, item in items.items() if isinstance(key, str)}


def _read_only(name: object, array: object) -> np.ndarray:
    if not isinstance(name, str) or not ARRAY_NAME.fullmatch(name):
        raise ConfigError(f"An array is named {name!r}; expected 1 to 200 of the letters A–Z and a–z, digits, '_', '.' and '-'.")
    if not isinstance(array, np.ndarray) or isinstance(array, np.ma.MaskedArray):
        raise ConfigError(f"The array {name} is a {type(array).__name__}; expected a NumPy array without a mask.")
    if array.dtype.kind not in ARRAY_KINDS:
        raise ConfigError(f"The array {name} has the dtype {array.dtype}; expected numbers, booleans, text or times.")
    view = array.view()
    view.flags.writeable = False
    return view
