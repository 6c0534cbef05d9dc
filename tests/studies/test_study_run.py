"""The run of a study tells how far it is, as a whole and in parts."""

from collections.abc import Callable
from dataclasses import replace

import torch

from analysis.datasets.piece import Corpus
from analysis.models.checkpoint import Checkpoint
from analysis.readings.study_run import MOST_MODELS, StudyRun
from analysis.run import RunContext


def test_steps_of_a_part_count_as_fractions_of_all_parts(corpus: Corpus) -> None:
    told: list[tuple[int, int, str]] = []
    study_run = StudyRun({}, corpus, torch.device("cpu"), context=RunContext(progress=lambda *step: told.append(step)))
    study_run.part(0, 4).step(0, 10, "first")
    study_run.part(1, 4).step(5, 10, "second")
    study_run.part(1, 2).part(1, 2).step(1, 1, "last")
    assert [(done / total, what) for done, total, what in told] == [(0.0, "first"), (0.375, "second"), (1.0, "last")]


def test_models_are_built_once_and_the_least_used_goes(corpus: Corpus, make_checkpoint: Callable[[str], Checkpoint]) -> None:
    study_run, checkpoint = StudyRun({}, corpus, torch.device("cpu")), make_checkpoint("D0")
    trained, twin = study_run.model(checkpoint, "trained"), study_run.model(checkpoint, "untrained")
    assert study_run.part(0, 2).model(checkpoint, "trained") is trained is not twin
    assert not trained.training
    for number in range(MOST_MODELS - 1):
        study_run.model(replace(checkpoint, path=checkpoint.path.with_name(f"other {number}")), "untrained")
    assert study_run.model(checkpoint, "trained") is trained
    assert len(study_run.models) == MOST_MODELS
    assert study_run.model(checkpoint, "untrained") is not twin


def test_controls_are_ranked_only_among_themselves(corpus: Corpus, make_checkpoint: Callable[[str], Checkpoint]) -> None:
    found = {arm: make_checkpoint(arm) for arm in ("d4a4-zero", "D0", "d4a4")}
    assert StudyRun(found, corpus, torch.device("cpu")).ranked == ("D0", "d4a4")
    assert StudyRun({"zero": found["d4a4-zero"]}, corpus, torch.device("cpu")).ranked == ("zero",)
