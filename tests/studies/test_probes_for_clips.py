"""Probes for the clip desk, fitted to a tiny corpus; and the job that fits them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from analysis import paths
from analysis.clips.probes import probes_key, read_probes
from analysis.datasets.piece import Corpus
from analysis.errors import ConfigError, CorpusError
from analysis.jobs.job import Job
from analysis.jobs.kinds import clip_probes as kind
from analysis.jobs.kinds.kind import Page
from analysis.models.checkpoint import Checkpoint, open_checkpoint
from analysis.readings.embeddings import list_windows
from analysis.readings.layer_means import layer_means
from analysis.readings.study_run import StudyRun
from analysis.run import RunContext
from analysis.store import Store, open_store
from analysis.studies.probes.features import window_features
from analysis.studies.probes.for_clips import clip_probes


def of_corpus(checkpoint: Checkpoint, corpus: Corpus) -> Checkpoint:
    return replace(checkpoint, training=checkpoint.training | {"corpus_sha256": corpus.sha256})


def test_every_layer_and_the_twin_have_probes_with_their_scores(
    make_checkpoint: Callable[[str], Checkpoint], corpus: Corpus, tmp_path: Path
) -> None:
    checkpoint = of_corpus(make_checkpoint("D0"), corpus)
    study_run = StudyRun({checkpoint.name: checkpoint}, corpus, torch.device("cpu"), Store(tmp_path))
    made = clip_probes(study_run, checkpoint)
    groups = [{piece.group for piece in corpus.pieces if (piece.split == "train") is fits} for fits in (True, False)]
    assert (made.corpus, made.n_fitted, made.n_held_out) == (corpus.name, *map(len, groups))
    taps = {probe.words.tap for probe in made.trained}
    assert taps == {probe.words.tap for probe in made.untrained}
    assert "audio.block.1" in taps
    for probe, twin in made.at("audio.block.1"):
        assert twin is not None
        assert (probe.words.task, probe.words.outputs) == (twin.words.task, twin.words.outputs)
        assert probe.weights.shape == twin.weights.shape == (32, len(probe.words.outputs))
    assert {probe.words.task for probe in made.trained} >= {"chroma histogram", "spectral centroid"}


def test_the_score_is_that_of_what_is_read_in_held_out_works(
    make_checkpoint: Callable[[str], Checkpoint], corpus: Corpus, tmp_path: Path
) -> None:
    checkpoint = of_corpus(make_checkpoint("D0"), corpus)
    study_run = StudyRun({checkpoint.name: checkpoint}, corpus, torch.device("cpu"), Store(tmp_path))
    (probe,) = (p for p, _ in clip_probes(study_run, checkpoint).at("audio.block.2") if p.words.task == "spectral centroid")
    held_out = [window for split in ("validation", "test") for window in list_windows(study_run, split, 8)]
    rows = layer_means(study_run, checkpoint, held_out, "trained", "audio", ["audio.block.2"])["audio.block.2"]
    truth = window_features(study_run, held_out).sound.spectral_centroid
    gone = np.square(truth - probe.read(rows)).sum() / np.square(truth - truth.mean()).sum()
    assert probe.words.r2 == pytest.approx(1 - gone, rel=1e-6)
    assert probe.words.r2 <= 1.0


def test_another_corpus_is_refused(make_checkpoint: Callable[[str], Checkpoint], corpus: Corpus, tmp_path: Path) -> None:
    checkpoint = make_checkpoint("D0")
    study_run = StudyRun({checkpoint.name: checkpoint}, corpus, torch.device("cpu"), Store(tmp_path))
    with pytest.raises(CorpusError, match="was trained on another corpus"):
        clip_probes(study_run, checkpoint)


def test_the_job_stores_them_once(
    make_checkpoint: Callable[[str], Checkpoint], corpus: Corpus, corpus_folder: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path / "cache"))
    folder = tmp_path / "trained"
    folder.mkdir()
    for file in make_checkpoint("D0").path.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    config = json.loads((folder / "config.json").read_text())
    config["training"] |= {"corpus": corpus.name, "corpus_sha256": corpus.sha256}
    (folder / "config.json").write_text(json.dumps(config))
    request = {"checkpoint": str(folder), "corpus": str(corpus_folder)}
    document = kind.clip_probes(request, RunContext())
    assert document["store_key"] == probes_key(open_checkpoint(folder), "cpu")
    assert read_probes(open_store(), document["store_key"]) is not None
    monkeypatch.setattr("analysis.studies.probes.for_clips.clip_probes", None)
    assert kind.clip_probes(request, RunContext()) == document  # nothing is fitted twice
    assert kind.memory(request, "cpu") > 0


def test_a_request_and_the_page_it_leads_to() -> None:
    for wrong in ({"checkpoint": "a"}, {"checkpoint": "a", "corpus": 1}):
        with pytest.raises(ConfigError, match=r"holds checkpoint \(a name\) and corpus"):
            kind.CorpusRequest.of(wrong)
    job = Job("x", "clip_probes", '{"checkpoint": "/runs/a", "corpus": "full"}', "cpu", 0, "done", 0.0)
    assert kind.page(job) == Page("clip", {"checkpoint": "a"})
