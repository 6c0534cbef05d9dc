"""Import of a checkpoint through the browser."""

import streamlit as st

from analysis import paths
from analysis.errors import OtoscopeError
from app import state
from app.components.plain import plain

HINT = (
    "Choose `model.safetensors` and `config.json` of one checkpoint, and if there are any `history.csv` and `card.md`. "
    "Every tensor is checked against the configuration; nothing is unpickled. Files of more than 50 MB do not come through the "
    "browser: put their folder where OTOSCOPE_CHECKPOINTS points, or use `otoscope import`."
)
LARGEST_MB = 50  # the server takes no larger upload
MESSAGE_PX = 112  # reserved, so that nothing below moves when the outcome appears


def draw(expanded: bool = False) -> None:
    """Files, a name and a button; what came of it stands where the hint stood."""
    with st.expander("Import a checkpoint", icon=":material/upload_file:", expanded=expanded):
        with st.form("import", border=False):
            files = st.file_uploader(
                "Files of the checkpoint",
                type=["safetensors", "json", "csv", "md"],
                accept_multiple_files=True,
                max_upload_size=LARGEST_MB,
            )
            with st.container(horizontal=True, vertical_alignment="bottom"):
                name = st.text_input("Name", placeholder="a4x-seed-1", max_chars=64, width=320)
                pressed = st.form_submit_button("Import", icon=":material/upload_file:")
        with st.container(height=MESSAGE_PX, border=False):
            if pressed:
                _answer(files, name.strip())
            else:
                st.caption(HINT)


def _answer(files: list, name: str) -> None:
    """Import, and say what happened."""
    from analysis.models.importing import import_checkpoint

    names = [file.name for file in files]
    if problem := _missing(names, name):
        st.error(problem)
        return
    try:
        with st.spinner("Checking the weights …"):
            imported = import_checkpoint({file.name: file.getvalue() for file in files}, name, paths.imported_checkpoints())
    except OtoscopeError as error:
        st.error(plain(str(error)))
    except OSError as error:
        st.error(
            f"The checkpoint could not be written ({plain(error.strerror or 'no reason given')}). Check space and permissions."
        )
    else:
        state.put("checkpoint", str(imported.name))
        st.success(f"{plain(str(imported.name))} was imported; it is chosen in the table, and its card is shown below.")


def _missing(files: list[str], name: str) -> str | None:
    if not files:
        return "No file was chosen. Choose `model.safetensors` and `config.json`, then import again."
    if twice := sorted({file for file in files if files.count(file) > 1}):
        return f"{plain(twice[0])} was chosen twice. Remove one of them, then import again."
    if not name:
        return "The checkpoint has no name yet. Give it one, then import again."
    return None
