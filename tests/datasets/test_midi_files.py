"""MIDI files as people have them: nothing in them is dropped, shifted or shortened unsaid, and a refusal names its cause."""

import io
import struct
from collections import defaultdict, deque

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.datasets import midi
from analysis.datasets.midi import load_notes, parse_midi
from analysis.errors import MidiError

END = b"\x00\xff\x2f\x00"
FAST, SLOW = b"\x00\xff\x51\x03\x07\xa1\x20", b"\x00\xff\x51\x03\x0f\x42\x40"  # 120 and 60 beats per minute
PITCHES = (60, 64, 67, 72)


def ticks(n: int) -> bytes:
    """A number of ticks as a file writes it."""
    out = [n & 0x7F]
    while n := n >> 7:
        out.append(n & 0x7F | 0x80)
    return bytes(reversed(out))


def on(pitch: int, after: int = 0, velocity: int = 80, channel: int = 0) -> bytes:
    return ticks(after) + bytes([0x90 | channel, pitch, velocity])


def off(pitch: int, after: int = 0, channel: int = 0) -> bytes:
    return ticks(after) + bytes([0x80 | channel, pitch, 64])


def track(*events: bytes, size: int | None = None) -> bytes:
    body = b"".join(events)
    return b"MTrk" + struct.pack(">I", len(body) if size is None else size) + body


def smf(*chunks: bytes, kind: int = 1, promised: int | None = None, division: int = 480) -> bytes:
    n_tracks = sum(chunk[:4] == b"MTrk" for chunk in chunks) if promised is None else promised
    return b"MThd" + struct.pack(">IHHH", 6, kind, n_tracks, division) + b"".join(chunks)


FOUR = b"".join(on(pitch) + off(pitch, 480) for pitch in PITCHES)  # four notes of one beat


def one(*events: bytes) -> bytes:
    """A file of one track with the four notes after `events`."""
    return smf(track(FAST, *events, FOUR, END), kind=0)


def told(data: bytes) -> tuple[str, ...]:
    return midi.read_midi(data, "x.mid").notices


def rows(data: bytes) -> list[tuple[float, float, int]]:
    notes = load_notes(data, "x.mid")
    return [(round(a, 6), round(b, 6), int(p)) for a, b, p in zip(notes.onset_s, notes.offset_s, notes.pitch, strict=True)]


PLAIN = [(0.5 * i, 0.5 * (i + 1), pitch) for i, pitch in enumerate(PITCHES)]
HALVED = [(1.0 * i, 1.0 * (i + 1), pitch) for i, pitch in enumerate(PITCHES)]
ENDLESS = b"\x00\xb0\x07\xc8"  # a volume of 200
FINE = {
    "an alien chunk between tracks": smf(track(FAST, END), b"XFIH\0\0\0\4abcd", track(FOUR, END)),
    "an alien chunk before the tracks": smf(b"junk\0\0\0\3abc", track(FAST, END), track(FOUR, END)),
    "an alien chunk at the end": smf(track(FAST, END), track(FOUR, END), b"XFKM\0\0\0\0"),
    "FF inside a system exclusive message": one(b"\x00\xf0\x08PS\x00\x00\xff\x04\x01\xf7"),
    "a system exclusive message in two parts": one(b"\x00\xf0\x03\x43\x12\x00\x00\xf7\x03\x00\xff\xf7"),
    "running status across a meta event": smf(
        track(FAST, on(60), b"\x00\xff\x01\x02hi", b"\x83\x60\x3c\x00", FOUR[len(on(60) + off(60, 480)) :], END), kind=0
    ),
    "no event at the end of a track": smf(track(FAST, FOUR), kind=0),
    "an empty track": smf(track(), track(FAST, FOUR, END)),
    "a longer header": b"MThd" + struct.pack(">IHHHH", 8, 0, 1, 480, 7) + track(FAST, FOUR, END),
    "type 2 with one pattern": smf(track(FAST, FOUR, END), kind=2),
    "zeros behind the last track": smf(track(FAST, FOUR, END), kind=0) + bytes(5),
    "zeros behind the end within the track": smf(track(FAST, FOUR, END, bytes(3)), kind=0),
    "no tempo": smf(track(FOUR, END), kind=0),
}
SAID = {
    "a key of 8 sharps": (one(b"\x00\xff\x59\x02\x08\x00"), "has 1 key signature of a key that does not exist"),
    "a key of 8 flats": (one(b"\x00\xff\x59\x02\xf8\x00"), "has 1 key signature of a key that does not exist"),
    "mode 255": (one(b"\x00\xff\x59\x02\xfe\xff"), "has 1 key signature of a key that does not exist"),
    "a key of one byte": (one(b"\x00\xff\x59\x01\x02"), "has 1 key signature of a key that does not exist"),
    "a metre of three bytes": (one(b"\x00\xff\x58\x03\x04\x02\x18"), "has 1 time signature of a metre that does not exist"),
    "no beats in the bar": (one(b"\x00\xff\x58\x04\x00\x02\x18\x08"), "has 1 time signature of a metre that does not exist"),
    "a sequence number of one byte": (one(b"\x00\xff\x00\x01\x07"), "has 1 meta event of a wrong size; it was passed over."),
    "a tempo of 0": (one(b"\x00\xff\x51\x03\x00\x00\x00"), "has 1 tempo of 0 or without a value; it was passed over."),
    "a tempo of two bytes": (one(b"\x00\xff\x51\x02\x07\xa1"), "has 1 tempo of 0 or without a value; it was passed over."),
    "a tempo of four bytes": (one(b"\x00\xff\x51\x04\x07\xa1\x20\x00"), "has 1 tempo of more than three bytes"),
    "a volume above 127": (one(ENDLESS), "has 1 event with data above 127; velocities and controls count as 127"),
    "a program above 127": (one(b"\x00\xc0\xc8", ENDLESS), "has 2 events with data above 127"),
    "a bend above 127": (one(b"\x00\xe0\x00\xc8"), "has 1 event with data above 127"),
    "a pitch above 127": (one(on(200), off(200)), "has 2 events with data above 127"),
    "F4": (one(b"\x00\xf4"), "has 1 event of an undefined kind; it was passed over."),
    "a clock": (one(b"\x00\xf8", b"\x00\xf2\x01\x02"), "has 2 events that only devices send each other; they were passed over."),
    "more tracks promised": (smf(track(FAST, END), track(FOUR, END), promised=5), "promises 5 tracks in its header and has 2"),
    "fewer tracks promised": (smf(track(FAST, END), track(FOUR, END), promised=1), "promises 1 track in its header and has 2"),
    "two tracks in type 0": (smf(track(FAST, END), track(FOUR, END), kind=0), "is of type 0, which has one track, and has 2"),
    "a length too long": (smf(track(FAST, FOUR, END, size=90), kind=1), "gives a wrong length for 1 track"),
    "a length that takes in the next track": (
        smf(track(FAST, END, size=11 + 8 + len(FOUR + END)), track(FOUR, END)), "gives a wrong length for 1 track",
    ),
    "a length that ends amidst the next track": (smf(track(FAST, END, size=33), track(FOUR, END)), "gives a wrong length for 1"),
    "a length too short, amidst an event": (smf(track(FAST, FOUR, END, size=15), kind=0), "gives a wrong length for 1 track"),
    "a length too short, between events": (smf(track(FAST, FOUR, END, size=7), kind=0), "gives a wrong length for 1 track"),
    "no length": (smf(track(FAST, END), track(FOUR, END, size=0)), "gives a wrong length for 1 track"),
    "a length that is wrong and no end": (smf(track(FAST, size=99), track(FOUR, END)), "gives a wrong length for 1 track"),
    "a byte between tracks": (smf(track(FAST, END), b"\x07", track(FOUR, END), promised=2), "has 1 byte that belongs"),
    "an alien chunk that is shorter than it says": (
        smf(track(FAST, END), b"XFIH\0\0\0\6abcd", track(FOUR, END)), "has 12 bytes that belong to no track",
    ),
    "text behind the last track": (smf(track(FAST, FOUR, END), kind=0) + b"made by me", "has 10 bytes that belong to no track"),
    "no events behind the end of a track": (smf(track(FAST, FOUR, END, b"\x00\x90"), kind=0), "has 2 bytes that belong to no"),
    "notes behind the end of a track": (
        smf(track(FAST, FOUR[:9], END, FOUR[9:], END), kind=0), "goes on behind the end of 1 track; what follows there",
    ),
}  # fmt: skip


class TestFourNotes:
    @pytest.mark.parametrize("data", FINE.values(), ids=FINE.keys())
    def test_what_says_nothing_wrong_is_read_without_a_word(self, data: bytes) -> None:
        assert rows(data) == PLAIN
        assert told(data) == ()

    @pytest.mark.parametrize(("data", "notice"), SAID.values(), ids=SAID.keys())
    def test_what_is_odd_is_read_and_said(self, data: bytes, notice: str) -> None:
        assert rows(data) == PLAIN
        (said,) = told(data)
        assert said.startswith(f"x.mid {notice}")
        assert said.endswith(".")

    def test_a_velocity_above_127_counts_as_127(self) -> None:
        assert load_notes(one(on(50, velocity=200), off(50, 10))).velocity.max() == 127


class TestTempo:
    @pytest.mark.parametrize("kind", [0, 1])
    @pytest.mark.parametrize(
        "tracks",
        [
            (track(b"\x00\xff\x03\x04cond", END), track(SLOW, FOUR, END)),
            (track(FOUR, END), track(SLOW, END)),
            (track(FAST, FOUR, END), track(SLOW, END)),
            (track(SLOW, END), track(FOUR, END)),
        ],
        ids=["in the second track", "after the notes", "over another", "in the first track"],
    )
    def test_counts_for_all_tracks_wherever_it_is(self, tracks: tuple[bytes, ...], kind: int) -> None:
        read = midi.read_midi(smf(*tracks, kind=kind))
        assert rows(smf(*tracks, kind=kind)) == HALVED
        assert read.end_s == 4.0
        assert [note.end for note in read.midi.instruments[0].notes] == [1.0, 2.0, 3.0, 4.0]

    def test_changes_amidst_the_notes_from_another_track(self) -> None:
        data = smf(track(FAST, FOUR, END), track(ticks(720) + SLOW[1:], END))
        assert rows(data) == [(0.0, 0.5, 60), (0.5, 1.25, 64), (1.25, 2.25, 67), (2.25, 3.25, 72)]

    def test_two_at_once_are_said(self) -> None:
        (said,) = told(smf(track(FAST, FOUR, END), track(SLOW, END)))
        assert said == "x.mid sets two tempos at once in 1 place; that of the later track counts."

    def test_a_fine_division_does_not_make_a_file_long(self) -> None:
        data = smf(track(on(60), off(60, 30_000 * 1000), END), division=30_000)
        assert rows(data) == [(0.0, 500.0, 60)]

    def test_rests_at_the_end_count_for_the_end(self) -> None:
        assert midi.read_midi(smf(track(FOUR, ticks(960) + END[1:]))).end_s == 3.0


class TestEnds:
    def test_hanging_notes_last_until_the_end_of_their_track(self) -> None:
        data = smf(track(FAST, FOUR, on(76), ticks(960) + END[1:]), track(ticks(9600) + END[1:]))
        assert rows(data) == [*PLAIN, (2.0, 3.0, 76)]
        (said,) = told(data)
        assert said.startswith("x.mid never ends 1 note; it lasts until the next “all notes off” of its channel, else until")

    def test_a_file_of_hanging_notes_has_notes(self) -> None:
        data = smf(track(FAST, on(60), on(64, 480), on(67, 480), ticks(480) + END[1:]), kind=0)
        assert rows(data) == [(0.0, 1.5, 60), (0.5, 1.5, 64), (1.0, 1.5, 67)]
        assert told(data)[0].startswith("x.mid never ends 3 notes; they last")

    def test_all_notes_off_ends_hanging_notes(self) -> None:
        data = smf(track(FAST, on(60), on(62, 0, 80, 1), b"\x83\x60\xb0\x7b\x00", ticks(960) + END[1:]), kind=0)
        assert rows(data) == [(0.0, 0.5, 60), (0.0, 1.5, 62)]

    def test_an_end_in_another_track_counts(self) -> None:
        data = smf(track(FAST, on(60), ticks(1920) + END[1:]), track(off(60, 480), END))
        assert rows(data) == [(0.0, 0.5, 60)]
        assert told(data) == ()

    def test_of_one_pitch_the_first_ends_first(self) -> None:
        data = smf(track(FAST, on(60), on(60, 480, 90), off(60, 480), off(60, 480), END), kind=0)
        assert rows(data) == [(0.0, 1.0, 60), (0.5, 1.5, 60)]
        assert load_notes(data).velocity.tolist() == [80, 90]
        assert told(data) == ("x.mid strikes 1 note again before the end; of notes of one pitch, the first ends first.",)

    def test_on_and_off_of_velocity_0_are_the_same(self) -> None:
        data = smf(track(FAST, on(60), on(60, 480, 90), on(60, 480, 0), on(60, 480, 0), END), kind=0)
        assert rows(data) == [(0.0, 1.0, 60), (0.5, 1.5, 60)]

    @pytest.mark.parametrize("again_first", [True, False])
    def test_a_note_struck_where_the_one_before_ends_is_no_overlap(self, again_first: bool) -> None:
        turn = on(60, 480) + off(60) if again_first else off(60, 480) + on(60)
        data = smf(track(FAST, on(60), turn, turn, off(60, 480), END), kind=0)
        assert rows(data) == [(0.0, 0.5, 60), (0.5, 1.0, 60), (1.0, 1.5, 60)]
        assert told(data) == ()

    def test_one_missing_end_does_not_shift_the_later_ones(self) -> None:
        data = smf(track(FAST, on(60), on(60, 480), off(60, 480), on(60, 480), off(60, 480), END), kind=0)
        assert rows(data) == [(0.0, 2.0, 60), (0.5, 1.0, 60), (1.5, 2.0, 60)]
        assert told(data)[0].startswith("x.mid never ends 1 note")

    def test_notes_of_no_length_are_said(self) -> None:
        data = one(on(50), off(50))
        assert rows(data) == PLAIN
        assert told(data) == ("x.mid has 1 note of no length; it was left out.",)

    def test_channels_and_tracks_are_kept_apart(self) -> None:
        data = smf(track(FAST, on(60), off(60, 960), END), track(on(60, 480), off(60, 960), END))
        assert rows(data) == [(0.0, 1.0, 60), (0.5, 1.5, 60)]
        assert told(data) == ()

    def test_a_pedal_in_a_track_of_its_own_reaches_the_notes(self) -> None:
        (piano,) = parse_midi(smf(track(FAST, FOUR, END), track(b"\x83\x60\xb0\x40\x7f", END))).instruments
        assert [(one.number, one.value, one.time) for one in piano.control_changes] == [(64, 127, 0.5)]


REFUSED = {
    "two patterns": (smf(track(FAST, FOUR, END), track(SLOW, FOUR, END), kind=2), "holds 2 patterns .*type 2"),
    "type 7": (smf(track(FOUR, END), kind=7), r"says that it is a MIDI file of type 7; expected 0 or 1\."),
    "half a track": (smf(track(FAST, FOUR, END))[:-20], "is a damaged MIDI file: it is cut off in track 1"),
    "half the second track": (smf(track(FAST, END), track(FOUR, END))[:-10], "is a damaged MIDI file: it is cut off in track 2"),
    "half a chunk header": (smf(track(FAST, FOUR, END), b"MTrk"), "is a damaged MIDI file: it is cut off"),
    "no status": (smf(track(b"\x00\x40\x40", END)), "an event of track 1 begins with 64, which is no kind of event, at byte 23"),
    "F4 with data": (one(b"\x00\xf4\x40\x40"), "no kind of event, at byte .*; before it stands an event F4, at byte 30"),
    "an event that is too long": (
        smf(track(FAST, b"\x00\xf0\x7f\xf7"), track(FOUR, END)), "the last event of track 1 goes on behind the end of the track",
    ),
    "a time of five bytes": (smf(track(b"\x81\x80\x80\x80\x00\x90\x3c\x40", END)), "in track 1 has more than four bytes, at"),
    "a short header": (b"MThd\0\0\0\4" + bytes(8), "is a damaged MIDI file: its header has 4 bytes, expected 6"),
    "only drums": (smf(track(on(60, 0, 80, 9), off(60, 9, 9), END)), r"\(all its notes are on the channel of drums\)"),
    "only notes of no length": (smf(track(on(60), off(60), END)), r"\(it has 1 note of no length; it was left out\)"),
    "only pitches above 127": (smf(track(on(200), off(200), END)), r"\(it has 2 events with data above 127;"),
    "nothing": (smf(track(END)), r"has no pitched notes \(it has none at all\), so there is nothing to compare"),
    "77 hours": (smf(track(on(60), b"\xff\xff\xff\x7f\x80\x3c\x40", END)), "has notes that go on for 77 h .*; at most 24 h"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "cause"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refusal_names_its_cause(data: bytes, cause: str) -> None:
    with pytest.raises(MidiError, match=rf"^x\.mid .*{cause}"):
        load_notes(data, "x.mid")


@st.composite
def valid_files(draw: st.DrawFn) -> bytes:
    """Tracks on channels of their own, tempos in any of them, notes that overlap as they like and all end."""
    tracks = []
    for channel in range(draw(st.integers(1, 4))):
        events = list[tuple[int, int, bytes]]()
        for _ in range(draw(st.integers(0, 12))):
            start, length = draw(st.integers(0, 2000)), draw(st.integers(1, 900))
            pitch, velocity = draw(st.integers(60, 62)), draw(st.integers(1, 127))
            events.append((start, 1, bytes([0x90 | channel, pitch, velocity])))
            events.append(
                (start + length, 0, bytes(draw(st.sampled_from([(0x80 | channel, pitch, 9), (0x90 | channel, pitch, 0)]))))
            )
        for _ in range(draw(st.integers(0, 3))):
            tempo = draw(st.integers(1, 2**24 - 1)).to_bytes(3, "big")
            events.append((draw(st.integers(0, 3000)), draw(st.integers(0, 2)), b"\xff\x51\x03" + tempo))
        events.sort(key=lambda event: event[:2])
        times = np.diff([0, *(tick for tick, *_ in events)]).tolist()
        tracks.append(track(*(ticks(time) + event for time, (*_, event) in zip(times, events, strict=True)), END))
    kind = draw(st.integers(0, 1)) if len(tracks) == 1 else 1
    return smf(*tracks, kind=kind, division=draw(st.sampled_from([1, 96, 480, 960, 32767])))


def merged(data: bytes) -> list[tuple[float, float, int, int]]:
    """Notes as mido plays the file: all tracks merged, the first note of a pitch ends first."""
    now, found, opened = 0.0, [], defaultdict(deque)
    for message in mido.MidiFile(file=io.BytesIO(data)):
        now += message.time
        if message.type not in ("note_on", "note_off"):
            continue
        key = message.channel, message.note
        if message.type == "note_on" and message.velocity:
            opened[key].append((now, message.velocity))
        elif opened[key]:
            start, velocity = opened[key].popleft()
            found.append((start, now, message.note, velocity))
    return [note for note in found if note[1] > note[0]]


@given(valid_files())
@settings(max_examples=300, deadline=None)
def test_valid_files_are_read_as_mido_plays_them(data: bytes) -> None:
    expected = merged(data)
    if not expected:
        with pytest.raises(MidiError, match="has no pitched notes"):
            load_notes(data)
        return
    notes = load_notes(data)
    assert len(notes) == len(expected)
    for kind in {(pitch, velocity) for *_, pitch, velocity in expected}:
        here = notes.select((notes.pitch == kind[0]) & (notes.velocity == kind[1]))
        there = np.array([note[:2] for note in expected if note[2:] == kind]).T
        assert np.allclose(np.sort(here.onset_s), np.sort(there[0]), rtol=0, atol=1e-6)
        assert np.allclose(np.sort(here.offset_s), np.sort(there[1]), rtol=0, atol=1e-6)
        assert np.allclose(np.sort(here.offset_s - here.onset_s), np.sort(there[1] - there[0]), rtol=0, atol=1e-6)


@given(
    st.sampled_from([*FINE.values(), *(data for data, _ in SAID.values()), *(data for data, _ in REFUSED.values())]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6),
    st.floats(0.3, 1),
)
@settings(max_examples=600, deadline=None)
def test_mutated_bytes_give_notes_or_a_sentence(data: bytes, changes: list[tuple[float, int]], kept: float) -> None:
    mutated = bytearray(data)
    for place, value in changes:
        mutated[int(place * (len(data) - 1))] = value
    try:
        read = midi.read_midi(bytes(mutated[: round(kept * len(data))]), "x.mid")
    except MidiError as error:
        assert str(error).startswith("x.mid ")  # noqa: PT017
        return
    assert len(read.notes) > 0
    assert (read.notes.offset_s > read.notes.onset_s).all()
    assert all(one.startswith("x.mid ") for one in read.notices)
