"""What this study says where others have published a number."""

from analysis.results import Result
from analysis.studies.bands.rows import DoseRow
from analysis.studies.base.record import Ours
from analysis.studies.counted import text_of

PUBLISHED_DOSE = 0.1  # standard deviations of a band of A4, upwards
BAND_MEASURE = f"L2 change of the embedding, +{PUBLISHED_DOSE:g}"


def ours(result: Result) -> Ours:
    """How far the raw embedding goes with +0.1 on one band of A4, bands numbered from 0 as published."""
    bands = [(row, row.edges_hz) for row in result.rows(DoseRow) if row.edges_hz and not row.is_twin]
    lowest_first = sorted({edges for _, edges in bands})
    for row, edges in bands:
        if row.dose == PUBLISHED_DOSE and row.l2 is not None:
            condition = f"band {lowest_first.index(edges)}, {row.band}"
            yield row.checkpoint, condition, BAND_MEASURE, text_of(row.norm, "")
