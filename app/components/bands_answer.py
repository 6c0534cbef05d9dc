"""The answer of the page of bands: what each band of the sound does, bands of A4 shifted and read back, attributions."""

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from analysis.results import Result
from app import controls
from app.charts import doses, theme
from app.charts.scores import GRID
from app.components import actions, altered_sound, band_details, band_sound, hear, published_table, study_facts
from app.components.band_marks import (
    FREQUENCY,
    LATER,
    MEASURES,
    MOVED,
    Row,
    Shown,
    apart_of,
    bands_of,
    behind,
    centre,
    drawn_from,
    edges_of,
    farthest,
    key_of,
    mark_of,
    named,
)  # fmt: skip
from app.components.plain import plain
from app.components.stress_kit import among, cell, name_twins_once, pool_said
from app.components.study_form import Choice

MOST_EDGES = 12
ENERGY_PX, APART_PX, MAIN_PX, TABLE_PX, FEW = 96, 26, 420, 420, 12
ONE_LINE = 34  # letters of the title of the axis that stand beside the figure
ENERGY = "rgba(122,130,140,0.45)"
COLUMNS = {
    "checkpoint": st.column_config.TextColumn("checkpoint", width=104),
    "weights": st.column_config.TextColumn("weights", width=76),
    "band": st.column_config.TextColumn("without", width=130),
    "distance": st.column_config.TextColumn("cosine distance", width=170),
    "moved": st.column_config.TextColumn(
        "moved", width=66, help="Distance as a share of that between windows of different works"
    ),
    "drop": st.column_config.TextColumn("drop in S", width=140, help="In percentage points"),
    "lost": st.column_config.TextColumn("similarity lost", width=170, help="Cosine similarity with the notes, before − after"),
    "energy": st.column_config.TextColumn("energy", width=130),
    "per_db": st.column_config.TextColumn("distance per dB", width=170, help="By how much quieter the sound is without the band"),
    "n": st.column_config.NumberColumn("n", width=44, help="Windows"),
}


def draw(result: Result, choice: Choice) -> None:
    """Bands of the sound and how they sound; bands of A4 shifted; bands read back; attributions; all numbers."""
    known = [name for name in MEASURES if name != MOVED or all(row["between_works"] for row in result.tables["filters"])]
    left, right = st.columns([2, 5], vertical_alignment="bottom")
    with left:
        shown = MEASURES[controls.pick_choice("measure", "Shown", known, known[0])]
    with right:
        pool = pool_said(result, "filters") if shown.field == "drop" else ""
        st.markdown(f"{shown.what} n = {result.tables['filters'][0]['n']:,} windows.{pool}")
    clicked = _filters(result, shown)
    rows = bands_of(result.tables["filters"])
    row = named(result, "filters", clicked) or farthest(rows, study_facts.names_of(result)[0])
    _sound(result, choice, row)
    band_details.shifted(result, choice, shown)
    band_details.read_back(result, choice)
    if result.tables["attribution"]:
        band_details.attributed(result, choice)
    published_table.beside(result, {str(one.name): str(one.arm) for one in choice.checkpoints})
    _numbers(result)


def _filters(result: Result, shown: Shown) -> list[tuple[Any, ...]]:
    """The main chart, over the energy of every band; the marks that were clicked."""
    rows, apart = bands_of(result.tables["filters"]), apart_of(result)
    marks = []
    for row in rows:
        note = f"without {row['band']}, which holds {100 * row['energy_share']:.1f} % of the energy"
        if row["ci_high"] is not None and row["ci_high"] < row["null"]:
            note += f"\nmoves less than the sound {LATER}"
        whose = apart[row["checkpoint"], row["weights"]]
        marks.append(mark_of(row, "filters", "", shown, whose, at=centre(row), note=note))
    found = [mark for mark in marks if mark is not None]
    drawing = doses.curves(
        found,
        x_title=FREQUENCY,
        y_title=shown.title if len(shown.title) <= ONE_LINE else shown.title.replace(" (", "<br>("),
        log=True,
        null_name=shown.null,
        height=MAIN_PX,
        colours=study_facts.colours_of(result),
    )
    if found:
        name_twins_once(add_energy(drawing, [row for row in rows if _is_first(result, row)]))
    return actions.figure(drawing, "filters", result, rows, select=("points",))


def _is_first(result: Result, row: Row) -> bool:
    return (row["checkpoint"], row["weights"]) == (study_facts.names_of(result)[0], "trained")


def add_energy(drawing: go.Figure, rows: Sequence[Row]) -> go.Figure:
    """A second panel below a figure over frequency: share of the energy of every band between its edges."""
    layout: Any = drawing.layout
    inner_px = MAIN_PX - layout.margin.t - layout.margin.b + ENERGY_PX + APART_PX
    x: list[float | None] = []
    y: list[float | None] = []
    for row in rows:
        share = 100 * row["energy_share"]
        x += [drawn_from(row), drawn_from(row), row["high_hz"], row["high_hz"], None]
        y += [0.0, share, share, 0.0, None]
    line = {"color": theme.TEXT, "width": 1}
    drawing.add_scatter(
        x=x, y=y, mode="lines", fill="toself", fillcolor=ENERGY, line=line, yaxis="y2", hoverinfo="skip", showlegend=False
    )
    words = [f"{row['band']}: {100 * row['energy_share']:.1f} % of the energy" for row in rows]
    drawing.add_scatter(
        x=[centre(row) for row in rows], y=[50 * row["energy_share"] for row in rows], mode="markers", marker={"opacity": 0},
        yaxis="y2", hovertext=words, hovertemplate="%{hovertext}<extra></extra>", showlegend=False, name="energy",
        unselected={"marker": {"opacity": 0}},
    )  # fmt: skip
    edges = edges_of(rows)
    highest = max(100 * row["energy_share"] for row in rows) or 1.0
    drawing.update_layout(
        height=MAIN_PX + ENERGY_PX + APART_PX,
        yaxis2={
            "domain": [0, ENERGY_PX / inner_px], "anchor": "x", "range": [0, 1.1 * highest], "title": {"text": "energy (%)"},
            "showgrid": True, "gridcolor": GRID, "zeroline": False, "automargin": True, "nticks": 4,
        },
    )  # fmt: skip
    drawing.update_layout(yaxis_domain=[(ENERGY_PX + APART_PX) / inner_px, 1], xaxis_anchor="y2")
    drawing.update_xaxes(range=[math.log10(drawn_from(rows[0])) - 0.02, math.log10(edges[-1]) + 0.02])
    if len(edges) <= MOST_EDGES:
        drawn = [drawn_from(rows[0]), *edges[1:]]
        drawing.update_xaxes(tickvals=drawn, ticktext=[f"{edge:,.0f}" for edge in edges], showgrid=True, gridcolor=GRID)
    return drawing


def _sound(result: Result, choice: Choice, row: Row) -> None:
    """The windows that move most without the chosen band, the recording, what was left and what was cut out."""
    st.subheader("Hear a band", anchor=False)
    twin = "" if row["weights"] == "trained" else ", untrained twin,"
    whose = f"{row['checkpoint']}{twin} moves most without {row['band']}"
    st.caption(f"The windows that {plain(whose)}. Click a point above to choose another band or checkpoint.")
    found = behind(result, "filters", row)
    edges = edges_of(result.tables["filters"])
    rate = altered_sound.sample_rate_of(choice, str(row["checkpoint"]))

    def more(number: int) -> None:
        place = str(found[number]["piece"]), float(found[number]["start_s"])
        band_sound.draw(choice.corpus, place, edges, edges.index(row["low_hz"]), str(row["band"]), rate)

    key = "_".join(("windows", *map(str, key_of("filters", row))))
    hear.pick(found, choice.corpus, key, title="The recording", columns=band_details.HEARD, more=more)


def _numbers(result: Result) -> None:
    """Every number of the bands of the sound and of their controls."""
    rows = [
        {
            "checkpoint": row["checkpoint"], "weights": row["weights"],
            "band": row["band"] if row["low_hz"] is not None else f"({row['band']})", "distance": cell(row, percent=False),
            "moved": f"{100 * row['value'] / row['between_works']:.1f} %" if row["between_works"] else None,
            "drop": cell(_of(row, "drop", 0.0)), "lost": cell(_of(row, "similarity_lost", 0.0), percent=False),
            "energy": cell(_of(row, "energy_share")), "per_db": cell(_of(row, "distance_per_db"), percent=False), "n": row["n"],
        }
        for row in result.tables["filters"]
    ]  # fmt: skip
    with st.expander("All numbers: bands of the sound", icon=":material/table:"):
        height = TABLE_PX if len(rows) > FEW else "content"
        st.dataframe(rows, column_config=COLUMNS, hide_index=True, placeholder="—", height=height)
        pool = next(one for one in result.tables["pools"] if one["part"] == "filters")
        st.caption(
            f"95 % intervals, bootstrap over works; ○ not distinguishable from the sound {LATER}, or from no change. "
            f"In brackets: controls. S: {pool['n_queries']} queries{among(result, 'filters')}, "
            f"chance {100 * pool['chance']:.1f} %."
        )


def _of(row: Row, field: str, null: float | None = None) -> Row:
    """A number of a record with its interval as columns of their own."""
    return {"value": row[field], "ci_low": row[f"{field}_ci_low"], "ci_high": row[f"{field}_ci_high"], "null": null}
