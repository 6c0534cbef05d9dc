"""How alike the moments of a clip are."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.charts import theme

MAX_SIDE = 512


def self_similarity(times_s: NDArray, matrix: NDArray[np.float32]) -> go.Figure:
    """A self-similarity matrix, origin bottom left, colours fixed to [0, 1]."""
    z = theme.levels(theme.shrink(np.asarray(matrix), MAX_SIDE, MAX_SIDE), 0.01)
    times = theme.pool(np.asarray(times_s), MAX_SIDE)
    trace = theme.heat_map(z, times, times, scale="cividis", low=0, high=100)
    theme.label_colours(trace, "similarity", [0.0, 25.0, 50.0, 75.0, 100.0], ["0", "0.25", "0.5", "0.75", "1"])
    trace.update(hovertemplate="%{y:.2f} s and %{x:.2f} s<br>similarity %{z} %<extra></extra>")
    drawing = theme.figure("time (s)", "time (s)", height=520)
    drawing.add_trace(trace)
    theme.square(drawing)
    return drawing
