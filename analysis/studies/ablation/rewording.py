"""What this study says of a result that is kept, from the numbers that it holds."""

from analysis.results import Result
from analysis.studies.ablation import study as ablation
from analysis.studies.ablation.rows import AblationRow
from analysis.studies.base.record import Names, Words
from analysis.studies.kept_words import in_one, pool_size


def words(result: Result, names: Names) -> Words:
    """Today's headline and sentences for a result that is kept."""
    rows = result.rows(AblationRow)
    return in_one(ablation.headline(rows, names, pool_size(result)), ablation.details(rows, names))
