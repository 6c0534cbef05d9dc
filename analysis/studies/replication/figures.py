"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import forest
from analysis.results import Result
from analysis.studies.printed import among, known, point

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    points = [point(row, str(row["arm"]), "", factor=100) for row in known(result.tables["arms"])]
    return [(f"Mean S{among(result)} of every arm; the tick is chance.", forest(points, "S (%)"))]
