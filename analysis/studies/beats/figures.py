"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import forest
from analysis.results import Result
from analysis.studies.beats.rows import ScoreRow
from analysis.studies.printed import TWIN, point

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    rows = result.rows(ScoreRow)
    points = [point(row, row.checkpoint or row.weights, row.measure, twin=row.weights == TWIN) for row in rows]
    caption = "Found beats against annotated ones, with 95 % intervals by work; the tick is of beats moved in time."
    return [(caption, forest(points, "F, CMLt and AMLt"))]
