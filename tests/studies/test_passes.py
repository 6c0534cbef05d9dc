"""What is kept of a pass belongs to weights, configuration and windows together."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from analysis.datasets.piece import Corpus
from analysis.datasets.segments import list_segments
from analysis.models.checkpoint import Checkpoint
from analysis.readings.altered import over_batches
from analysis.readings.study_run import StudyRun
from analysis.store import Store


def test_equal_weights_under_another_configuration_are_another_model(
    corpus: Corpus, store: Store, make_checkpoint: Callable[[str], Checkpoint]
) -> None:
    real = make_checkpoint("d4a4")
    zeroed = replace(real, config=real.config | {"descriptor_values": "zero"})
    study_run = StudyRun({"one": real, "two": zeroed}, corpus, torch.device("cpu"), store)
    windows = list_segments(corpus.pieces)[:3]

    def answer(checkpoint: Checkpoint) -> float:
        number = np.full((3, 1), float(checkpoint is zeroed))
        return float(
            over_batches(study_run, checkpoint, windows, "trained", {}, lambda _, part: {"it": number[: len(part)]})["it"][0, 0]
        )

    assert [answer(real), answer(zeroed), answer(real)] == [0.0, 1.0, 0.0]
