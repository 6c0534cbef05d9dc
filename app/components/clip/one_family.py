"""A page about a checkpoint of one family and a recording: which, why a checkpoint cannot be shown, and what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.components.clip import picker
from app.kit import controls, layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.models.checkpoint import Checkpoint
    from app.components.clip.recordings import Clip


def show(
    serves: Callable[[Checkpoint], bool],
    lacking: Callable[[str], str],
    family: str,
    draw: Callable[[Checkpoint, Clip, str], None],
) -> None:
    """Choose both, and draw them or say what is missing.

    Args:
        serves: whether a checkpoint can be shown; where nobody has chosen, the first of these is.
        lacking: what a checkpoint of another family has not, after its name, from the title of that family.
        family: which serves, such as "PupuJEPA"; in small letters it is the arm that is trained.
        draw: the page, of the checkpoint, the recording and what was chosen.
    """
    first, second = st.columns(2, vertical_alignment="bottom")
    with first:
        checkpoint = controls.pick_checkpoint(serves)
    with second:
        chosen = picker.choose()
    clip, recipe = picker.open_clip(chosen), f"`otoscope train {family.lower()}`"
    if checkpoint is None:
        layout.empty("No checkpoint was found.", f"Train one with {recipe}.")
        return
    if not serves(checkpoint):
        reason = f"{layout.plain(checkpoint.name)} {lacking(checkpoint.of_family.title)}"
        layout.empty(reason, f"Choose a {family}, or train one with {recipe}.")
    elif clip is None:
        layout.empty("No clip is chosen.", "Drop a recording, record one, or pick a demo clip.")
    else:
        draw(checkpoint, clip, chosen)
    facts = {} if clip is None else {"clip": f"{clip.waveform.name} ({clip.key[:12]})"}
    layout.provenance(facts | {"checkpoint": f"{checkpoint.name} ({str(checkpoint.sha256)[:12]})"})
