"""Taking an import back: a button for imported checkpoints alone, whether they open or not, and a second one that confirms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from analysis import paths
from analysis.errors import OtoscopeError
from app.kit import layout
from app.kit.plain import plain

if TYPE_CHECKING:
    from analysis.models.checkpoint import BrokenCheckpoint, Checkpoint


def draw(chosen: Checkpoint | None, broken: Sequence[BrokenCheckpoint]) -> None:
    """For the chosen checkpoint, and for every import that cannot be opened."""
    root = paths.imported_checkpoints()
    for checkpoint in [*([] if chosen is None else [chosen]), *broken]:
        if checkpoint.path.parent == root:
            _confirm(str(checkpoint.path.name))


def _confirm(name: str) -> None:
    """What it means, and the button."""
    with st.popover(f"Remove {plain(name)}", icon=":material/delete:"):
        st.markdown(
            f"{plain(name)} was imported. Removing it deletes its files for everybody who uses this dashboard; "
            "results that are stored stay. This cannot be undone."
        )
        if st.button("Remove it", key=f"remove_{name}", icon=":material/delete:"):
            _remove(name)


def _remove(name: str) -> None:
    from analysis.models.importing import remove_import

    try:
        remove_import(name, paths.imported_checkpoints())
    except OtoscopeError as error:
        layout.error(str(error))
        return
    st.rerun()
