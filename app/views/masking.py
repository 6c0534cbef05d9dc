"""What can the model say of what it is not shown?"""

import streamlit as st

from app import access
from app.components.clip import picker
from app.kit import controls, layout


def page() -> None:
    """Patches of a window are masked, and a predictor says what is there."""
    access.require_access()
    with layout.page("What can the model say of what it is not shown?"):
        _content()


def _content() -> None:
    from analysis.clips.masking import has_predictor  # slow to import

    first, second = st.columns(2, vertical_alignment="bottom")
    with first:
        checkpoint = controls.pick_checkpoint(lambda checkpoint: has_predictor(checkpoint.outline()))
    with second:
        chosen = picker.choose()
    clip = picker.open_clip(chosen)
    if checkpoint is None:
        layout.empty("No checkpoint was found.", "Train one with `otoscope train pupujepa`.")
        return
    if not has_predictor(checkpoint.outline()):
        layout.empty(
            f"{layout.plain(checkpoint.name)} is of the family {checkpoint.of_family.title}, which predicts nothing of what is "
            "masked.",
            "Choose a PupuJEPA, or train one with `otoscope train pupujepa`.",
        )
    elif clip is None:
        layout.empty("No clip is chosen.", "Drop a recording, record one, or pick a demo clip.")
    else:
        from app.components import masking

        masking.draw(checkpoint, clip)
    facts = {} if clip is None else {"clip": f"{clip.waveform.name} ({clip.key[:12]})"}
    layout.provenance(facts | {"checkpoint": f"{checkpoint.name} ({str(checkpoint.sha256)[:12]})"})


if __name__ == "__main__":  # not in the processes that render clips
    page()
