"""Everything that is drawn of a recording, on one clock: what the desk is sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app import caching, state
from app.components.clip import moment
from app.components.desk.show import Layers, Sent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.clips.lanes import HeadWall, Lane
    from analysis.clips.reading import ClipReading
    from analysis.clips.window_patterns import WindowPatterns
    from app.components.clip.reading import Question, Readings
    from app.components.clip.recordings import Clip
    from app.components.desk.show import Position

UNTRAINED = "untrained twin"


@dataclass(frozen=True)
class Side:
    """A model beside the one that is looked at: its name, what it did with the recording, and its patterns."""

    name: str
    reading: ClipReading
    patterns: WindowPatterns


@dataclass(frozen=True)
class Shown:
    """What is looked at.

    Attributes:
        clip: the recording.
        question: who reads it; None where there is no checkpoint.
        readings: what was read; None as long as it is not.
        beside: another model; None for none.
        layer: blocks count from 1; 0 is a cross-attention before them.
        head: from 1; 0 for the mean of all.
    """

    clip: Clip
    question: Question | None
    readings: Readings | None
    beside: Side | None = None
    layer: int = 1
    head: int = 0


def sent(shown: Shown) -> Sent:
    """What the desk is sent of it."""
    clip, readings = shown.clip, shown.readings
    duration_s = clip.waveform.duration_s
    position = moment.of_address(state.get_text("at") or "", duration_s)
    order = state.get_text("lanes")
    return Sent(
        clip.key, _sound(clip), _tiles(shown, position), duration_s, _layers(shown), order.split(",") if order else None,
        windows=readings.trained.clock.spans if readings is not None else (), position=position,
    )  # fmt: skip


def _sound(clip: Clip) -> bytes:
    wave = clip.waveform
    return caching.once(("wav", clip.key), lambda: caching.wav(wave.samples, wave.sample_rate)) or b""


def _tiles(shown: Shown, position: Position) -> bytes:
    from app.components.desk.packing import pack

    window = _window(shown, position)
    chosen = "" if shown.readings is None else repr((shown.layer, shown.head, window))
    read = shown.readings is not None, shown.readings is not None and shown.readings.twin is not None
    beside = None if shown.beside is None else shown.beside.name
    question, companions = shown.question, shown.clip.companions
    asked = () if question is None else (question.key, caching.identity(question.checkpoint), question.overlap)
    key = ("tiles", shown.clip.key, repr(companions), *asked, chosen, read, beside)
    duration_s = shown.clip.waveform.duration_s
    return caching.once(key, lambda: pack(lanes(shown, position.seconds), duration_s, _wall(shown, window))) or b""


def lanes(shown: Shown, near_s: float) -> list[Lane]:
    """The lanes of a recording, and where it was read by a model, of what that does with it; near a moment exactly."""
    from analysis.clips import sound_lanes

    wave, companions = shown.clip.waveform, shown.clip.companions
    times_s, decibel = caching.log_mel(wave)
    drawn: list[Lane] = [sound_lanes.wave_lane(wave), sound_lanes.mel_lane(times_s, decibel, wave.sample_rate / 2)]
    if companions.notes is not None:
        drawn.append(sound_lanes.note_lane(companions.notes))
    drawn += sound_lanes.mark_lanes([(layer.title, layer.marks) for layer in companions.layers])
    if shown.question is not None and shown.readings is not None:
        drawn += _of_model(shown, shown.question, shown.readings, near_s)
    return drawn


def _of_model(shown: Shown, question: Question, readings: Readings, near_s: float) -> list[Lane]:
    from analysis.clips import model_lanes, sound_lanes
    from analysis.clips.tower_descriptors import drawn_descriptor

    patterns, beside, layer = patterns_of(question), shown.beside, shown.layer
    trained = readings.trained
    drawn: list[Lane | None] = []
    if trained.layers:
        drawn.append(model_lanes.received_lane(trained, readings.twin, layer, near_s))
        drawn.append(model_lanes.grid_lane(trained, layer))
        drawn.append(model_lanes.attention_lane(patterns, trained, layer, shown.head, near_s))
        if beside is not None and layer in beside.reading.numbers:
            drawn.append(_beside(beside, _attention_beside(beside, trained, shown, near_s)))
    if trained.states:
        drawn.append(model_lanes.similarity_lane(trained, layer))
        if beside is not None and beside.reading.states:
            drawn.append(_beside(beside, model_lanes.similarity_lane(beside.reading, layer)))
            drawn.append(model_lanes.difference_lane(trained, beside.reading, layer, beside.name))
        drawn.append(model_lanes.novelty_lane(trained, readings.twin, layer))
    drawn.append(sound_lanes.descriptor_lane(drawn_descriptor(patterns.model), question.waveform))
    return [lane for lane in drawn if lane is not None]


def _attention_beside(beside: Side, trained: ClipReading, shown: Shown, near_s: float) -> Lane:
    """In the colours of the other where that has as many heads."""
    from analysis.clips import model_lanes

    layer = beside.reading.layer(shown.layer)
    scale = trained if trained.layer(shown.layer).n_heads == layer.n_heads else None
    head = shown.head if shown.head <= layer.n_heads else 0
    return model_lanes.attention_lane(beside.patterns, beside.reading, shown.layer, head, near_s, scale)


def _beside(side: Side, lane: Lane) -> Lane:
    """A lane of the model that is drawn beside, after the same of the one that is looked at."""
    return replace(lane, id=f"{lane.id}_beside", side=side.name)


def patterns_of(question: Question, *, twin: bool = False) -> WindowPatterns:
    """Patterns of single windows, kept from click to click."""
    from analysis.clips.window_patterns import WindowPatterns

    checkpoint = question.checkpoint
    key = ("patterns", caching.identity(checkpoint), question.key, question.overlap, twin)

    def opened() -> WindowPatterns:
        model = checkpoint.untrained_twin() if twin else caching.model(checkpoint)
        return WindowPatterns(model, question.waveform, question.overlap)

    return caching.once(key, opened)


def _window(shown: Shown, position: Position) -> int:
    return 0 if shown.readings is None else shown.readings.trained.clock.window_at(position.seconds)


def _wall(shown: Shown, window: int) -> HeadWall | None:
    from analysis.clips.wall import head_wall

    return None if shown.readings is None else head_wall(shown.readings.trained, window)


def _layers(shown: Shown) -> Layers:
    if shown.readings is None or not shown.readings.trained.layers:
        return Layers(layer=shown.layer, head=shown.head)
    layers: Sequence = shown.readings.trained.layers
    numbers, names = [layer.layer for layer in layers], [layer.title for layer in layers]
    return Layers(numbers, names, range(max(layer.n_heads for layer in layers) + 1), shown.layer, shown.head)
