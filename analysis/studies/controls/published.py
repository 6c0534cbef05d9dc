"""What this study says where others have published a number."""

from analysis.results import Result
from analysis.studies.counted import text_of, trained
from analysis.studies.record import Ours


def ours(result: Result) -> Ours:
    """Ours beside what is published about this study."""
    for row in trained(result.tables["scores"]):
        yield row["checkpoint"], row["values"], "S", text_of(row)
