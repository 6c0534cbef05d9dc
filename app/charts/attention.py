"""Who attends to whom within a window, and how much each moment receives over the clip."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.charts import theme, timeline
from app.charts.similarity import caption, square_figure

MAX_SIDE = 512
EXCEPT = 0.995


def attention_map(
    shares: NDArray[np.float32],
    query_times_s: NDArray,
    key_times_s: NDArray,
    query_kind: str,
    key_kind: str,
    tokens_per_cell: tuple[int, int] = (1, 1),
    title: str = "",
    end_s: float | None = None,
) -> go.Figure:
    """Shares `(queries, keys)` of attention, at most 512 × 512; the colours end at the share that 1 cell in 200 exceeds.

    A dotted line stands where the clip ends, at `end_s`; what lies beyond is padding.
    """
    shares = theme.shrink(np.nan_to_num(np.asarray(shares, np.float32)), MAX_SIDE, MAX_SIDE)
    x, y = theme.pool(np.asarray(key_times_s), MAX_SIDE), theme.pool(np.asarray(query_times_s), MAX_SIDE)
    highest, most = float(shares.max(initial=0.0)), float(np.quantile(shares, EXCEPT)) if shares.size else 0.0
    top = most or 1.0
    trace = theme.heat_map(shares, x, y, scale="cividis", low=0.0, high=top)
    ticks = np.linspace(0, top, 3).tolist()
    texts = [format(tick, ".3g") for tick in ticks]
    texts[-1] = f"≥ {texts[-1]}" if highest > most else texts[-1]
    theme.label_colours(trace, "attention (share of 1)", ticks, texts)
    trace.update(hovertemplate="query %{y:.2f} s, key %{x:.2f} s<br>share %{z:.3%}<extra></extra>")
    text = "<br>".join(part for part in (title, cell_text(tokens_per_cell)) if part)
    drawing = square_figure(f"key: {key_kind} time (s)", f"query: {query_kind} time (s)", trace, text)
    spans_s = [float(np.ptp(times)) if len(times) > 1 else 1.0 for times in (x, y)]
    drawing.update_layout(xaxis={"dtick": timeline.step_s(spans_s[0])}, yaxis={"dtick": timeline.step_s(spans_s[1])})
    if max(spans_s) > 1.1 * min(spans_s):  # a part that is not square fills the picture
        drawing.update_yaxes(scaleanchor=None, scaleratio=None)
    dotted = {"color": theme.SELECTION, "width": 1.5, "dash": "dot"}
    if end_s is not None and x[0] < end_s < x[-1]:
        drawing.add_vline(x=end_s, line=dotted)
    if end_s is not None and y[0] < end_s < y[-1]:
        drawing.add_hline(y=end_s, line=dotted)
    return drawing


def cell_text(tokens_per_cell: tuple[int, int]) -> str:
    """What one cell of a picture stands for.

    >>> cell_in_words((5, 5)), cell_in_words((1, 1))
    ('mean of 5 × 5 tokens per cell', 'one pair of tokens per cell')
    """
    rows, columns = tokens_per_cell
    return "one pair of tokens per cell" if rows == columns == 1 else f"mean of {rows} × {columns} tokens per cell"


def received(
    times_s: NDArray,
    share: NDArray,
    uniform: float,
    twin_share: NDArray | None = None,
    duration_s: float | None = None,
    marked_s: tuple[float, float] | None = None,
    title: str = "",
) -> go.Figure:
    """The attention that each moment of the clip receives, beside uniform attention and the untrained twin."""
    last = float(times_s[-1]) if duration_s is None else duration_s
    drawing = timeline.figure("share of 1 per window", last, 230, marked_s)
    lines = [("trained", share, {"color": theme.AUDIO, "width": 1.5})]
    if twin_share is not None:
        lines.append(("untrained twin", twin_share, {"color": theme.TWIN, "width": 1.2, "dash": "dash"}))
    for name, values, line in lines:
        x, y = (theme.pool(np.asarray(array, np.float32), 5000) for array in (times_s, values))
        drawing.add_scatter(x=x, y=y, mode="lines", line=line, name=name)
    drawing.update_traces(hovertemplate="%{x:.2f} s: %{y:.3g}<extra>%{fullData.name}</extra>")
    drawing.add_hline(y=uniform, line={"color": "#B5BBC2", "width": 1, "dash": "dash"})
    label = {"text": "uniform", "x": 1.0, "xref": "paper", "xanchor": "left", "y": uniform, "xshift": 4, "showarrow": False}
    drawing.add_annotation(**label, font={"size": 11, "color": theme.TEXT})
    drawing.update_layout(
        yaxis={"rangemode": "tozero", "nticks": 5, "exponentformat": "none"},
        showlegend=len(lines) > 1,
        legend={"orientation": "h", "xref": "container", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom"},
        margin={"t": 30},
    )
    caption(drawing, title)
    return drawing
