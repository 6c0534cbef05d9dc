"""What does the model attend to in this clip?"""

import streamlit as st

from analysis.units import seconds_to_words
from app import access
from app.components.clip import page as clip_page
from app.components.clip import picker, reading
from app.kit import controls, layout


def page() -> None:
    """A clip, heard and seen, and what a checkpoint makes of it."""
    access.require_access()
    with layout.page("What does the model attend to in this clip?"):
        _content()


def _content() -> None:
    reading.adopt()
    answer = st.container()
    first, second, third, fourth = st.columns((3, 2, 2, 2), vertical_alignment="bottom")
    with second:
        checkpoint = controls.pick_checkpoint()
    with first:
        chosen = picker.choose()
    with third:
        beside = clip_page.pick_beside(checkpoint, chosen)
    with fourth:
        overlap = clip_page.pick_overlap()
    clip = picker.open_clip(chosen)
    if checkpoint is None:
        layout.empty(
            "No checkpoint was found, so there is no attention to show.",
            "Train one, or name its folder in OTOSCOPE_CHECKPOINTS.",
        )
    if clip is None:
        layout.empty("No clip is chosen.", "Drop a recording, record one, or pick a demo clip.")
        layout.provenance({} if checkpoint is None else {"checkpoint": f"{checkpoint.name} ({str(checkpoint.sha256)[:12]})"})
        return
    wave = clip.waveform
    facts = {"clip": f"{wave.name} ({clip.key[:12]}), {seconds_to_words(wave.duration_s)}"}
    if checkpoint is not None:
        facts["checkpoint"] = f"{checkpoint.name} ({str(checkpoint.sha256)[:12]})"
        facts |= clip_page.draw(clip_page.ClipChoice(checkpoint, clip, overlap, beside), answer)
    else:
        with answer:
            layout.headline(f"{wave.name or 'The clip'} lasts {seconds_to_words(wave.duration_s)}.")
        clip_page.draw_sound(clip, beside)
    picker.add_companions(clip)
    layout.provenance(facts)


if __name__ == "__main__":  # not in the processes that render clips
    page()
