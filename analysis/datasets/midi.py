"""MIDI files as tables of notes."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pretty_midi
from numpy.typing import NDArray

from analysis.datasets.containers import printable
from analysis.errors import MidiError


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


def parse_midi(source: Path | bytes, name: str = "") -> pretty_midi.PrettyMIDI:
    """Read a MIDI file.

    Raises:
        MidiError: it cannot be opened, or is not a MIDI file.
    """
    label = printable(name or (source.name if isinstance(source, Path) else "The file"))
    try:
        data = source.read_bytes() if isinstance(source, Path) else source
    except OSError as error:
        raise MidiError(f"{label} cannot be opened ({error.strerror}). Check its path and permissions.") from error
    if data[:4] != b"MThd":
        raise MidiError(f"{label} is not a MIDI file: expected it to begin with “MThd”, got {data[:4]!r}. Pick a .mid file.")
    if data[12:13] >= b"\x80":
        raise MidiError(f"{label} counts time in film frames (SMPTE); expected ticks per beat. Export it again.")
    if data[12:14] == b"\0\0":
        raise MidiError(f"{label} is a damaged MIDI file: it counts 0 ticks per beat. Export it again.")
    try:
        with warnings.catch_warnings(action="ignore"):  # of tempo changes outside the first track, which many files have
            return pretty_midi.PrettyMIDI(io.BytesIO(data))
    except MemoryError:
        raise
    except Exception as error:  # the parser raises whatever its loops run into
        raise MidiError(f"{label} is a damaged MIDI file: {_damage(data, error)}. Export it again.") from error


def _damage(data: bytes, error: Exception) -> str:
    """What is wrong with a MIDI file, from what it made the parser run into."""
    if isinstance(error, EOFError):
        return "it is cut off"
    if b"MTrk" not in data:
        return "it has no tracks"
    if "max()" in str(error):
        return "one of its tracks is empty" if data[10:12] != b"\0\0" else "it has no tracks"
    if "largest tick" in str(error):
        return f"it goes on beyond tick {pretty_midi.pretty_midi.MAX_TICK:,.0f}"
    return "its events make no sense"


def load_notes(source: Path | bytes, name: str = "") -> Notes:
    """All pitched notes of a MIDI file; drum tracks are left out.

    Raises:
        MidiError: it is not a MIDI file, or has no note.
    """
    midi = parse_midi(source, name)
    rows = [
        (note.start, note.end, note.pitch, note.velocity)
        for instrument in midi.instruments
        if not instrument.is_drum
        for note in instrument.notes
        if note.end > note.start
    ]
    if not rows:
        label = printable(name or (source.name if isinstance(source, Path) else "The MIDI file"))
        raise MidiError(f"{label} has no pitched notes, so there is nothing to compare with the audio. Pick another .mid file.")
    return notes_from_rows(rows)
