"""How well each checkpoint finds the match, beside its untrained twin and chance."""

import html
import math
from collections.abc import Sequence
from itertools import groupby

import plotly.graph_objects as go

from analysis.datasets.pools import size_words
from analysis.models.arms import control_of
from analysis.numbers import percent
from analysis.training.comparison import Evaluated
from analysis.training.scores import Pool, RetrievalScore, Weights, read_score, score_text
from app.charts import theme
from app.charts.draft import Draft

# What is drawn per checkpoint, top down: weights, pool, symbol, the same symbol as a letter, label, height within the row.
SERIES: tuple[tuple[Weights, Pool, str, str, str, float], ...] = (
    ("trained", "canonical", "circle", "●", "canonical", 0.3),
    ("trained", "no_overlap", "square", "■", "no overlap", 0.1),
    ("untrained", "canonical", "circle-open", "○", "untrained, canonical", -0.1),
    ("untrained", "no_overlap", "square-open", "□", "untrained, no overlap", -0.3),
)
ROW_PX, DENSE_ROW_PX, FEW = 80, 60, 8
LABELS_PX, LONGEST_NAME = 270, 24
GRID = "rgba(122,130,140,0.22)"
CHOSEN = "rgba(204,121,167,0.14)"  # the colour of a selection, faint


def forest(checkpoints: Sequence[Evaluated], chosen: str | None = None) -> go.Figure:
    """S (%) with its 95 % interval per checkpoint, in the order given from the top; those without scores are left out.

    Filled: trained; hollow and grey: untrained twin. Circle: canonical pool; square: no overlap in time. Dashed: chance.
    "↳" and slanted: a control. `customdata` is the name of the checkpoint.
    """
    shown = [checkpoint for checkpoint in checkpoints if read_score(checkpoint.evaluation)]
    sizes = {score.pool_size for checkpoint in shown if (score := read_score(checkpoint.evaluation))}
    x_title = f"S (%), {size_words(sizes.pop())}" if len(sizes) == 1 else "S (%)"
    height = 72 + max(len(shown), 1) * (ROW_PX if len(shown) <= FEW else DENSE_ROW_PX)
    drawing = Draft(theme.layout(x_title, "checkpoint", height))
    written: list[theme.Part] = []
    for weights, pool, symbol, letter, label, shift in SERIES:
        rows = [
            (i, checkpoint.name, score)
            for i, checkpoint in enumerate(shown)
            if (score := read_score(checkpoint.evaluation, weights, pool))
        ]
        _add_series(drawing, rows, symbol, label, shift, theme.JOINT if weights == "trained" else theme.TWIN)
        for row, _, score in rows:
            text = f"{letter} {score_text(score)} {label}"
            beside = {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 8, "showarrow": False}
            written.append(beside | {"y": row - shift, "text": text})
    corpora = [str(checkpoint.training.get("corpus", "unknown data")) for checkpoint in shown]
    names = [tick(checkpoint.name, checkpoint.name == chosen, bool(control_of(checkpoint.arm))) for checkpoint in shown]
    if len(set(corpora)) > 1:
        names = [f"{name}<br>on {shortened(corpus)}" for name, corpus in zip(names, corpora, strict=True)]
    named = {"tickvals": list(range(len(shown))), "ticktext": names, "range": [len(shown) - 0.5, -0.5], "automargin": True}
    drawing.update_layout(
        margin={"l": 64, "r": LABELS_PX, "t": 24, "b": 48},
        xaxis={"range": [0, _top(shown)], "showgrid": True, "gridcolor": GRID},
        yaxis={**named, "title": {"standoff": 10}},
        annotations=written,
    )
    _add_chance(drawing, [score.chance for checkpoint in shown if (score := read_score(checkpoint.evaluation))])
    for row, checkpoint in enumerate(shown):
        if checkpoint.name == chosen and len(shown) > 1:
            edges = {"xref": "x domain", "x0": 0, "x1": 1, "yref": "y", "y0": row - 0.5, "y1": row + 0.5}
            drawing.add_shape(type="rect", fillcolor=CHOSEN, line={"width": 0}, layer="below", **edges)
    return drawing.figure()


def _add_series(
    drawing: Draft, rows: Sequence[tuple[int, str, RetrievalScore]], symbol: str, label: str, shift: float, colour: str
) -> None:
    drawing.add_scatter(
        x=[100 * score.value for _, _, score in rows],
        y=[row - shift for row, _, _ in rows],
        mode="markers",
        marker={"symbol": symbol, "size": 9, "color": colour, "opacity": 1, "line": {"color": colour, "width": 1.5}},
        customdata=[[name] for _, name, _ in rows], selected={"marker": {"size": 13}}, unselected={"marker": {"opacity": 1}},
        error_x={
            "type": "data", "symmetric": False, "color": colour, "thickness": 1.5, "width": 4,
            "array": [100 * max(score.high - score.value, 0.0) for _, _, score in rows],
            "arrayminus": [100 * max(score.value - score.low, 0.0) for _, _, score in rows],
        },
        text=[
            f"{html.escape(name)}, {label}: S = {score_text(score)}<br>n = {score.n_queries} queries of {score.n_works} works, "
            f"{score.pool_size} candidates"
            for _, name, score in rows
        ],
        hovertemplate="%{text}<extra></extra>",
        name=label,
    )  # fmt: skip


def _add_chance(drawing: Draft, levels: Sequence[float]) -> None:
    """One dashed line, named at its top, through each run of rows with the same chance."""
    row = 0
    for level, run in groupby(levels):
        x, end = 100 * level, row + len(list(run))
        line = {"color": theme.TWIN, "dash": "dash", "width": 1.5}
        drawing.add_shape(type="line", x0=x, x1=x, y0=row - 0.5, y1=end - 0.5, line=line, layer="below")
        drawing.add_annotation(x=x, y=row - 0.5, yanchor="bottom", text=f"chance {percent(level)}", showarrow=False)
        row = end


def _top(checkpoints: Sequence[Evaluated]) -> float:
    """The end of the abscissa (%): the next ten above every interval."""
    scores = [read_score(checkpoint.evaluation, weights, pool) for checkpoint in checkpoints for weights, pool, *_ in SERIES]
    highest = max((max(score.high, score.value) for score in scores if score), default=1.0)
    return min(10.0 * math.ceil(10 * highest + 0.2), 102.0)


def tick(name: str, is_chosen: bool, is_control: bool) -> str:
    """The chosen one bold, a control marked and slanted."""
    text = f"<i>{shortened(f'↳ {name}')}</i>" if is_control else shortened(name)
    return f"<b>{text}</b>" if is_chosen else text


def series_name(text: str) -> str:
    """The name of a series: the checkpoint and what follows its comma are shortened each by itself.

    >>> series_name("d4-a4r-small, untrained twin")
    'd4-a4r-small, untrained twin'
    >>> series_name(f"{'x' * 30}, untrained twin")
    'xxxxxxxxxxxxxxxxxxxxxxx…, untrained twin'
    """
    name, comma, rest = text.rpartition(", ")
    return f"{shortened(name)}{comma}{shortened(rest)}"


def shortened(text: str) -> str:
    """At most 24 characters, none of them taken for markup."""
    return html.escape(text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…", quote=False)
