"""What print figures of all studies share: rows as points, and the words of a pool."""

from collections.abc import Iterable
from typing import TypeVar

from analysis.figures.drawing import Point
from analysis.results import Result
from analysis.rows import Measured
from analysis.studies.pools.words import pool_of

TWIN = "untrained"
M = TypeVar("M", bound=Measured)


def point(
    number: Measured, group: str, series: str, *, factor: float = 1.0, at: float = 0.0, twin: bool = False,
    inside_null: bool | None = None,
) -> Point:  # fmt: skip
    """A number as a point.

    Args:
        number: whose value is known.
        group: what is on the category axis, or the panel.
        series: what has one symbol and colour.
        factor: which brings it into the unit of the axis.
        at: its position on a numeric axis, such as a dose.
        twin: whether it is of the untrained twin.
        inside_null: what a test has found, where one was made.
    """
    numbers = (number.value, number.ci_low, number.ci_high, number.null)
    value, low, high, null = (None if x is None else factor * x for x in numbers)
    return Point(group, series, value or 0.0, low, high, null, twin, at, inside_null)


def known(rows: Iterable[M]) -> list[M]:
    """The rows that have a number."""
    return [row for row in rows if row.value is not None]


def names_of(result: Result) -> list[str]:
    """Names of the checkpoints, in the order of the request."""
    return list(result.checkpoints)


def among(result: Result, part: str = "S") -> str:
    """The pool in which S was searched, as the end of a clause; empty where the result does not tell."""
    return f" among {pool}" if (pool := pool_of(result, part)) else ""
