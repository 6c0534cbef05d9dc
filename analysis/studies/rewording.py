"""Today's words for a result that is kept: its headline and the sentences below it, concluded from the numbers that it holds."""

import re
from collections.abc import Mapping
from dataclasses import replace

from analysis import paths
from analysis.models.checkpoint import Checkpoint, open_checkpoint
from analysis.results import Result
from analysis.studies.base.parts import Parts, conclude, measurement_of
from analysis.studies.base.registry import find_study
from analysis.studies.base.selections import request_of
from analysis.studies.shared_rows import SentenceRow

FURTHER = re.compile(r"(.+)-(\d+)")  # a further training of a checkpoint, and its seed


def reworded(result: Result, checkpoints: Mapping[str, Checkpoint]) -> Result:
    """The result with the headline and the sentences that today's code makes of its values, tables and arrays.

    No number is computed anew. A study that does not conclude from what was measured keeps its words.

    Args:
        result: as it was kept.
        checkpoints: that it is about, by name; their weights are not read.

    Raises:
        ConfigError: it was made by an earlier version of the study, whose tables had other columns.
    """
    study = find_study(result.study)
    if not study.has_parts:
        return result
    parts = Parts(study, request_of(result, checkpoints), checkpoints, "", "")
    answer = conclude(parts, [measurement_of(study, result)])
    sentences = {name: rows for name, rows in answer.tables.items() if name == SentenceRow.table}
    return replace(result, headline=answer.headline, tables={**result.tables, **sentences})


def shipped_checkpoints(result: Result) -> dict[str, Checkpoint]:
    """The checkpoints of a shipped result by name; of a further training, which is not shipped, the first, but for its seed.

    Raises:
        CheckpointError: a checkpoint was removed.
    """
    opened: dict[str, Checkpoint] = {}
    for name in result.checkpoints:
        folder = paths.repository() / "checkpoints" / name
        if (further := FURTHER.fullmatch(name)) is None:
            opened[name] = open_checkpoint(folder)
        else:
            first = open_checkpoint(folder.with_name(further[1]))
            opened[name] = replace(first, path=folder, training={**first.training, "seed": int(further[2])})
    return opened
