"""A long clip on the clip page: what reading takes, the job, what it leaves in the store, and the way back to it."""

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st

from analysis import paths
from analysis.clips import cost as clip_cost
from analysis.clips.store import keep_recording, recording_key
from analysis.datasets.audio import Waveform
from analysis.jobs.kinds import clip as clips
from analysis.models.arms import build_config
from analysis.models.checkpoint import save_checkpoint
from analysis.models.dual_encoder import build_arm
from analysis.run import RunContext
from analysis.store import open_store
from app import answers, caching
from app.components import clip_job
from app.kit import controls
from app.kit import figures as figure_drawing

FIGURES_HEARD, FIGURES_READ = 2, 6  # waveform and spectrogram; then received, attention, self-similarity and A4


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints") / "one"
    described: dict[str, Any] = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": ""}
    return save_checkpoint(folder, build_arm("d4-a4r", "small", 0), arm="d4-a4r", scale="small", **described)


def a_clip(rng, name="Demo.wav") -> controls.Clip:
    samples = rng.normal(0, 0.1, 5 * 24_000).astype(np.float32)
    return controls.Clip(Waveform(samples, 24_000, name, name.ljust(64, "0")), caching.wav(samples, 24_000))


@pytest.fixture
def demo(monkeypatch, one, rng, queue, tmp_path) -> controls.Clip:
    """One checkpoint, one demo clip that is too long for the page, an empty store and a queue that runs nothing."""
    clip = a_clip(rng)
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", str(one.path.parent))
    monkeypatch.setattr(caching, "checkpoints", lambda: [one])
    monkeypatch.setattr(caching, "demo_clips", lambda: [SimpleNamespace(title="Demo")])
    monkeypatch.setattr(controls, "_shipped", lambda demo, sample_rate: clip)
    monkeypatch.setattr(clip_cost, "SHORT_S", 0.0)
    monkeypatch.setattr(clips, "submit_clip", submit)  # what is given to it is checked, and this is no real queue
    caching._read().clear()
    return clip


def submit(queue: Any, checkpoint: str, waveform: Waveform) -> str:
    return queue.submit("clip", {"checkpoint": checkpoint, "clip": keep_recording(open_store(), waveform), "twin": True})


def read_by_a_worker(queue, job_id: str, **changes: Any) -> None:
    """What the worker does with a job."""
    document = clips.clip(queue.jobs[job_id].request | changes, RunContext())
    queue.jobs[job_id] = replace(queue.jobs[job_id], state="done", document_json=json.dumps(document))


def figures(app) -> int:
    return len(app.get("plotly_chart"))


def test_a_long_clip_is_heard_and_its_reading_is_offered(demo, open_page, labels):
    app = open_page("views/clip.py")
    assert figures(app) == FIGURES_HEARD
    assert any(
        "one and its untrained twin take a few seconds at most to read 5.0 s on a CPU" in one.value for one in app.markdown
    )
    assert labels(app) == ["Read the attention"]
    assert not app.subheader


def test_what_draws_figures_is_loaded_only_while_there_is_nothing_to_draw(demo, open_page):
    waiting, drawn = open_page("views/clip.py", clip=controls.UPLOAD), open_page("views/clip.py", clip="Demo")
    (ahead,) = waiting.get("html")
    (name,) = re.findall(r"PlotlyChart\.[\w-]+\.js", ahead.proto.body)
    assert list(Path(st.__file__).parent.rglob(name))
    assert ahead.proto.unsafe_allow_javascript
    assert figures(waiting) == 0 < figures(drawn)
    assert not drawn.get("html")


def test_a_page_loaded_anew_says_where_the_upload_is(demo, open_page):
    assert (
        "What was uploaded is gone when the page is loaded anew" in open_page("views/clip.py", clip=controls.UPLOAD).info[0].value
    )


def test_a_release_without_that_file_loads_nothing(demo, open_page, monkeypatch):
    monkeypatch.setattr(figure_drawing, "_program", lambda: "")
    assert not open_page("views/clip.py", clip=controls.UPLOAD).get("html")


def test_a_short_clip_is_read_by_the_page(demo, queue, open_page, labels, monkeypatch):
    monkeypatch.setattr(clip_cost, "SHORT_S", 2.5)
    app = open_page("views/clip.py")
    assert figures(app) == FIGURES_READ
    assert labels(app) == []
    assert queue.jobs == {}


def test_reading_is_a_job_that_the_address_leads_back_to(demo, one, queue, open_page, press, labels, ran):
    app = press(open_page("views/clip.py"), "Read the attention")
    assert queue.jobs["job1"].kind == "clip"
    assert queue.jobs["job1"].request == {"checkpoint": "one", "clip": recording_key(demo.waveform), "twin": True}
    assert app.query_params["job"] == "job1"
    assert labels(app) == ["Cancel"]
    assert "**Clip** of one on Demo.wav" in [text.value for text in app.markdown]
    again = open_page("views/clip.py", clip="Demo", checkpoint="one", job="job1")
    assert labels(again) == ["Cancel"]
    read_by_a_worker(queue, "job1")
    for page in (ran(app), open_page("views/clip.py", clip="Demo", checkpoint="one", job="job1")):
        assert labels(page) == []
        assert figures(page) == FIGURES_READ
        assert page.subheader[0].value.startswith("Layer 1, mean of 8 heads, spreads each query over")
        assert "device: cpu" in page.caption[-1].value


def test_the_numbers_are_those_that_a_page_would_have_computed(demo, queue, open_page, press, ran, monkeypatch):
    app = press(open_page("views/clip.py"), "Read the attention")
    read_by_a_worker(queue, "job1")
    by_worker = ran(app).subheader[0].value
    monkeypatch.setattr(clip_cost, "SHORT_S", 60.0)
    open_store().clear()
    caching._read().clear()
    assert open_page("views/clip.py").subheader[0].value == by_worker


def test_pictures_are_shown_while_the_twin_is_still_read(demo, queue, open_page, press, labels, ran):
    app = press(open_page("views/clip.py"), "Read the attention")
    request = queue.jobs["job1"].request
    clips.clip(request | {"twin": False}, RunContext())
    ran(app)
    assert labels(app) == ["Cancel"]
    assert figures(app) == FIGURES_READ - 1  # attention received stands beside the twin's
    assert not app.subheader  # no number without its control


def test_an_uploaded_recording_comes_back_from_the_store(demo, one, queue, rng, open_page, labels, ran):
    mine = a_clip(rng, "mine.wav")
    key = keep_recording(open_store(), mine.waveform)
    queue.add("running", "clip", {"checkpoint": "one", "clip": key, "twin": True})
    for address in ({"clip": controls.UPLOAD}, {}):
        app = open_page("views/clip.py", job="job1", **address)
        assert any("the page shows mine.wav of the job in the address" in one.value for one in app.caption)
        assert "clip: mine.wav (" in app.caption[-1].value
        assert labels(app) == ["Cancel"]
    app.selectbox[0].set_value("Demo")
    ran(app)
    assert "clip: Demo.wav (" in app.caption[-1].value
    assert "job" not in app.query_params
    assert labels(app) == ["Read the attention"]


def test_a_job_from_the_drawer_is_shown_in_place_of_the_clip_that_is_chosen(demo, queue, rng, open_page, ways):
    key = keep_recording(open_store(), a_clip(rng, "mine.wav").waveform)
    queue.add("done", "clip", {"checkpoint": "one", "clip": key, "twin": True}, seconds=1.0)
    app = open_page("main.py")
    assert "one on mine.wav" in [str(text.value) for text in app.sidebar.caption]
    assert ways(app)[-1] == ("Open result", "clip", {"job": ["job1"]})
    app = open_page("views/clip.py", clip="Demo")
    app.query_params.clear()
    app.query_params["job"] = "job1"
    assert "clip: mine.wav (" in app.run().main.caption[-1].value


@pytest.mark.parametrize(
    ("state", "said", "label"),
    [
        ("cancelled", "Reading the attention was cancelled.", "Read the attention"),
        ("failed", "The memory ran out.", "Try again"),
        ("done", "the store does not hold it", "Read the attention"),
    ],
)
def test_a_job_that_left_nothing_says_why(demo, queue, open_page, labels, state, said, label):
    request = {"checkpoint": "one", "clip": recording_key(demo.waveform), "twin": True}
    queue.add(state, "clip", request, message="The memory ran out.")
    app = open_page("views/clip.py", clip="Demo", job="job1")
    assert said in "".join(one.value for one in [*app.warning, *app.error])
    assert labels(app) == [label]


def test_a_recording_that_left_the_store_is_said(demo, queue, open_page):
    queue.add("running", "clip", {"checkpoint": "one", "clip": "0" * 64, "twin": True})
    app = open_page("views/clip.py", job="job1")
    assert any("does not hold the recording of the job" in one.value for one in app.caption)
    assert "No clip is chosen" in app.info[0].value


def test_a_forgotten_job_is_said(demo, queue, open_page, labels):
    app = open_page("views/clip.py", clip="Demo", job="gone")
    assert app.info[0].value == 'The link names "gone", which is not here.'
    assert labels(app) == ["Read the attention"]


def test_what_the_store_does_not_take_is_said(demo, queue, open_page, press, monkeypatch):
    monkeypatch.setenv("OTOSCOPE_STORE_BYTES", "4000")
    app = press(open_page("views/clip.py"), "Read the attention")
    assert "Raise OTOSCOPE" in app.error[0].value.replace("\\", "")
    assert queue.jobs == {}


def test_names_are_data(demo, queue, rng, open_page, evil, obeyed):
    key = keep_recording(open_store(), a_clip(rng, evil).waveform)
    queue.add("running", "clip", {"checkpoint": "one", "clip": key, "twin": True})
    app = open_page("views/clip.py", job="job1")
    shown = "".join(str(one.value) for one in [*app.markdown, *app.caption])
    assert shown.count("alert(1)") >= 3
    assert not obeyed(shown)


def test_another_configuration_of_the_same_weights_is_another_model(demo, one, queue, open_page, press, labels, monkeypatch):
    press(open_page("views/clip.py"), "Read the attention")
    read_by_a_worker(queue, "job1")
    assert figures(open_page("views/clip.py")) == FIGURES_READ
    other = replace(one, config={**one.config, "dropout": 0.3})
    monkeypatch.setattr(caching, "checkpoints", lambda: [other])
    assert labels(open_page("views/clip.py")) == ["Read the attention"]
    assert caching.model(one) is caching.model(one)
    assert caching.model(one) is not caching.model(other)


def test_few_weights_with_large_activations_are_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(build_config("D0", "small"), n_samples=2**24, conv_strides=(2**6, 2**5, 2**4, 2**3))
    clip: Any = SimpleNamespace(waveform=SimpleNamespace(duration_s=30.0))
    checkpoint: Any = SimpleNamespace(model_config=config)
    asked: list[bool] = []
    monkeypatch.setattr(answers, "stored_use", lambda *_, **__: None)
    monkeypatch.setattr(clip_job, "_offer", lambda *_: asked.append(True))
    monkeypatch.setattr(clip_job, "_read_here", lambda *_, **__: pytest.fail("the page read it"))
    assert clip_job.clip_use(checkpoint, clip, twin=False) is None
    assert asked == [True]
