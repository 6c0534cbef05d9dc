"""Notes beside a recording on the clip page: a warning where they do not fit, and lanes of how they agree."""

import io
from dataclasses import replace

import numpy as np
import pretty_midi
import pytest

from analysis.clips.companions import Companions
from analysis.datasets.midi import Notes
from app.components.clip.picker import UPLOAD
from tests.app.clip_pages import Desk, Remembered, a_clip, wav, with_clip
from tests.measures.test_note_fit import late, played, sound

SECONDS = 9.0


@pytest.fixture
def desk(monkeypatch) -> Desk:
    return Desk(monkeypatch)


@pytest.fixture(scope="module")
def remembered() -> Remembered:
    return Remembered()


@pytest.fixture
def app(monkeypatch, make_checkpoint, rng, tmp_path, desk, open_page, remembered):
    """The clip page; the notes of its demo clip have nothing to do with its sound."""
    clip = replace(a_clip(rng, seconds=SECONDS), companions=Companions(played(rng, SECONDS)))
    with_clip(monkeypatch, tmp_path, make_checkpoint("D0"), clip)
    return remembered.open(open_page)


def midi(notes: Notes) -> bytes:
    file, written = io.BytesIO(), pretty_midi.PrettyMIDI()
    rows = zip(notes.onset_s, notes.offset_s, notes.pitch, strict=True)
    written.instruments.append(pretty_midi.Instrument(0))
    written.instruments[0].notes += [pretty_midi.Note(80, int(pitch), float(on), float(off)) for on, off, pitch in rows]
    written.write(file)
    return file.getvalue()


def uploaded(app, samples: np.ndarray, notes: Notes) -> list[str]:
    """Warnings after a recording and its MIDI were dropped."""
    app.selectbox[0].set_value(UPLOAD).run()
    files = [("mine.mid", midi(notes), "audio/midi"), ("mine.wav", wav(samples), "audio/wav")]
    app.file_uploader[0].set_value(files).run()
    assert not app.exception
    return [warning.value for warning in app.warning]


def test_a_demo_clip_has_the_lanes_and_never_a_warning(app, desk) -> None:
    assert desk.lanes[:6] == ["waveform", "log_mel", "constant_q", "notes", "note_fit", "own_notes"]
    assert [series["dashed"] for series in desk.lane("note_fit")["sets"][""]["series"]] == [False, True]
    names = [series["name"] for series in desk.lane("own_notes")["sets"][""]["series"]]
    assert names == ["its own notes", "notes of other windows, mean", "untrained twin, its own notes"]
    assert " of 3 windows (untrained twin: " in desk.lane("own_notes")["note"]
    assert not app.warning
    assert any("was trained on a corpus that is not named, which is not on this computer" in each.value for each in app.caption)


def test_notes_of_the_recording_are_taken_without_a_word(app, desk, rng) -> None:
    notes = played(rng, SECONDS)
    assert uploaded(app, sound(notes, rng, SECONDS), notes) == []
    assert "note_fit" in desk.lanes


def test_notes_that_are_late_are_noticed(app, rng) -> None:
    notes = played(rng, SECONDS)
    (warning,) = uploaded(app, sound(notes, rng, SECONDS), late(notes, 1.2))
    assert "seem to begin 1.2" in warning
    assert "late" in warning


def test_without_notes_there_is_nothing_to_agree(app, desk, rng) -> None:
    app.selectbox[0].set_value(UPLOAD).run()
    app.file_uploader[0].set_value([("mine.wav", wav(rng.normal(0, 0.1, 96_000)), "audio/wav")]).run()
    assert not {"notes", "note_fit", "own_notes"} & set(desk.lanes)
    assert not app.exception
