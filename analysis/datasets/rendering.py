"""MIDI to audio, every event on its exact sample.

The synthesiser is rendered in stretches that end where the next event falls, so event times are rounded once, to the nearest
sample, and never accumulate. (Rounding up at every event, as a block sequencer does, drifts by 0.2 s in 450 s.)
"""

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pretty_midi
import tinysoundfont
from jaxtyping import Float32
from numpy import ndarray

from analysis.errors import CorpusError
from analysis.units import seconds_to_samples

RENDERER_VERSION = 2
RELEASE_SECONDS = 1.5
PERCUSSION_CHANNEL = 9
CONTROLS = frozenset({7, 10, 11, 64})  # volume, pan, expression, sustain pedal


@dataclass(frozen=True)
class SoundFont:
    """A sound font that comes inside a Python package."""

    name: str
    package: str
    pattern: str
    licence: str

    @property
    def path(self) -> Path:
        """The file.

        Raises:
            CorpusError: the package is not installed, or does not hold the file.
        """
        spec = importlib.util.find_spec(self.package)
        roots = spec.submodule_search_locations if spec else None
        path = next(iter(sorted(Path(roots[0]).rglob(self.pattern))), None) if roots else None
        if path is None:
            raise CorpusError(
                f"The sound font {self.name} is not installed: expected {self.pattern} inside the package {self.package}. "
                "Run “make app”, which installs it."
            )
        return path


SOUND_FONTS = {
    font.name: font
    for font in (
        SoundFont("TimGM6mb", "pretty_midi", "TimGM6mb.sf2", "GPL-2.0"),
        SoundFont("Merlin", "scamp", "Merlin.sf2", "GPL-3.0"),
    )
}


@dataclass(frozen=True)
class Event:
    """One message of a channel at one sample: `kind` is "on", "off" or "control"."""

    sample: int
    order: int
    kind: str
    channel: int
    number: int
    value: int


def render_midi(
    midi: pretty_midi.PrettyMIDI, *, sample_rate: int, program: int | None = None, sound_font: str = "TimGM6mb"
) -> Float32[ndarray, " samples"]:
    """Render to mono in [-1, 1] (not clipped), from time 0 to 1.5 s after the last note.

    Args:
        midi: the performance; sustain pedal, volume and expression are obeyed.
        sample_rate: in Hz.
        program: General MIDI program (0-127) for every pitched instrument; None keeps those of the file.
        sound_font: a name in `SOUND_FONTS`.

    Raises:
        CorpusError: unknown or missing sound font.

    >>> midi = pretty_midi.PrettyMIDI()
    >>> midi.instruments.append(pretty_midi.Instrument(0))
    >>> midi.instruments[0].notes.append(pretty_midi.Note(90, 60, 0.5, 1.0))
    >>> waveform = render_midi(midi, sample_rate=24_000)
    >>> len(waveform), bool(abs(waveform[:12_000]).max() == 0), bool(abs(waveform[12_000:12_100]).max() > 0)
    (60000, True, True)
    """
    if sound_font not in SOUND_FONTS:
        raise CorpusError(f"Unknown sound font {sound_font!r}: expected one of {sorted(SOUND_FONTS)}.")
    synth = tinysoundfont.Synth(samplerate=sample_rate)
    font = synth.sfload(_font_bytes(sound_font))
    events = _events(midi, synth, font, sample_rate, program)
    last_note = max((event.sample for event in events if event.kind == "off"), default=0)
    n_samples = last_note + seconds_to_samples(RELEASE_SECONDS, sample_rate)
    stereo = _generate(synth, events, n_samples)
    return stereo.mean(axis=1, dtype=np.float32)


@lru_cache(maxsize=2)
def _font_bytes(name: str) -> bytes:
    return SOUND_FONTS[name].path.read_bytes()


def _events(
    midi: pretty_midi.PrettyMIDI, synth: tinysoundfont.Synth, font: int, sample_rate: int, program: int | None
) -> list[Event]:
    """Select the programs and list all messages in time order; at equal times offs go before controls before ons."""
    pitched = [channel for channel in range(16) if channel != PERCUSSION_CHANNEL]
    channels: dict[int, int] = {}
    events: list[Event] = []
    for instrument in midi.instruments:
        chosen = instrument.program if program is None or instrument.is_drum else program
        channel = PERCUSSION_CHANNEL if instrument.is_drum else channels.setdefault(id(instrument), pitched[len(channels) % 15])
        synth.program_select(channel, font, 0, chosen, instrument.is_drum)
        for note in instrument.notes:
            start, end = seconds_to_samples(note.start, sample_rate), seconds_to_samples(note.end, sample_rate)
            events.append(Event(start, 2, "on", channel, note.pitch, note.velocity))
            events.append(Event(max(end, start + 1), 0, "off", channel, note.pitch, 0))
        for change in instrument.control_changes:
            if change.number in CONTROLS:
                sample = seconds_to_samples(change.time, sample_rate)
                events.append(Event(sample, 1, "control", channel, change.number, change.value))
    return sorted(events, key=lambda event: (event.sample, event.order))


def _generate(synth: tinysoundfont.Synth, events: list[Event], n_samples: int) -> Float32[ndarray, "samples 2"]:
    frame_bytes = 2 * np.dtype(np.float32).itemsize
    buffer = bytearray(n_samples * frame_bytes)
    view, position = memoryview(buffer), 0
    for event in events:
        until = min(event.sample, n_samples)
        if until > position:
            synth.generate_simple(until - position, buffer=view[position * frame_bytes : until * frame_bytes])
            position = until
        if event.kind == "on":
            synth.noteon(event.channel, event.number, event.value)
        elif event.kind == "off":
            synth.noteoff(event.channel, event.number)
        else:
            synth.control_change(event.channel, event.number, event.value)
    if n_samples > position:
        synth.generate_simple(n_samples - position, buffer=view[position * frame_bytes :])
    return np.frombuffer(buffer, dtype=np.float32).reshape(-1, 2)
