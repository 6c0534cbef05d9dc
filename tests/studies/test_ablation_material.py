"""Who gets whose descriptor, and noise like the training set: each kind is what its name says, and what cannot be had is told."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.datasets.piece import Corpus
from analysis.datasets.segments import Segment, list_segments
from analysis.models.checkpoint import Checkpoint
from analysis.readings.study_run import StudyRun
from analysis.run import RunContext
from analysis.studies.ablation.changes import changes_of
from analysis.studies.ablation.kinds import (
    EXCHANGED,
    KINDS,
    MEAN,
    OTHER_WORK,
    SAME_WORK,
    SHUFFLED,
    TRAINING_NOISE,
    WINDOW_NOISE,
    ZERO,
)
from analysis.studies.ablation.material import Material, gather, sattolo
from analysis.training.evaluation import note_batch

Make = Callable[[str], Checkpoint]


def material(corpus: Corpus, told: list[str] | None = None, n: int = 3, pieces: slice = slice(None)) -> Material:
    """What the changes of some windows of the corpus draw on."""
    study_run = StudyRun({}, corpus, torch.device("cpu"), context=RunContext(notice=(told if told is not None else []).append))
    return gather(study_run, list_segments(corpus.pieces[pieces], max_per_piece=n), 42)


def test_one_work_cannot_give_another_its_descriptor(corpus: Corpus) -> None:
    told: list[str] = []
    assert set(material(corpus, told, pieces=slice(1)).partners) == {EXCHANGED, SAME_WORK}
    assert told == ["All windows are of one work: no descriptor can be exchanged for that of another work."]


def test_a_work_of_one_window_has_no_other_to_give(corpus: Corpus) -> None:
    told: list[str] = []
    assert set(material(corpus, told, n=1).partners) == {EXCHANGED, OTHER_WORK}
    assert told == ["4 works have a single window: no descriptor can be exchanged for that of another window of the same work."]
    told.clear()
    assert set(material(corpus, told, n=1, pieces=slice(1)).partners) == set()
    assert "Only one window: descriptors cannot be exchanged." in told


def test_partners_are_what_their_names_say_and_no_window_keeps_its_own(corpus: Corpus) -> None:
    partners = material(corpus, n=6).partners
    for kind, chosen in partners.items():
        assert all(one != other for one, other in chosen.items())
        same = [one.piece.group == other.piece.group for one, other in chosen.items()]
        assert {SAME_WORK: all(same), OTHER_WORK: not any(same), EXCHANGED: not all(same)}[kind]
    exchanged = partners[EXCHANGED]
    assert set(exchanged.values()) == set(exchanged)  # everybody's goes to somebody
    assert material(corpus, n=6).partners == partners


@pytest.mark.parametrize("n", [2, 3, 8, 100])
def test_the_exchange_is_one_cycle(n: int) -> None:
    order = sattolo(n, np.random.default_rng(n))
    place, steps = order[0], 1
    while place != 0:
        place, steps = order[place], steps + 1
    assert steps == n


def test_noise_of_the_training_set_has_its_statistics(corpus: Corpus, make_checkpoint: Make) -> None:
    told: list[str] = []
    study_run = StudyRun({}, corpus, torch.device("cpu"), context=RunContext(notice=told.append))
    segments = list_segments(corpus.pieces)
    its, model = gather(study_run, segments, 42), make_checkpoint("d4").model()
    assert {one.piece.split for one in its.training} == {"train"}
    assert not any("training" in text for text in told)
    few = replace(its, training=its.training[3:4])  # whose statistics are those of no other window
    change = changes_of(study_run, model, few, "midi")[TRAINING_NOISE]
    given = torch.cat([change(torch.zeros(len(segments), 99, 4), segments)[row, :n] for row, n in enumerate(lengths(segments))])
    with torch.no_grad():
        expected = model.given["midi"].slot(note_batch(few.training, 2048))[0]
        everywhere = model.given["midi"].slot(note_batch(segments, 2048))
    assert torch.allclose(given.mean(0), expected.mean(0), atol=0.1)
    assert torch.allclose(given.std(0), expected.std(0, correction=0), atol=0.1)
    assert not torch.allclose(given.std(0), everywhere[note_batch(segments, 2048).mask].std(0), atol=0.1)


def lengths(segments: Sequence[Segment]) -> list[int]:
    return note_batch(segments, 2048).mask.sum(dim=1).tolist()


def test_without_a_training_split_the_windows_of_the_study_give_the_statistics(corpus: Corpus) -> None:
    told: list[str] = []
    bare = replace(corpus, pieces=tuple(replace(piece, split="test") for piece in corpus.pieces))
    its = material(bare, told, n=2)
    assert its.training == its.windows
    assert told == [
        "The corpus has no training split: the mean and SD of noise are those of all 8 windows of this study, not of a training "
        "set."
    ]


def test_the_sample_of_the_training_set_is_bounded_and_even(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.studies.ablation.material.SAMPLE", 5)
    train = corpus.split("train")
    its = material(corpus).training
    assert len(its) == 5
    assert {one.piece.piece_id for one in its} == {piece.piece_id for piece in train}


def test_every_kind_says_what_it_is(corpus: Corpus) -> None:
    assert KINDS == (ZERO, WINDOW_NOISE, TRAINING_NOISE, SHUFFLED, EXCHANGED, SAME_WORK, OTHER_WORK, MEAN)
    rows = material(corpus).rows()
    assert [row.kind for row in rows] == list(KINDS)
    assert f"{len(material(corpus).training)} windows of the training split" in rows[2].what
