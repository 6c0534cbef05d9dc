"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import forest
from analysis.results import Result
from analysis.studies.printed import TWIN, among, point
from analysis.studies.replication.rows import ArmRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    points = [point(row, row.arm, "", factor=100, twin=row.weights == TWIN) for row in result.rows(ArmRow)]
    return [(f"Mean S{among(result)} of every arm; the tick is chance.", forest(points, "S (%)"))]
