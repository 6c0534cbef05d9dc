"""What this study says of a result that is kept, from the numbers that it holds."""

from analysis.results import Result
from analysis.studies.base.record import Names, Words
from analysis.studies.kept_words import in_one, pool_size
from analysis.studies.retrieval import study as retrieval
from analysis.studies.retrieval.rows import PairRow


def words(result: Result, names: Names) -> Words:
    """Today's headline and sentences for a result that is kept."""
    about = result.values, names, result.rows(PairRow)
    return in_one(retrieval.headline(*about, pool_size(result, "candidates.0")), retrieval.details(*about))
