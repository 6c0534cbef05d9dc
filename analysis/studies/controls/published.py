"""What this study says where others have published a number."""

from collections.abc import Mapping

from analysis.results import Result
from analysis.studies.base.record import Ours
from analysis.studies.controls.rows import ScoreRow
from analysis.studies.counted import text_of, trained


def ours(result: Result) -> Ours:
    """Ours beside what is published about this study."""
    for row in trained(result.rows(ScoreRow)):
        yield row.checkpoint, row.values, "S", text_of(row)


def arms(result: Result) -> Mapping[str, str]:
    """A control counts as the arm that it controls."""
    return {row.checkpoint: row.arm for row in result.rows(ScoreRow)}
