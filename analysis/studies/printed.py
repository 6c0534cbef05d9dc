"""What print figures of all studies share: rows as points, and the words of a pool."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from analysis.figures.drawing import Point
from analysis.results import Result
from analysis.rows import Measured
from analysis.studies.pools.words import pool_of

Row = Mapping[str, Any]  # TRANSITION
TWIN = "untrained"
M = TypeVar("M", bound=Measured | Mapping[str, Any])  # TRANSITION: bound=Measured


def point(
    row: Measured | Row, group: str, series: str, prefix: str = "", null: str = "null", factor: float = 1.0, at: float = 0.0,
    *, twin: bool = False, inside_null: bool | None = None,
) -> Point:  # fmt: skip
    """A number as a point; `factor` brings it into the unit of the axis.

    Args:
        row: the number, whose value is known.
        group: what is on the category axis, or the panel.
        series: what has one symbol and colour.
        prefix: names other columns than value, ci_low and ci_high.
        null: names another column than null.
        factor: by which every number is multiplied.
        at: its position on a numeric axis, such as a dose.
        twin: whether it is of the untrained twin.
        inside_null: what a test has found, where one was made.
    """
    if isinstance(row, Mapping):  # TRANSITION, with prefix and null
        return _point(row, group, series, prefix, null, factor, at)
    value, low, high, level = (None if x is None else factor * x for x in (row.value, row.ci_low, row.ci_high, row.null))
    return Point(group, series, value or 0.0, low, high, level, twin, at, inside_null)


def _point(row: Row, group: str, series: str, prefix: str, null: str, factor: float, at: float) -> Point:
    names = (prefix, f"{prefix}_ci_low", f"{prefix}_ci_high") if prefix else ("value", "ci_low", "ci_high")
    value, low, high, level = (None if row.get(name) is None else factor * row[name] for name in (*names, null))
    return Point(group, series, value, low, high, level, row.get("weights") == TWIN, at, row.get("inside_null"))  # pyright: ignore[reportArgumentType]


def known(rows: Iterable[M], column: str = "value") -> list[M]:
    """The rows that have a number."""
    return [row for row in rows if (row.get(column) if isinstance(row, Mapping) else row.value) is not None]


def names_of(result: Result) -> list[str]:
    """Names of the checkpoints, in the order of the request."""
    return list(result.checkpoints)


def among(result: Result, part: str = "S") -> str:
    """The pool in which S was searched, as the end of a clause; empty where the result does not tell."""
    return f" among {pool}" if (pool := pool_of(result, part)) else ""
