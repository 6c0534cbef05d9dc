"""Colours, scales and the quantisation that every figure shares."""

from typing import Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

AUDIO, MIDI, JOINT, TWIN = "#0072B2", "#D55E00", "#009E73", "#7F7F7F"
SELECTION, WARNING = "#CC79A7", "#E69F00"
CATEGORICAL = (AUDIO, MIDI, JOINT, SELECTION, WARNING, "#56B4E9", "#F0E442", TWIN)
LEVELS = 255
MAX_CELLS = 700_000  # of one byte each: under 1 MB of base64


def figure(x_title: str, y_title: str, height: int = 420) -> go.Figure:
    """An empty figure with named axes, transparent so that light and dark pages both carry it."""
    drawing = go.Figure()
    drawing.update_layout(
        template="none",
        height=height,
        margin={"l": 64, "r": 16, "t": 16, "b": 48},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hovermode="closest",
        showlegend=False,
    )
    drawing.update_xaxes(title_text=x_title, showgrid=False, zeroline=False)
    drawing.update_yaxes(title_text=y_title, showgrid=False, zeroline=False)
    return drawing


def quantise(values: ArrayLike, low: float, high: float) -> NDArray[np.uint8]:
    """Values as levels 0 … 255 of the domain [low, high]; what lies outside or is not finite goes to its ends."""
    span = high - low
    scaled = (np.asarray(values, np.float32) - low) / (span if span > 0 else 1.0)
    scaled = np.nan_to_num(scaled, nan=0.0, posinf=1.0, neginf=0.0)
    return np.round(np.clip(scaled, 0.0, 1.0) * LEVELS).astype(np.uint8)


def shrink(matrix: NDArray, max_rows: int, max_columns: int) -> NDArray:
    """The matrix with rows and columns averaged in equal groups, so that neither axis exceeds its limit."""
    for axis, limit in ((0, max_rows), (1, max_columns)):
        matrix = pool(matrix, limit, axis)
    return matrix


def pool(values: NDArray, limit: int, axis: int = 0) -> NDArray:
    """Means of at most `limit` runs of neighbours along one axis."""
    size = values.shape[axis]
    if size <= limit:
        return values
    edges = np.linspace(0, size, limit + 1).round().astype(int)
    shape = [1] * values.ndim
    shape[axis] = limit
    sums = np.add.reduceat(values, edges[:-1], axis=axis, dtype=np.float64)
    return (sums / np.diff(edges).reshape(shape)).astype(np.float32)


def colour_bar(title: str, low: float, high: float, number: str = ".3g", ticks: int = 5) -> dict:
    """A colour bar over quantised levels, labelled with the true values."""
    values = np.linspace(low, high, ticks)
    return {
        "title": {"text": title, "side": "right"},
        "tickvals": np.linspace(0, LEVELS, ticks).tolist(),
        "ticktext": [format(float(value), number) for value in values],
        "thickness": 12,
    }


def true_value(low: float, high: float, number: str = ".3g") -> str:
    """The hover text of a level's true value."""
    return f"HOVER{low}{high}{number}"


def heat_map(
    z: NDArray[np.uint8], x: NDArray, y: NDArray, *, scale: Literal["cividis", "magma"], bar: dict, hover: str
) -> go.Heatmap:
    """A heat map of levels with the domain fixed to all of them."""
    return go.Heatmap(
        z=z,
        x=np.asarray(x, np.float32),
        y=np.asarray(y, np.float32),
        zmin=0,
        zmax=LEVELS,
        colorscale=scale,
        colorbar=bar,
        hovertemplate=hover + "<extra></extra>",
    )
