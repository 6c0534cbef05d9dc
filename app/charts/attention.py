"""Who attends to whom within a window, and how much each moment receives over the clip."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.charts import theme

MAX_SIDE = 800


def attention_map(
    shares: NDArray[np.float32],
    query_times_s: NDArray,
    key_times_s: NDArray,
    query_kind: str,
    key_kind: str,
    highest: float | None = None,
) -> go.Figure:
    """Shares `(queries, keys)` of attention; the colours run from 0 to `highest`, by default the largest share."""
    shares = theme.shrink(np.asarray(shares), MAX_SIDE, MAX_SIDE)
    x, y = theme.pool(np.asarray(key_times_s), MAX_SIDE), theme.pool(np.asarray(query_times_s), MAX_SIDE)
    top = float(np.nanmax(shares, initial=0.0)) if highest is None else highest
    unit = theme.share_unit(top)
    most = max(1, min(theme.LEVELS, round(top / unit)))
    trace = theme.heat_map(theme.levels(shares, unit), x, y, scale="cividis", low=0, high=most)
    ticks = np.linspace(0, most, 5)
    theme.label_colours(trace, "attention (share of 1)", ticks.tolist(), [format(float(tick) * unit, ".3g") for tick in ticks])
    hover = f"query %{{y:.2f}} s, key %{{x:.2f}} s<br>share %{{z}} × {unit * 100:g} %<extra></extra>"
    trace.update(hovertemplate=hover)
    drawing = theme.figure(f"key: {key_kind} time (s)", f"query: {query_kind} time (s)", height=520)
    drawing.add_trace(trace)
    theme.square(drawing)
    return drawing


def received(times_s: NDArray, share: NDArray) -> go.Figure:
    """The attention that each moment of the clip receives."""
    drawing = theme.figure("time (s)", "attention received (share of 1)", height=220)
    x, y = (theme.pool(np.asarray(values, np.float32), 5000) for values in (times_s, share))
    drawing.add_scatter(x=x, y=y, mode="lines", line={"color": theme.AUDIO, "width": 1.5})
    drawing.update_traces(hovertemplate="%{x:.2f} s: %{y:.3g}<extra></extra>")
    drawing.update_yaxes(rangemode="tozero")
    return drawing
