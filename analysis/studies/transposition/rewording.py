"""What this study says of a result that is kept, from the numbers that it holds."""

from analysis.results import Result
from analysis.studies.base.record import Names, Words
from analysis.studies.kept_words import in_one
from analysis.studies.pools.words import pool_of
from analysis.studies.transposition import answer as transposition_answer
from analysis.studies.transposition.rows import RetentionRow


def words(result: Result, names: Names) -> Words:
    """Today's headline and sentences for a result that is kept."""
    sizes = sorted({row.semitones for row in result.rows(RetentionRow)})
    about = result.values, names, sizes, pool_of(result)
    return in_one(transposition_answer.headline(*about), transposition_answer.details(*about))
