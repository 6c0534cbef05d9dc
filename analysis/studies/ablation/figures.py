"""The print figures of this study, drawn from its result alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.drawing import forest
from analysis.results import Result
from analysis.studies.ablation.rows import AS_IT_IS, NOTHING, AblationRow
from analysis.studies.printed import among, point

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Result) -> list[tuple[str, Figure]]:
    """Print figures of a result, with a caption each."""
    rows = [row for row in result.rows(AblationRow) if not row.is_twin]
    points = [point(row.score, row.checkpoint, _ablated(row), factor=100) for row in rows]
    return [(f"S{among(result)} after each replacement of a descriptor; the tick is chance.", forest(points, "S (%)"))]


def _ablated(row: AblationRow) -> str:
    return AS_IT_IS if row.input == NOTHING else f"{row.input} {row.kind}"
