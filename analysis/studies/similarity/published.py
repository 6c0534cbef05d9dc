"""What this study says where others have published a number."""

from analysis.results import Result
from analysis.studies.base.record import Ours
from analysis.studies.counted import text_of, trained
from analysis.studies.similarity.rows import LAST, MEAN, CellRow, SummaryRow

FIRST_BLOCK = "1"
CELLS = {MEAN: "mean of the 4 × 4 layers", LAST: "last layers"}
ESTIMATORS = {"biased CKA": "biased linear CKA", "RSA, cosine, Spearman": "RSA"}


def ours(result: Result) -> Ours:
    """Ours beside what is published about this study."""
    for row in trained(result.rows(SummaryRow)):
        if row.within and row.estimator in ESTIMATORS and row.what in CELLS:
            yield row.first, CELLS[row.what], ESTIMATORS[row.estimator], text_of(row, "")
    for row in trained(result.rows(CellRow)):
        across = row.first == row.second and (row.first_side, row.second_side) == ("audio", "midi")
        if across and row.estimator in ESTIMATORS and row.first_layer == row.second_layer == FIRST_BLOCK:
            yield row.first, "first layers", ESTIMATORS[row.estimator], text_of(row, "")
