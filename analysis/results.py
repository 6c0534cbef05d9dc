"""What a study returns: one schema for the store, the command line, the pages, findings and the report."""

import copy
import functools
import hashlib
import importlib.metadata
import json
import math
import numbers
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis import __version__
from analysis.errors import ConfigError

SCHEMA_VERSION = 1
SHARE, PER_CENT = "share", "%"
ARRAY_NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}")
ARRAY_KINDS = "biufcSUmM"
_FIELDS = ("schema_version", "study", "request", "headline", "values", "tables", "arrays", "provenance")


@dataclass(frozen=True)
class Value:
    """One number with its control. A number that could not be computed is None, never NaN.

    Attributes:
        name: what was measured.
        value: the number in `unit`; None if it could not be computed.
        ci_low: lower end of the interval over pieces, in `unit`; None without an interval.
        ci_high: its upper end.
        n: how many examples the number rests on.
        null: what the same estimator gives on average where there is nothing to find (shuffled pairs, chance); None without one.
        unit: "" for a pure number, "share" for a part of 1 (shown as a percentage), "%" for per cent, or any other.
        estimator: name of the formula, such as "debiased CKA".

    Raises:
        ConfigError: a number is not finite, half of the interval is missing or its ends are exchanged.
    """

    name: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
    null: float | None
    unit: str
    estimator: str

    def __post_init__(self) -> None:
        for field in ("name", "unit", "estimator"):
            if not isinstance(getattr(self, field), str) or (field == "name" and not self.name):
                raise ConfigError(f"{field} of a value is {getattr(self, field)!r}; expected text.")
        for field in ("value", "ci_low", "ci_high", "null"):
            number = getattr(self, field)
            object.__setattr__(self, field, None if number is None else _real(number, f'{field} of "{self.name}"'))
        if isinstance(self.n, bool) or not isinstance(self.n, numbers.Integral) or self.n < 0:
            raise ConfigError(f'n of "{self.name}" is {self.n!r}; expected a whole number of examples, 0 or more.')
        object.__setattr__(self, "n", int(self.n))
        if (self.ci_low is None) != (self.ci_high is None) or (self.value is None and self.ci_low is not None):
            got = f"value {self.value}, ci_low {self.ci_low}, ci_high {self.ci_high}"
            raise ConfigError(f'"{self.name}" has {got}; expected a value with both ends of its interval, or with none.')
        if self.ci_low is not None and self.ci_high is not None and self.ci_low > self.ci_high:
            raise ConfigError(f'The interval of "{self.name}" is [{self.ci_low}, {self.ci_high}]; expected the lower end first.')

    @property
    def inside_null(self) -> bool | None:
        """Whether the interval, its ends included, holds the null; None where there is no interval or no null to judge by."""
        if self.null is None or self.ci_low is None or self.ci_high is None:
            return None
        return self.ci_low <= self.null <= self.ci_high


@dataclass(frozen=True, eq=False)
class Result:
    """The answer of one study; equal to another if document and arrays are, bit for bit.

    NumPy numbers become Python's, tuples lists and arrays read-only views: what was computed and what was read back behave alike.

    Attributes:
        study: name of the study.
        request: names, numbers and lists of them: everything that decides the numbers.
        headline: the answer as a sentence.
        values: the numbers with their controls.
        tables: name → list of records (column → name, number or list of them).
        arrays: name → array; they live beside the document.
        provenance: see `provenance()`.

    Raises:
        ConfigError: something cannot be written to JSON or to a .npy file as it is, or is not finite; the message names it.
    """

    study: str
    request: Mapping[str, Any]
    headline: str
    values: Sequence[Value]
    tables: Mapping[str, Sequence[Mapping[str, Any]]]
    arrays: Mapping[str, NDArray[Any]]
    provenance: Mapping[str, Any]

    def __post_init__(self) -> None:
        for field in ("study", "headline"):
            if not isinstance(getattr(self, field), str):
                raise ConfigError(f"{field} of a result is {getattr(self, field)!r}; expected text.")
        if wrong := [item for item in self.values if not isinstance(item, Value)]:
            raise ConfigError(f"A result holds {type(wrong[0]).__name__} among its values; expected Value.")
        tables = {name: [_record(row, f"tables[{name!r}][{i}]") for i, row in enumerate(t)] for name, t in self.tables.items()}
        object.__setattr__(self, "request", _record(self.request, "request"))
        object.__setattr__(self, "values", tuple(self.values))
        object.__setattr__(self, "tables", _named(tables, "tables"))
        object.__setattr__(self, "arrays", {name: _read_only(name, array) for name, array in self.arrays.items()})
        object.__setattr__(self, "provenance", _plain(dict(self.provenance), "provenance"))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Result):
            return NotImplemented
        mine, theirs = (json.dumps(result.to_document(), sort_keys=True) for result in (self, other))
        return mine == theirs and all(self.arrays[name].tobytes() == other.arrays[name].tobytes() for name in self.arrays)

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    def to_document(self) -> dict[str, Any]:
        """Everything but the arrays, ready for JSON; of the arrays the names, dtypes and shapes."""
        arrays = {name: {"dtype": array.dtype.str, "shape": list(array.shape)} for name, array in self.arrays.items()}
        parts = (self.study, self.request, self.headline, [asdict(v) for v in self.values], self.tables, arrays, self.provenance)
        return copy.deepcopy(dict(zip(_FIELDS, (SCHEMA_VERSION, *parts), strict=True)))

    @classmethod
    def from_document(cls, document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> "Result":
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
        if (found := {n: {"dtype": a.dtype.str, "shape": list(a.shape)} for n, a in result.arrays.items()}) != document["arrays"]:
            raise ConfigError(f"The result describes the arrays {document['arrays']}, but those beside it are {found}.")
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
) -> dict[str, Any]:
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
    if _real(seconds, "seconds") < 0:
        raise ConfigError(f"seconds is {seconds}; expected 0 or more.")
    libraries = {name: importlib.metadata.version(name) for name in ("torch", "numpy")}
    return {
        "checkpoint_sha256": dict(checkpoints), "corpus_sha256": dict(corpora),
        "versions": {"otoscope": __version__, "python": platform.python_version(), **libraries}, "code_version": code_version(),
        "device": device, "dtype": dtype, "seed": int(seed), "seconds": float(seconds), "command": command,
    }  # fmt: skip


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


def format_value(value: Value, null_name: str = "") -> str:
    """A value as the pages word it: three significant digits of the largest number shown, or percentages with one decimal.

    >>> format_value(Value("CKA", 0.6204, 0.55, 0.6913, 500, 0.0, "", "debiased CKA"))
    '0.620 [0.550, 0.691]'
    >>> format_value(Value("R@1", 0.031, 0.012, 0.05, 500, 0.02, "share", "recall"), "shuffled pairs")
    '3.1 % [1.2, 5.0], not distinguishable from the null (shuffled pairs, 2.0 %)'
    """
    if value.value is None:
        return "not available"
    shown = [number for number in (value.value, value.ci_low, value.ci_high) if number is not None]
    write = _three_digits(shown)
    if value.unit in (SHARE, PER_CENT):
        factor = 100 if value.unit == SHARE else 1
        write = lambda number: _without_minus_zero(f"{factor * number:.1f}")  # noqa: E731
    unit = f" {PER_CENT if value.unit == SHARE else value.unit}" if value.unit else ""
    text, *ends = map(write, shown)
    text += unit + (f" [{', '.join(ends)}]" if ends else "")
    if value.null is None or not value.inside_null:
        return text
    return f"{text}, not distinguishable from the null ({null_name}{', ' if null_name else ''}{write(value.null)}{unit})"


def _three_digits(shown: Sequence[float]) -> Callable[[float], str]:
    """Three significant digits for the largest, the same decimals for all; common last zeros go, down to two decimals."""
    largest = max(abs(number) for number in shown)
    exponent = int(f"{largest:.2e}".split("e")[1])
    if largest and not -4 <= exponent < 6:
        return lambda number: f"{number:.2e}" if number else "0"
    decimals = 2 - exponent
    if decimals <= 0:
        return lambda number: _without_minus_zero(f"{round(number, decimals):,.0f}")
    while decimals > 2 and all(f"{number:.{decimals}f}".endswith("0") for number in shown):
        decimals -= 1
    return lambda number: _without_minus_zero(f"{number:.{decimals}f}")


def _without_minus_zero(text: str) -> str:
    return text.lstrip("-") if not text.strip("-0.") else text


def _real(number: Any, what: str) -> float:
    if type(number) is not float and (isinstance(number, bool) or not isinstance(number, numbers.Real)):
        raise ConfigError(f"{what} is {number!r} ({type(number).__name__}); expected a finite number.")
    try:
        real = float(number)
    except OverflowError:
        real = math.inf
    if not math.isfinite(real):
        raise ConfigError(f"{what} is {real}; expected a finite number. Give None for what could not be computed.")
    return real


def _plain(item: Any, where: str, *, flat: bool = False) -> Any:
    """The same in types that JSON gives back as they were; `flat` refuses dictionaries inside `item`."""
    if item is None or type(item) in (str, int, bool):  # a result may hold a hundred thousand of them
        return item
    if isinstance(item, str | np.bool_):
        return str.__str__(item) if isinstance(item, str) else bool(item)
    if isinstance(item, numbers.Real):
        return int(item) if isinstance(item, numbers.Integral) else _real(item, where)
    if isinstance(item, list | tuple):
        return [_plain(part, f"{where}[{number}]", flat=flat) for number, part in enumerate(item)]
    if isinstance(item, Mapping) and not flat:
        return _named({key: _plain(part, f"{where}[{key!r}]") for key, part in item.items()}, where)
    raise ConfigError(f"{where} is of type {type(item).__name__}; expected names and numbers. Convert it, or put it into arrays.")


def _record(row: Any, where: str) -> dict[str, Any]:
    """A flat record: names, numbers and lists of them."""
    if not isinstance(row, Mapping):
        raise ConfigError(f"{where} is of type {type(row).__name__}; expected a dictionary of names and numbers.")
    return _named({key: _plain(item, f"{where}[{key!r}]", flat=True) for key, item in row.items()}, where)


def _named(items: Mapping[Any, Any], where: str) -> dict[str, Any]:
    if wrong := [key for key in items if not isinstance(key, str)]:
        raise ConfigError(f"{where} has the key {wrong[0]!r} ({type(wrong[0]).__name__}); expected text.")
    return {str.__str__(key): item for key, item in items.items()}


def _read_only(name: str, array: Any) -> NDArray[Any]:
    if not isinstance(name, str) or not ARRAY_NAME.fullmatch(name):
        raise ConfigError(f"An array is named {name!r}; expected 1 to 200 of the letters A–Z and a–z, digits, '_', '.' and '-'.")
    if not isinstance(array, np.ndarray) or isinstance(array, np.ma.MaskedArray):
        raise ConfigError(f"The array {name} is a {type(array).__name__}; expected a NumPy array without a mask.")
    if array.dtype.kind not in ARRAY_KINDS:
        raise ConfigError(f"The array {name} has the dtype {array.dtype}; expected numbers, booleans, text or times.")
    view = array.view()
    view.flags.writeable = False
    return view
