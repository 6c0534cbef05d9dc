"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import curves
from analysis.results import Result
from analysis.studies.printed import among, known, point

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    rows = [row for row in known(result.tables["scores"]) if row["moved"] in ("MIDI alone", "both")]
    points = [point(row, str(row["moved"]), str(row["checkpoint"]), factor=100, at=float(row["semitones"])) for row in rows]
    caption = f"S{among(result)} after a transposition of the MIDI alone and of both sides."
    return [(caption, curves(points, "transposition (semitones)", "S (%)"))]
