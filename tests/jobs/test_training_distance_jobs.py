"""The distance of a recording from the training set as a job: what it is asked, what it leaves in the store."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import paths
from analysis.clips.recordings import keep_recording
from analysis.clips.training_distance import read_distance
from analysis.datasets.audio import Waveform
from analysis.datasets.piece import Corpus
from analysis.errors import ConfigError, CorpusError
from analysis.jobs.job import Job
from analysis.jobs.kinds import training_distance as kind
from analysis.jobs.kinds.kind import Page
from analysis.models.checkpoint import Checkpoint, open_checkpoint
from analysis.run import RunContext
from analysis.store import StoreError, open_store


@pytest.fixture
def trained(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_checkpoint: Callable[[str], Checkpoint],
    corpus: Corpus,
) -> Checkpoint:
    """A checkpoint that says it was trained on the tiny corpus."""
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path / "cache"))
    folder = tmp_path / "trained"
    folder.mkdir()
    for file in make_checkpoint("D0").path.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    config = json.loads((folder / "config.json").read_text())
    config["training"] |= {"corpus": corpus.name, "corpus_sha256": corpus.sha256}
    (folder / "config.json").write_text(json.dumps(config))
    return open_checkpoint(folder)


def request_of(checkpoint: Checkpoint, corpus: Path) -> dict[str, Any]:
    samples = np.random.default_rng(2).normal(0, 0.1, 96_000).astype(np.float32)
    return {
        "checkpoint": str(checkpoint.path),
        "clip": keep_recording(open_store(), Waveform(samples, 24_000, "a.wav", "0" * 64)),
        "corpus": str(corpus),
    }


def test_it_stores_the_distance(trained: Checkpoint, corpus_folder: Path) -> None:
    request = request_of(trained, corpus_folder)
    document = kind.training_distance(request, RunContext())
    distance = read_distance(open_store(), document["store_key"])
    assert distance is not None
    assert (distance.corpus, distance.n_windows) == ("tiny corpus", 1)
    assert kind.memory(request, "cpu") > 0


def test_the_corpus_is_found_by_its_contents(trained: Checkpoint, make_checkpoint: Any, corpus_folder: Path) -> None:
    folder = str(corpus_folder)
    assert kind.corpus_at_hand(trained, open_store(), ["/nowhere", folder]) == folder
    assert kind.corpus_at_hand(trained, open_store(), ["/nowhere"]) is None
    assert kind.corpus_at_hand(make_checkpoint("D0"), open_store(), [folder]) is None  # it does not say on what


def test_another_corpus_a_lost_recording_and_other_requests_are_refused(
    trained: Checkpoint, make_checkpoint: Any, corpus_folder: Path
) -> None:
    with pytest.raises(CorpusError, match="was trained on another corpus"):
        kind.training_distance(request_of(make_checkpoint("D0"), corpus_folder), RunContext())
    with pytest.raises(StoreError, match="left the store"):
        kind.training_distance(request_of(trained, corpus_folder) | {"clip": "0" * 64}, RunContext())
    for wrong in ({"checkpoint": "a"}, {"checkpoint": "a", "clip": 1, "corpus": "b"}):
        with pytest.raises(ConfigError, match=r"holds checkpoint \(a name\), clip"):
            kind.DistanceRequest.of(wrong)


def test_its_page_is_that_of_the_clip() -> None:
    job = Job("x", "training_distance", '{"checkpoint": "/runs/a", "clip": "k", "corpus": "full"}', "cpu", 0, "done", 0.0)
    assert kind.page(job) == Page("clip", {"checkpoint": "a", "clip": "k"})
