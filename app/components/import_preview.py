"""What an upload holds, before any tensor is read: one line, what does not fit, and the table of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from analysis.datasets.containers import printable
from app.kit.plain import plain

if TYPE_CHECKING:
    from analysis.models.preview import Preview, TensorPreview


MOST_ROWS = 1000
LONGEST_NAME = 120
TABLE_PX = 240
NONE = "—"
FITS = "Every name, type and shape is as expected; values are read when you import."
COLUMNS = {
    "tensor": st.column_config.TextColumn("tensor", width=300, pinned=True),
    "type": st.column_config.TextColumn("type", width=56),
    "shape": st.column_config.TextColumn("shape in the file", width=130),
    "expected": st.column_config.TextColumn("shape expected", width=130, help="By the configuration"),
    "parameters": st.column_config.NumberColumn(
        "parameters", width=96, format="%,d", help="Numbers that are trained; running statistics of batch norm are not"
    ),
    "fault": st.column_config.TextColumn("does not fit", width=110),
}


def draw(preview: Preview) -> None:
    """The summary, or the sentence for what does not fit, above the table of tensors."""
    if preview.problem:
        st.error(plain(preview.problem))
    st.markdown(plain(summary(preview)) if preview.problem else f"{plain(summary(preview))}. {FITS}")
    shown = preview.tensors[:MOST_ROWS]
    st.dataframe(
        [row(tensor) for tensor in shown],
        column_config=COLUMNS,
        hide_index=True,
        placeholder=NONE,
        height=TABLE_PX,
        alt="Tensors of the file beside those that the configuration expects",
    )
    if len(shown) < len(preview.tensors):
        st.caption(f"The first {len(shown):,} of {len(preview.tensors):,} tensors are listed.")


def summary(preview: Preview) -> str:
    """Arm and scale as far as they are known, tensors, parameters and bytes."""
    arm = [f"{preview.arm} ({printable(preview.scale)})"] if preview.arm else []
    what = "parameters" if preview.arm else "numbers"
    return " · ".join([*arm, f"{preview.n_tensors:,} tensors", f"{preview.n_parameters:,} {what}", f"{preview.n_bytes:,} bytes"])


def row(tensor: TensorPreview) -> dict[str, str | int | None]:
    """A tensor as a row of the table."""
    return {
        "tensor": printable(tensor.name, LONGEST_NAME),
        "type": tensor.dtype,
        "shape": shape_text(tensor.shape),
        "expected": shape_text(tensor.expected),
        "parameters": tensor.n_parameters,
        "fault": tensor.fault,
    }


def shape_text(shape: Sequence[int] | None) -> str:
    """A shape as a person writes it, a dash where there is none.

    >>> shape_in_words((200, 192)), shape_in_words(()), shape_in_words((2635,)), shape_in_words(None)
    ('200 × 192', 'one number', '2,635', '—')
    """
    if shape is None:
        return NONE
    return " × ".join(f"{size:,}" for size in shape) or "one number"
