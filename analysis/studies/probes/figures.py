"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import Axes, Point, matrices
from analysis.results import Result
from analysis.studies.printed import known, point
from analysis.studies.probes.rows import ScoreRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    rows = [row for row in known(result.rows(ScoreRow)) if row.weights == "trained" and row.is_linear]
    cells: dict[str, dict[tuple[str, str], Point]] = {}
    for row in rows:
        cells.setdefault(row.checkpoint, {})[row.task, row.layer] = point(row, row.task, row.layer)
    if not rows:
        return []
    tasks, layers = list(dict.fromkeys(row.task for row in rows)), list(dict.fromkeys(row.layer for row in rows))
    axes = Axes("layer", "task", "score (R² or balanced accuracy)", 0.0, 1.0)
    caption = f"What linear probes read from every layer ({rows[0].probe} and others)."
    return [(caption, matrices(cells, tasks, layers, axes))]
