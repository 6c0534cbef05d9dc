"""What this study says where others have published a number."""

from analysis.results import Result
from analysis.studies.base.record import Ours
from analysis.studies.counted import text_of, trained
from analysis.studies.embedding.rows import MeasureRow

COSINE = "cosine of matched pairs"


def ours(result: Result) -> Ours:
    """Ours beside what is published about this study."""
    for row in trained(result.rows(MeasureRow)):
        if row.measure == COSINE:
            yield row.checkpoint, "matched pairs", "mean cosine", text_of(row, "")
