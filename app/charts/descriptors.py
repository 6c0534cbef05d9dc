"""The bands of the A4 descriptor over time."""

import itertools

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.charts import theme, timeline

LIMIT = 3.0  # standard deviations at which the colours end


def a4_bands(times_s: NDArray, values: NDArray[np.float32], band_edges_hz: NDArray, duration_s: float | None = None) -> go.Figure:
    """Values `(bands, frames)` in standard deviations, one row per band, lowest at the bottom; colours from −3 to 3."""
    edges = [f"{edge:,.0f}" for edge in np.asarray(band_edges_hz, float)]
    names = [f"{low}–{high}" for low, high in itertools.pairwise(edges)]
    pooled = theme.pool(np.asarray(values), 4000, 1)
    z = np.asarray(pooled, np.float32)
    trace = theme.heat_map(z, theme.pool(np.asarray(times_s), 4000), names, scale="RdBu_r", low=-LIMIT, high=LIMIT)
    ticks = np.array([-3, -2, -1, 0, 1, 2, 3])
    theme.label_colours(trace, "A4 (st. dev.)", ticks.tolist(), [f"{tick:d}" for tick in ticks])
    trace.update(hovertemplate="%{x:.2f} s, %{y} Hz<br>%{z:.2f} standard deviations<extra></extra>")
    last = float(times_s[-1]) if duration_s is None else duration_s
    drawing = timeline.figure("band edges (Hz)", last, 230)
    drawing.add_trace(trace)
    drawing.update_yaxes(type="category", tickvals=[place - 0.5 for place in range(len(edges))], ticktext=edges)
    return drawing
