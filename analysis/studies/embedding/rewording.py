"""What this study says of a result that is kept, from the numbers that it holds."""

from analysis.results import Result
from analysis.studies.base.record import Names, Words
from analysis.studies.base.requests import asked
from analysis.studies.embedding import study as embedding
from analysis.studies.embedding.rows import MeasureRow
from analysis.studies.kept_words import in_one


def words(result: Result, names: Names) -> Words:
    """Today's headline and sentences for a result that is kept."""
    layer, gap_p = asked(result, embedding.Request).layer, embedding.gap_p(result.rows(MeasureRow))
    headline = embedding.headline(result.values, names, layer)
    return in_one(headline, embedding.details(result.values, names, layer, gap_p))
