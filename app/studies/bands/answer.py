"""The answer of the page of bands: what each band of the sound does, bands of A4 shifted and read back, attributions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

from analysis.results import Result
from analysis.studies.bands.rows import LATER, AttributionRow, FilterRow
from analysis.studies.pools.words import pools_of
from app.charts import doses, theme
from app.charts.mark import Key
from app.charts.scores import GRID
from app.kit import actions, altered_sound, controls, player, published_table, study_facts
from app.kit.plain import plain
from app.kit.pool_scores import among, cell, name_twins_once, pool_sentence
from app.kit.study_form import Choice
from app.studies.bands import details, sound
from app.studies.bands.marks import (
    DROP,
    FILTERS,
    FREQUENCY,
    MEASURES,
    MOVED,
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
)

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
    every = result.rows(FilterRow)
    known = [name for name in MEASURES if name != MOVED or all(row.between_works for row in every)]
    left, right = st.columns([2, 5], vertical_alignment="bottom")
    with left:
        shown = MEASURES[controls.pick_choice("measure", "Shown", known, known[0])]
    with right:
        pool = pool_sentence(result, FILTERS) if shown is MEASURES[DROP] else ""
        st.markdown(f"{shown.what} n = {every[0].n:,} windows.{pool}")
    clicked = _filters(result, shown)
    row = named(result, FilterRow, clicked) or farthest(bands_of(every), study_facts.names_of(result)[0])
    _sound(result, choice, row)
    details.shifted(result, choice, shown)
    details.read_back(result, choice)
    if result.rows(AttributionRow):
        details.attributed(result, choice)
    published_table.show(result, {str(checkpoint.name): str(checkpoint.arm) for checkpoint in choice.checkpoints})
    _numbers(result)


def _filters(result: Result, shown: Shown) -> list[Key]:
    """The main chart, over the energy of every band; the marks that were clicked."""
    rows, apart = bands_of(result.rows(FilterRow)), apart_of(result)
    drawn = []
    for row in rows:
        note = f"without {row.band}, which holds {100 * (row.energy_share or 0.0):.1f} % of the energy"
        if row.ci_high is not None and row.null is not None and row.ci_high < row.null:
            note += f"\nmoves less than the sound {LATER}"
        middle = centre(*(row.edges_hz or (0.0, 0.0)))
        drawn.append(mark_of(row, "", shown, apart[row.checkpoint, row.weights], at=middle, note=note))
    marks = [mark for mark in drawn if mark is not None]
    drawing = doses.curves(
        marks,
        x_title=FREQUENCY,
        y_title=shown.title if len(shown.title) <= ONE_LINE else shown.title.replace(" (", "<br>("),
        log=True,
        null_name=shown.null,
        height=MAIN_PX,
        colours=study_facts.colours_of(result),
    )
    if marks:
        name_twins_once(add_energy(drawing, [_energy(row) for row in rows if _is_first(result, row)]))
    return actions.figure(drawing, "filters", result, rows, select=("points",))


def _is_first(result: Result, row: FilterRow) -> bool:
    return row.checkpoint == study_facts.names_of(result)[0] and not row.is_twin


@dataclass(frozen=True)
class Energy:
    """A band and its share of the energy, as a part of 1."""

    band: str
    low_hz: float
    high_hz: float
    share: float


def add_energy(drawing: go.Figure, rows: Sequence[Energy]) -> go.Figure:
    """A second panel below a figure over frequency: share of the energy of every band between its edges."""
    layout = theme.layout_of(drawing)
    inner_px = MAIN_PX - layout.margin.t - layout.margin.b + ENERGY_PX + APART_PX
    x: list[float | None] = []
    y: list[float | None] = []
    for row in rows:
        share, left = 100 * row.share, drawn_from(row.low_hz, row.high_hz)
        x += [left, left, row.high_hz, row.high_hz, None]
        y += [0.0, share, share, 0.0, None]
    line = {"color": theme.TEXT, "width": 1}
    drawing.add_scatter(
        x=x, y=y, mode="lines", fill="toself", fillcolor=ENERGY, line=line, yaxis="y2", hoverinfo="skip", showlegend=False
    )
    words = [f"{row.band}: {100 * row.share:.1f} % of the energy" for row in rows]
    drawing.add_scatter(
        x=[centre(row.low_hz, row.high_hz) for row in rows], y=[50 * row.share for row in rows], mode="markers",
        marker={"opacity": 0}, yaxis="y2", hovertext=words, hovertemplate="%{hovertext}<extra></extra>", showlegend=False,
        name="energy", unselected={"marker": {"opacity": 0}},
    )  # fmt: skip
    edges = sorted({edge for row in rows for edge in (row.low_hz, row.high_hz)})
    highest, lowest_hz = max(100 * row.share for row in rows) or 1.0, drawn_from(rows[0].low_hz, rows[0].high_hz)
    drawing.update_layout(
        height=MAIN_PX + ENERGY_PX + APART_PX,
        yaxis2={
            "domain": [0, ENERGY_PX / inner_px], "anchor": "x", "range": [0, 1.1 * highest], "title": {"text": "energy (%)"},
            "showgrid": True, "gridcolor": GRID, "zeroline": False, "automargin": True, "nticks": 4,
        },
    )  # fmt: skip
    drawing.update_layout(yaxis_domain=[(ENERGY_PX + APART_PX) / inner_px, 1], xaxis_anchor="y2")
    drawing.update_xaxes(range=[math.log10(lowest_hz) - 0.02, math.log10(edges[-1]) + 0.02])
    if edges[0] < lowest_hz:
        drawing.update_xaxes(title_text=FREQUENCY.replace(")", f"; 0 stands at {lowest_hz:g})"))
    if len(edges) <= MOST_EDGES:
        drawn = [lowest_hz, *edges[1:]]
        drawing.update_xaxes(tickvals=drawn, ticktext=[f"{edge:,.0f}" for edge in edges], showgrid=True, gridcolor=GRID)
    return drawing


def _energy(row: FilterRow) -> Energy:
    return Energy(row.band, row.low_hz or 0.0, row.high_hz or 0.0, row.energy_share or 0.0)


def _sound(result: Result, choice: Choice, row: FilterRow) -> None:
    """The windows that move most without the chosen band, the recording, the band alone and all but the band."""
    st.subheader("Hear a band", anchor=False)
    twin = ", untrained twin," if row.is_twin else ""
    whose = f"{row.checkpoint}{twin} moves most without {row.band}"
    st.caption(f"The windows that {plain(whose)}. Click a point above to choose another band or checkpoint.")
    windows, edges = behind(result, row), edges_of(result.rows(FilterRow))
    rate = altered_sound.sample_rate_of(choice, row.checkpoint)

    key = "_".join(("windows", *map(str, key_of(row))))

    def strip(number: int, path: Path) -> None:
        window, band = windows[number].window, edges.index(row.low_hz or 0.0)
        sound.draw(f"strip_{key}", choice, path, window, edges, band, row.band, rate)

    player.pick(windows, choice, key, title="The recording", columns=details.HEARD, strip=strip)


def _numbers(result: Result) -> None:
    """Every number of the bands of the sound and of their controls."""
    rows = [
        {
            "checkpoint": row.checkpoint, "weights": row.weights,
            "band": row.band if row.edges_hz else f"({row.band})", "distance": cell(row, percent=False),
            "moved": f"{100 * (row.share.value or 0.0):.1f} %" if row.between_works else None,
            "drop": cell(row.s_lost), "lost": cell(row.cosine_lost, percent=False),
            "energy": cell(row.energy), "per_db": cell(row.per_db, percent=False), "n": row.n,
        }
        for row in result.rows(FilterRow)
    ]  # fmt: skip
    with st.expander("All numbers: bands of the sound", icon=":material/table:"):
        height = TABLE_PX if len(rows) > FEW else "content"
        st.dataframe(rows, column_config=COLUMNS, hide_index=True, placeholder="—", height=height)
        pool = next(pool for pool in pools_of(result) if pool.part == FILTERS)
        st.caption(
            f"95 % intervals, bootstrap over works; ○ not distinguishable from the sound {LATER}, or from no change. "
            f"In brackets: controls. S: {pool.n_queries} queries{among(result, FILTERS)}, "
            f"chance {100 * pool.chance:.1f} %."
        )
