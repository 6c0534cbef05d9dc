"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import curves
from analysis.results import Result
from analysis.studies.bands.rows import FilterRow
from analysis.studies.printed import known, point

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    rows = [row for row in known(result.rows(FilterRow)) if row.edges_hz]
    names = list(dict.fromkeys(row.band for row in rows))
    points = [point(row, "without the band", row.checkpoint, at=names.index(row.band), twin=row.is_twin) for row in rows]
    drawing = curves(points, "band removed", "cosine distance", names)
    return [("How far the embedding moves without each band of the sound.", drawing)]
