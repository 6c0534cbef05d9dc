"""The command that prints what checkpoints do at a glance."""

import argparse

from analysis.cli.output import emit
from analysis.errors import CheckpointError


def summary(options: argparse.Namespace) -> None:
    """One row a checkpoint, one column a test, from what is stored or came with the checkpoints.

    Raises:
        CheckpointError: no checkpoint is named and none is found.
    """
    from analysis import paths
    from analysis.models.checkpoint import Checkpoint, list_checkpoints
    from analysis.studies.summary.summarise import summarise
    from analysis.studies.summary.words import bottleneck, pools_sentence, second_line, text_table

    checkpoints = [checkpoint for checkpoint in list_checkpoints(paths.checkpoint_roots()) if isinstance(checkpoint, Checkpoint)]
    names = options.checkpoints or list(dict.fromkeys(checkpoint.name for checkpoint in checkpoints))
    if not names:
        raise CheckpointError("There is no checkpoint to sum up; train one with `otoscope train`, or name a folder.")
    summed = summarise(names, options.corpus)
    sentences = (second_line(summed.summary), pools_sentence(summed.summary), bottleneck())
    notes = [f"{panel.question.title}: {words}" for panel in summed.summary.panels for words in panel.differing]
    lines = [summed.result.headline, "", *text_table(summed.summary), "", *filter(None, sentences), *notes]
    emit(options, summed.result.to_document(), lines)
