"""MIDI files as notes, and what a file that has none, or is none, gets."""

import io
import re
import struct

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
SENTENCES = re.compile(  # all that can be said about bytes that begin like a MIDI file
    r"The (?:MIDI )?file (?:"
    r"is a damaged MIDI file: (?:it is cut off(?: in its header| in track \d+)?|it has no tracks|it counts 0 ticks per beat|"
    r"its header has \d+ bytes, expected 6|an event of track \d+ begins with \d+, which is no kind of event, at byte \d+|"
    r"a time or length in track \d+ has more than four bytes, at byte \d+|"
    r"the last event of track \d+ goes on behind the end of the track)(?:; before it stands [^;.]+)?\. Export it again\."
    r"|counts time in film frames \(SMPTE\); expected ticks per beat\. Export it again\."
    r"|says that it is a MIDI file of type \d+; expected 0 or 1\. Export it as one of them\."
    r"|holds \d+ patterns that are independent of each other \(MIDI type 2\), .* Export it as type 0 or 1\."
    r"|has notes that go on for [\dh min]+; at most 24 h can be read\. Export it again\."
    r"|has no pitched notes \(.*\), so there is nothing to compare with the audio\. Pick another \.mid file\.)"
)


def chunks(n_tracks: int, *tracks: bytes, division: int = 480) -> bytes:
    head = b"MThd" + struct.pack(">IHHH", 6, 1, n_tracks, division)
    return head + b"".join(b"MTrk" + struct.pack(">I", len(track)) + track for track in tracks)


END = b"\x00\xff\x2f\x00"
DAMAGED = {
    "header alone": (b"MThd", "it is cut off in its header"),
    "half a header": (chunks(1)[:11], "it is cut off in its header"),
    "half a track": (MIDI[:-10], "it is cut off in track 2"),
    "no tracks": (chunks(0), "it has no tracks"),
    "no ticks": (chunks(1, END, division=0), "it counts 0 ticks per beat"),
    "no status": (chunks(1, b"\x00\x40\x40" + END), "an event of track 1 begins with 64, which is no kind of event, at byte 23"),
    "another chunk": (chunks(1) + b"XXXX" + bytes(4), "it has no tracks"),
}
NOTELESS = {
    "no events": (chunks(1, END), "it has none at all"),
    "fewer tracks than promised": (chunks(2, END), "it promises 2 tracks in its header and has 1; this was read.*"),
    "an empty track": (chunks(1, b""), "it has none at all"),
    "a long rest": (chunks(1, b"\xff\xff\xff\x7f" + END[1:]), "it has none at all"),
    "a note beyond 127": (chunks(1, b"\x00\x90\xc0\x40" + END), "it has 1 event with data above 127.*"),
    "an unknown event": (chunks(1, b"\x00\xf4" + END), "it has 1 event of an undefined kind; it was passed over"),
}


class TestLoad:
    def test_notes_come_back_in_order_of_onset_then_pitch(self) -> None:
        notes = load_notes(MIDI)
        assert notes.pitch.tolist() == [60, 62, 64]
        assert notes.velocity.tolist() == [90, 70, 80]
        assert np.allclose(notes.onset_s, [0.0, 0.5, 0.5], atol=2e-3)
        assert np.allclose(notes.offset_s, [2.0, 0.75, 1.0], atol=2e-3)
        assert (len(notes), notes.end_s) == (3, pytest.approx(2.0, abs=2e-3))

    def test_a_riff_file_gives_the_notes_inside(self) -> None:
        data = midi_bytes(ROWS)
        wrapped = b"LIST" + (3).to_bytes(4, "little") + b"abc\0" + b"data" + len(data).to_bytes(4, "little") + data
        riff = b"RIFF" + (4 + len(wrapped)).to_bytes(4, "little") + b"RMID" + wrapped
        assert load_notes(riff, "a.rmi").pitch.tolist() == load_notes(data, "a.mid").pitch.tolist()
        with pytest.raises(MidiError, match=r"a\.rmi is not a MIDI file"):
            load_notes(riff[:20], "a.rmi")

    @pytest.mark.parametrize("data", [midi_bytes([]), midi_bytes(ROWS, drums=True)], ids=["no notes", "drums only"])
    def test_a_file_without_pitched_notes_is_refused(self, data: bytes) -> None:
        with pytest.raises(MidiError, match=r"a\.mid has no pitched notes.*Pick another \.mid file"):
            load_notes(data, "a.mid")

    @pytest.mark.parametrize(
        ("data", "what"),
        [
            (b"", "is empty"), (b"not music", "looks like text that begins with “not music”"),
            (b"%PDF-1.7", "looks like a PDF document"), (b"\xff\xfe\0", "begins with the bytes ff fe 00"),
        ],
    )  # fmt: skip
    def test_what_is_no_midi_file_is_refused_with_what_it_looks_like(self, data: bytes, what: str) -> None:
        with pytest.raises(MidiError, match=rf"a\.mid is not a MIDI file: it {what}; expected “MThd” there"):
            load_notes(data, "a.mid")

    def test_a_damaged_file_is_refused_with_its_cause(self) -> None:
        with pytest.raises(MidiError, match=r"a\.mid is a damaged MIDI file") as caught:
            load_notes(MIDI[:-10], "a.mid")
        assert caught.value.__cause__ is not None

    @pytest.mark.parametrize(("data", "why"), DAMAGED.values(), ids=DAMAGED.keys())
    def test_damage_is_said_in_words_of_ours(self, data: bytes, why: str) -> None:
        with pytest.raises(MidiError, match=rf"^a\.mid is a damaged MIDI file: {why}\. Export it again\.$") as caught:
            load_notes(data, "a.mid")
        assert caught.value.__cause__ is not None

    @pytest.mark.parametrize(("data", "why"), NOTELESS.values(), ids=NOTELESS.keys())
    def test_why_there_are_no_notes_is_said(self, data: bytes, why: str) -> None:
        with pytest.raises(MidiError, match=rf"^a\.mid has no pitched notes \({why}\), so there is nothing"):
            load_notes(data, "a.mid")

    @given(flips=st.lists(st.tuples(st.integers(4, len(MIDI) - 1), st.integers(0, 255)), max_size=8),
           cut=st.integers(4, len(MIDI)))  # fmt: skip
    @settings(deadline=None, max_examples=150)
    def test_damage_gives_notes_or_a_sentence(self, flips: list[tuple[int, int]], cut: int) -> None:
        damaged = bytearray(MIDI)
        for place, value in flips:
            damaged[place] = value
        try:
            notes = load_notes(bytes(damaged[:cut]))
        except MidiError as error:
            assert SENTENCES.fullmatch(str(error))  # noqa: PT017
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
