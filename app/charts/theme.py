"""Colours, scales and the pooling that every figure shares."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.colors import get_colorscale, hex_to_rgb

AUDIO, MIDI, JOINT, TWIN = "#0072B2", "#D55E00", "#009E73", "#7F7F7F"
SELECTION, WARNING = "#CC79A7", "#E69F00"
CATEGORICAL = (AUDIO, MIDI, JOINT, SELECTION, WARNING, "#56B4E9", "#F0E442", TWIN)
MOST_NAMES = 8
BAR_PX = 30  # height of the bar of tools, which appears on hover
TEXT = "#7A828C"  # over 4:1 on the light and on the dark page
MAX_CELLS = 700_000  # of one byte each: under 1 MB of base64


def figure(x_title: str, y_title: str, height: int = 420) -> go.Figure:
    """An empty figure with named axes, transparent so that light and dark pages both carry it."""
    return go.Figure(layout=layout(x_title, y_title, height))


Scale = list[list[float | str]]  # colours by their places from 0 to 1
Part = dict[str, Any]  # a part of a figure as Plotly takes it, which checks it; Any: it has its own names for everything


def layout(x_title: str, y_title: str, height: int = 420) -> Part:
    """That of an empty figure with named axes, before Plotly checks it: all at once takes a tenth of the time of one by one."""
    return {
        "template": "none",
        "font": {"color": TEXT, "size": 12},
        "height": height,
        "margin": {"l": 64, "r": 16, "t": 16, "b": 48},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "closest",
        "showlegend": False,
        "xaxis": {"title": {"text": x_title}, "showgrid": False, "zeroline": False},
        "yaxis": {"title": {"text": y_title}, "showgrid": False, "zeroline": False},
    }


def layout_of(drawing: go.Figure) -> Any:  # Any: Plotly gives the parts of a layout no types
    """The layout of a figure, whose parts can be asked for by their names."""
    return drawing.layout


def described(drawing: go.Figure) -> str:
    """What a figure shows, for those who cannot see it: quantities on its axes, and what is drawn by its names.

    >>> described(figure("time (s)", "level (dB)").add_scatter(name="trained").add_scatter(name="untrained<br>twin"))
    'Figure: level (dB) over time (s). Drawn: trained, untrained twin.'
    """
    now = layout_of(drawing)
    titles = {side: _words(now[name].title.text for name in now if name.startswith(side)) for side in ("xaxis", "yaxis")}
    names = _words(trace.name for trace in drawing.data)
    listed = ", ".join(names[:MOST_NAMES]) + (f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else "")
    axes = " over ".join(", ".join(titles[side]) for side in ("yaxis", "xaxis") if titles[side])
    return f"Figure: {axes}." + (f" Drawn: {listed}." if listed else "")


def _words(texts: Iterable[str | None]) -> list[str]:
    """Different texts without their markup."""
    return list(dict.fromkeys(plain for text in texts if text and (plain := " ".join(re.sub(r"<[^>]*>", " ", text).split()))))


def bar_above(drawing: go.Figure) -> go.Figure:
    """The figure, higher by a strip for its bar of tools: legend and colour bars that hang from the upper edge, hang below it."""
    now = layout_of(drawing)
    low = 1 - BAR_PX / (now.height + BAR_PX)
    for legend in (now.legend, now.coloraxis.colorbar, *(getattr(trace, "colorbar", None) for trace in drawing.data)):
        if legend is not None and legend.yref == "container" and legend.y == 1:
            legend.y = low
    bar = {"bgcolor": "rgba(0,0,0,0)", "color": TEXT, "activecolor": AUDIO}
    return drawing.update_layout(height=now.height + BAR_PX, margin_t=now.margin.t + BAR_PX, modebar=bar)


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


def heat_map(
    z: NDArray[np.float32 | np.int8], x: NDArray, y: NDArray | list[str], *, scale: str, low: float, high: float
) -> go.Heatmap:
    """A heat map of whole or single-precision numbers with a fixed domain; the caller adds its hover text and colour bar."""
    ordinates = y if isinstance(y, list) else np.asarray(y, np.float32)
    return go.Heatmap(z=z, x=np.asarray(x, np.float32), y=ordinates, zmin=low, zmax=high, colorscale=colours(scale))


def colours(scale: str) -> Scale:
    """A named colour scale as rgb(): Streamlit takes some dark hexadecimal colours, magma's first among them, for its own.

    >>> colours("magma")[0]
    [0.0, 'rgb(0, 0, 4)']
    """
    return [[position, hexadecimal_to_rgb(colour)] for position, colour in get_colorscale(scale)]


def hexadecimal_to_rgb(colour: str) -> str:
    """The same colour in plotly's other notation; what is not hexadecimal stays."""
    return "rgb" + str(hex_to_rgb(colour)) if colour.startswith("#") else colour


def label_colours(trace: go.Heatmap, title: str, positions: list[float], texts: list[str]) -> None:
    """A colour bar that names the quantity and shows true values."""
    bar = {"title": {"text": title, "side": "right"}, "tickvals": positions, "ticktext": texts, "thickness": 12}
    trace.update(colorbar=bar)


def nothing(drawing: go.Figure) -> go.Figure:
    """An empty figure that says so, without a scale: no number could be read from it, not even 0."""
    centre = {"x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper"}
    drawing.add_annotation(text="Nothing to draw: there is no number here.", showarrow=False, **centre)
    drawing.update_xaxes(visible=False)
    drawing.update_yaxes(visible=False)
    drawing.update_layout(height=120, showlegend=False)
    return drawing
