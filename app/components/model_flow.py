"""What a checkpoint's model is made of: the drawing, and the same as a table."""

from typing import TypedDict

import streamlit as st

from analysis.models.architecture import Flow
from app.charts import architecture
from app.kit.plain import plain

COLUMNS = {
    "side": st.column_config.TextColumn("side", width=60),
    "part": st.column_config.TextColumn("part", width=170),
    "hands on": st.column_config.TextColumn("hands on", width=170, help="Positions × numbers per position, for one window"),
    "parameters": st.column_config.NumberColumn("parameters", width=96, format="%,d", help="Counted on the model"),
    "details": st.column_config.TextColumn("details", width=330),
    "reads": st.column_config.TextColumn("reads", width=200),
}
SIDES = {"midi": "MIDI"}
FIGURE = {"displayModeBar": False}
Row = TypedDict("Row", {
    "side": str, "part": str, "hands on": str | None, "parameters": int, "details": str | None, "reads": str | None,
})  # fmt: skip


def draw(flow: Flow | None) -> None:
    """The flow of parts from waveform and notes to the joint embedding; nothing where there is no model to draw."""
    if flow is None:
        return
    st.subheader("Architecture", anchor=False)
    st.caption(plain(flow_sentence(flow)))
    alt = "Architecture: what hands on to what; its table is below"
    st.plotly_chart(architecture.flow_chart(flow), theme=None, key="architecture", config=FIGURE, alt=alt)
    with st.expander("The architecture as a table", icon=":material/table:"):
        st.dataframe(table(flow), column_config=COLUMNS, hide_index=True, height="content", placeholder="—")


def flow_sentence(flow: Flow) -> str:
    """How large the model is, and what the drawing shows."""
    given = [part for part in flow.parts if part.kind == "descriptor"]
    sentence = f"{flow.total:,} parameters, counted on the model. Beside an arrow: what is handed on for one window."
    if not given:
        return f"{sentence} No descriptor enters."
    replaced = " Dashed: what this control is given in place of a descriptor." if any(part.replaced for part in given) else ""
    return f"{sentence} Yellow: {' and '.join(part.name for part in given)}.{replaced}"


def table(flow: Flow) -> list[Row]:
    """One record per part, then the total."""
    rows: list[Row] = [
        {
            "side": SIDES.get(part.side, part.side), "part": part.name, "hands on": part.shape, "parameters": part.parameters,
            "details": "; ".join(part.details) or None, "reads": ", ".join(part.sources) or None,
        }
        for part in flow.parts
    ]  # fmt: skip
    return [*rows, {"side": "", "part": "total", "hands on": None, "parameters": flow.total, "details": None, "reads": None}]
