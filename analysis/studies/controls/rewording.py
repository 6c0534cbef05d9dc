"""What this study says of a result that is kept, from the numbers that it holds."""

from analysis.results import Result
from analysis.studies.base.record import Names, Words
from analysis.studies.controls import words as controls_words
from analysis.studies.controls.rows import DifferenceRow, ScoreRow
from analysis.studies.kept_words import pool_size


def words(result: Result, _: Names) -> Words:
    """Today's headline and sentences for a result that is kept."""
    about = result.rows(ScoreRow), result.rows(DifferenceRow)
    return controls_words.headline(*about, pool_size(result)), controls_words.details(*about)
