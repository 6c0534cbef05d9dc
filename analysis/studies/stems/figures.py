"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import forest
from analysis.results import Result
from analysis.studies.printed import TWIN, point
from analysis.studies.stems.rows import NEGATIVES, AccuracyRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    return [
        (
            f"K-way accuracy, wrong candidates of {negatives}, with its 95 % interval by work; the tick is chance, 1 / K.",
            forest(
                [
                    point(row, row.checkpoint or row.weights, f"K = {row.candidates}", factor=100, twin=row.weights == TWIN)
                    for row in result.rows(AccuracyRow)
                    if row.negatives == negatives
                ],
                "accuracy (%)",
            ),
        )
        for negatives in NEGATIVES
        if any(row.negatives == negatives for row in result.rows(AccuracyRow))
    ]
