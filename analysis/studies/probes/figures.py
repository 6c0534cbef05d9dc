"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import Axes, Point, matrices
from analysis.results import Result
from analysis.studies.printed import Row, known, point

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    rows = [row for row in known(result.tables["scores"]) if row["weights"] == "trained" and row["layer"] is not None]
    first = str(rows[0]["probe"]) if rows else ""
    cells: dict[str, dict[tuple[str, str], Point]] = {}
    linear = [row for row in rows if "MLP" not in str(row["probe"])]
    for row in linear:
        at = str(row["task"]), str(row["layer"])
        cells.setdefault(str(row["checkpoint"]), {})[at] = point(
            _floored(row), str(row["task"]), str(row["layer"]), null="shuffled"
        )
    tasks, layers = (list(dict.fromkeys(str(row[name]) for row in linear)) for name in ("task", "layer"))
    if not cells:
        return []
    axes = Axes("layer", "task", "score (R² or balanced accuracy)", 0.0, 1.0)
    return [(f"What linear probes read from every layer ({first} and others).", matrices(cells, tasks, layers, axes))]


def _floored(row: Row) -> Row:
    """Of a regression nothing less than saying the mean, which gives 0, counts as nothing read."""
    nothing = row["shuffled"]
    return row if row["measure"] != "R²" or nothing is None else {**row, "shuffled": max(0.0, nothing)}
