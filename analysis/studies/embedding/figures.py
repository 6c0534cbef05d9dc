"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import maps
from analysis.results import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    found = {}
    for row in result.tables["projections"]:
        points = result.arrays[row["array"]]
        if row["weights"] == "trained" and row["first"] and row["space"] == "joint" and row["method"] == "PCA":
            audio, midi = points
            found[str(row["checkpoint"])] = audio, midi
    return (
        [("The two first principal components of the joint embedding.", maps(found, "component 1", "component 2"))]
        if found
        else []
    )
