"""Import of a checkpoint through the browser: what it holds is shown first, and imported when that is confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from analysis import paths
from analysis.errors import OtoscopeError
from app import state
from app.components import import_preview
from app.kit.plain import plain

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from analysis.models.preview import Preview


HINT = (
    "Choose `model.safetensors` and `config.json` of one checkpoint, and if there are any `history.csv` and `card.md`; then "
    "press **Check**. Names, types and shapes of the tensors are listed here beside what the configuration expects, before any "
    "value is read; nothing is ever unpickled. Files of more than 50 MB do not come through the browser: put their folder where "
    "OTOSCOPE_CHECKPOINTS points, or use `otoscope import`."
)
LARGEST_MB = 50  # the server takes no larger upload
OUTCOME_PX = 380  # reserved, so that nothing below moves when the outcome appears
KEPT: state.Kept = "import"  # the name under which this session keeps what was found


@dataclass(frozen=True)
class Checked:
    """What a check found in the files of these ids: a preview if there is anything to show, a sentence if anything is wrong."""

    files: tuple[str, ...]
    preview: Preview | None = None
    problem: str = ""

    @property
    def fits(self) -> bool:
        """Nothing that has been seen so far speaks against the import."""
        return self.preview is not None and not self.preview.problem


def draw(expanded: bool = False) -> None:
    """Files, a name and two buttons; what was found, and what came of it, stands where the hint stood."""
    with st.expander("Import a checkpoint", icon=":material/upload_file:", expanded=expanded):
        with st.form("import", border=False):
            files = st.file_uploader(
                "Files of the checkpoint",
                type=["safetensors", "json", "csv", "md"],
                accept_multiple_files=True,
                max_upload_size=LARGEST_MB,
            )
            with st.container(horizontal=True, vertical_alignment="bottom"):
                name = st.text_input("Name", placeholder="a4x-seed-1", max_chars=64, width=320).strip()
                if st.form_submit_button("Check", icon=":material/fact_check:"):
                    state.keep(KEPT, _check(files))
                checked: Checked | None = state.recall(KEPT)
                ready = checked is not None and checked.fits
                confirmed = st.form_submit_button("Import", icon=":material/upload_file:", disabled=not ready)
        with st.container(height=OUTCOME_PX, border=False):
            if confirmed:
                checked = _import(files, name, checked)
                state.keep(KEPT, checked)
            elif checked is None:
                st.caption(HINT)
            if checked is not None:
                _show(checked)


def _check(files: Sequence[UploadedFile]) -> Checked:
    """Read the header and the configuration, and nothing else."""
    from analysis.models.importing import preview_checkpoint

    names = [file.name for file in files]
    if not names:
        return Checked((), problem="No file was chosen. Choose `model.safetensors` and `config.json`, then check again.")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        return Checked(_ids(files), problem=f"{plain(twice[0])} was chosen twice. Remove one of them, then check again.")
    try:
        return Checked(_ids(files), preview_checkpoint(_contents(files)))
    except OtoscopeError as error:
        return Checked(_ids(files), problem=plain(str(error)))


def _import(files: Sequence[UploadedFile], name: str, checked: Checked | None) -> Checked | None:
    """Import what was shown and say so; else what was found with the reason, so that nothing is lost."""
    from analysis.models.importing import import_checkpoint, zero_notice

    if checked is None or checked.files != _ids(files):
        others = _check(files)
        text = "These are not the files that were checked. What they hold is listed now; import again if it is right."
        return replace(others, problem=text) if others.fits else others
    if not name:
        return replace(checked, problem="The checkpoint has no name yet. Give it one, then import again.")
    try:
        with st.spinner("Checking the weights …"):
            imported = import_checkpoint(_contents(files), name, paths.imported_checkpoints())
            notice = zero_notice(imported)
    except OtoscopeError as error:
        return replace(checked, problem=plain(str(error)))
    except OSError as error:
        why = plain(error.strerror or "no reason given")
        return replace(checked, problem=f"The checkpoint could not be written ({why}). Check space and permissions.")
    state.put("checkpoint", str(imported.name))
    st.success(f"{plain(str(imported.name))} was imported; it is chosen in the table, and its card is shown below.")
    if notice:
        st.warning(plain(notice), icon=":material/warning:")
    return None


def _show(checked: Checked) -> None:
    if checked.problem:
        st.error(checked.problem)
    if checked.preview is not None:
        import_preview.draw(checked.preview)


def _ids(files: Sequence[UploadedFile]) -> tuple[str, ...]:
    """Each upload has an id of its own, and its content never changes."""
    return tuple(str(file.file_id) for file in files)


def _contents(files: Sequence[UploadedFile]) -> dict[str, bytes]:
    return {file.name: file.getvalue() for file in files}
