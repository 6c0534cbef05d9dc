"""Records of a result as numbers that stand beside published ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.numbers import SHARE, Value, format_value

Row = Mapping[str, Any]
TRAINED = "trained"


def trained(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["weights"] == TRAINED and row["value"] is not None]


def text_of(row: Row, unit: str = SHARE, *, value: str = "value", prefix: str = "") -> str:
    number = Value("number", row[value], row[f"{prefix}ci_low"], row[f"{prefix}ci_high"], row["n"], None, unit, "")
    return format_value(number)
