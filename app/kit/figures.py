"""How every figure is placed on a page: in its own colours, with its bar of tools above all that is written in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import plotly.graph_objects as go
import streamlit as st

from app.charts import theme

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator


QUIET = {"displaylogo": False, "showTips": False, "displayNotifier": False}  # no words are laid over the page


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
    return part.plotly_chart(theme.bar_above(drawing), theme=None, key=key, config=config, alt=theme.described(drawing), **more)
