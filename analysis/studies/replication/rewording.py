"""What this study says of a result that is kept, from the numbers that it holds."""

from analysis.results import Result
from analysis.studies.base.record import Names, Words
from analysis.studies.base.requests import asked
from analysis.studies.kept_words import in_one, pool_size
from analysis.studies.replication import words as replication_words
from analysis.studies.replication.rows import ArmRow, PairRow, RunRow
from analysis.studies.replication.study import Request
from analysis.studies.shared_rows import WindowRow


def words(result: Result, _: Names) -> Words:
    """Today's headline and sentences for a result that is kept."""
    about = result.rows(ArmRow), result.rows(PairRow), result.rows(RunRow), asked(result, Request).evaluation_seeds
    more = replication_words.details(*about, len(result.rows(WindowRow)))
    return in_one(replication_words.headline(*about, pool_size(result)), more)
