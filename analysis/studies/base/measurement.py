"""What a study measures, model by model: taken apart by checkpoint and put together again, in any order.

A study that keeps its answers per model offers, instead of `run`,

- `measure(request, study_run) -> Measurement`: numbers, rows and arrays of every checkpoint by itself, and what does not depend
  on checkpoints (windows, pools), the same whichever they are;
- `share(request, study_run) -> Measurement` (only where what does not depend on checkpoints is dear, or not the same to the last
  bit when it is computed again): all that is about no checkpoint, made and kept once; it is then given to
  `measure(request, study_run, shared)`, which gives what is about checkpoints alone;
- `compare(request, study_run, pairs, singles) -> Measurement` (only where there is something to compare): what holds of two
  checkpoints, for several pairs at once, from what was measured of each;
- `conclude(request, checkpoints, measurement) -> Answer`: what holds of all of them together, such as corrections for multiple
  comparisons, and the sentences; it looks at no model and no recording.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy import ndarray

from analysis.errors import ConfigError
from analysis.models.arms import proper
from analysis.models.checkpoint import Checkpoint
from analysis.numbers import Value
from analysis.readings.study_run import Answer
from analysis.rows import Row, tables_of

NUMBERED = re.compile(r"(.+?)(?:\.\d+)?")
About = tuple[str, ...]  # () for what all share, (checkpoint,), or (first, second)
R = TypeVar("R", bound=Row)


class UnlikePartsError(ConfigError):
    """What all parts of a result should share differs between them, such as the windows."""


@dataclass(frozen=True, eq=False)
class Measurement:
    """Values, rows and arrays; the columns `Row.array_columns` of a row name the arrays that belong to it.

    `groundwork` are arrays of what is shared from which checkpoints are measured, and which no answer holds.
    """

    values: Sequence[Value] = ()
    rows: Sequence[Row] = ()
    arrays: Mapping[str, ndarray] = field(default_factory=dict)
    groundwork: Mapping[str, ndarray] = field(default_factory=dict)

    def of(self, kind: type[R]) -> list[R]:
        """The rows of one class."""
        return [row for row in self.rows if isinstance(row, kind)]

    def answer(self, headline: str, rows: Iterable[Row] = (), values: Iterable[Value] = ()) -> Answer:
        """All of it with a headline, and the rows and values of what holds of all checkpoints together."""
        return Answer(headline, [*self.values, *values], tables_of([*self.rows, *rows]), self.arrays)

    def about(self, *checkpoints: str) -> "Measurement":
        """What is about these checkpoints, in whichever order, and no others; about none, what all share."""
        rows = self._rows_by_about.get(frozenset(checkpoints), [])
        mine = {name for row in rows for name in _named(row)}
        if not checkpoints:
            others = (row for about, rows in self._rows_by_about.items() if about for row in rows)
            mine = set(self.arrays) - {name for row in others for name in _named(row)}
        values = [value for value in self.values if set(about_value(value)) == set(checkpoints)]
        return Measurement(values, rows, {name: array for name, array in self.arrays.items() if name in mine})

    @cached_property
    def _rows_by_about(self) -> Mapping[frozenset[str], list[Row]]:
        rows: dict[frozenset[str], list[Row]] = {}
        for row in self.rows:
            rows.setdefault(frozenset(about_row(row)), []).append(row)
        return rows


def ranked(checkpoints: Mapping[str, Checkpoint]) -> tuple[str, ...]:
    """Names of those of which one may be called the best: no controls, unless there is nothing else."""
    return proper({name: checkpoint.arm for name, checkpoint in checkpoints.items()})


def about_row(row: Row) -> About:
    """The checkpoints that a row is about: its `checkpoint`, or `first` and `second`, once each.

    >>> from dataclasses import make_dataclass
    >>> about_row(make_dataclass("Pair", ["first", "second"], bases=(Row,), frozen=True)("a", "b"))
    ('a', 'b')
    """
    return _about({name: getattr(row, name, None) for name in ("checkpoint", "first", "second")})


def about_value(value: Value) -> About:
    """The checkpoints that a value is about, by its key."""
    return _about(value.key)


def put_together(parts: Iterable[Measurement]) -> Measurement:
    """All parts as one, in their order; what all share is there once, and arrays are numbered anew, in the order of their rows.

    Raises:
        UnlikePartsError: what all should share differs between them.
    """
    values: list[Value] = []
    rows: list[Row] = []
    arrays: dict[str, ndarray] = {}
    shared: dict[str, list[Row]] = {}
    counts: dict[str, int] = {}
    for part in parts:
        values += [value for value in part.values if about_value(value) or value not in values]
        common = part.about()
        for table in dict.fromkeys(row.table for row in common.rows):
            _share(shared, table, [row for row in common.rows if row.table == table])
        for name, array in common.arrays.items():
            if not _same(arrays.setdefault(name, array), array):
                raise UnlikePartsError(f"The array {name} differs between parts of one result. Compute it again.")
        rows += _renumbered([row for row in part.rows if about_row(row)], part.arrays, arrays, counts)
    return Measurement(values, [*(row for table in shared.values() for row in table), *rows], arrays)


def _share(shared: dict[str, list[Row]], table: str, rows: list[Row]) -> None:
    if shared.setdefault(table, rows) != rows:
        raise UnlikePartsError(f"The table {table} differs between parts of one result. Compute it again.")


def _renumbered(
    rows: Iterable[Row], given: Mapping[str, ndarray], arrays: dict[str, ndarray], counts: dict[str, int]
) -> Iterator[Row]:
    """Rows whose arrays have the next free numbers, under which they are added to `arrays`."""
    renamed: dict[str, str] = {}
    for row in rows:
        for name in _named(row):
            if name not in renamed:
                stem = _stem(name)
                while (new := f"{stem}.{counts.setdefault(stem, 0)}") in arrays:
                    counts[stem] += 1
                renamed[name] = new
                arrays[renamed[name]] = given[name]
        columns = {column: renamed[name] for column in row.array_columns if (name := getattr(row, column))}
        yield replace(row, **columns) if columns else row


def _stem(name: str) -> str:
    match = NUMBERED.fullmatch(name)
    return match[1] if match else name


def _named(row: Row) -> list[str]:
    """Names of the arrays that belong to a row."""
    return [name for column in row.array_columns if (name := getattr(row, column))]


def _about(facets: Mapping[str, object]) -> About:
    if isinstance(checkpoint := facets.get("checkpoint"), str):
        return (checkpoint,) if checkpoint else ()
    pair = facets.get("first"), facets.get("second", facets.get("other"))
    return tuple(dict.fromkeys(name for name in pair if isinstance(name, str)))


def _same(array: ndarray, other: ndarray) -> bool:
    return array is other or (array.dtype == other.dtype and np.array_equal(array, other))
