"""What this study says of a result that is kept, from the numbers that it holds."""

from analysis.results import Result
from analysis.studies.bands import STUDY
from analysis.studies.bands import study as bands
from analysis.studies.base.parts import measurement_of
from analysis.studies.base.record import Names, Words
from analysis.studies.base.requests import asked
from analysis.studies.kept_words import in_one


def words(result: Result, names: Names) -> Words:
    """Today's headline and sentences for a result that is kept."""
    measured = measurement_of(STUDY, result)
    draws = bands.window_draws(measured, asked(result, bands.Request).seed)
    return in_one(bands.headline(measured, draws, names), bands.details(measured, names))
