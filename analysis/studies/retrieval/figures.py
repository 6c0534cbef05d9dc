"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import forest
from analysis.results import Result
from analysis.studies.printed import TWIN, among, names_of, point

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    values = {value.name: value for value in result.values}
    points = []
    for name in names_of(result):
        for weights in ("trained", TWIN):
            value = values.get(f"{name}, {weights}, canonical: S")
            if value is not None and value.value is not None:
                row = {"value": value.value, "ci_low": value.ci_low, "ci_high": value.ci_high, "null": value.null}
                points.append(point({**row, "weights": weights}, name, "", factor=100))
    return [
        (f"S on the canonical pool{among(result)} with its 95 % interval by work; the tick is chance.", forest(points, "S (%)"))
    ]
