"""MIDI files as tables of notes."""

import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pretty_midi
from numpy.typing import NDArray

from analysis.datasets.containers import describe, printable
from analysis.datasets.midi_events import DRUMS, DamageError, Track, read_tracks
from analysis.datasets.midi_notes import TempoMap, build_performance, pair_notes
from analysis.datasets.midi_notices import Oddity, about_events, about_header
from analysis.errors import MidiError
from analysis.units import seconds_to_words

MOST_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class Notes:
    """Notes in order of onset, then pitch: times in seconds, pitch and velocity as MIDI numbers, shape `(notes,)`."""

    onset_s: NDArray[np.float64]
    offset_s: NDArray[np.float64]
    pitch: NDArray[np.int64]
    velocity: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.onset_s)

    def overlapping(self, start_s: float, stop_s: float) -> "Notes":
        """Notes that sound in `[start_s, stop_s)`, those that began earlier included; times stay absolute."""
        inside = (self.onset_s < stop_s) & (self.offset_s > start_s)
        return self.select(inside)

    def select(self, index: NDArray) -> "Notes":
        """The notes at `index` (boolean or integer), in their order."""
        return Notes(self.onset_s[index], self.offset_s[index], self.pitch[index], self.velocity[index])

    @property
    def end_s(self) -> float:
        """Time at which the last note ends, 0 when there is none."""
        return float(self.offset_s.max()) if len(self) else 0.0


def notes_from_rows(rows: list[tuple[float, float, int, int]]) -> Notes:
    """Notes from (onset, offset, pitch, velocity) rows in any order.

    >>> notes_from_rows([(1.0, 2.0, 64, 80), (0.0, 1.0, 60, 90)]).pitch.tolist()
    [60, 64]
    """
    table = np.array(sorted(rows, key=lambda row: (row[0], row[2], row[1])), dtype=np.float64).reshape(-1, 4)
    pitch, velocity = table[:, 2].astype(np.int64), table[:, 3].astype(np.int64)
    return Notes(table[:, 0].copy(), table[:, 1].copy(), pitch, velocity)


@dataclass(frozen=True)
class MidiFile:
    """What a MIDI file holds.

    Attributes:
        notes: the pitched ones; drums are left out.
        notices: sentences, each with the name of the file, about everything that is not as written there: notes that were ended,
            left out or overlap, damaged events that were passed over, a header or lengths that are wrong.
        end_s: when the last of its tracks ends, in seconds; rests at the end count.
        midi: its instruments, drums included, for rendering; it does not hold the tempo.
    """

    notes: Notes
    notices: tuple[str, ...]
    end_s: float
    midi: pretty_midi.PrettyMIDI


def read_midi(source: Path | bytes, name: str = "") -> MidiFile:
    """Read a MIDI file that has pitched notes.

    All tracks sound together under one tempo, which any of them may change.

    Raises:
        MidiError: it cannot be read, or has no pitched note.
    """
    read = _read(source, name)
    if not len(read.notes):
        label, prefix = _label(source, name, "The MIDI file"), f"{_label(source, name)} "
        why = "it has none at all"
        if any(instrument.notes for instrument in read.midi.instruments):
            why = "all its notes are on the channel of drums"
        elif read.notices:
            why = f"it {read.notices[-1].removeprefix(prefix).rstrip('.')}"
        nothing = "so there is nothing to compare with the audio. Pick another .mid file"
        raise MidiError(f"{label} has no pitched notes ({why}), {nothing}.")
    return read


def load_notes(source: Path | bytes, name: str = "") -> Notes:
    """All pitched notes of a MIDI file; drums are left out. What was unusual is told by `read_midi`.

    Raises:
        MidiError: it cannot be read, or has no pitched note.
    """
    return read_midi(source, name).notes


def parse_midi(source: Path | bytes, name: str = "") -> pretty_midi.PrettyMIDI:
    """The instruments of a MIDI file, for rendering; it may have no notes.

    Raises:
        MidiError: it cannot be read.
    """
    return _read(source, name).midi


def _label(source: Path | bytes, name: str, nameless: str = "The file") -> str:
    return printable(name or (source.name if isinstance(source, Path) else nameless))


def _read(source: Path | bytes, name: str) -> MidiFile:
    label = _label(source, name)
    try:
        data = source.read_bytes() if isinstance(source, Path) else source
    except OSError as error:
        raise MidiError(f"{label} cannot be opened ({error.strerror}). Check its path and permissions.") from error
    odd = Counter[Oddity]()
    try:
        data = _unwrapped(data)
        kind, promised, ticks_per_beat = _header(data, label)
        tracks = read_tracks(data, odd)
        if not tracks:
            raise DamageError("it has no tracks")
        if kind == 2 and len(tracks) > 1:
            raise MidiError(
                f"{label} holds {len(tracks)} patterns that are independent of each other (MIDI type 2), and does not say when "
                "each is played; expected tracks that sound together. Export it as type 0 or 1."
            )
        return _assemble(tracks, ticks_per_beat, label, odd, about_header(kind, promised, len(tracks)))
    except DamageError as error:
        raise MidiError(f"{label} is a damaged MIDI file: {error}. Export it again.") from error


def _unwrapped(data: bytes) -> bytes:
    """What a RIFF file of type RMID (.rmi) holds; anything else as it is."""
    if data[:4] != b"RIFF" or data[8:12] != b"RMID":
        return data
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] == b"data":
            return data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    return data


def _header(data: bytes, label: str) -> tuple[int, int, int]:
    """Type, number of tracks and ticks per quarter note, as the header says."""
    if data[:4] != b"MThd":
        raise MidiError(f"{label} is not a MIDI file: it {describe(data)}; expected “MThd” there. Pick a .mid file.")
    if len(data) < 14:
        raise DamageError("it is cut off in its header")
    size, kind, promised, division = struct.unpack(">IHHH", data[4:14])
    if size < 6:
        raise DamageError(f"its header has {size} bytes, expected 6")
    if division & 0x8000:
        raise MidiError(f"{label} counts time in film frames (SMPTE); expected ticks per beat. Export it again.")
    if division == 0:
        raise DamageError("it counts 0 ticks per beat")
    if kind > 2:
        raise MidiError(f"{label} says that it is a MIDI file of type {kind}; expected 0 or 1. Export it as one of them.")
    return kind, promised, division


def _assemble(tracks: list[Track], ticks_per_beat: int, label: str, odd: Counter[Oddity], texts: list[str]) -> MidiFile:
    tempo = TempoMap(tracks, ticks_per_beat, odd)
    sounding = pair_notes(tracks, odd)
    starts = tempo.seconds([note.on for note in sounding]).tolist()
    ends = tempo.seconds([note.off for note in sounding]).tolist()
    timed = [row for row in zip(sounding, starts, ends, strict=True) if row[2] > row[1]]
    odd[Oddity.NO_LENGTH] += len(sounding) - len(timed)
    until_s = max(ends, default=0.0)
    if until_s > MOST_SECONDS:
        got, most = seconds_to_words(until_s), seconds_to_words(MOST_SECONDS)
        raise MidiError(f"{label} has notes that go on for {got}; at most {most} can be read. Export it again.")
    rows = [(start_s, end_s, note.pitch, note.velocity) for note, start_s, end_s in timed if note.channel != DRUMS]
    last_s = float(tempo.seconds([max(track.end_tick for track in tracks)])[0])
    midi = build_performance(timed, tracks, tempo, ticks_per_beat)
    notices = tuple(f"{label} {text}" for text in (*texts, *about_events(odd)))
    return MidiFile(notes_from_rows(rows), notices, last_s, midi)
