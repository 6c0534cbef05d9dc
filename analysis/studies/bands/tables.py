"""What the parts of the study `bands` write their findings into."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float64, Shaped
from numpy import ndarray

from analysis.measures.resampling import WorkDraws
from analysis.numbers import Value

Row = dict[str, Any]
TABLES = ("filters", "doses", "reading", "attribution", "agreement", "convergence", "notes")


@dataclass
class Findings:
    """Values, tables and arrays as they grow."""

    values: list[Value] = field(default_factory=list)
    tables: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLES})
    arrays: dict[str, ndarray] = field(default_factory=dict)

    def note(self, checkpoint: str, part: str, text: str) -> None:
        """A sentence about what was not done."""
        self.tables["notes"].append({"checkpoint": checkpoint, "part": part, "note": text})

    def keep(self, name: str, rows: Sequence[ndarray]) -> str:
        """Keep rows of numbers per window as an fp32 array; returns its name, numbered in the order of keeping."""
        array = f"{name}.{sum(one.startswith(f'{name}.') for one in self.arrays)}"
        self.arrays[array] = np.stack(rows).astype(np.float32)
        return array


def mean_value(
    name: str, per_window: Shaped[ndarray, " n"], draws: WorkDraws, null: float | None = None, unit: str = "", estimator: str = ""
) -> Value:
    """Mean over windows with its interval by work; no interval from a single work."""
    low, high = draws.interval(draws.means(per_window))
    return Value(name, float(np.mean(per_window)), low, high, len(per_window), null, unit, estimator)


def ratio_value(
    name: str, above: Float64[ndarray, " n"], below: Float64[ndarray, " n"], draws: WorkDraws, unit: str, estimator: str
) -> Value:
    """Ratio of two means over the same windows with its interval by work."""
    low, high = draws.interval(draws.means(above) / draws.means(below))
    return Value(name, float(np.mean(above) / np.mean(below)), low, high, len(above), None, unit, estimator)


def columns(value: Value, prefix: str = "") -> Row:
    """A value as the columns of a table: value, ci_low, ci_high, null and n, or with a prefix its own three."""
    if prefix:
        return {prefix: value.value, f"{prefix}_ci_low": value.ci_low, f"{prefix}_ci_high": value.ci_high}
    return {"value": value.value, "ci_low": value.ci_low, "ci_high": value.ci_high, "null": value.null, "n": value.n}


def band_columns(number: int, names: Sequence[str], edges_hz: Sequence[float]) -> Row:
    """Name and edges of a band."""
    return {"band": names[number], "low_hz": edges_hz[number], "high_hz": edges_hz[number + 1]}
