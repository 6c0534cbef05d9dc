"""How well checkpoints find the match among the candidates of a pool, from the result of retrieval."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import plotly.graph_objects as go

from analysis.models.arms import control_of, under_their_arms
from analysis.numbers import Value, format_value, pick
from analysis.results import Result
from analysis.studies.pools.words import pool_of
from app.charts import theme
from app.charts.draft import Draft
from app.charts.scores import GRID, LABELS_PX, ROW_PX, shortened, tick

# Weights, symbol where the interval excludes chance, symbol where it does not, label, height within the row.
SERIES = (
    ("trained", "circle", "circle-open", "trained", 0.17),
    ("untrained", "square", "square-open", "untrained twin", -0.17),
)
LETTERS = {"circle": "●", "circle-open": "○", "square": "■", "square-open": "□"}


def forest(result: Result, pool: str, arms: Mapping[str, str]) -> go.Figure:
    """S (%) with its 95 % interval per checkpoint on one pool, in the order of the request, controls below their arm.

    Green circles: trained; grey squares: untrained twin; hollow: not distinguishable from chance, which is the dashed line.
    "↳" and slanted: a control, by `arms`, name → arm. `customdata` is name and weights.
    """
    names = list(under_their_arms({name: arms.get(name, "") for name in result.checkpoints}))
    x_title = f"S (%), {among}" if (among := pool_of(result)) else "S (%)"
    drawing = Draft(theme.layout(x_title, "checkpoint", 76 + ROW_PX * len(names)))
    drawing.update_layout(margin={"l": 64, "r": LABELS_PX, "t": 24, "b": 48})
    scores = result.select(pool=pool, what="S")
    top, chance = 0.0, None
    for weights, full, hollow, label, shift in SERIES:
        colour = theme.JOINT if weights == "trained" else theme.TWIN
        known = [(row, pick(scores, checkpoint=name, weights=weights)) for row, name in enumerate(names)]
        for row, value in known:
            if value is None or value.value is None:
                continue
            symbol = hollow if value.inside_null else full
            _add_point(drawing, row - shift, value, symbol, colour, f"{shortened(names[row])}, {label}", [names[row], weights])
            _add_label(drawing, row - shift, f"{LETTERS[symbol]} {_interval(value)} {label}")
            top = max(top, value.value, value.ci_high or 0.0)
            chance = value.null
    if chance is not None:
        _add_chance(drawing, chance, len(names))
    _add_axes(drawing, [tick(name, False, bool(control_of(arms.get(name, "")))) for name in names], max(top, chance or 0.0))
    return drawing.figure()


def _interval(value: Value) -> str:
    return format_value(replace(value, null=None))


def _add_point(drawing: Draft, y: float, value: Value, symbol: str, colour: str, whose: str, key: list[str]) -> None:
    centre = 100 * (value.value or 0.0)
    low, high = (centre if end is None else 100 * end for end in (value.ci_low, value.ci_high))
    drawing.add_scatter(
        x=[centre], y=[y], mode="markers",
        marker={"symbol": symbol, "size": 10, "color": colour, "opacity": 1, "line": {"color": colour, "width": 1.5}},
        customdata=[key], selected={"marker": {"size": 14}}, unselected={"marker": {"opacity": 1}},
        error_x={
            "type": "data", "symmetric": False, "color": colour, "thickness": 1.5, "width": 4,
            "array": [max(high - centre, 0.0)], "arrayminus": [max(centre - low, 0.0)],
        },
        text=[f"{whose}: S = {_interval(value)}<br>n = {value.n} queries; {value.estimator}"],
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip


def _add_label(drawing: Draft, y: float, text: str) -> None:
    drawing.add_annotation(x=1, xref="paper", xanchor="left", xshift=8, y=y, text=text, showarrow=False)


def _add_chance(drawing: Draft, level: float, rows: int) -> None:
    line = {"color": theme.TWIN, "dash": "dash", "width": 1.5}
    drawing.add_shape(type="line", x0=100 * level, x1=100 * level, y0=-0.5, y1=rows - 0.5, line=line, layer="below")
    text = f"chance {100 * level:.1f} %"
    drawing.add_annotation(x=100 * level, y=-0.5, yanchor="bottom", text=text, showarrow=False)


def _add_axes(drawing: Draft, ticks: Sequence[str], top: float) -> None:
    """Names at the left; the abscissa ends at the next ten above every interval."""
    drawing.update_xaxes(range=[0, min(10.0 * math.ceil(10 * top + 0.2), 102.0)], showgrid=True, gridcolor=GRID)
    drawing.update_yaxes(tickvals=list(range(len(ticks))), ticktext=ticks, range=[len(ticks) - 0.5, -0.5])
    drawing.update_yaxes(automargin=True, title={"standoff": 10})
