"""How do features turn as the sound is moved?"""

import streamlit as st

from app import access
from app.components.clip import picker
from app.kit import controls, layout


def page() -> None:
    """A window is moved in time, and features that are complex numbers turn."""
    access.require_access()
    with layout.page("How do features turn as the sound is moved?"):
        _content()


def _content() -> None:
    from analysis.clips.phasor_words import no_phase  # slow to import
    from analysis.clips.phasors import has_phasors

    first, second = st.columns(2, vertical_alignment="bottom")
    with first:
        checkpoint = controls.pick_checkpoint(lambda checkpoint: has_phasors(checkpoint.outline()))
    with second:
        chosen = picker.choose()
    clip = picker.open_clip(chosen)
    if checkpoint is None:
        layout.empty("No checkpoint was found.", "Train one with `otoscope train phalar`.")
        return
    if not has_phasors(checkpoint.outline()):
        layout.empty(
            f"{layout.plain(checkpoint.name)} {no_phase(checkpoint.of_family.title)}",
            "Choose a PHALAR, or train one with `otoscope train phalar`.",
        )
    elif clip is None:
        layout.empty("No clip is chosen.", "Drop a recording, record one, or pick a demo clip.")
    else:
        from app.components import phasors

        phasors.draw(checkpoint, clip, chosen)
    facts = {} if clip is None else {"clip": f"{clip.waveform.name} ({clip.key[:12]})"}
    layout.provenance(facts | {"checkpoint": f"{checkpoint.name} ({str(checkpoint.sha256)[:12]})"})


if __name__ == "__main__":  # not in the processes that render clips
    page()
