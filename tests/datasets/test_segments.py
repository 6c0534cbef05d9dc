"""Windows of pieces, on MIDI files made here."""

from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile

from analysis.datasets.piece import Piece
from analysis.datasets.segments import drop_repeated, list_segments, segment_notes, segment_waveform


@pytest.fixture
def piece(tmp_path: Path) -> Piece:
    """12 s long; a note at 0-1 s and the same note at 6-7 s."""
    midi = pretty_midi.PrettyMIDI()
    piano = pretty_midi.Instrument(0)
    piano.notes += [pretty_midi.Note(90, 60, 0.0, 1.0), pretty_midi.Note(90, 60, 6.0, 7.0)]
    midi.instruments.append(piano)
    midi.write(str(tmp_path / "a.mid"))
    soundfile.write(tmp_path / "a.wav", np.full(96_000, 0.5), 8_000, subtype="FLOAT")
    return Piece("a", "C", "T", "g", "test", 12.0, tmp_path / "a.wav", tmp_path / "a.mid")


def test_windows_are_inside_and_have_notes(piece: Piece) -> None:
    assert [one.start_s for one in list_segments([piece])] == [0, 3, 4, 5, 6]
    assert [one.start_s for one in list_segments([piece], min_notes=0)] == list(range(9))
    assert len(list_segments([piece], max_per_piece=2)) == 2


def test_every_copy_of_a_repeated_window_goes(piece: Piece) -> None:
    assert [one.start_s for one in drop_repeated(list_segments([piece]))] == [3, 4, 5]


def test_contents(piece: Piece) -> None:
    segment = list_segments([piece])[1]
    assert segment_notes(segment).onset_s.tolist() == [6.0]
    samples = segment_waveform(segment, 8_000)
    assert (samples.shape, samples.dtype) == ((32_000,), np.float32)
