"""The bytes of a MIDI file as tracks of events, with a count of everything in them that is not as it should be.

Sizes that are wrong, chunks of other kinds and events that say nothing usable do not end the reading: what a file means is clear
without them. Only events that are out of step do, since what follows them could be anything.
Source: The MIDI Association, Standard MIDI Files 1.0 (RP-001).
"""

import copy
import struct
from collections import Counter
from dataclasses import dataclass, field

from analysis.datasets.midi_notices import Oddity

DRUMS = 9  # the channel of percussion, counted from 0
MOST_TIME_BYTES = 4
_META_BYTES = {0x00: (0, 2), 0x20: (1,), 0x21: (1,), 0x2F: (0,), 0x54: (5,), 0x58: (4,), 0x59: (2,)}
_ODD_META = {0x58: Oddity.METRES, 0x59: Oddity.KEYS}
_COMMON_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}
_UNDEFINED = (0xF4, 0xF5, 0xF9, 0xFD)
_SILENCING = (120, 123, 124, 125, 126, 127)  # controllers that end the notes of their channel
_MOST_SHARPS, _LARGEST_DENOMINATOR = 7, 7  # the denominator as a power of two


class DamageError(Exception):
    """What is wrong with a MIDI file that cannot be read, as the end of a sentence that begins with “it”."""


@dataclass
class Track:
    """Events of one track, at ticks from its beginning; channels count from 0, a velocity of 0 ends a note.

    `notes` are (tick, channel, pitch, velocity, program), `controls` (tick, channel, number, value), `bends` (tick, channel,
    value), `tempos` (tick, microseconds per quarter note), `silencings` (tick, channel) where all notes of a channel end.
    """

    name: str = ""
    end_tick: int = 0
    notes: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    controls: list[tuple[int, int, int, int]] = field(default_factory=list)
    bends: list[tuple[int, int, int]] = field(default_factory=list)
    tempos: list[tuple[int, int]] = field(default_factory=list)
    silencings: list[tuple[int, int]] = field(default_factory=list)

    def extend(self, later: "Track") -> None:
        """Take over the events of `later`."""
        for mine, more in (
            (self.notes, later.notes), (self.controls, later.controls), (self.bends, later.bends),
            (self.tempos, later.tempos), (self.silencings, later.silencings),
        ):  # fmt: skip
            mine += more
        self.end_tick = max(self.end_tick, later.end_tick)


def read_tracks(data: bytes, odd: Counter[Oddity]) -> list[Track]:
    """All tracks of a file that begins with a whole header; what is unusual is counted in `odd`.

    Chunks of other kinds are skipped, as the standard asks, and so are bytes that belong to no chunk. The lengths of the tracks
    and their number in the header are compared with what is there and not believed.

    Raises:
        DamageError: the events of a track are out of step, or the file ends amidst one.
    """
    tracks = list[Track]()
    offset = 8 + struct.unpack(">I", data[4:8])[0]
    while offset < len(data):
        if data.startswith(b"MTrk", offset):
            if offset + 8 > len(data):
                raise DamageError("it is cut off")
            offset = _read_track(data, offset + 8, tracks, odd)
        elif (stop := _chunk_end(data, offset)) and (stop == len(data) or _chunk_end(data, stop)):
            offset = stop
        else:
            next_track = data.find(b"MTrk", offset + 1)
            stop = next_track if next_track >= 0 else len(data)
            odd[Oddity.STRAY_BYTES] += len(data[offset:stop]) if data[offset:stop].strip(b"\0") else 0
            offset = stop
    return tracks


def _chunk_end(data: bytes, offset: int) -> int:
    """Where the chunk at `offset` says that it ends; 0 where there is none. The length of a track is not believed."""
    name = data[offset : offset + 4]
    if offset + 8 > len(data) or not (name.isascii() and name.decode("ascii").isprintable()):
        return 0
    stop = offset + 8 + struct.unpack(">I", data[offset + 4 : offset + 8])[0]
    return stop if stop <= len(data) or name == b"MTrk" else 0


def _read_track(data: bytes, start: int, tracks: list[Track], odd: Counter[Oddity]) -> int:
    """Read one track into `tracks`; returns where it ends.

    Its length is believed if the file or another chunk begins where it ends; else the track lasts until its event “end of track”.
    """
    stop = start + struct.unpack(">I", data[start - 4 : start])[0]
    sure = stop == len(data) or _chunk_end(data, stop) > 0
    reader = _Reader(data, start, stop if sure else len(data), len(tracks) + 1, odd)
    reader.cut = stop > len(data)
    tracks.append(reader.track)
    while reader.offset < reader.stop and not reader.ended and (sure or not data.startswith(b"MTrk", reader.offset)):
        reader.read_event()
    if not reader.ended and reader.cut and reader.offset == len(data):
        raise reader.overrun()
    if sure and reader.offset < stop and not data.startswith(b"MTrk", reader.offset):
        _read_on(reader)
    elif reader.offset != stop:
        odd[Oddity.LENGTHS] += 1
    return reader.offset


def _read_on(reader: "_Reader") -> None:
    """Read what a track has behind its end; if that is no events, it is left out."""
    rest = reader.data[reader.offset : reader.stop]
    if rest.strip(b"\0"):
        later, odd = copy.copy(reader), Counter[Oddity]()
        later.track, later.odd = Track(), odd
        try:
            while later.offset < later.stop:
                later.read_event()
        except DamageError:
            reader.odd[Oddity.STRAY_BYTES] += len(rest)
        else:
            reader.track.extend(later.track)
            reader.odd.update(odd)
            reader.odd[Oddity.LATE_EVENTS] += 1
    reader.offset = reader.stop


class _Reader:
    """Reads the events of one track from `offset`, none beyond `stop`."""

    def __init__(self, data: bytes, offset: int, stop: int, number: int, odd: Counter[Oddity]) -> None:
        self.data, self.offset, self.stop, self.number, self.odd = data, offset, stop, number, odd
        self.track, self.tick, self.status, self.ended = Track(), 0, 0, False
        self.programs = [0] * 16
        self.cut, self.suspect = False, ""

    def read_event(self) -> None:
        """Read one event with the time before it."""
        try:
            self._read_event()
        except IndexError:
            raise self.overrun() from None
        self.track.end_tick = self.tick
        if self.offset > self.stop:
            raise self.overrun()

    def overrun(self) -> DamageError:
        """What is said of an event that needs more bytes than there are."""
        if self.cut:
            return DamageError(f"it is cut off in track {self.number}{self.suspect}")
        return DamageError(f"the last event of track {self.number} goes on behind the end of the track{self.suspect}")

    def _read_event(self) -> None:
        self.tick += self._number()
        data, offset = self.data, self.offset
        first = data[offset]
        if first >= 0xF0:
            self.offset += 1
            self._system(first)
            return
        if first >= 0x80:
            self.status = first
            offset += 1
        elif not self.status:
            raise DamageError(
                f"an event of track {self.number} begins with {first}, which is no kind of event, at byte {offset}{self.suspect}"
            )
        kind, channel = self.status & 0xF0, self.status & 0x0F
        first_byte, two = data[offset], 0
        if kind not in (0xC0, 0xD0):
            offset += 1
            two = data[offset]
        self.offset = offset + 1
        if first_byte > 127 or two > 127:
            self.odd[Oddity.HIGH_BYTES] += 1
            self._suspect("a data byte above 127", offset)
            if first_byte > 127 or kind == 0xE0:
                return
            two = 127
        self._message(kind, channel, first_byte, two)

    def _message(self, kind: int, channel: int, first_byte: int, two: int) -> None:
        if kind == 0x90:
            self.track.notes.append((self.tick, channel, first_byte, two, self.programs[channel]))
        elif kind == 0x80:
            self.track.notes.append((self.tick, channel, first_byte, 0, 0))
        elif kind == 0xB0:
            self.track.controls.append((self.tick, channel, first_byte, two))
            if first_byte in _SILENCING:
                self.track.silencings.append((self.tick, channel))
        elif kind == 0xC0:
            self.programs[channel] = first_byte
        elif kind == 0xE0:
            self.track.bends.append((self.tick, channel, first_byte + 128 * two - 8192))

    def _number(self) -> int:
        """A number of one to four bytes, seven bits in each."""
        value, data, offset = 0, self.data, self.offset
        for _ in range(MOST_TIME_BYTES):
            byte = data[offset]
            offset += 1
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                self.offset = offset
                return value
        raise DamageError(
            f"a time or length in track {self.number} has more than four bytes, at byte {self.offset}{self.suspect}"
        )

    def _system(self, first: int) -> None:
        if first == 0xFF:
            self._meta()
        elif first in (0xF0, 0xF7):
            length = self._number()
            self.offset += length
        else:
            self.odd[Oddity.UNDEFINED_EVENTS if first in _UNDEFINED else Oddity.FOREIGN_EVENTS] += 1
            self._suspect(f"an event {first:X}", self.offset - 1)
            self.offset += _COMMON_BYTES.get(first, 0)

    def _meta(self) -> None:
        kind = self.data[self.offset]
        self.offset += 1
        length = self._number()
        content = self.data[self.offset : self.offset + length]
        self.offset += length
        if self.offset > self.stop:
            return
        if kind == 0x2F:
            self.ended = True
        if kind == 0x51 and length >= 3 and any(content[:3]):
            self.track.tempos.append((self.tick, int.from_bytes(content[:3], "big")))
        elif kind == 0x51:
            self.odd[Oddity.TEMPOS] += 1
        elif kind == 0x03:
            self.track.name = content.decode("latin1")
        if kind == 0x51:
            self.odd[Oddity.LONG_TEMPOS] += length > 3
        elif length not in _META_BYTES.get(kind, (length,)) or _is_impossible(kind, content):
            self.odd[_ODD_META.get(kind, Oddity.META_EVENTS)] += 1

    def _suspect(self, what: str, offset: int) -> None:
        self.suspect = self.suspect or f"; before it stands {what}, at byte {offset}"


def _is_impossible(kind: int, content: bytes) -> bool:
    """Whether a key or time signature of the right length is none that exists."""
    if kind == 0x59:
        return not (-_MOST_SHARPS <= int.from_bytes(content[:1], signed=True) <= _MOST_SHARPS and content[1] <= 1)
    return kind == 0x58 and (content[0] == 0 or content[1] > _LARGEST_DENOMINATOR)
