"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import Axes, Point, matrices
from analysis.results import Result
from analysis.studies.printed import TWIN, known, point
from analysis.studies.tokens.rows import INPUT, TokenScoreRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    rows = [row for row in known(result.rows(TokenScoreRow)) if row.weights != INPUT]
    if not rows:
        return []
    cells: dict[str, dict[tuple[str, str], Point]] = {}
    for row in rows:
        is_twin = row.weights == TWIN
        title = f"{row.checkpoint}, {row.tower}{', untrained twin' if is_twin else ''}"
        cells.setdefault(title, {})[row.task, row.layer] = point(row, row.task, row.layer, twin=is_twin)
    tasks, layers = (list(dict.fromkeys(of)) for of in ((row.task for row in rows), (row.layer for row in rows)))
    axes = Axes("layer", "task", "score (R², accuracy or F1)", 0.0, 1.0)
    return [("What linear probes read from the token at a moment, layer by layer.", matrices(cells, tasks, layers, axes))]
