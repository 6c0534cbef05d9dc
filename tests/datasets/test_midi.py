"""MIDI files as notes, and what a file that has none, or is none, gets."""

import io

import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.datasets.midi import Notes, load_notes, notes_from_rows
from analysis.errors import MidiError

ROWS = [(0.5, 1.0, 64, 80), (0.0, 2.0, 60, 90), (0.5, 0.75, 62, 70)]


def midi_bytes(rows: list[tuple[float, float, int, int]], drums: bool = False) -> bytes:
    midi = pretty_midi.PrettyMIDI()
    instrument = pretty_midi.Instrument(0, is_drum=drums)
    instrument.notes = [pretty_midi.Note(velocity, pitch, onset, offset) for onset, offset, pitch, velocity in rows]
    midi.instruments.append(instrument)
    file = io.BytesIO()
    midi.write(file)
    return file.getvalue()


MIDI = midi_bytes(ROWS)


class TestLoad:
    def test_notes_come_back_in_order_of_onset_then_pitch(self) -> None:
        notes = load_notes(MIDI)
        assert notes.pitch.tolist() == [60, 62, 64]
        assert notes.velocity.tolist() == [90, 70, 80]
        assert np.allclose(notes.onset_s, [0.0, 0.5, 0.5], atol=2e-3)
        assert np.allclose(notes.offset_s, [2.0, 0.75, 1.0], atol=2e-3)
        assert (len(notes), notes.end_s) == (3, pytest.approx(2.0, abs=2e-3))

    @pytest.mark.parametrize("data", [midi_bytes([]), midi_bytes(ROWS, drums=True)], ids=["no notes", "drums only"])
    def test_a_file_without_pitched_notes_is_refused(self, data: bytes) -> None:
        with pytest.raises(MidiError, match=r"a\.mid has no pitched notes.*Pick another \.mid file"):
            load_notes(data, "a.mid")

    @pytest.mark.parametrize("data", [b"", b"RIFF....WAVEfmt ", b"not music"])
    def test_what_is_no_midi_file_is_refused(self, data: bytes) -> None:
        with pytest.raises(MidiError, match=r"a\.mid is not a MIDI file: expected it to begin with “MThd”, got b'"):
            load_notes(data, "a.mid")

    def test_a_damaged_file_is_refused_with_its_cause(self) -> None:
        with pytest.raises(MidiError, match=r"a\.mid is a damaged MIDI file") as caught:
            load_notes(MIDI[:-10], "a.mid")
        assert caught.value.__cause__ is not None

    @given(flips=st.lists(st.tuples(st.integers(4, len(MIDI) - 1), st.integers(0, 255)), max_size=8),
           cut=st.integers(4, len(MIDI)))  # fmt: skip
    @settings(deadline=None, max_examples=150)
    def test_damage_gives_notes_or_a_sentence(self, flips: list[tuple[int, int]], cut: int) -> None:
        damaged = bytearray(MIDI)
        for place, value in flips:
            damaged[place] = value
        try:
            notes = load_notes(bytes(damaged[:cut]))
        except MidiError:
            return
        assert len(notes) > 0
        assert (notes.offset_s > notes.onset_s).all()


class TestNotes:
    def test_overlapping_takes_what_sounds_in_the_window(self) -> None:
        notes = notes_from_rows([(0.0, 1.0, 60, 1), (0.0, 3.0, 61, 1), (1.5, 1.6, 62, 1), (2.0, 2.5, 63, 1)])
        inside = notes.overlapping(1.0, 2.0)
        assert inside.pitch.tolist() == [61, 62]  # not the one that ends at 1 s, nor the one that begins at 2 s
        assert inside.onset_s.tolist() == [0.0, 1.5]

    def test_overlapping_may_find_nothing(self) -> None:
        nothing = notes_from_rows(ROWS).overlapping(10.0, 11.0)
        assert (len(nothing), nothing.end_s) == (0, 0.0)

    def test_select_takes_indices_and_masks(self) -> None:
        notes = notes_from_rows(ROWS)
        assert notes.select(np.array([2, 0])).pitch.tolist() == [64, 60]
        assert notes.select(notes.pitch == 62).velocity.tolist() == [70]

    def test_no_rows_are_no_notes(self) -> None:
        assert isinstance(notes_from_rows([]), Notes)
        assert len(notes_from_rows([])) == 0
