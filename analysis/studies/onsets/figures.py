"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import Axes, Point, matrices
from analysis.results import Result
from analysis.studies.onsets.rows import HeadRow
from analysis.studies.printed import TWIN, known, point

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each: layers by heads, one figure for every kind of events."""
    figures = []
    every = [row for row in known(result.rows(HeadRow)) if row.sender == "tokens"]
    for events in dict.fromkeys(row.events for row in every):
        rows = [row for row in every if row.events == events]
        cells: dict[str, dict[tuple[str, str], Point]] = {}
        for row in rows:
            title = f"{row.checkpoint}{', untrained twin' if row.weights == TWIN else ''}"
            cells.setdefault(title, {})[row.title, str(row.head)] = point(row, row.title, str(row.head), twin=row.is_twin)
        layers = list(dict.fromkeys(row.title for row in rows))
        heads = [str(head) for head in sorted({row.head for row in rows})]
        caption = f"F1 of the attention that tokens receive against {events}, on works on which nothing was chosen."
        figures.append((caption, matrices(cells, layers, heads, Axes("head", "layer", "F1", 0.0, 1.0))))
    return figures
