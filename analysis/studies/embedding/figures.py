"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy import ndarray

from analysis.figures.drawing import maps
from analysis.results import Result
from analysis.studies.embedding.rows import PCA, ProjectionRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    drawn: dict[str, list[ndarray]] = {}
    alone = {row.space for row in result.rows(ProjectionRow)} == {"audio"}
    for row in result.rows(ProjectionRow):
        if row.weights == "trained" and row.first and (row.space == "joint" or alone) and row.method == PCA:
            drawn[row.checkpoint] = list(result.arrays[row.array])
    if not drawn:
        return []
    caption = f"The two first principal components of the {'embedding of the sound' if alone else 'joint embedding'}."
    return [(caption, maps(drawn, "component 1", "component 2"))]
