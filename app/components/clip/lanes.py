"""Everything that is drawn of a recording, on one clock: what the desk is sent."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from analysis.clips.wav import wav_bytes
from app import caching, state
from app.components.clip import agreement, hearing, probing, recordings
from app.components.clip import second as second_recording
from app.kit.desk.show import Layers, Sent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analysis.clips.clip_lanes import Listening, Side, Sound
    from analysis.clips.lanes import HeadWall, Lane
    from analysis.clips.questions.answer import Answer
    from analysis.clips.window_patterns import WindowPatterns
    from app.components.clip.reading import Question, Readings
    from app.components.clip.recordings import Clip
    from app.components.clip.second import Second
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
        second: another recording, drawn after the first; None for none.
    """

    clip: Clip
    question: Question | None
    readings: Readings | None
    beside: Side | None = None
    layer: int = 1
    head: int = 0
    answers: Mapping[str, Answer] = field(default_factory=dict)
    followed: str = ""
    second: Second | None = None

    @property
    def other_clip(self) -> Clip | None:
        """The second recording; None for none."""
        return None if self.second is None else self.second.clip


def sent(shown: Shown, position: Position) -> Sent:
    """What the desk is sent of it, with the playhead at a position."""
    clip, readings = shown.clip, shown.readings
    duration_s = clip.waveform.duration_s
    packed = _tiles(shown, position)
    return Sent(
        clip.key, _sound(clip), packed.tiles, duration_s, _layers(shown), _order(shown),
        sounds=hearing.sounds(clip, shown.other_clip), position=position,
        windows=readings.trained.clock.spans if readings is not None else (), arrival=state.arrivals(),
        recent=list(recordings.recent()), numbers=packed.numbers,
    )  # fmt: skip


def drawn(shown: Shown, position: Position) -> Sequence[str]:
    """Which lanes the desk is sent, by their names, hidden or not."""
    return _tiles(shown, position).lanes


def _order(shown: Shown) -> list[str]:
    """Lanes in the order of the address; differences of two recordings are hidden until somebody asks for them."""
    entries = (state.get_text("lanes") or "").split(",")
    named = {entry.removeprefix("-").partition(":")[0] for entry in entries}
    hidden = second_recording.hidden_at_first(shown.clip, shown.other_clip)
    return [*(entry for entry in entries if entry), *(f"-{lane}" for lane in hidden if lane not in named)]


def _sound(clip: Clip) -> bytes:
    wave = clip.waveform
    return caching.once(("wav", clip.key), lambda: wav_bytes(wave.samples, wave.sample_rate)) or b""


def _tiles(shown: Shown, position: Position) -> Packed:
    from app.kit.desk.packing import pack_with_numbers

    window = _window(shown, position)
    chosen = "" if shown.readings is None else repr((shown.layer, shown.head, window))
    read = shown.readings is not None, shown.readings is not None and shown.readings.twin is not None
    beside = None if shown.beside is None else (shown.beside.name, shown.beside.reading.seconds, shown.beside.reading.device)
    question = shown.question
    asked = () if question is None else (question.key, question.identity, question.overlap, probing.stored(question) is not None)
    known = tuple((kind, answer.headline) for kind, answer in shown.answers.items())
    clips = [shown.clip, *([] if shown.second is None else [shown.second.clip])]
    whole = tuple(caching.has_constant_q(clip.waveform) for clip in clips)
    others = known, shown.followed, _second_key(shown.second), whole
    key = ("tiles", shown.clip.key, shown.clip.belongs, *asked, chosen, read, beside, *others)
    duration_s = shown.clip.waveform.duration_s
    return caching.drawn(key, lambda: pack_with_numbers(lanes(shown, position.seconds), duration_s, _wall(shown, window)))


def _second_key(second: Second | None) -> tuple[object, ...]:
    if second is None:
        return ()
    read = second.readings is not None, second.readings is not None and second.readings.twin is not None
    return second.clip.key, second.clip.belongs, read


def lanes(shown: Shown, near_s: float) -> list[Lane]:
    """The lanes of a recording, and where it was read by a model, of what that does with it; near a moment exactly.

    Those of a second recording stand after them, kind by kind.
    """
    if shown.second is None:
        return _of_first(shown, near_s)
    from analysis.clips.second_recording import Recorded, beside_second

    second = replace(shown, clip=shown.second.clip, question=shown.second.question, readings=shown.second.readings, second=None)
    first, other = (Recorded(each.clip.waveform.name, sound_of(each.clip), _heard(each)) for each in (shown, second))
    return beside_second(_of_first(shown, near_s), first, other, near_s)


def sound_of(clip: Clip) -> Sound:
    """What is drawn of a recording alone."""
    from analysis.clips.clip_lanes import Sound

    return Sound(clip.waveform, caching.log_mel(clip.waveform), clip.companions, caching.constant_q(clip.waveform))


def _of_first(shown: Shown, near_s: float) -> list[Lane]:
    from analysis.clips.clip_lanes import desk_lanes

    drawn = desk_lanes(sound_of(shown.clip), _heard(shown), near_s)
    after = 1 + next((number for number, lane in enumerate(drawn) if lane.id == "notes"), 2)
    grids = ((kind, answer.grid) for kind, answer in shown.answers.items() if answer.grid is not None)
    answered = [replace(lane, id=f"{lane.id}_{kind}") for kind, grid in grids for lane in grid.lanes]
    return [*drawn[:after], *agreement.lanes(shown.clip, shown.question, shown.readings), *drawn[after:], *answered]


def _heard(shown: Shown) -> Listening | None:
    from analysis.clips.clip_lanes import Listening

    question, readings = shown.question, shown.readings
    if question is None or readings is None:
        return None
    patterns = patterns_of(question)
    return Listening(
        question.waveform, readings.trained, readings.twin, patterns, shown.beside, shown.layer, shown.head,
        probes=probing.stored(question), notes=shown.clip.companions.notes,
    )  # fmt: skip


def patterns_of(question: Question, *, twin: bool = False) -> WindowPatterns:
    """Patterns of single windows, kept from click to click."""
    from analysis.clips.window_patterns import WindowPatterns
    from analysis.jobs.kinds.clip_memory import refuse_large_window

    def opened() -> WindowPatterns:
        refuse_large_window(question.size, question.name)
        return WindowPatterns(question.model(twin=twin), question.waveform, question.overlap)

    return caching.once(("patterns", question.identity, question.key, question.overlap, twin), opened)


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
