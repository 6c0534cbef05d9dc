"""Today's words for a result that is kept: its headline and the sentences below it, from the numbers that it holds."""

from collections.abc import Mapping
from dataclasses import replace

from analysis.models.arms import proper
from analysis.results import Result
from analysis.rows import tables_of
from analysis.studies.base.registry import find_study
from analysis.studies.shared_rows import SentenceRow


def reworded(result: Result, arms: Mapping[str, str]) -> Result:
    """The result with the headline and the sentences that today's code makes of its values and tables.

    No number is computed anew. What probes say needs more than a result holds: they stay as they are.

    Args:
        result: as it was kept.
        arms: name of a checkpoint → its arm; controls among them are not ranked.
    """
    names = proper({name: arms[name] for name in result.checkpoints})
    if (words := find_study(result.study).words(result, names)) is None:
        return result
    headline, sentences = words
    return replace(result, headline=headline, tables={**result.tables, SentenceRow.table: [], **tables_of(sentences)})
