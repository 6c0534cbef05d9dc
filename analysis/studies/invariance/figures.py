"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import curves
from analysis.results import Result
from analysis.studies.printed import known, point

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    titles = {row["name"]: str(row["title"]) for row in result.tables["changes"]}
    rows = [row for row in known(result.tables["distances"]) if row["layer"] == "emb"]
    points = [
        point(row, titles.get(row["change"], str(row["change"])), str(row["checkpoint"]), at=float(row["order"])) for row in rows
    ]
    caption = "How far the joint embedding moves, in distances between works, over the doses of every change (in their order)."
    return [(caption, curves(points, "dose (number in its order)", "distance (1 = another work)"))]
