"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import Axes, Point, matrices
from analysis.results import Result
from analysis.studies.printed import TWIN, known, point
from analysis.studies.structure.rows import LayerRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    rows = known(result.rows(LayerRow))
    cells: dict[str, dict[tuple[str, str], Point]] = {}
    for row in rows:
        title = f"{row.checkpoint}{', untrained twin' if row.weights == TWIN else ''}"
        cells.setdefault(title, {})[row.reference, row.layer] = point(row, row.reference, row.layer, twin=row.is_twin)
    references, layers = (list(dict.fromkeys(of)) for of in ((row.reference for row in rows), (row.layer for row in rows)))
    axes = Axes("layer", "quantity of the sound", "ρ of self-similarities", 0.0, 1.0)
    caption = "How alike the self-similarity of every layer is to that of four quantities of the sound."
    return [(caption, matrices(cells, references, layers, axes))]
