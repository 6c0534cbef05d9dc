"""What this study says of a result that is kept, from the numbers that it holds."""

from analysis.results import Result
from analysis.studies.base.record import Names, Words
from analysis.studies.invariance import words as invariance_words
from analysis.studies.kept_words import in_one, pool_size
from analysis.studies.pools.words import pool_of


def words(result: Result, names: Names) -> Words:
    """Today's headline and sentences for a result that is kept."""
    more = invariance_words.details(result.values, names, f" among {pool_of(result)}")
    return in_one(invariance_words.headline(result.values, names, pool_size(result)), more)
