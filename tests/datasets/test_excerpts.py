"""A window rendered again is that window of the whole rendering; only what is changed differs."""

from pathlib import Path

import numpy as np
import pretty_midi
import pytest

from analysis.datasets.excerpts import cut_midi, render_excerpt
from analysis.datasets.midi import parse_midi
from analysis.datasets.piece import Piece
from analysis.datasets.rendering import render_midi
from analysis.datasets.segments import Segment
from analysis.errors import ConfigError

RATE = 24_000
WINDOW = 4 * RATE


@pytest.fixture
def piece(tmp_path: Path) -> Piece:
    """Notes of half a second from 0 to 10 s, then nothing before a last one at 22 s; a held A4 before that."""
    midi = pretty_midi.PrettyMIDI()
    piano = pretty_midi.Instrument(0)
    piano.notes += [pretty_midi.Note(80, 48 + 5 * i % 24, 0.5 * i, 0.5 * i + 0.4) for i in range(20)]
    piano.notes += [pretty_midi.Note(90, 69, 22.0, 26.0)]
    midi.instruments.append(piano)
    midi.write(str(tmp_path / "a.mid"))
    return Piece("a", "x", "a", "a", "test", 27.5, tmp_path / "a.wav", tmp_path / "a.mid")


def test_an_excerpt_is_the_window_of_the_whole_rendering(piece: Piece) -> None:
    whole = render_midi(parse_midi(piece.midi_file), sample_rate=RATE, program=0)
    for start_s in (0.0, 5.0):
        excerpt = render_excerpt(Segment(piece, start_s), RATE, conditions="clean")
        window = whole[int(start_s * RATE) :][:WINDOW]
        assert excerpt.shape == (WINDOW,)
        assert excerpt.dtype == np.float32
        assert np.corrcoef(excerpt, window)[0, 1] > 0.999


def _peak_hz(samples: np.ndarray) -> float:
    return float(np.abs(np.fft.rfft(samples * np.hanning(len(samples)))).argmax() / 4)


def test_semitones_move_the_pitch(piece: Piece) -> None:
    held = Segment(piece, 22.0)
    for semitones in (0, 3, 12, -12):
        heard = render_excerpt(held, RATE, conditions="clean", semitones=semitones)
        assert _peak_hz(heard) == pytest.approx(440 * 2 ** (semitones / 12), rel=0.01)


def test_nothing_but_the_pitch_differs(piece: Piece) -> None:
    silent, sounding = Segment(piece, 16.0), Segment(piece, 5.0)  # nothing sounds from 13 to 20 s: room and noise alone
    noise = render_excerpt(silent, RATE)
    assert noise.any()
    assert np.array_equal(render_excerpt(silent, RATE, semitones=7), noise)
    assert not np.array_equal(render_excerpt(Segment(piece, 17.0), RATE), noise)  # every window has its own
    plain = render_excerpt(sounding, RATE)
    assert np.array_equal(render_excerpt(sounding, RATE), plain)
    assert not np.allclose(render_excerpt(sounding, RATE, semitones=1), plain)
    assert not np.allclose(render_excerpt(sounding, RATE, other_font=True), plain)


def test_a_cut_keeps_what_sounds_and_how_the_controls_stand() -> None:
    midi = pretty_midi.PrettyMIDI()
    piano, drums = pretty_midi.Instrument(0), pretty_midi.Instrument(0, is_drum=True)
    piano.notes += [pretty_midi.Note(80, 60, 0, 3), pretty_midi.Note(80, 107, 3, 9), pretty_midi.Note(80, 62, 6, 7)]
    drums.notes += [pretty_midi.Note(80, 40, 3, 4)]
    piano.control_changes += [
        pretty_midi.ControlChange(64, value, time) for value, time in ((0, 0.5), (127, 1.0), (3, 2.5), (9, 6.5))
    ]
    midi.instruments += [piano, drums]
    cut = cut_midi(midi, 2.0, 6.0, 2)
    assert [(note.pitch, note.start, note.end) for note in cut.instruments[0].notes] == [(62, 0, 1), (97, 1, 4)]
    assert [note.pitch for note in cut.instruments[1].notes] == [40]
    assert [(one.value, one.time) for one in cut.instruments[0].control_changes] == [(127, 0.0), (3, 0.5)]


def test_unknown_conditions_are_named(piece: Piece) -> None:
    with pytest.raises(ConfigError, match="Unknown recording conditions 'wet'"):
        render_excerpt(Segment(piece, 5.0), RATE, conditions="wet")
