"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import curves
from analysis.results import Result
from analysis.studies.printed import among, known, point
from analysis.studies.transposition.rows import ScoreRow

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    rows = [row for row in known(result.rows(ScoreRow)) if row.moved != "audio alone"]
    points = [point(row, row.moved, row.checkpoint, factor=100, at=row.semitones, twin=row.is_twin) for row in rows]
    caption = f"S{among(result)} after a transposition of the MIDI alone and of both sides."
    return [(caption, curves(points, "transposition (semitones)", "S (%)"))]
