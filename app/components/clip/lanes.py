"""Everything that is drawn of a recording, on one clock: what the desk is sent."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from analysis.clips.companions import companions_key
from app import caching, state
from app.components.clip import agreement, hearing, moment
from app.kit.desk.show import Layers, Sent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.clips.clip_lanes import Listening, Side
    from analysis.clips.lanes import HeadWall, Lane
    from analysis.clips.questions.answer import Answer
    from analysis.clips.window_patterns import WindowPatterns
    from app.components.clip.reading import Question, Readings
    from app.components.clip.recordings import Clip
    from app.kit.desk.packing import Packed
    from app.kit.desk.show import Position

UNTRAINED = "untrained twin"


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
        answers: what is known of heads and moments, by kind of question.
        followed: kind of musical event whose followers are marked on the wall of heads.
    """

    clip: Clip
    question: Question | None
    readings: Readings | None
    beside: Side | None = None
    layer: int = 1
    head: int = 0
    answers: Mapping[str, Answer] = field(default_factory=dict)
    followed: str = ""


def sent(shown: Shown) -> Sent:
    """What the desk is sent of it."""
    clip, readings = shown.clip, shown.readings
    duration_s = clip.waveform.duration_s
    position = moment.of_address(state.get_text("at") or "", duration_s)
    order, packed = state.get_text("lanes"), _tiles(shown, position)
    return Sent(
        clip.key, _sound(clip), packed.tiles, duration_s, _layers(shown), order.split(",") if order else (),
        sounds=hearing.sounds(clip), windows=readings.trained.clock.spans if readings is not None else (), position=position,
        arrival=state.arrivals(), numbers=packed.numbers,
    )  # fmt: skip


def _sound(clip: Clip) -> bytes:
    wave = clip.waveform
    return caching.once(("wav", clip.key), lambda: caching.wav(wave.samples, wave.sample_rate)) or b""


def _tiles(shown: Shown, position: Position) -> Packed:
    from app.kit.desk.packing import pack_with_numbers

    window = _window(shown, position)
    chosen = "" if shown.readings is None else repr((shown.layer, shown.head, window))
    read = shown.readings is not None, shown.readings is not None and shown.readings.twin is not None
    beside = None if shown.beside is None else (shown.beside.name, shown.beside.reading.seconds, shown.beside.reading.device)
    question, companions = shown.question, shown.clip.companions
    asked = () if question is None else (question.key, caching.identity(question.checkpoint), question.overlap)
    known = tuple((kind, answer.headline) for kind, answer in shown.answers.items())
    belongs = companions_key(shown.clip.key, companions)
    key = ("tiles", shown.clip.key, belongs, *asked, chosen, read, beside, known, shown.followed)
    duration_s = shown.clip.waveform.duration_s
    return caching.drawn(key, lambda: pack_with_numbers(lanes(shown, position.seconds), duration_s, _wall(shown, window)))


def lanes(shown: Shown, near_s: float) -> list[Lane]:
    """The lanes of a recording, and where it was read by a model, of what that does with it; near a moment exactly."""
    from analysis.clips.clip_lanes import Sound, desk_lanes

    wave = shown.clip.waveform
    drawn = desk_lanes(Sound(wave, caching.log_mel(wave), shown.clip.companions), _heard(shown), near_s)
    after = 1 + next((number for number, lane in enumerate(drawn) if lane.id == "notes"), 1)
    grids = ((kind, answer.grid) for kind, answer in shown.answers.items() if answer.grid is not None)
    answered = [replace(lane, id=f"{lane.id}_{kind}") for kind, grid in grids for lane in grid.lanes]
    return [*drawn[:after], *agreement.lanes(shown.clip, shown.question, shown.readings), *drawn[after:], *answered]


def _heard(shown: Shown) -> Listening | None:
    from analysis.clips.clip_lanes import Listening

    question, readings = shown.question, shown.readings
    if question is None or readings is None:
        return None
    patterns = patterns_of(question)
    return Listening(question.waveform, readings.trained, readings.twin, patterns, shown.beside, shown.layer, shown.head)


def patterns_of(question: Question, *, twin: bool = False) -> WindowPatterns:
    """Patterns of single windows, kept from click to click."""
    from analysis.clips.cost import size_of
    from analysis.clips.read import audio_tower
    from analysis.clips.window_patterns import WindowPatterns
    from analysis.jobs.kinds.clip_memory import refuse_large_window

    checkpoint = question.checkpoint
    key = ("patterns", caching.identity(checkpoint), question.key, question.overlap, twin)

    def opened() -> WindowPatterns:
        size = size_of(checkpoint, question.waveform.duration_s, question.overlap)
        refuse_large_window(size, audio_tower(checkpoint.outline()), str(checkpoint.name))
        model = checkpoint.untrained_twin() if twin else caching.model(checkpoint)
        return WindowPatterns(model, question.waveform, question.overlap)

    return caching.once(key, opened)


def _window(shown: Shown, position: Position) -> int:
    return 0 if shown.readings is None else shown.readings.trained.clock.window_at(position.seconds)


def _wall(shown: Shown, window: int) -> HeadWall | None:
    from analysis.clips.wall import head_wall, scored

    if shown.readings is None or (wall := head_wall(shown.readings.trained, window)) is None:
        return None
    answer = shown.answers.get("find")
    return wall if answer is None else scored(wall, answer, shown.followed)


def _layers(shown: Shown) -> Layers:
    if shown.readings is None or not shown.readings.trained.layers:
        return Layers(layer=shown.layer, head=shown.head)
    layers: Sequence = shown.readings.trained.layers
    numbers, names = [layer.layer for layer in layers], [layer.title for layer in layers]
    return Layers(numbers, names, range(max(layer.n_heads for layer in layers) + 1), shown.layer, shown.head)
