"""What a head does, on the clip page: questions are jobs, answers stand on the desk and beside their controls."""

import io
import json
from dataclasses import replace
from typing import Any

import pytest
import soundfile

from analysis.clips.companions import Companions
from analysis.clips.recordings import keep_recording
from analysis.datasets.midi import notes_from_rows
from analysis.jobs.kinds import clip_question
from analysis.models.arms import build_config
from analysis.models.checkpoint import save_checkpoint
from analysis.models.dual_encoder import build_model
from analysis.run import RunContext
from analysis.store import open_store
from tests.app.clip_pages import Desk, Remembered, a_clip, with_clip
from tests.tiny import NARROW

NOTES = notes_from_rows([(0.25 * i, 0.25 * i + 0.2, 48 + 7 * (i % 5), 80) for i in range(48)])


@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    config = replace(build_config("d4a4", "small"), **NARROW)
    described: dict[str, Any] = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": ""}
    return save_checkpoint(
        tmp_path_factory.mktemp("c") / "narrow", build_model(config, 1), arm="d4a4", scale="small", **described
    )


@pytest.fixture
def desk(monkeypatch) -> Desk:
    return Desk(monkeypatch)


@pytest.fixture(scope="module")
def remembered() -> Remembered:
    return Remembered()


@pytest.fixture
def app(monkeypatch, narrow, rng, tmp_path, desk, open_page, queue, remembered):
    clip = replace(a_clip(rng, seconds=12.0), companions=Companions(NOTES))
    with_clip(monkeypatch, tmp_path, narrow, clip)

    def submit(_queue: Any, checkpoint: str, waveform: Any, companions: tuple[str, str], question: Any, other: Any = None) -> str:
        from dataclasses import asdict

        if other is not None:
            keep_recording(open_store(), other)
        key = keep_recording(open_store(), waveform)
        request = asdict(clip_question.QuestionRequest(checkpoint, key, *companions, asdict(question)))
        return queue.submit("clip_question", request)

    monkeypatch.setattr(clip_question, "submit_question", submit)
    return remembered.open(open_page, layer="1", head="2")


def answered(app, queue, number: int):
    """Press the button of a tab, let a worker answer, and draw the page again."""
    [button for button in app.button if button.label == "Answer this"][number].click()
    app.run()
    assert not app.exception
    job_id, job = list(queue.jobs.items())[-1]
    document = clip_question.clip_question(job.request, RunContext())
    queue.jobs[job_id] = replace(job, state="done", document_json=json.dumps(document))
    app.run()
    assert not app.exception
    return app


def test_every_tab_asks_its_own_question(app) -> None:
    assert [tab.label for tab in app.tabs] == [
        "Which heads follow the music?", "What moves without this head?", "Where is a difference carried?",
        "Which bands and moments?", "What reaches each layer?", "Hear a part",
    ]  # fmt: skip
    assert [button.label for button in app.button].count("Answer this") == 5


def test_heads_that_follow_the_music_are_marked_on_the_wall(app, desk, queue) -> None:
    assert desk.head["wall"]["scoreName"] == ""
    answered(app, queue, 0)
    assert any("untrained twin:" in text.value and "of lift" in text.value for text in app.markdown)
    assert desk.head["wall"]["scoreName"].startswith("onset-locked")
    next(box for box in app.selectbox if box.label == "On the wall").set_value("repetition-aligned").run()
    assert desk.head["wall"]["scoreName"].startswith("repetition-aligned")


def test_a_head_is_taken_out(app, queue) -> None:
    answered(app, queue, 1)
    assert any("without layer 1, head 2" in text.value for text in app.markdown)
    table = app.dataframe[0].value
    assert table["without"].tolist()[0] == "layer 1, head 2"
    assert len(queue.jobs) == 1
    next(group for group in app.button_group if group.label == "Head").set_value(0).run()
    assert any("the mean of all cannot be taken out" in text.value for text in app.caption)


def test_a_head_is_replaced_by_what_it_adds_in_a_second_recording(app, queue, rng) -> None:
    how = next(group for group in app.button_group if group.label == "Replaced by")
    assert how.options[-1] == "another clip, which needs a second recording"
    how.set_value("another clip").run()
    assert any("choose a second recording under “Compare with”" in text.value for text in app.caption)
    assert [button.label for button in app.button].count("Answer this") == 4
    key = keep_recording(open_store(), a_clip(rng, "other.wav", seconds=9.0).waveform)
    app.query_params["beside"] = f"recording:{key}"
    app.run()
    next(group for group in app.button_group if group.label == "Replaced by").set_value("another clip")
    app.run()
    assert next(group for group in app.button_group if group.label == "Replaced by").options[-1] == "another clip"
    answered(app, queue, 1)
    assert app.dataframe[0].value["without"].tolist()[0] == "layer 1, head 2"
    words = "n = 3 windows of one recording"
    again = "in other.wav, window by window, from the first again after 2."
    assert any(words in text.value and again in text.value for text in app.caption)
    (job,) = queue.jobs.values()
    page = clip_question.page(job)
    assert page is not None
    assert page.parameters["beside"] == f"recording:{key}"


def test_a_patch_is_a_lane_beside_its_twin_and_its_pair_is_heard(app, desk, queue, shown_strips) -> None:
    answered(app, queue, 2)
    assert shown_strips.names == ["original", "altered"]
    assert {"answer_patch", "answer_beside_patch"} <= set(desk.lanes)
    assert desk.lane("answer_beside_patch")["side"] == "untrained twin"
    next(box for box in app.selectbox if box.label == "Change").set_value("tempo").run()
    assert "answer_patch" not in desk.lanes  # another question, which nobody has answered


def test_a_part_is_heard_in_four_ways(app, desk) -> None:
    assert desk.last.sounds is None
    box = next(box for box in app.selectbox if box.label == "Hear")
    box.set_value(box.options[3]).run()
    sounds = desk.sent[-1].sounds
    assert sounds is not None
    assert [variant.name for variant in sounds.variants] == ["original", "kept", "removed", "random"]
    about = soundfile.info(io.BytesIO(sounds.wav))
    assert (about.frames, about.channels, about.samplerate) == (12 * 24_000, 4, 24_000)
    assert any("Gains: original" in text.value for text in app.caption)
    assert app.query_params["hear"] == box.options[3]


def test_a_recording_without_notes_has_no_pair(monkeypatch, narrow, rng, tmp_path, desk, open_page, queue) -> None:
    with_clip(monkeypatch, tmp_path, narrow, a_clip(rng, seconds=12.0))
    app = open_page("views/clip.py", layer="1", head="2")
    assert any("A pair is made from notes" in text.value for text in app.caption)
    assert [button.label for button in app.button].count("Answer this") == 4
