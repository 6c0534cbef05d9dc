"""The desk of a study tells how far it is, as a whole and in parts."""

import torch

from analysis.datasets.piece import Corpus
from analysis.studies.desk import Desk


def test_steps_of_a_part_count_as_fractions_of_all_parts(corpus: Corpus) -> None:
    told: list[tuple[int, int, str]] = []
    desk = Desk({}, corpus, torch.device("cpu"), progress=lambda *step: told.append(step))
    desk.part(0, 4).step(0, 10, "first")
    desk.part(1, 4).step(5, 10, "second")
    desk.part(1, 2).part(1, 2).step(1, 1, "last")
    assert [(done / total, what) for done, total, what in told] == [(0.0, "first"), (0.375, "second"), (1.0, "last")]
