"""What this study says of a result that is kept, from the numbers that it holds."""

from analysis.results import Result
from analysis.studies.kept_words import in_one
from analysis.studies.record import Names, Words
from analysis.studies.transposition import answer as transposition_answer


def words(result: Result, names: Names) -> Words:
    """Today's headline and sentences for a result that is kept."""
    sizes = sorted({int(row["semitones"]) for row in result.tables["retention"]})
    about = result.values, names, sizes, str(result.tables["pools"][0]["short"])
    return in_one(transposition_answer.headline(*about), transposition_answer.details(*about))
