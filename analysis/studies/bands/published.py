"""What this study says where others have published a number."""

from analysis.results import Result
from analysis.studies.counted import text_of, trained
from analysis.studies.record import Ours

PUBLISHED_DOSE = 0.1  # standard deviations of a band of A4, upwards
BAND_MEASURE = f"L2 change of the embedding, +{PUBLISHED_DOSE:g}"


def ours(result: Result) -> Ours:
    """How far the raw embedding goes with +0.1 on one band of A4, bands numbered from 0 as published."""
    bands = [row for row in trained(result.tables.get("doses", ())) if row["low_hz"] is not None]
    lowest_first = sorted({row["low_hz"] for row in bands})
    for row in bands:
        if row["dose"] == PUBLISHED_DOSE and row.get("l2") is not None:
            condition = f"band {lowest_first.index(row['low_hz'])}, {row['band']}"
            yield row["checkpoint"], condition, BAND_MEASURE, text_of(row, "", value="l2", prefix="l2_")
