"""The clip desk on its page: a recording and what a checkpoint does with it, on one clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from analysis.errors import OtoscopeError
from app import caching, state
from app.components.clip import familiarity, heads, hearing, probing, reading, recordings, second
from app.components.clip.lanes import UNTRAINED, Shown, drawn, patterns_of, sent
from app.components.clip.moment import in_address, of_address
from app.components.clip.reading import Question, Readings
from app.components.clip.words import how_to_read
from app.kit import controls, layout
from app.kit.desk.sent_back import lanes_of, moment_of, recent_of
from app.kit.desk.show import show

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from analysis.clips.clip_lanes import Side
    from analysis.clips.reading import ClipReading
    from analysis.models.checkpoint import Checkpoint
    from app.components.clip.recordings import Clip
    from app.kit.desk.show import Position

KEY = "clip-desk"
NOTHING = "nothing"


@dataclass(frozen=True)
class ClipChoice:
    """Which checkpoint reads which recording, how its windows overlap, and what is drawn beside it: a model or a recording."""

    checkpoint: Checkpoint
    clip: Clip
    overlap: str
    beside: str


def draw(choice: ClipChoice, answer: DeltaGenerator) -> dict[str, str]:
    """The desk, then the answer; what the footer says of it."""
    try:
        question = reading.question(choice.checkpoint, choice.clip, choice.overlap)
        with st.container():  # also when there is nothing to read, so that what follows keeps its place
            readings = reading.readings(question)
        shown = _shown(question, choice.clip, readings, choice.beside)
        position = _position(choice.clip)
        seconds = position.seconds
        shown = replace(shown, answers=heads.answers(shown, seconds), followed=heads.followed())
        _say_second(shown, position)
        show(KEY, sent(shown, position), partial(_place_changed, choice.clip.waveform.duration_s), _lanes_changed, _recent_told)
        if readings is None:
            _complete(shown)
            return {}
        with answer:  # before the twin is read, so that nothing moves down later
            layout.headline(*headline(shown, readings))
        if readings.trained.numbers:
            heads.draw(shown, seconds)
        familiarity.draw(question)
        if readings.trained.states:
            probing.draw(question)
        how_to_read(readings.trained)
        for asked, read in _who_read(shown):
            if read.twin is None:
                reading.read_twin(asked)
        _complete(shown)
    except OtoscopeError as error:
        layout.error(str(error))
        return {}
    return facts(choice.checkpoint, readings)


def draw_sound(clip: Clip, beside: str) -> None:
    """The recording alone, or beside another, where there is no checkpoint."""
    shown = Shown(clip, None, None, second=second.opened(beside, None) if second.chosen(beside) else None)
    position = _position(clip)
    _say_second(shown, position)
    show(KEY, sent(shown, position), partial(_place_changed, clip.waveform.duration_s), _lanes_changed, _recent_told)
    _complete(shown)


def _position(clip: Clip) -> Position:
    """Where the playhead is, as the address says."""
    return of_address(state.get_text("at") or "", clip.waveform.duration_s)


def _complete(shown: Shown) -> None:
    """Make what takes seconds at first, once everything else is drawn, and draw it too."""
    clips = [shown.clip, *([] if shown.second is None else [shown.second.clip])]
    made = [caching.make_constant_q(clip.waveform) for clip in clips]
    if any([*made, hearing.complete(shown.clip, shown.other_clip)]):
        st.rerun()


def pick_overlap() -> str:
    """How much of a window the next one hears again."""
    from analysis.clips.clock import OVERLAPS

    return controls.pick_choice("overlap", "Overlap of windows", list(OVERLAPS), "none")


def _say_second(shown: Shown, position: Position) -> None:
    if shown.second is not None:
        second.say(shown.clip, shown.second.clip, drawn(shown, position))


def _who_read(shown: Shown) -> list[tuple[Question, Readings]]:
    """What was read of the recordings that are shown."""
    return [
        (each.question, each.readings)
        for each in (shown, shown.second)
        if each is not None and each.question is not None and each.readings is not None
    ]


def pick_beside(checkpoint: Checkpoint | None, clip: str) -> str:
    """What is drawn beside it: nothing, its untrained twin, another checkpoint, or another recording than the clip."""
    good, _ = controls.usable()
    others = [name for name in controls.by_name(good) if checkpoint is None or name != str(checkpoint.name)]
    named, models = second.options(clip), [] if checkpoint is None else [UNTRAINED, *others]
    return controls.pick_choice(
        "beside", "Compare with", [NOTHING, *models, *named], NOTHING, lambda option: named.get(option, option)
    )


def _shown(question: Question, clip: Clip, readings: Readings | None, beside: str) -> Shown:
    """Layer and head are chosen of what was read; the most concentrated head is looked at first."""
    other = second.opened(beside, question) if second.chosen(beside) else None
    if readings is None or not (readings.trained.numbers or readings.trained.states):
        return Shown(clip, question, readings, second=other)
    with st.container(horizontal=True, gap="medium"):
        layer, head = _pick_head(readings.trained) if readings.trained.numbers else (_pick_state(readings.trained), 0)
    side = None if second.chosen(beside) else _side(question, clip, readings, beside)
    return Shown(clip, question, readings, side, layer, head, second=other)


def _pick_head(trained: ClipReading) -> tuple[int, int]:
    from analysis.clips.wall import most_concentrated

    layers, (first_layer, first_head) = list(trained.numbers), most_concentrated(trained)
    layer = controls.pick_one("layer", "Layer", layers, first_layer, lambda number: _short(trained.layer(number).title))
    heads = range(trained.layer(layer).n_heads + 1)
    return layer, controls.pick_one("head", "Head", heads, first_head, lambda number: str(number) if number else "mean")


def _short(title: str) -> str:
    """What stands on a button of a layer, such as "1" or "A4 cross"."""
    return title.removeprefix("Layer ").removesuffix("-attention")


def _pick_state(trained: ClipReading) -> int:
    """Of a tower that does not attend, whose self-similarity is drawn."""
    states = range(len(trained.states))
    return controls.pick_one("layer", "Layer", states, states[-1], lambda n: trained.states[n].title)


def _side(question: Question, clip: Clip, readings: Readings, beside: str) -> Side | None:
    """The model that is drawn beside; None as long as it has not read the recording."""
    if beside == NOTHING:
        return None
    from analysis.clips.clip_lanes import Side

    if beside == UNTRAINED:
        return None if readings.twin is None else Side(beside, readings.twin, patterns_of(question, twin=True))
    good, _ = controls.usable()
    try:
        other = reading.question(controls.by_name(good)[beside], clip, question.overlap)
        read = reading.readings(other)
        return None if read is None else Side(beside, read.trained, patterns_of(other))
    except OtoscopeError as error:  # one that cannot be compared takes nothing away
        layout.error(str(error))
        return None


def headline(shown: Shown, readings: Readings) -> tuple[str, ...]:
    """How widely the chosen layer and head spread their attention; of a tower that does not attend, what was read."""
    from analysis.clips.clip_lanes import desk_headline

    name = "" if shown.question is None else shown.question.name
    return (desk_headline(name, readings.trained, readings.twin, shown.layer, shown.head),)


def facts(checkpoint: Checkpoint, readings: Readings) -> dict[str, str]:
    """What the pictures were made from, for the footer."""
    from analysis.clips.clip_lanes import windows

    trained, twin = readings.trained, readings.twin
    return {
        "windows": f"{windows(trained)} of {trained.clock.window_s:g} s",
        "twin": f"untrained, seed {checkpoint.seed}",
        "device": trained.device,
        "reading": f"{trained.seconds + (twin.seconds if twin else 0.0):.1f} s",
    }


def _place_changed(duration_s: float) -> None:
    """A moment, a cell, a layer or a head was chosen: the page's own controls and the address have it from now on."""
    if (moment := moment_of(state.widget_value(KEY))) is not None:
        state.preset("pick_layer", moment.layer)
        state.preset("pick_head", moment.head)
        state.put("at", in_address(moment.position, duration_s))


def _lanes_changed() -> None:
    """Lanes were put elsewhere, away or back: the address says in which order they stand, and which are hidden."""
    if (order := lanes_of(state.widget_value(KEY))) is not None:
        state.put("lanes", ",".join(order))


def _recent_told() -> None:
    """The browser keeps recordings of an earlier session: they can be chosen again."""
    recordings.know_again(recent_of(state.widget_value(KEY)))
