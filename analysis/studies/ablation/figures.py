"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import forest
from analysis.results import Result
from analysis.studies.printed import TWIN, Row, among, known, point

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    points = [
        point(row, str(row["checkpoint"]), _ablated(row), "s", "chance", 100)
        for row in known(result.tables["ablation"], "s")
        if row["weights"] != TWIN
    ]
    return [(f"S{among(result)} after each replacement of a descriptor; the tick is chance.", forest(points, "S (%)"))]


def _ablated(row: Row) -> str:
    return "as it is" if row["input"] == "none" else f"{row['input']} {row['kind']}"
