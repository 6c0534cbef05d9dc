"""What this study says of a result that is kept, from the numbers that it holds."""

from analysis.results import Result
from analysis.studies.base.record import Names, Words
from analysis.studies.base.requests import asked
from analysis.studies.kept_words import in_one
from analysis.studies.similarity import words as similarity_words
from analysis.studies.similarity.rows import DifferenceRow, SummaryRow
from analysis.studies.similarity.study import Request


def words(result: Result, names: Names) -> Words:
    """Today's headline and sentences for a result that is kept."""
    about = result.rows(SummaryRow), result.rows(DifferenceRow), asked(result, Request).measure, names
    return in_one(similarity_words.headline(*about), similarity_words.details(*about))
