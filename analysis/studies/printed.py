"""What print figures of all studies share: records as points, and the words of a pool."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from analysis.figures.drawing import Point
from analysis.results import Result
from analysis.studies.pools.words import pool_of

Row = Mapping[str, Any]
TWIN = "untrained"


def point(row: Row, group: str, series: str, prefix: str = "", null: str = "null", factor: float = 1.0, at: float = 0.0) -> Point:
    """A record as a point; `prefix` names other columns than value, ci_low and ci_high."""
    names = (prefix, f"{prefix}_ci_low", f"{prefix}_ci_high") if prefix else ("value", "ci_low", "ci_high")
    value, low, high, level = (None if row.get(name) is None else factor * row[name] for name in (*names, null))
    return Point(group, series, value, low, high, level, row.get("weights") == TWIN, at, row.get("inside_null"))  # pyright: ignore[reportArgumentType]


def known(rows: Iterable[Row], column: str = "value") -> list[Row]:
    return [row for row in rows if row.get(column) is not None]


def names_of(result: Result) -> list[str]:
    return [Path(str(name)).name for name in result.request["checkpoints"]]


def among(result: Result, part: str = "S") -> str:
    """The pool in which S was searched, as the end of a clause; empty where the result does not tell."""
    return f" among {pool}" if (pool := pool_of(result, part)) else ""
