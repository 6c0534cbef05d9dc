"""What does the model attend to in this clip?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from analysis.errors import OtoscopeError
from analysis.units import seconds_to_words
from app import access, controls, layout, state
from app.components import clip_desk, clip_job, figures

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from analysis.models.checkpoint import Checkpoint


def page() -> None:
    """A clip, heard and seen, and what a checkpoint makes of it."""
    access.require_access()
    with layout.page("What does the model attend to in this clip?"):
        _content()


def _content() -> None:
    clip_job.adopt()
    answer = st.container()
    left, right = st.columns(2)
    with left:
        clip = clip_job.recording(controls.pick_clip())
    with right:
        checkpoint = controls.pick_checkpoint()
    if checkpoint is None:
        layout.empty(
            "No checkpoint was found, so there is no attention to show.",
            "Train one, or name its folder in OTOSCOPE_CHECKPOINTS.",
        )
    if clip is None:
        lost = "What was uploaded is gone when the page is loaded anew, and no link carries it."
        happened = f"No clip is chosen. {lost}" if state.get_text("clip") == controls.UPLOAD else "No clip is chosen."
        layout.empty(happened, "Upload a recording, or pick a demo clip.")
    facts = {}
    if clip is not None:
        facts["clip"] = f"{clip.waveform.name} ({clip.waveform.sha256[:12]}), {seconds_to_words(clip.waveform.duration_s)}"
    if checkpoint is not None:
        facts["checkpoint"] = f"{checkpoint.name} ({str(checkpoint.sha256)[:12]})"
    if clip is not None and checkpoint is not None:
        facts |= _desk(checkpoint, clip, answer)
    elif clip is not None:
        with answer:
            layout.headline(f"{clip.waveform.name or 'The clip'} lasts {seconds_to_words(clip.waveform.duration_s)}.")
        clip_desk.heard(clip, None)
    layout.provenance(facts)
    if clip is None:
        figures.prepare()


def _desk(checkpoint: Checkpoint, clip: controls.Clip, answer: DeltaGenerator) -> dict[str, str]:
    """The pictures, then the answer; what the footer says of them."""
    from analysis.clips.serving import refuse_family

    try:
        refuse_family(checkpoint)
    except OtoscopeError as error:
        layout.error(str(error))
        return {}
    place = clip_desk.pick_place(checkpoint, clip)
    clip_desk.heard(clip, place.span_s)
    try:
        result, twin = clip_desk.attended(checkpoint, clip, place)
        if result is not None and twin is not None:
            with answer:
                layout.headline(clip_desk.headline(result, twin, place))
    except OtoscopeError as error:
        layout.error(str(error))
        return {}
    clip_desk.how_to_read(checkpoint.model_config)
    return {} if result is None else clip_desk.facts(checkpoint, result, twin)


if __name__ == "__main__":  # not in the processes that render clips
    page()
