"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import curves
from analysis.results import Result
from analysis.studies.invariance.rows import ChangeRow, DistanceRow
from analysis.studies.printed import known, point

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    titles = {row.name: row.title for row in result.rows(ChangeRow)}
    rows = [row for row in known(result.rows(DistanceRow)) if row.layer == "emb"]
    points = [point(row, titles.get(row.change, row.change), row.checkpoint, at=row.order, twin=row.is_twin) for row in rows]
    caption = "How far the joint embedding moves, in distances between works, over the doses of every change (in their order)."
    return [(caption, curves(points, "dose (number in its order)", "distance (1 = another work)"))]
