"""The clip page: what is read here, what reading takes, the job, what it leaves in the store, and the way back to it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from analysis.clips import cost as clip_cost
from analysis.clips.recordings import keep_recording
from analysis.datasets.audio import Waveform
from analysis.jobs.kinds import clip as clips
from analysis.models.checkpoint import save_checkpoint
from analysis.run import RunContext
from analysis.store import open_store
from app import caching
from app.components.clip.picker import UPLOAD
from app.components.clip.recordings import Clip
from tests.app.clip_pages import Desk, a_clip, with_clip
from tests.tiny import build_narrow

HEARD = ["waveform", "log_mel", "constant_q"]
READ = [*HEARD, "received", "attention", "similarity", "novelty", "descriptor_a4"]
OFFER = "Read the recording"


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints") / "one"
    described: dict[str, Any] = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": ""}
    return save_checkpoint(folder, build_narrow("d4-a4r"), arm="d4-a4r", scale="small", **described)


@pytest.fixture
def desk(monkeypatch) -> Desk:
    return Desk(monkeypatch)


@pytest.fixture
def demo(monkeypatch, one, rng, queue, tmp_path, desk) -> Clip:
    """One demo clip that is too long for the page, and a queue that runs nothing."""
    clip = a_clip(rng)
    with_clip(monkeypatch, tmp_path, one, clip)
    monkeypatch.setattr(clip_cost, "SHORT_S", 0.0)
    monkeypatch.setattr(clips, "submit_clip", submit)  # what is given to it is checked, and this is no real queue
    return clip


def submit(queue: Any, checkpoint: str, waveform: Waveform, overlap: str) -> str:
    return queue.submit("clip", asked(keep_recording(open_store(), waveform), checkpoint, overlap))


def reading(labels: list[str]) -> list[str]:
    """Buttons that have to do with reading the recording, not with questions about it."""
    return [label for label in labels if label != "Answer this"]


def asked(clip: str, checkpoint: str = "one", overlap: str = "none") -> dict[str, Any]:
    return {"checkpoint": checkpoint, "clip": clip, "twin": True, "overlap": overlap}


def read_by_a_worker(queue, job_id: str, **changes: Any) -> None:
    """What the worker does with a job."""
    document = clips.clip(queue.jobs[job_id].request | changes, RunContext())
    queue.jobs[job_id] = replace(queue.jobs[job_id], state="done", document_json=json.dumps(document))


def test_a_long_clip_is_heard_and_its_reading_is_offered(demo, desk, open_page, labels):
    app = open_page("views/clip.py")
    assert desk.lanes == HEARD
    assert any("one and its untrained twin take a few seconds to read 5.0 s on two cores: less " in m.value for m in app.markdown)
    assert reading(labels(app)) == [OFFER]
    assert not app.header


def test_a_short_clip_is_read_by_the_page_and_its_twin_after_it_was_drawn(demo, desk, queue, open_page, labels, monkeypatch):
    monkeypatch.setattr(clip_cost, "SHORT_S", 2.5)
    app = open_page("views/clip.py")
    assert desk.lanes == READ
    assert [len(lane["sets"]["1.0"]["series"]) for lane in (desk.lane("received"),)] == [2]  # the model and its twin
    first = json.loads(desk.sent[0].tiles[8 : 8 + int.from_bytes(desk.sent[0].tiles[4:8], "little")])
    assert len(next(lane for lane in first["lanes"] if lane["id"] == "received")["sets"]["1.0"]["series"]) == 1
    assert reading(labels(app)) == []
    assert queue.jobs == {}


def test_reading_is_a_job_that_the_address_leads_back_to(demo, desk, one, queue, open_page, press, labels, ran):
    app = press(open_page("views/clip.py"), OFFER)
    assert queue.jobs["job1"].kind == "clip"
    assert queue.jobs["job1"].request == asked(demo.key)
    assert app.query_params["job"] == "job1"
    assert reading(labels(app)) == ["Cancel"]
    assert "**Clip** of one on Demo.wav" in [text.value for text in app.markdown]
    again = open_page("views/clip.py", clip="Demo", checkpoint="one", job="job1")
    assert reading(labels(again)) == ["Cancel"]
    read_by_a_worker(queue, "job1")
    for page in (ran(app), open_page("views/clip.py", clip="Demo", checkpoint="one", job="job1")):
        assert reading(labels(page)) == []
        assert desk.lanes == READ
        assert " spreads each query over " in page.header[0].value
        assert "device: cpu" in page.caption[-1].value


def test_the_numbers_are_those_that_a_page_would_have_computed(demo, queue, open_page, press, ran, monkeypatch):
    app = press(open_page("views/clip.py"), OFFER)
    read_by_a_worker(queue, "job1")
    by_worker = ran(app).header[0].value
    monkeypatch.setattr(clip_cost, "SHORT_S", 60.0)
    open_store().clear()
    caching._read().clear()
    assert open_page("views/clip.py").header[0].value == by_worker


def test_pictures_are_shown_while_the_twin_is_still_read(demo, desk, queue, open_page, press, labels, ran):
    app = press(open_page("views/clip.py"), OFFER)
    clips.clip(queue.jobs["job1"].request | {"twin": False}, RunContext())
    ran(app)
    assert reading(labels(app)) == ["Cancel"]
    assert desk.lanes == READ
    assert "(untrained twin: yet to be read; uniform:" in app.header[0].value


def test_an_overlap_is_another_reading(demo, desk, queue, open_page, press):
    app = press(open_page("views/clip.py", overlap="half"), OFFER)
    assert queue.jobs["job1"].request == asked(demo.key, overlap="half")
    read_by_a_worker(queue, "job1")
    assert app.run()
    assert [span.start_s for span in desk.last.windows] == [0.0, 2.0]
    assert desk.last.windows[1].padded_from_s == 5.0


@pytest.mark.parametrize("address", [{"clip": UPLOAD}, {}])
def test_an_uploaded_recording_comes_back_from_the_store(demo, desk, queue, rng, open_page, labels, ran, address):
    mine = a_clip(rng, "mine.wav")
    key = keep_recording(open_store(), mine.waveform)
    queue.add("running", "clip", asked(key))
    app = open_page("views/clip.py", **({"clip": key} if address else {"job": "job1"}))
    assert "clip: mine.wav (" in app.caption[-1].value
    assert desk.last.clip == key
    app.selectbox[0].set_value("Demo")
    ran(app)
    assert "clip: Demo.wav (" in app.caption[-1].value
    assert "job" not in app.query_params
    assert reading(labels(app)) == [OFFER]


def test_a_job_from_the_drawer_is_shown_in_place_of_the_clip_that_is_chosen(demo, queue, rng, open_page, ways):
    key = keep_recording(open_store(), a_clip(rng, "mine.wav").waveform)
    queue.add("done", "clip", asked(key), seconds=1.0)
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
        ("cancelled", "Reading was cancelled.", OFFER),
        ("failed", "The memory ran out.", "Try again"),
        ("done", "the store does not hold it", OFFER),
    ],
)
def test_a_job_that_left_nothing_says_why(demo, queue, open_page, labels, state, said, label):
    queue.add(state, "clip", asked(demo.key), message="The memory ran out.")
    app = open_page("views/clip.py", clip="Demo", job="job1")
    assert said in "".join(box.value for box in [*app.warning, *app.error])
    assert reading(labels(app)) == [label]


def test_a_recording_that_left_the_store_is_said(demo, queue, open_page):
    app = open_page("views/clip.py", clip="0" * 64)
    assert "which is not here" in app.info[0].value
    assert "clip: Demo.wav (" in app.caption[-1].value


def test_a_forgotten_job_is_said(demo, queue, open_page, labels):
    app = open_page("views/clip.py", clip="Demo", job="gone")
    assert app.info[0].value == 'The link names "gone", which is not here.'
    assert reading(labels(app)) == [OFFER]


def test_what_the_store_does_not_take_is_said(demo, queue, open_page, press, monkeypatch):
    monkeypatch.setenv("OTOSCOPE_STORE_BYTES", "4000")
    app = press(open_page("views/clip.py"), OFFER)
    assert "Raise OTOSCOPE" in app.error[0].value.replace("\\", "")
    assert queue.jobs == {}


def test_names_are_data(demo, queue, rng, open_page, evil, obeyed):
    key = keep_recording(open_store(), a_clip(rng, evil).waveform)
    queue.add("running", "clip", asked(key))
    app = open_page("views/clip.py", job="job1")
    shown = "".join(str(text.value) for text in [*app.markdown, *app.caption])
    assert shown.count("alert(1)") >= 2
    assert not obeyed(shown)


def test_another_configuration_of_the_same_weights_is_another_model(
    demo, desk, one, queue, open_page, press, labels, monkeypatch
):
    press(open_page("views/clip.py"), OFFER)
    read_by_a_worker(queue, "job1")
    open_page("views/clip.py")
    assert desk.lanes == READ
    other = replace(one, config={**one.config, "dropout": 0.3})
    monkeypatch.setattr(caching, "checkpoints", lambda: [other])
    assert reading(labels(open_page("views/clip.py"))) == [OFFER]
    assert caching.model(one) is caching.model(one)
    assert caching.model(one) is not caching.model(other)


def test_a_model_is_drawn_beside_its_twin_in_the_same_colours(demo, desk, queue, open_page, press):
    app = press(open_page("views/clip.py", beside="untrained twin", layer="1", head="2"), OFFER)
    read_by_a_worker(queue, "job1")
    app.run()
    beside = ["attention", "attention_beside", "similarity", "similarity_beside", "similarity_difference"]
    assert [lane for lane in desk.lanes if lane in beside] == beside
    ours, its = (desk.lane(name)["sets"]["1.2"]["high"] for name in beside[:2])
    assert ours == its
    assert desk.lane("attention_beside")["side"] == "untrained twin"
