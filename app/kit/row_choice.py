"""Tables of which one row is chosen, by any of its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from app import state
from app.kit import tables

if TYPE_CHECKING:
    from streamlit.elements.arrow import DataframeStateInput
    from streamlit.elements.lib.column_config_utils import ColumnConfigMappingInput


MODES = ("single-row-required", "single-cell")


def pick_row(
    rows: Sequence[Mapping[str, object]], key: str, *, alt: str, start: int = 0, columns: ColumnConfigMappingInput | None = None,
    height: tables.Height = "content", placeholder: str | None = None,
) -> int:  # fmt: skip
    """Draw a table; the number of its chosen row.

    Args:
        rows: records, at least one.
        key: of the table.
        alt: what it is, for those who cannot see it.
        start: the row that is chosen until another is, and where the chosen one is gone.
        columns: column_config of the table.
        height: in pixels, or as Streamlit words it.
        placeholder: in place of what is missing.
    """
    data, config = tables.with_minus(list(rows), columns)
    picked = st.dataframe(
        data, column_config=config, hide_index=True, height=height, placeholder=placeholder, key=key, alt=alt,
        on_select=partial(_row_of_cell, key), selection_mode=MODES, selection_default=_selection(start),
    )  # fmt: skip
    chosen = picked["selection"]["rows"]
    return chosen[0] if chosen and chosen[0] < len(rows) else start


def choose(key: str, row: int) -> None:
    """Choose a row of a table that has not been drawn in this run."""
    state.preset(key, _selection(row))


def _row_of_cell(key: str) -> None:
    """A cell that was clicked stands for its row."""
    if cells := ((state.widget_value(key) or {}).get("selection") or {}).get("cells"):
        choose(key, int(cells[0][0]))


def _selection(row: int) -> DataframeStateInput:
    return {"selection": {"rows": [row], "columns": [], "cells": []}}
