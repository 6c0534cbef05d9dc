"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import forest
from analysis.results import Result
from analysis.studies.printed import TWIN, among, known, names_of, point
from analysis.studies.retrieval.rows import CANONICAL

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    points = [
        point(value, name, "", factor=100, twin=weights == TWIN)
        for name in names_of(result)
        for weights in ("trained", TWIN)
        for value in known(result.select(checkpoint=name, weights=weights, pool=CANONICAL, what="S"))
    ]
    return [
        (f"S on the canonical pool{among(result)} with its 95 % interval by work; the tick is chance.", forest(points, "S (%)"))
    ]
