"""Rows of a result as numbers that stand beside published ones."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, TypeVar, runtime_checkable

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


W = TypeVar("W", bound=Weighed | Mapping[str, Any])  # TRANSITION: bound=Weighed


def trained(rows: Iterable[W]) -> list[W]:
    """The rows of trained weights that have a number."""
    return [row for row in rows if _of(row, "weights") == TRAINED and _of(row, "value") is not None]


def text_of(row: Measured | Mapping[str, Any], unit: str = SHARE, *, value: str = "value", prefix: str = "") -> str:
    """A number with its interval; without a verdict, since what is published has another null."""
    if isinstance(row, Mapping):  # TRANSITION, with value and prefix
        return format_value(
            Value("number", row[value], row[f"{prefix}ci_low"], row[f"{prefix}ci_high"], row["n"], None, unit, "")
        )
    return format_value(Value({"what": "number"}, row.value, row.ci_low, row.ci_high, row.n, None, unit, ""))


def _of(row: Any, name: str) -> Any:
    return row.get(name) if isinstance(row, Mapping) else getattr(row, name)
