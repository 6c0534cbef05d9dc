"""Rows of the tables of results: frozen classes, one per table, instead of dictionaries."""

import types
import typing
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar, Union, runtime_checkable

from analysis.errors import ConfigError
from analysis.files import Json, JsonObject
from analysis.numbers import Value

R = TypeVar("R", bound="Row")


@dataclass(frozen=True)
class Row:
    """A row of a table; a subclass names its table and has one field per column, in the order of the columns.

    Columns that name an array of the result stand in `array_columns`; `concluded` is what holds only of all together.

    >>> @dataclass(frozen=True)
    ... class Pair(Row):
    ...     table: ClassVar[str] = "pairs"
    ...     first: str
    ...     p: float | None
    >>> tables_of([Pair("a", 0.5)])
    {'pairs': [{'first': 'a', 'p': 0.5}]}
    >>> rows_of(Pair, [{"first": "a", "p": None}])
    (Pair(first='a', p=None),)
    """

    table: ClassVar[str]
    array_columns: ClassVar[tuple[str, ...]] = ()
    concluded: ClassVar[bool] = False

    def record(self) -> Json:
        """Its columns by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@runtime_checkable
class Measured(Protocol):
    """A row that holds one number with its interval, its null and n."""

    @property
    def value(self) -> float | None: ...
    @property
    def ci_low(self) -> float | None: ...
    @property
    def ci_high(self) -> float | None: ...
    @property
    def null(self) -> float | None: ...
    @property
    def n(self) -> int: ...


@dataclass(frozen=True)
class Numbers:
    """One of several numbers of a row, `Measured` as if it were alone: what a property of the row gives to charts and texts."""

    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int


class Columns(typing.TypedDict):
    """A value as five columns."""

    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int


def columns(value: Value) -> Columns:
    """The numbers of a value as the columns of a row that is `Measured`."""
    return {"value": value.value, "ci_low": value.ci_low, "ci_high": value.ci_high, "null": value.null, "n": value.n}


def tables_of(rows: Iterable[Row]) -> dict[str, list[Json]]:
    """Records of the rows by table, in the order in which tables and rows come."""
    tables: dict[str, list[Json]] = {}
    for row in rows:
        tables.setdefault(row.table, []).append(row.record())
    return tables


def rows_of(kind: type[R], records: Iterable[JsonObject]) -> tuple[R, ...]:
    """Rows from the records of a table, as `tables_of` made them or as they were read from a file.

    Raises:
        ConfigError: a record has other columns than the class, or something of another type in one.
    """
    expected, rows = _columns(kind), []
    for number, record in enumerate(records):
        if record.keys() != expected.keys():
            differing = ", ".join(sorted(record.keys() ^ expected.keys()))
            raise ConfigError(f"Row {number} of the table {kind.table} lacks or should not have {differing}. Compute it again.")
        for column, allowed in expected.items():
            if not isinstance(record[column], allowed) or (record[column].__class__ is bool and bool not in allowed):
                names = " or ".join(kind.__name__ for kind in allowed)
                got = f"{record[column]!r:.40}"
                raise ConfigError(f"{column} in row {number} of the table {kind.table} is {got}; expected {names}.")
        rows.append(kind(**{column: tuple(of) if isinstance(of, list) else of for column, of in record.items()}))
    return tuple(rows)


def column_names(kind: type[Row]) -> Set[str]:
    """The columns of the table."""
    return _columns(kind).keys()


@cache
def _columns(kind: type[Row]) -> dict[str, tuple[type, ...]]:
    """The classes that a column may hold, by column."""
    hints = typing.get_type_hints(kind)
    return {field.name: tuple(dict.fromkeys(_classes(hints[field.name]))) for field in fields(kind)}


def _classes(hint: Any) -> list[type]:  # Any: an annotation
    origin = typing.get_origin(hint)
    if origin in (Union, types.UnionType):
        return [kind for part in typing.get_args(hint) for kind in _classes(part)]
    if origin is typing.Literal:
        return [type(word) for word in typing.get_args(hint)]
    kind = origin or hint
    if kind is float:
        return [float, int]
    if kind in (tuple, list, Sequence):
        return [list, tuple]
    return [kind]
