"""How training went: the terms of the loss, the spread of the embeddings, the score on validation."""

from collections.abc import Mapping, Sequence
from typing import TypeGuard

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from analysis.numbers import percent
from app.charts import theme
from app.charts.draft import Draft

STEP_NAMES = ("step", "steps", "epoch")
POINTS = 2000
LARGEST = 1e30  # what is beyond, NaN included, is not drawn
HEIGHT = 300
SKY = "#56B4E9"
# By dash as well as by colour; what is not of the model's two sides takes neither side's colour.
LOSS_LINES = {
    "loss": (theme.TEXT, "solid"),
    "invariance": (theme.JOINT, "solid"),
    "variance": (SKY, "dash"),
    "covariance": (theme.SELECTION, "dot"),
}
SPARE_LINES = ((SKY, "dashdot"), (theme.WARNING, "longdash"), (theme.TWIN, "longdashdot"))

USUAL, EXPLAINED = "validation_S", "validation_explained"
VALIDATED = {USUAL: "validation S", EXPLAINED: "error explained on validation", "validation_accuracy": "right on validation"}

History = Sequence[Mapping[str, object]]


def curves(history: History) -> go.Figure:
    """The loss and its terms over steps, on a logarithmic axis where every value allows it."""
    others = [
        name for name in dict.fromkeys(name for row in history for name in row) if "loss" in name and name not in LOSS_LINES
    ]
    lines = LOSS_LINES | dict(zip(others, SPARE_LINES, strict=False))
    points = {name: points_of for name in lines if len((points_of := _points(history, name))[0])}
    is_log = bool(points) and all((values > 0).all() for _, values in points.values())
    drawing = _draft(history, f"loss (no unit{', log scale' if is_log else ''})")
    for name, (x, y) in points.items():
        colour, dash = lines[name]
        _add_line(drawing, x, y, name.replace("_", " "), colour, dash)
    drawing.update_yaxes(type="log" if is_log else "linear", tickformat="~g")
    return _finished(drawing)


def spread(history: History) -> go.Figure:
    """The collapse monitor: standard deviation of each embedding dimension over the batch, on average; 1 is aimed at."""
    drawing = _draft(history, "std of the embedding (no unit)")
    for name, label, colour, dash in (("audio_std", "audio", theme.AUDIO, "solid"), ("midi_std", "MIDI", theme.MIDI, "dash")):
        x, y = _points(history, name)
        if len(x):
            _add_line(drawing, x, y, label, colour, dash)
    drawing.update_yaxes(rangemode="tozero")
    if drawing.traces:
        _add_level(drawing, 1.0, "target 1")
    return _finished(drawing)


def validation(history: History, chance: float | None = None) -> go.Figure:
    """S on the validation pool (%) over steps, with chance, a share of 1, where it is known; or what else was validated."""
    name = next((name for row in history for name in row if name in VALIDATED), USUAL)
    drawing = _draft(history, f"{VALIDATED[name]} (%)")
    x, y = _points(history, name)
    if len(x):
        _add_line(drawing, x, 100 * y, VALIDATED[name], theme.JOINT, "solid")
        drawing.update_traces(mode="lines+markers" if len(x) <= 100 else "lines", marker={"size": 7})
        lowest = min(0.0, float(y.min()) * 1.15)
        drawing.update_yaxes(range=[100 * lowest, 100 * min(max(float(y.max()), chance or 0.0) * 1.15 + 0.005, 1.02)])
        if name == USUAL and chance is not None:
            _add_level(drawing, 100 * chance, f"chance {percent(chance)}")
        elif name == EXPLAINED:
            _add_level(drawing, 0.0, "the mean target")
    return _finished(drawing)


def _draft(history: History, y_title: str) -> Draft:
    step = next((name for name in STEP_NAMES if any(name in row for row in history)), "row")
    x_title = f"training {step}" if step != "row" else "row of the history"
    drawing = Draft(theme.layout(x_title, y_title, HEIGHT))
    if last := max((float(x) for row in history if _is_number(x := row.get(step))), default=0.0):
        drawing.update_xaxes(range=[0, last])
    drawing.update_layout(
        margin={"l": 56, "r": 12, "t": 44, "b": 44},
        legend={
            "orientation": "h",
            "x": 0,
            "y": 1,
            "xanchor": "left",
            "yanchor": "top",
            "yref": "container",
            "bgcolor": "rgba(0,0,0,0)",
        },
    )
    return drawing


def _finished(drawing: Draft) -> go.Figure:
    """With a legend where there are several lines; with a word where there is none."""
    lines = len(drawing.traces)
    drawing.update_layout(showlegend=lines > 1)
    drawing.update_traces(cliponaxis=False)
    if not lines:
        centre = {"x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper"}
        drawing.add_annotation(text="not recorded", showarrow=False, **centre)
        drawing.update_xaxes(showticklabels=False)
        drawing.update_yaxes(showticklabels=False)
    return drawing.figure()


def _add_line(drawing: Draft, x: NDArray, y: NDArray, name: str, colour: str, dash: str) -> None:
    drawing.add_scatter(x=x, y=y, mode="lines", line={"color": colour, "dash": dash, "width": 2}, name=name)
    drawing.update_traces(hovertemplate="%{x:.0f}: %{y:.3g}<extra>%{fullData.name}</extra>")


def _add_level(drawing: Draft, value: float, label: str) -> None:
    """A dashed grey line across the figure, named at its left end."""
    line = {"color": theme.TWIN, "dash": "dash", "width": 1.5}
    drawing.add_shape(type="line", xref="paper", x0=0, x1=1, y0=value, y1=value, line=line)
    anchor = {"x": 0, "xref": "paper", "xanchor": "left", "y": value, "yanchor": "bottom"}
    drawing.add_annotation(text=label, showarrow=False, **anchor)


def _points(history: History, name: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Steps and finite values of one column, at most 2000 of them."""
    step = next((key for key in STEP_NAMES if any(key in row for row in history)), "")
    rows = [(row.get(step, i), row.get(name)) for i, row in enumerate(history)]
    points = np.asarray([(x, y) for x, y in rows if _is_number(x) and _is_number(y)], np.float32).reshape(-1, 2)
    return theme.pool(points[:, 0], POINTS), theme.pool(points[:, 1], POINTS)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST
