"""What does the model attend to in this clip?"""

import streamlit as st

from analysis.units import seconds_to_words
from app import access, state
from app.components import clip_desk, clip_job
from app.kit import controls, figures, layout


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
        facts |= clip_desk.draw(checkpoint, clip, answer)
    elif clip is not None:
        with answer:
            layout.headline(f"{clip.waveform.name or 'The clip'} lasts {seconds_to_words(clip.waveform.duration_s)}.")
        clip_desk.show_recording(clip, None)
    layout.provenance(facts)
    if clip is None:
        figures.prepare()


if __name__ == "__main__":  # not in the processes that render clips
    page()
