"""Every page opens, with nothing to show and with something."""

import io
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pretty_midi
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from analysis.datasets.audio import Waveform
from analysis.models.checkpoint import save_checkpoint
from analysis.models.dual_encoder import build_arm
from app import caching
from app.kit import controls

APP = Path(__file__).resolve().parents[2] / "app"
SCRIPTS = ["main.py", "views/checkpoints.py", "views/clip.py", "views/retrieval.py"]


def open_app(script):
    opened = AppTest.from_file(str(APP / script), default_timeout=300).run()
    assert not opened.exception
    return opened


@pytest.fixture(scope="module")
def reverse_arm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints") / "reverse"
    kept = {
        "training": {"seed": 3},
        "evaluation": {},
        "history": [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0}],
        "card": "",
    }
    return save_checkpoint(folder, build_arm("d4-a4r", "small", 0), arm="d4-a4r", scale="small", **kept)


@pytest.fixture
def study_run(monkeypatch, reverse_arm, rng):
    """The clip page with one checkpoint and one demo clip that needs no rendering."""
    state = {"demo": a_clip(rng, 6.0)}
    monkeypatch.setattr(caching, "checkpoints", lambda: [reverse_arm])
    monkeypatch.setattr(caching, "demo_clips", lambda: [SimpleNamespace(title="Demo")])
    monkeypatch.setattr(controls, "_shipped", lambda demo, sample_rate: state["demo"])
    return open_app("views/clip.py")


def a_clip(rng, seconds, name="Demo.wav"):
    samples = rng.normal(0, 0.1, round(seconds * 24_000)).astype(np.float32)
    return controls.Clip(Waveform(samples, 24_000, name, f"{name}-{seconds}".ljust(64, "0")), wav(samples))


def wav(samples):
    file = io.BytesIO()
    soundfile.write(file, samples, 24_000, format="WAV")
    return file.getvalue()


def figures(opened):
    return [json.loads(one.proto.spec) for one in opened.get("plotly_chart")]


def names_of_axes(opened):
    return [figure["layout"]["yaxis"]["title"]["text"] for figure in figures(opened)]


HEARD = ["amplitude (of 1)", "frequency (Hz)"]
ATTENDED = ["share of 1 per window", "query: A4 token time (s)", "time (s)", "band edges (Hz)"]


@pytest.mark.parametrize("script", SCRIPTS)
def test_without_a_checkpoint_a_sentence_says_what_to_do(monkeypatch, script):
    monkeypatch.setattr(caching, "checkpoints", list)
    monkeypatch.setattr(caching, "demo_clips", list)
    opened = open_app(script)
    assert "No checkpoint was found" in opened.info[0].value
    assert "Otoscope" in opened.main.caption[-1].value


@pytest.mark.parametrize("script", SCRIPTS)
def test_with_a_checkpoint_and_a_clip(monkeypatch, rng, script, reverse_arm):
    clip = a_clip(rng, 5.0)
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", str(reverse_arm.path.parent))  # where studies look it up by its name
    monkeypatch.setattr(caching, "checkpoints", lambda: [reverse_arm])
    monkeypatch.setattr(controls, "pick_clip", lambda: clip)
    opened = open_app(script)
    assert not opened.info
    assert not opened.error, opened.error[0].value


def test_the_answer_stands_beside_its_controls(study_run):
    answer = study_run.subheader[0].value
    assert answer.startswith("Layer 1, mean of 8 heads, spreads each query over")
    assert "of 188 A4 tokens (untrained twin:" in answer
    assert "uniform: 188; n = 282 queries in 2 windows)" in answer
    footer = study_run.caption[-1].value
    for fact in ("checkpoint: reverse (", "clip: Demo.wav (", "windows: 2 of 4 s", "dtype: float32", "device: cpu", "seed 3"):
        assert fact in footer


def test_layer_head_and_window_change_what_they_name(study_run):
    before = figures(study_run)
    study_run.button_group[0].set_value(0).run()
    assert names_of_axes(study_run) == [*HEARD, *ATTENDED]
    assert figures(study_run)[3]["layout"]["xaxis"]["title"]["text"] == "key: CNN token time (s)"
    study_run.button_group[1].set_value(3).run()
    assert study_run.subheader[0].value.startswith("A4 cross-attention, head 3 spreads each query over")
    study_run.slider[0].set_value(2).run()
    after = figures(study_run)
    assert after[3]["data"][0]["z"] != before[3]["data"][0]["z"]
    assert after[4]["data"][0]["z"] != before[4]["data"][0]["z"]
    band = next(shape for shape in after[0]["layout"]["shapes"] if shape["type"] == "rect")
    assert (band["x0"], band["x1"]) == (4, 6)
    assert not study_run.exception


def test_at_most_seven_controls_are_in_view(study_run):
    count = len(study_run.selectbox) + len(study_run.button_group) + len(study_run.slider)
    study_run.selectbox[0].set_value(controls.UPLOAD).run()
    assert count + len(study_run.file_uploader) <= 7


SILENT, SHORT = np.zeros(48_000), 0.1 * np.sin(np.arange(2400))
BAD = {"text": b"this is no recording", "silent": wav(SILENT), "short": wav(SHORT)}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_upload_keeps_what_was_there(study_run, kind):
    study_run.button_group[1].set_value(5).run()
    before, answer = figures(study_run), study_run.subheader[0].value
    study_run.selectbox[0].set_value(controls.UPLOAD).run()
    assert figures(study_run) == before
    study_run.file_uploader[0].set_value((f"{kind}.wav", BAD[kind], "audio/wav")).run()
    assert not study_run.exception
    (error,) = study_run.error
    assert f"{kind}.wav" in error.value
    assert any("the page shows Demo.wav" in one.value for one in study_run.caption)
    assert figures(study_run) == before
    assert study_run.subheader[0].value == answer
    assert study_run.button_group[1].value == 5


def test_a_good_upload_replaces_it_and_a_bad_one_after_it_does_not(study_run, rng):
    study_run.selectbox[0].set_value(controls.UPLOAD).run()
    sound = wav(rng.normal(0, 0.1, 48_000))
    study_run.file_uploader[0].set_value(("mine.wav", sound, "audio/wav")).run()
    assert "clip: mine.wav (" in study_run.caption[-1].value
    study_run.file_uploader[0].set_value(("text.wav", BAD["text"], "audio/wav")).run()
    assert any("the page shows mine.wav" in one.value for one in study_run.caption)
    assert "clip: mine.wav (" in study_run.caption[-1].value


def test_the_player_plays_what_was_read_of_a_file(study_run, rng, monkeypatch):
    played: list[bytes] = []
    monkeypatch.setattr("streamlit.audio", lambda data, **_: played.append(data))
    file = io.BytesIO()
    soundfile.write(file, rng.normal(0, 0.1, 48_000), 24_000, format="AIFF")
    study_run.selectbox[0].set_value(controls.UPLOAD).run()
    assert ".aiff" in study_run.file_uploader[0].allowed_type
    study_run.file_uploader[0].set_value(("mine.aiff", file.getvalue()[:-48_000], "audio/aiff")).run()
    assert any("is cut off or damaged: 1.0 s of the 2.0 s" in one.value for one in study_run.warning)
    assert soundfile.info(io.BytesIO(played[-1])).duration == 1.0


def test_a_midi_file_without_notes_keeps_the_audio(study_run, rng):
    study_run.selectbox[0].set_value(controls.UPLOAD).run()
    empty = io.BytesIO()
    pretty_midi.PrettyMIDI().write(empty)
    study_run.file_uploader[0].set_value(("mine.wav", wav(rng.normal(0, 0.1, 48_000)), "audio/wav"))
    study_run.file_uploader[1].set_value(("empty.mid", empty.getvalue(), "audio/midi")).run()
    assert not study_run.exception
    (error,) = study_run.error
    assert "empty.mid has no pitched notes" in error.value
    assert "The recording is shown without notes." in error.value
    assert names_of_axes(study_run)[:2] == HEARD
    assert "clip: mine.wav (" in study_run.caption[-1].value


def test_what_is_odd_about_a_midi_file_is_said_beside_its_notes(study_run, rng):
    study_run.selectbox[0].set_value(controls.UPLOAD).run()
    hanging = b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\x09\0\x90\x3c\x50\x83\x60\xff\x2f\0"
    study_run.file_uploader[0].set_value(("mine.wav", wav(rng.normal(0, 0.1, 48_000)), "audio/wav"))
    study_run.file_uploader[1].set_value(("mine.mid", hanging, "audio/midi")).run()
    assert not study_run.exception
    assert not study_run.error
    assert any(one.value.startswith("mine.mid never ends 1 note") for one in study_run.warning)
