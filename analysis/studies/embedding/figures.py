"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import maps
from analysis.results import Result
from analysis.studies.embedding.rows import PCA, ProjectionRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    drawn = {}
    for row in result.rows(ProjectionRow):
        if row.weights == "trained" and row.first and row.space == "joint" and row.method == PCA:
            audio, midi = result.arrays[row.array]
            drawn[row.checkpoint] = audio, midi
    if not drawn:
        return []
    caption = "The two first principal components of the joint embedding."
    return [(caption, maps(drawn, "component 1", "component 2"))]
