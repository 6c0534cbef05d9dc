"""What this study says of a result that is kept, from the numbers that it holds."""

from analysis.results import Result
from analysis.studies.kept_words import in_one
from analysis.studies.record import Names, Words
from analysis.studies.similarity import words as similarity_words


def words(result: Result, names: Names) -> Words:
    """Today's headline and sentences for a result that is kept."""
    summary, differences = ([dict(row) for row in result.tables[name]] for name in ("summary", "differences"))
    about = summary, differences, str(result.request["measure"]), names
    return in_one(similarity_words.headline(*about), similarity_words.details(*about))
