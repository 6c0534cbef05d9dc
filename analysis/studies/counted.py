"""Rows of a result as numbers that stand beside published ones."""

from collections.abc import Iterable
from typing import Protocol, TypeVar, runtime_checkable

from analysis.numbers import SHARE, Value, format_value
from analysis.rows import Measured

TRAINED = "trained"


@runtime_checkable
class Weighed(Protocol):
    """A row with a number of trained or untrained weights."""

    @property
    def weights(self) -> str | None: ...
    @property
    def value(self) -> float | None: ...


W = TypeVar("W", bound=Weighed)


def trained(rows: Iterable[W]) -> list[W]:
    """The rows of trained weights that have a number."""
    return [row for row in rows if row.weights == TRAINED and row.value is not None]


def text_of(row: Measured, unit: str = SHARE) -> str:
    """A number with its interval; without a verdict, since what is published has another null."""
    return format_value(Value({"what": "number"}, row.value, row.ci_low, row.ci_high, row.n, None, unit, ""))
