"""Which recording the clip page shows: uploads and what belongs to them, kept in the store and named in the address."""

import io

import numpy as np
import pretty_midi
import pytest
import soundfile

from analysis.clips.recordings import keep_recording, read_recording
from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.store import open_store
from app.components.clip import page as clip_page
from app.components.clip.picker import UPLOAD
from tests.app.clip_pages import Desk, Remembered, a_clip, wav, with_clip
from tests.tiny import build_narrow

SILENT, SHORT = np.zeros(48_000), 0.1 * np.sin(np.arange(2400))
BAD = {"text": b"this is no recording", "silent": wav(SILENT), "short": wav(SHORT)}
HANGING = b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\x09\0\x90\x3c\x50\x83\x60\xff\x2f\0"
NOTES = b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\x0d\0\x90\x3c\x50\x83\x60\x80\x3c\x40\0\xff\x2f\0"


@pytest.fixture(scope="module")
def reverse(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tmp_path_factory.mktemp("checkpoints") / "reverse"
    described = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": ""}
    return save_checkpoint(folder, build_narrow("d4-a4r"), arm="d4-a4r", scale="small", **described)


@pytest.fixture
def desk(monkeypatch) -> Desk:
    return Desk(monkeypatch)


@pytest.fixture(scope="module")
def remembered() -> Remembered:
    return Remembered()


@pytest.fixture
def app(monkeypatch, reverse, rng, tmp_path, desk, open_page, remembered):
    """The clip page with one checkpoint and one demo clip that needs no rendering."""
    with_clip(monkeypatch, tmp_path, reverse, a_clip(rng, seconds=6.0))
    return remembered.open(open_page)


def sound(rng) -> bytes:
    return wav(rng.normal(0, 0.1, 48_000))


def uploading(app, *files):
    app.selectbox[0].set_value(UPLOAD).run()
    app.file_uploader[0].set_value(list(files)).run()
    assert not app.exception
    return app


def test_the_answer_stands_beside_its_controls(app) -> None:
    answer = app.header[0].value
    assert " spreads each query over " in answer
    assert "of 188 A4 tokens (untrained twin:" in answer or "CNN tokens (untrained twin:" in answer
    assert "uniform: 188; n = 282 queries in 2 windows)" in answer
    footer = app.caption[-1].value
    for fact in ("checkpoint: reverse (", "clip: Demo.wav (", "windows: 2 windows of 4 s", "device: cpu", "seed 3"):
        assert fact in footer


def test_layer_and_head_change_what_they_name(app, desk) -> None:
    app.button_group[0].set_value(0).run()
    app.button_group[1].set_value(3).run()
    assert app.header[0].value.startswith("A4 cross-attention, head 3 spreads each query over")
    assert (desk.last.layers.layer, desk.last.layers.head) == (0, 3)
    assert "0.3" in desk.lane("attention")["sets"]
    assert not app.exception


def test_the_most_concentrated_head_is_looked_at_first(app, desk) -> None:
    chosen = desk.last.layers
    widths = []
    for layer in chosen.layers:
        app.button_group[0].set_value(layer).run()
        for head in (1, 5):
            app.button_group[1].set_value(head).run()
            widths.append(float(app.header[0].value.split("query over ")[1].split(" of ")[0]))
    app.button_group[0].set_value(chosen.layer).run()
    app.button_group[1].set_value(chosen.head).run()
    first = float(app.header[0].value.split("query over ")[1].split(" of ")[0])
    assert first <= min(widths)


def test_at_most_seven_controls_are_in_view(app) -> None:
    folded = sum(len(tab.selectbox) + len(tab.button_group) for tab in app.tabs)  # of the questions, below the desk
    assert len(app.selectbox) + len(app.button_group) + len(app.slider) - folded <= 7


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_upload_keeps_what_was_there(app, desk, kind) -> None:
    app.button_group[1].set_value(5).run()
    before, answer = desk.last.tiles, app.header[0].value
    app.selectbox[0].set_value(UPLOAD).run()
    assert desk.last.tiles == before
    app.file_uploader[0].set_value([(f"{kind}.wav", BAD[kind], "audio/wav")]).run()
    assert not app.exception
    (error,) = app.error
    assert f"{kind}.wav" in error.value
    assert any("the page shows Demo.wav" in caption.value for caption in app.caption)
    assert desk.last.tiles == before
    assert app.header[0].value == answer
    assert app.button_group[1].value == 5


def test_a_good_upload_is_named_by_its_hash_and_comes_back_in_another_session(app, desk, rng, open_page) -> None:
    uploading(app, ("mine.wav", sound(rng), "audio/wav"))
    assert "clip: mine.wav (" in app.caption[-1].value
    key = app.query_params["clip"]
    assert read_recording(open_store(), key) is not None
    assert desk.last.clip == key
    other = open_page("views/clip.py", clip=key)
    assert "clip: mine.wav (" in other.caption[-1].value
    assert desk.last.clip == key
    assert "mine.wav" in other.selectbox[0].options


def test_the_last_recordings_stay_at_hand(app, rng) -> None:
    uploading(app, ("first.wav", sound(rng), "audio/wav"))
    uploading(app, ("second.wav", sound(rng), "audio/wav"), ("third.wav", sound(rng), "audio/wav"))
    assert "clip: second.wav (" in app.caption[-1].value  # the first of those that came together
    assert [name for name in app.selectbox[0].options if name.endswith(".wav")] == ["third.wav", "second.wav", "first.wav"]


def test_recordings_of_an_earlier_session_come_back_by_the_keys_that_the_browser_keeps(
    app, desk, rng, open_page, monkeypatch
) -> None:
    uploading(app, ("mine.wav", sound(rng), "audio/wav"))
    key = app.query_params["clip"]
    assert list(desk.last.recent) == [key]
    later = open_page("views/clip.py")
    assert "mine.wav" not in later.selectbox[0].options  # nor anybody else's who does not know its key
    monkeypatch.setattr(clip_page, "recent_of", lambda _: ["f" * 64, "../mine", key])
    monkeypatch.setattr(clip_page, "show", lambda _key, _sent, _place, _lanes, recent_told: recent_told())
    later.run()
    later.run()
    assert not later.exception
    assert [name for name in later.selectbox[0].options if name.endswith(".wav")] == ["mine.wav"]
    beside = next(box for box in later.selectbox if box.label == "Compare with")
    assert "Recording: mine.wav" in beside.options


def test_a_part_of_a_recording_that_is_too_long_can_be_read(app, rng) -> None:
    file = io.BytesIO()
    soundfile.write(file, rng.normal(0, 0.1, 601 * 2_000), 2_000, format="WAV")
    uploading(app, ("long.wav", file.getvalue(), "audio/wav"))
    assert "long.wav" in app.error[0].value
    app.number_input[0].set_value(600.0)
    next(button for button in app.button if button.label == "Read this part").click()
    app.run()
    assert not app.exception
    assert "clip: long.wav from 10 min (" in app.caption[-1].value
    assert ", 1.0 s" in app.caption[-1].value


@pytest.mark.parametrize("source", [b"no sound", b"RIFF"])
def test_of_what_is_no_recording_no_part_is_offered(app, source) -> None:
    uploading(app, ("mine.wav", source, "audio/wav"))
    assert "mine.wav" in app.error[0].value
    assert not any(button.label == "Read this part" for button in app.button)


def test_the_desk_plays_what_was_read_of_a_file(app, desk, rng) -> None:
    file = io.BytesIO()
    soundfile.write(file, rng.normal(0, 0.1, 48_000), 24_000, format="AIFF")
    uploading(app, ("mine.aiff", file.getvalue()[:-48_000], "audio/aiff"))
    assert any("is cut off or damaged: 1.0 s of the 2.0 s" in warning.value for warning in app.warning)
    assert soundfile.info(io.BytesIO(desk.last.sound)).duration == 1.0


def test_notes_come_with_a_recording_and_are_named_in_the_address(app, desk, rng, open_page) -> None:
    uploading(app, ("mine.mid", NOTES, "audio/midi"), ("mine.wav", sound(rng), "audio/wav"))
    assert "notes" in desk.lanes
    address = {name: app.query_params[name] for name in ("clip", "with")}
    open_page("views/clip.py", **address)
    assert "notes" in desk.lanes
    open_page("views/clip.py", clip=address["clip"])
    assert "notes" not in desk.lanes


def test_annotations_may_follow_later(app, desk, rng) -> None:
    uploading(app, ("mine.wav", sound(rng), "audio/wav"))
    app.file_uploader[0].set_value([("beats.lab", b"0.5\t1\n1.0\t2\n", "text/plain")]).run()
    next(button for button in app.button if button.label == "Add").click()
    app.run()
    assert not app.exception
    assert desk.lane("marks_1")["title"] == "beats"
    assert "clip: mine.wav (" in app.caption[-1].value
    app.selectbox[0].set_value("Demo").run()
    assert "marks_1" not in desk.lanes
    app.selectbox[0].set_value(app.selectbox[0].options[1]).run()
    assert "marks_1" in desk.lanes  # what was added stays with its recording


def test_a_midi_file_without_notes_keeps_the_audio(app, desk, rng) -> None:
    empty = io.BytesIO()
    pretty_midi.PrettyMIDI().write(empty)
    uploading(app, ("mine.wav", sound(rng), "audio/wav"), ("empty.mid", empty.getvalue(), "audio/midi"))
    assert any("empty.mid has no pitched notes" in warning.value for warning in app.warning)
    assert desk.lanes[:2] == ["waveform", "log_mel"]
    assert "notes" not in desk.lanes
    assert "clip: mine.wav (" in app.caption[-1].value


def test_what_is_odd_about_a_midi_file_is_said_beside_its_notes(app, desk, rng) -> None:
    uploading(app, ("mine.wav", sound(rng), "audio/wav"), ("mine.mid", HANGING, "audio/midi"))
    assert not app.error
    assert any(warning.value.startswith("mine.mid never ends 1 note") for warning in app.warning)


def test_midi_alone_belongs_to_no_recording(app) -> None:
    uploading(app, ("mine.mid", NOTES, "audio/midi"))
    assert any("belong to a recording" in box.value for box in app.info)


def test_a_recording_of_the_store_is_read_at_the_rate_of_the_model(app, desk, rng, open_page) -> None:
    other = a_clip(rng, "low.wav", rate=16_000)
    key = keep_recording(open_store(), other.waveform)
    opened = open_page("views/clip.py", clip=key)
    assert not opened.exception
    assert " spreads each query over " in opened.header[0].value
    assert soundfile.info(io.BytesIO(desk.last.sound)).samplerate == 16_000
