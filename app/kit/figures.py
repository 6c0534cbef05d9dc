"""How every figure is placed on a page: in its own colours, with its bar of tools above all that is written in it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import plotly.graph_objects as go
import streamlit as st

from app.charts import theme

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator


# Under the very name by which the page itself will ask for it, beside the program that the page was opened with.
BESIDE = "document.querySelector('script[src*=\"/static/js/\"]').src"
LOAD = f"<script>(async () => import(new URL('{{}}', {BESIDE})))().catch(() => null)</script>"
QUIET = {"displaylogo": False, "showTips": False, "displayNotifier": False}  # no words are laid over the page


def prepare() -> None:
    """Let the browser load what draws figures while a page waits for its first one, which would wait for that in turn.

    It takes no room as the last of a page; where this release of Streamlit keeps no such file, nothing is loaded.
    """
    if name := _program():
        st.html(LOAD.format(name), unsafe_allow_javascript=True)  # a constant and the name of a file of Streamlit


@cache
def _program() -> str:
    """The file of Streamlit that draws figures; empty where there is none."""
    paths = sorted((Path(st.__file__).parent / "static" / "static" / "js").glob("PlotlyChart.*.js"))
    return paths[0].name if len(paths) == 1 else ""


def show(
    drawing: go.Figure, key: str, *, file: str = "", select: str | Sequence[str] = (), where: DeltaGenerator | None = None
) -> object:
    """Draw a figure; what is selected in it, where something can be.

    Args:
        drawing: the figure.
        key: of the figure, different from all others on the page.
        file: what the picture is called when it is saved, without its ending; its key where nothing is said.
        select: how points can be selected; empty for figures that lead nowhere.
        where: the part of the page; None for where the page has got to.
    """
    config = {**QUIET, "toImageButtonOptions": {"format": "svg", "filename": file or key}}
    more: theme.Part = {"on_select": "rerun", "selection_mode": select} if select else {}
    part = st if where is None else where
    return part.plotly_chart(theme.bar_above(drawing), theme=None, key=key, config=config, **more)
