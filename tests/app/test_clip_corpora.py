"""What the clip page asks of a corpus: probes of a checkpoint, and heads that follow the music over its works."""

from typing import Any

import numpy as np
import pytest

from analysis.clips.heads.corpus import corpus_heads_key
from analysis.clips.probes import ClipProbes, Probe, ProbeWords, probes_key, put_probes
from analysis.clips.questions.answer import Answer, put_answer
from analysis.jobs.kinds import clip_probes, corpus_heads
from analysis.models.checkpoint import Checkpoint
from analysis.store import open_store
from analysis.studies import listings
from app import caching
from app.components.clip import familiarity
from tests.app.clip_pages import Desk, a_clip, with_clip

PROBES, SHA256 = "What can a probe read here?", "c" * 64


@pytest.fixture
def desk(monkeypatch) -> Desk:
    return Desk(monkeypatch)


@pytest.fixture
def checkpoint(monkeypatch, make_checkpoint, rng, tmp_path, desk, queue) -> Checkpoint:
    """The small corpus is the one it was trained on; jobs are noted and run nothing."""
    opened = make_checkpoint("D0")
    with_clip(monkeypatch, tmp_path, opened, a_clip(rng, seconds=9.0))
    monkeypatch.setattr(familiarity, "training_corpus", lambda _question: "small")
    monkeypatch.setattr(listings, "known_corpus_sha256", lambda *_: SHA256)
    for kind, submit in ((clip_probes, "submit_probes"), (corpus_heads, "submit_corpus_heads")):

        def submitted(_queue: Any, checkpoint: str, corpus: str, name: str = kind.KIND.name) -> str:
            return queue.submit(name, {"checkpoint": checkpoint, "corpus": corpus})

        monkeypatch.setattr(kind, submit, submitted)
    return opened


def test_probes_are_fitted_by_a_job_and_then_are_lanes(checkpoint, desk, queue, open_page, press, labels) -> None:
    app = press(open_page("views/clip.py", layer="1"), PROBES)
    assert [(job.kind, job.request["corpus"]) for job in queue.jobs.values()] == [("clip_probes", "small")]
    assert PROBES not in labels(app)
    assert not any(lane.startswith("probe_") for lane in desk.lanes)
    width = checkpoint.model_config.audio_d_model
    words = ProbeWords("spectral centroid", "audio.block.1", ("Hz",), 1.0, 0.5, 0.4, 0.6, 0.0)
    probe = Probe(words, np.ones((width, 1)), np.zeros(1))
    put_probes(open_store(), probes_key(checkpoint, "cpu"), ClipProbes("small demo corpus", 9, 4, (probe,), (probe,)))
    app.run()
    assert not app.exception
    lane = desk.lane("probe_spectral_centroid")
    assert [series["name"] for series in lane["sets"]["1"]["series"]] == ["read by the probe", "as it is", "untrained twin"]
    assert lane["note"].startswith("R² 0.50 (0.40 to 0.60) on 4 held-out works; untrained twin: 0.50")
    assert any("Probes of the layer are lanes" in text.value for text in app.caption)


def test_heads_are_looked_for_over_a_corpus_and_marked_on_the_wall(checkpoint, desk, queue, open_page) -> None:
    app = open_page("views/clip.py")
    over = next(box for box in app.selectbox if box.label == "Over")
    over.set_value("small").run()
    next(button for button in app.button if button.label == "Answer this").click().run()
    assert not app.exception
    assert [(job.kind, job.request["corpus"]) for job in queue.jobs.values()] == [("corpus_heads", "small")]
    heads = tuple((layer, head) for layer in desk.head["wall"]["layers"] for head in desk.head["wall"]["heads"])
    answer = Answer("0.40 of lift.", columns=("head",), rows=(("1",),), scores={"onset-locked": np.ones(len(heads))}, heads=heads)
    put_answer(open_store(), corpus_heads_key(checkpoint, SHA256), answer)
    app.run()
    assert not app.exception
    assert any("0.40 of lift" in text.value for text in app.markdown)
    assert desk.head["wall"]["scoreName"].startswith("onset-locked")
    next(box for box in app.selectbox if box.label == "Over").set_value("this recording").run()
    assert desk.head["wall"]["scoreName"] == ""


def test_what_is_in_a_corpus_that_is_gone_is_not_known(checkpoint, desk, queue, open_page, monkeypatch) -> None:
    monkeypatch.setattr(listings, "known_corpus_sha256", lambda *_: None)
    app = open_page("views/clip.py")
    next(box for box in app.selectbox if box.label == "Over").set_value("full").run()
    assert not app.exception
    caching._read().clear()
