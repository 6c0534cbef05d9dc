"""How far a recording lies from the training split, on a tiny corpus."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.clips.training_distance import (
    distance_key,
    put_distance,
    read_distance,
    sentence,
    training_distance,
)
from analysis.datasets.audio import Waveform
from analysis.datasets.piece import Corpus
from analysis.errors import CorpusError
from analysis.measures.nearest import Standing
from analysis.models.checkpoint import Checkpoint
from analysis.readings.study_run import StudyRun
from analysis.store import Store


@pytest.fixture
def trained(make_checkpoint, corpus: Corpus) -> Checkpoint:
    """A checkpoint that says it was trained on the tiny corpus."""
    checkpoint = make_checkpoint("D0")
    return replace(checkpoint, training=checkpoint.training | {"corpus_sha256": corpus.sha256})


@pytest.fixture
def study_run(trained: Checkpoint, corpus: Corpus, tmp_path) -> StudyRun:
    return StudyRun({trained.name: trained}, corpus, torch.device("cpu"), Store(tmp_path))


def of(samples: np.ndarray) -> Waveform:
    return Waveform(samples.astype(np.float32), 24_000, "mine.wav", "0" * 64)


def test_sound_of_the_training_split_is_nearer_than_a_tone(study_run: StudyRun, trained: Checkpoint, corpus: Corpus) -> None:
    heard = training_distance(study_run, trained, of(corpus.split("train")[0].waveform(0.0, 18.0, 24_000)))
    tone = training_distance(study_run, trained, of(0.1 * np.sin(np.arange(8 * 24_000) / 9)))
    assert (heard.n_windows, tone.n_windows) == (4, 2)  # the last window of 18 s is padded
    assert heard.standing.distance < tone.standing.distance
    assert (tone.standing.share, tone.standing.n_works) == (1.0, len({p.group for p in corpus.pieces if p.split != "train"}))
    assert tone.standing.distance > 2 * tone.standing.held_out
    assert heard.standing.share < 1.0


def test_a_corpus_it_was_not_trained_on_is_refused(study_run: StudyRun, make_checkpoint) -> None:
    with pytest.raises(CorpusError, match=r"was trained on another corpus \(SHA-256 None\) than tiny corpus"):
        training_distance(study_run, make_checkpoint("D0"), of(np.ones(96_000)))


def test_it_comes_back_from_the_store(study_run: StudyRun, trained: Checkpoint, tmp_path) -> None:
    store, key = Store(tmp_path), distance_key(trained, "a" * 64, "cpu")
    assert read_distance(store, key) is None
    distance = training_distance(study_run, trained, of(np.random.default_rng(1).normal(0, 0.1, 96_000)))
    put_distance(store, key, distance)
    assert read_distance(store, key) == distance
    assert distance_key(trained, "b" * 64, "cpu") != key


def test_the_sentence_names_its_control(study_run: StudyRun, trained: Checkpoint) -> None:
    distance = training_distance(study_run, trained, of(np.random.default_rng(1).normal(0, 0.1, 96_000)))
    stands = Standing(0.4, 0.25, 0.934, 0.81, 0.99, 0.1, 80, 11)
    assert sentence(replace(distance, standing=stands)) == (
        "Farther from the training set than 93% of windows of works it has not heard "
        "(0.400; theirs 0.250; 11 works, 95 % of resamples 81% to 99%)."
    )
    assert "resamples" not in sentence(replace(distance, standing=replace(stands, low=None, high=None)))
