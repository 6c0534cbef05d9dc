"""From the events of a MIDI file to notes in seconds: which end belongs to which beginning, and when they are."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pretty_midi
from numpy.typing import NDArray

from analysis.datasets.midi_events import DRUMS, Track
from analysis.datasets.midi_notices import Oddity

USUAL_TEMPO = 500_000  # microseconds per quarter note, until a file says another
Key = tuple[int, int]


@dataclass(frozen=True)
class Sounding:
    """One note in ticks: `order` puts notes in the order in which they end; tracks and channels count from 0."""

    track: int
    order: int
    on: int
    off: int
    channel: int
    pitch: int
    velocity: int
    program: int


class TempoMap:
    """Seconds of ticks under the tempos of all tracks; of two tempos at one tick the one of the later track counts.

    Args:
        tracks: of a file in which all tracks sound together.
        ticks_per_beat: as the header says.
        odd: two different tempos at one tick are counted there.
    """

    def __init__(self, tracks: Iterable[Track], ticks_per_beat: int, odd: Counter[Oddity]) -> None:
        tempos = dict[int, tuple[int, int]]()
        for number, track in enumerate(tracks):
            for tick, tempo in track.tempos:
                before, home = tempos.get(tick, (tempo, number))
                odd[Oddity.TWO_TEMPOS] += before != tempo and home != number
                tempos[tick] = tempo, number
        starts, rates, seconds = [0], [_rate(USUAL_TEMPO, ticks_per_beat)], [0.0]
        for tick, (tempo, _) in sorted(tempos.items()):
            rate = _rate(tempo, ticks_per_beat)
            if tick == 0:
                rates = [rate]
            elif rate != rates[-1]:
                seconds.append(seconds[-1] + rates[-1] * (tick - starts[-1]))
                starts.append(tick)
                rates.append(rate)
        self._starts, self._rates = np.array(starts), np.array(rates, dtype=np.float64)
        self._seconds = np.array(seconds, dtype=np.float64)

    def seconds(self, ticks: Sequence[int]) -> NDArray[np.float64]:
        """Time of each tick in seconds, shape `(ticks,)`."""
        at = np.array(ticks, dtype=np.int64)
        part = np.searchsorted(self._starts, at, side="right") - 1
        return self._seconds[part] + self._rates[part] * (at - self._starts[part])


def _rate(tempo: int, ticks_per_beat: int) -> float:
    """Seconds per tick."""
    return 60.0 / ((6e7 / tempo) * ticks_per_beat)


def pair_notes(tracks: Sequence[Track], odd: Counter[Oddity]) -> list[Sounding]:
    """Every note that is begun, with its end.

    Of several notes of one pitch and channel that are open, the first ends first. A note that is never ended in its track ends
    where another track ends it, else where all notes of its channel are ended, else with its track. `odd` counts the notes that
    are struck while another one of their pitch sounds and end after it, and those that are never ended.
    """
    paired, hanging = list[Sounding](), list[Sounding]()
    strays = defaultdict[Key, list[int]](list)
    for number, track in enumerate(tracks):
        keys = defaultdict[Key, list[tuple[int, int, int, int]]](list)
        for order, (tick, channel, pitch, velocity, program) in enumerate(track.notes):
            keys[channel, pitch].append((tick, velocity, program, order))
        for (channel, pitch), events in keys.items():
            for on, velocity, program, off, order in _pair(events, strays[channel, pitch], odd):
                note = Sounding(number, order, on, off, channel, pitch, velocity, program)
                (hanging if off < 0 else paired).append(note)
    paired += _end_hanging(hanging, tracks, strays, odd)
    return sorted(paired, key=lambda note: (note.track, note.order))


def _pair(
    events: Sequence[tuple[int, int, int, int]], strays: list[int], odd: Counter[Oddity]
) -> Iterable[tuple[int, int, int, int, int]]:
    """(on, velocity, program, off, place) of every note of one key in one track; `off` is −1 where a note is never ended.

    Which ones these are is found by ending the last note first, so that one missing end does not shift all later ones.
    """
    never = _never_ended(events, strays)
    opened, before = deque[tuple[int, int, int, int]](), -1
    for event in events:
        tick, velocity, program, order = event
        if velocity and order in never:
            yield tick, velocity, program, -1, order
        elif velocity:
            opened.append(event)
        elif opened:
            on, struck, played, _ = opened.popleft()
            odd[Oddity.OVERLAPS] += on < before < tick
            before = tick
            yield on, struck, played, tick, order


def _never_ended(events: Sequence[tuple[int, int, int, int]], strays: list[int]) -> set[int]:
    """Places of the notes without an end; the ticks of ends without a note are added to `strays`."""
    ticks, places = list[int](), list[int]()
    for tick, velocity, _, order in events:
        if velocity:
            ticks.append(tick)
            places.append(order)
        elif ticks:
            last = bisect_left(ticks, tick) - 1  # a note that begins where others are open is not the one that ends there
            ticks.pop(last)
            places.pop(last)
        else:
            strays.append(tick)
    return set(places)


def _end_hanging(
    hanging: Iterable[Sounding], tracks: Sequence[Track], strays: dict[Key, list[int]], odd: Counter[Oddity]
) -> Iterable[Sounding]:
    silencings = defaultdict[int, list[int]](list)
    for tick, channel in sorted(silencing for track in tracks for silencing in track.silencings):
        silencings[channel].append(tick)
    elsewhere = {key: deque(sorted(ticks)) for key, ticks in strays.items()}
    for note in sorted(hanging, key=lambda note: note.on):
        ends = elsewhere[note.channel, note.pitch]
        while ends and ends[0] <= note.on:
            ends.popleft()
        if ends:
            yield replace(note, off=ends.popleft())
            continue
        odd[Oddity.HANGING] += 1
        silent = silencings[note.channel]
        after = bisect_right(silent, note.on)
        yield replace(note, off=silent[after] if after < len(silent) else tracks[note.track].end_tick)


def build_performance(
    notes: Iterable[tuple[Sounding, float, float]], tracks: Sequence[Track], tempo: TempoMap, ticks_per_beat: int
) -> pretty_midi.PrettyMIDI:
    """The instruments of a file, with their notes (each with its begin and end in seconds), controls and bends.

    An instrument is a program on a channel of a track. Controls and bends are of the channel; those of a track without notes on
    that channel reach the instruments that other tracks have on it. The tempo, which the times contain, is not kept.
    """
    performance = pretty_midi.PrettyMIDI(resolution=ticks_per_beat)
    instruments = dict[tuple[int, int, int], pretty_midi.Instrument]()
    for note, start_s, end_s in notes:
        key = note.track, note.channel, note.program
        if key not in instruments:
            instruments[key] = pretty_midi.Instrument(note.program, note.channel == DRUMS, tracks[note.track].name)
        instruments[key].notes.append(pretty_midi.Note(note.velocity, note.pitch, start_s, end_s))
    for channel in {channel for _, channel, _ in instruments}:
        _add_controls(channel, {key: instrument for key, instrument in instruments.items() if key[1] == channel}, tracks, tempo)
    performance.instruments = list(instruments.values())
    return performance


def _add_controls(
    channel: int, instruments: dict[tuple[int, int, int], pretty_midi.Instrument], tracks: Sequence[Track], tempo: TempoMap
) -> None:
    """Give the instruments of a channel their controls and bends."""
    homes = {track for track, *_ in instruments}
    for number, track in enumerate(tracks):
        reached = [instrument for (home, *_), instrument in instruments.items() if home == number or number not in homes]
        controls = [event for event in track.controls if event[1] == channel]
        bends = [event for event in track.bends if event[1] == channel]
        control_s = tempo.seconds([event[0] for event in controls]).tolist()
        bend_s = tempo.seconds([event[0] for event in bends]).tolist()
        for instrument in reached:
            instrument.control_changes += [
                pretty_midi.ControlChange(control, value, at)
                for (_, _, control, value), at in zip(controls, control_s, strict=True)
            ]
            instrument.pitch_bends += [pretty_midi.PitchBend(value, at) for (*_, value), at in zip(bends, bend_s, strict=True)]
    for instrument in instruments.values():
        instrument.control_changes.sort(key=lambda change: change.time)
        instrument.pitch_bends.sort(key=lambda bend: bend.time)
