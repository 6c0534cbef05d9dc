"""The desk of one recording: which lanes it has, in their order, chosen here alone for the page and for the command."""

from dataclasses import dataclass, field, replace

from jaxtyping import Float
from numpy import ndarray

from analysis.clips import model_lanes, sound_lanes
from analysis.clips.attention_span import headline
from analysis.clips.companions import Companions
from analysis.clips.lanes import Lane
from analysis.clips.probe_lanes import probe_lanes
from analysis.clips.probes import ClipProbes
from analysis.clips.reading import ClipReading
from analysis.clips.tower_descriptors import drawn_descriptor
from analysis.clips.window_patterns import WindowPatterns
from analysis.datasets.audio import Waveform
from analysis.datasets.midi import Notes

Spectrogram = tuple[Float[ndarray, " frames"], Float[ndarray, "bands frames"]]  # times in seconds, dB below the maximum
ConstantQ = tuple[Float[ndarray, " frames"], Float[ndarray, "semitones frames"]]


@dataclass(frozen=True)
class Sound:
    """A recording, its log-mel spectrogram, what belongs to it, and its constant-Q spectrogram; None where that is not drawn."""

    waveform: Waveform
    log_mel: Spectrogram
    companions: Companions = field(default_factory=Companions)
    constant_q: ConstantQ | None = None


@dataclass(frozen=True)
class Side:
    """A model beside the one that is looked at: its name, what it did with the recording, and its patterns."""

    name: str
    reading: ClipReading
    patterns: WindowPatterns


@dataclass(frozen=True)
class Listening:
    """What a model did with a recording, and what of it is looked at.

    Attributes:
        waveform: the recording, at the rate of the tower.
        trained: what the model did.
        twin: what its untrained twin did; None where that has yet to read.
        patterns: of single windows.
        beside: another model; None for none.
        layer: blocks count from 1; 0 is a cross-attention before them.
        head: from 1; 0 for the mean of all.
        probes: of the model; None where none were fitted.
        notes: of the recording, for what probes should read; None where they are not known.
        scaled_as: whose colours its pictures have, so that both can be compared; None for their own.
    """

    waveform: Waveform
    trained: ClipReading
    twin: ClipReading | None
    patterns: WindowPatterns
    beside: Side | None = None
    layer: int = 1
    head: int = 0
    scaled_as: ClipReading | None = None
    probes: ClipProbes | None = None
    notes: Notes | None = None


def desk_lanes(sound: Sound, heard: Listening | None, near_s: float) -> list[Lane]:
    """The lanes of a recording, and where a model read it, of what that does with it; near a moment exactly.

    Args:
        sound: the recording.
        heard: what a model did with it; None for the sound alone.
        near_s: what is looked at, in seconds.

    Raises:
        ShapeError: there is no such layer or head.
    """
    drawn: list[Lane] = [
        sound_lanes.wave_lane(sound.waveform),
        sound_lanes.mel_lane(*sound.log_mel, sound.waveform.sample_rate / 2),
    ]
    if sound.constant_q is not None:
        drawn.append(sound_lanes.constant_q_lane(*sound.constant_q))
    if sound.companions.notes is not None:
        drawn.append(sound_lanes.note_lane(sound.companions.notes))
    drawn += sound_lanes.mark_lanes([(layer.title, layer.marks) for layer in sound.companions.layers])
    return drawn if heard is None else drawn + _of_model(heard, near_s)


def _of_model(heard: Listening, near_s: float) -> list[Lane]:
    trained, beside, layer = heard.trained, heard.beside, heard.layer
    drawn: list[Lane | None] = []
    if trained.layers:
        drawn.append(model_lanes.received_lane(trained, heard.twin, layer, near_s))
        drawn.append(model_lanes.grid_lane(trained, layer, heard.scaled_as))
        drawn.append(model_lanes.attention_lane(heard.patterns, trained, layer, heard.head, near_s, heard.scaled_as))
        if beside is not None and layer in beside.reading.numbers:
            drawn.append(_beside(beside, _attention_beside(beside, heard, near_s)))
    if trained.states:
        drawn.append(model_lanes.similarity_lane(trained, layer))
        if beside is not None and beside.reading.states:
            drawn += _similarity_beside(beside, trained, layer)
        drawn.append(model_lanes.novelty_lane(trained, heard.twin, layer))
    if heard.probes is not None and trained.states:
        drawn += probe_lanes(heard.probes, trained, heard.twin, layer, heard.waveform, heard.notes)
    drawn.append(sound_lanes.descriptor_lane(drawn_descriptor(heard.patterns.tower), heard.waveform))
    return [lane for lane in drawn if lane is not None]


def _attention_beside(beside: Side, heard: Listening, near_s: float) -> Lane:
    """In the colours of the other where that has as many heads."""
    layer = beside.reading.layer(heard.layer)
    scale = heard.trained if heard.trained.layer(heard.layer).n_heads == layer.n_heads else None
    head = heard.head if heard.head <= layer.n_heads else 0
    return model_lanes.attention_lane(beside.patterns, beside.reading, heard.layer, head, near_s, scale)


def _similarity_beside(beside: Side, trained: ClipReading, number: int) -> list[Lane]:
    """The self-similarity of the other model, and the difference; where there is none, why."""
    theirs = _beside(beside, model_lanes.similarity_lane(beside.reading, number))
    difference = model_lanes.difference_lane(trained, beside.reading, number, beside.name)
    if difference is not None:
        return [theirs, difference]
    return [replace(theirs, note=f"No difference from {beside.name} is drawn: {_why_none(trained, beside.reading, number)}.")]


def _why_none(trained: ClipReading, other: ClipReading, number: int) -> str:
    """What keeps the cells of two models apart."""
    state = min(number, len(trained.states) - 1)
    if state >= len(other.states):
        return "it has no such layer"
    ours, theirs = (len(read.states[state].times_s) for read in (trained, other))
    if ours == theirs:
        return "its cells stand at other moments"
    return f"it hears this recording in {theirs:,} cells here, the other in {ours:,}"


def _beside(side: Side, lane: Lane) -> Lane:
    """A lane of the model that is drawn beside, after the same of the one that is looked at."""
    return replace(lane, id=f"{lane.id}_beside", side=side.name)


def desk_headline(name: str, trained: ClipReading, twin: ClipReading | None, number: int, head: int) -> str:
    """How widely a layer and a head (0 for the mean) spread their attention; of a tower that does not attend, what was read.

    Raises:
        ShapeError: there is no such layer.
    """
    if not trained.numbers:
        return f"{name} hears this recording in {windows(trained)} and has no attention to show."
    layer = trained.layer(number)
    control = None if twin is None else twin.spread(number, head or None)
    return headline(layer.title, head or None, layer.n_heads, layer.key.kind, trained.spread(number, head or None), control)


def windows(read: ClipReading) -> str:
    """How many windows, in words."""
    return "1 window" if read.clock.n_windows == 1 else f"{read.clock.n_windows} windows"
