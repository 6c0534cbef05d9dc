"""How alike the moments of a clip are."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from app.charts import theme, timeline

MAX_SIDE = 512


def self_similarity(times_s: NDArray, matrix: NDArray[np.float32], title: str = "", duration_s: float | None = None) -> go.Figure:
    """A self-similarity matrix, origin bottom left, colours fixed to [0, 1]; `title` says what a cell is."""
    z = np.round(100 * theme.shrink(np.asarray(matrix), MAX_SIDE, MAX_SIDE)).astype(np.int8)
    times = theme.pool(np.asarray(times_s), MAX_SIDE)
    trace = theme.heat_map(z, times, times, scale="viridis", low=0, high=100)
    theme.label_colours(trace, "cosine similarity", [0.0, 25.0, 50.0, 75.0, 100.0], ["≤ 0", "0.25", "0.5", "0.75", "1"])
    trace.update(hovertemplate="%{y:.2f} s and %{x:.2f} s<br>similarity %{z} %<extra></extra>")
    drawing = square_figure("time (s)", "time (s)", trace, title)
    step = timeline.step_s(float(times_s[-1]) if duration_s is None else duration_s)
    return drawing.update_layout(xaxis={"dtick": step}, yaxis={"dtick": step})


def square_figure(x_title: str, y_title: str, trace: go.Heatmap, title: str) -> go.Figure:
    """A square heat map, its caption and its colour bar above it, so that the width is left to the map."""
    anchor = {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": 1,
        "yanchor": "bottom",
        "len": 190,
        "lenmode": "pixels",
        "ypad": 4,
    }
    trace.update(colorbar=anchor | {"thickness": 10, "title": {"side": "top", "font": {"size": 12}}})
    layout = theme.layout(x_title, y_title, height=578)
    layout["margin"] = {"l": 60, "r": 8, "t": 96, "b": 44}
    # One second is as long on the ordinate as on the abscissa.
    layout["xaxis"] |= {"constrain": "domain", "constraintoward": "left"}
    layout["yaxis"] |= {"constrain": "domain", "constraintoward": "top", "scaleanchor": "x", "scaleratio": 1}
    for axis in ("xaxis", "yaxis"):
        layout[axis]["title"]["standoff"] = 6
    drawing = go.Figure(trace, layout)
    caption(drawing, title, above=52)
    return drawing


def caption(drawing: go.Figure, text: str, above: int = 8) -> None:
    """One line that many pixels above a figure; a layout title would give way to a colour bar and leave the picture."""
    where = {"x": 0, "xref": "paper", "xanchor": "left", "y": 1, "yref": "paper", "yanchor": "bottom", "yshift": above}
    drawing.add_annotation(text=text, showarrow=False, font={"size": 13}, align="left", **where)
