"""A window of a recording is moved: controls, the answer, the complex plane, what is read off it, similarity and sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import streamlit as st

from analysis.errors import ConfigError
from app import caching
from app.charts import phasors as charts
from app.components.phasors import pictures, sounds
from app.kit import actions, controls, figures, layout

if TYPE_CHECKING:
    from analysis.clips.phasor_plan import Plan
    from analysis.clips.phasor_rows import ComponentRow
    from analysis.clips.phasors import MovedWindow
    from analysis.models.checkpoint import Checkpoint
    from analysis.models.phalar.encoder import Phalar
    from app.components.clip.recordings import Clip

PAGE = "phasors"
USUAL_SHARE = 8  # of the circle, by which a window is moved at first
AMPLITUDE = "Amplitude over that of the window that is not moved, really moved"
COLUMNS = {
    "component": st.column_config.NumberColumn("k", width=40),
    "hz": st.column_config.NumberColumn("Hz", format="%.2f", width=56),
    "circle": st.column_config.NumberColumn("in a circle (°)", format="%.0e", help="The largest of all shifts"),
    "untrained_circle": st.column_config.NumberColumn("twin in a circle (°)", format="%.0e", help="The largest of all shifts"),
    "sound_circle": st.column_config.NumberColumn("sound in a circle (°)", format="%.1f"),
    "real": st.column_config.NumberColumn("really moved (°)", format="%.1f"),
    "untrained": st.column_config.NumberColumn("twin really moved (°)", format="%.1f"),
    "unrelated": st.column_config.NumberColumn("unrelated (°)", format="%.1f"),
    "amplitude": st.column_config.NumberColumn("amplitude (×)", format="%.2f", help=AMPLITUDE),
}
HOW_TO_READ = """
A PHALAR projects the frames of a window to a few **channels**, takes the spectrum of every channel over time, and keeps its
lowest **components** k, each a complex number with amplitude and angle. Where everything comes δ later, component k turns by
−360° · kδ/T and its amplitude stays: **T** are all frames of the window, 0 Hz is left out, and all components are divided by
their mean amplitude.

- **In a circle**, features leave the window at its end and come in at its beginning. The law then holds to rounding, whatever
  the weights are: **it is a property of the architecture, and holds for the untrained twin as well.** It says nothing of
  training.
- **Really moved**, the window is read δ earlier in the recording, so that what sounds comes δ later. New sound comes in at the
  beginning and some is lost at the end; the transform and the stages have ends that do not move. *Sound in a circle* moves the
  samples of the window themselves in a circle: nothing new comes in, but its ends meet within the window, and frames stand for
  a little more than the window. How far real moves are off the law depends on what the channels listen to, and so on training.
- **Off the law**: |angle| between what is there and what the law says, channels weighted by their amplitudes. Angles that have
  nothing to do with each other are 90° apart on average; *unrelated windows*, which share no sound with this one, put in place
  of the moved ones, say what that is here. Below 90° they have something in common, such as their ends.
- **The complex head** lets a phase through that all components share. A shift turns each by another angle, so that outputs of
  the head draw curves. Filled points go around 0 once or more while the window goes around once, hollow ones do not: their angle
  comes back without a full turn.
- **S** is what training is about: how well what is moved goes with what stays. That it falls with δ does not yet say that the
  model hears *when*: a real move brings other sound as well. *Sound in a circle* keeps what sounds and changes when, and lets its
  ends meet within the window; what S loses there is no matter of new sound. It is read up to a quarter of the circle.

How it misleads:

- Angles of channels with small amplitudes mean little; hence the weights. One channel on the plane is one of many.
- Really moved by half a window, most of the sound is another. Where music repeats, the law may hold again.
- Against itself, a recording goes with its own shifted copy, which no training shows a model. Hands of demo clips are stems.
- SDs are those of few windows of this one recording, which overlap with each other.
"""


@dataclass(frozen=True)
class Look:
    """What of a moved window is looked at: a channel and a component, both from 0, and a shift in frames."""

    channel: int
    component: int
    shift: int


def draw(checkpoint: Checkpoint, clip: Clip, chosen: str) -> None:
    """Everything below checkpoint and recording."""
    from analysis.clips import phasor_words as words
    from analysis.clips.phasor_rows import component_rows

    model = cast("Phalar", caching.model(checkpoint))  # its view has looked
    answer = st.container()
    try:
        sound, plan = _choose(model, clip, chosen)
    except ConfigError as error:
        layout.error(str(error))
        return
    moved = _move(checkpoint, model, clip, sound, plan)
    rows = component_rows(moved)
    with answer:
        layout.headline(words.turned_sentence(moved, rows), words.law_sentence(moved), words.reason_sentence(rows))
    look = _look(moved)
    _draw_plane(moved, look)
    _draw_turning(moved, look, rows)
    _draw_scores(moved, look, sound)
    with st.expander("How to read this, and how it misleads", icon=":material/help:"):
        st.markdown(HOW_TO_READ)


def _choose(model: Phalar, clip: Clip, chosen: str) -> tuple[sounds.Sounds, Plan]:
    from analysis.clips.phasor_plan import first_starts_s, plan_of

    first, second = st.columns((4, 5), vertical_alignment="bottom")
    with first:
        sound = sounds.choose(clip, chosen, model.config.sample_rate)
    with second:
        starts_s, usual_s = first_starts_s(model.config, len(sound.moves))
        start_s = controls.pick_one("window", "Window from (s)", starts_s, usual_s, str)
    return sound, plan_of(model.config, len(sound.moves), float(start_s))


def _move(checkpoint: Checkpoint, model: Phalar, clip: Clip, sound: sounds.Sounds, plan: Plan) -> MovedWindow:
    from analysis.clips.phasors import move_window

    slot = st.empty()

    def report(done: int, total: int) -> None:
        slot.progress(done / total, f"{layout.plain(checkpoint.name)} and its untrained twin listen: window {done} of {total} …")

    def move() -> MovedWindow:
        return move_window(model, checkpoint.untrained_twin(), sound.moves, sound.stays, plan, report)

    try:
        return caching.once((PAGE, *caching.identity(checkpoint), clip.key, sound.title, plan), move)
    finally:
        slot.empty()


def _look(moved: MovedWindow) -> Look:
    """Channel, component and shift; channels are listed by their amplitude, the largest first."""
    order = np.argsort(-np.linalg.norm(moved.trained.first, axis=1), kind="stable") + 1
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    with left:
        channels = order.tolist()
        channel = controls.pick_one("channel", "Channel, the largest first", channels, channels[0], str)
    with middle:
        component = controls.pick_number("component", "Component k", 1, len(moved.components_hz))
    with right:
        shifts_s, n = moved.plan.shifts_s, moved.plan.n_frames
        usual = max(1, n // USUAL_SHARE)
        shift = controls.pick_one("shift", "Shift δ (s)", range(n + 1), usual, lambda number: f"{shifts_s[number]:.2f}")
    return Look(channel - 1, component - 1, shift)


def _draw_plane(moved: MovedWindow, look: Look) -> None:
    from analysis.clips.phasor_words import rounds_sentence

    panels = pictures.planes(moved, look.channel, look.component, look.shift)
    figures.show(charts.plane(panels, columns=2), "phasors_plane", file="phasors")
    largest = f"Of the head its {pictures.MOST_OUTPUTS} largest outputs are drawn, where it has more."
    st.caption(layout.plain(f"{rounds_sentence(moved)} {largest}"))


def _draw_turning(moved: MovedWindow, look: Look, rows: tuple[ComponentRow, ...]) -> None:
    hz = moved.components_hz[look.component]
    shown = "by how much it turns, how far that is off the law, and its amplitude"
    st.markdown(f"**Component {look.component + 1}** ({hz:.2f} Hz), all channels: {shown}")
    at_s = float(moved.plan.shifts_s[look.shift])
    drawing = charts.along(pictures.turning(moved, look.component), moved.plan.shifts_s, at_s, (5, 4, 3), pictures.TURNING_PX)
    figures.show(drawing, "phasors_turning", file="turning")
    actions.numbers("phasors_turning", rows, "phasors")
    with st.expander("All components", icon=":material/table:"):
        st.dataframe([row.record() for row in rows], column_config=COLUMNS, hide_index=True, placeholder="—")


def _draw_scores(moved: MovedWindow, look: Look, sound: sounds.Sounds) -> None:
    from analysis.clips.phasor_rows import score_rows
    from analysis.clips.phasor_words import score_sentence

    moves, _, against = sound.title.partition(", ")
    st.markdown(f"**Similarity** of {moves}, moved, {against or 'against the window as it is'}")
    at_s = float(moved.plan.shifts_s[look.shift])
    drawing = charts.along(pictures.scores(moved), moved.plan.shifts_s, at_s, (1,), pictures.SCORES_PX)
    figures.show(drawing, "phasors_scores", file="similarity")
    actions.numbers("phasors_scores", score_rows(moved), "similarity")
    st.caption(layout.plain(score_sentence(moved, look.shift)))
    sounds.play(sound, moved.plan, look.shift)
