"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import Axes, Point, matrices
from analysis.results import Result
from analysis.studies.printed import TWIN, known, point
from analysis.studies.similarity.rows import CellRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    measure = str(result.request["measure"])
    own = [row for row in known(result.rows(CellRow)) if row.estimator == measure and row.first == row.second]
    rows = [row for row in own if row.first_side != row.second_side] or own
    cells: dict[str, dict[tuple[str, str], Point]] = {}
    for row in rows:
        title, layers = f"{row.first}{', untrained twin' if row.weights == TWIN else ''}", (row.first_layer, row.second_layer)
        cells.setdefault(title, {})[layers] = point(row, *layers, twin=row.weights == TWIN, inside_null=row.inside_null)
    first, second = list(dict.fromkeys(row.first_layer for row in rows)), list(dict.fromkeys(row.second_layer for row in rows))
    one_sided = bool(rows) and rows[0].first_side == rows[0].second_side
    first_title, second_title = ("audio layer", "audio layer") if one_sided else ("MIDI layer", "audio layer")
    axes = Axes(first_title, second_title, measure, -0.1 if "debiased" in measure else 0.0, 1.0)
    whose = "layers with each other" if one_sided else "audio and MIDI layers"
    caption = f"Similarity of {whose}; hatched: not distinguishable from shuffled pairs."
    return [(caption, matrices(cells, first, second, axes))]
