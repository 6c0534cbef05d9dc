"""What this study says of a result that is kept, from the numbers that it holds."""

from analysis.results import Result
from analysis.studies.embedding import study as embedding
from analysis.studies.embedding.modalities import GAP
from analysis.studies.kept_words import in_one
from analysis.studies.record import Names, Words


def words(result: Result, names: Names) -> Words:
    """Today's headline and sentences for a result that is kept."""
    layer, rows = str(result.request["layer"]), result.tables["measures"]
    gap_p = {row["checkpoint"]: row["p"] for row in rows if (row["measure"], row["weights"]) == (GAP, "trained")}
    said = embedding.headline(result.values, names, layer)
    return in_one(said, embedding.details(result.values, names, layer, gap_p))
