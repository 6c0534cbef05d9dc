"""One clock: every figure over the whole clip has the same margins and the same range, so that they line up."""

import plotly.graph_objects as go

from app.charts import theme

LEFT, RIGHT = 76, 96  # pixels; the colour bars stand in the right margin
STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300)
MOST_TICKS = 12


def figure(y_title: str, duration_s: float, height: int, marked_s: tuple[float, float] | None = None) -> go.Figure:
    """An empty figure over the clip; the part `marked_s` is shaded."""
    layout = theme.layout("time (s)", y_title, height)
    layout |= {"margin": {"l": LEFT, "r": RIGHT, "t": 6, "b": 36, "autoexpand": False}}
    layout["xaxis"] |= {
        "title": {"text": "time (s)", "standoff": 2}, "range": [0, duration_s], "dtick": step_s(duration_s), "tick0": 0,
        "ticks": "outside", "ticklen": 4, "tickcolor": theme.TEXT, "automargin": False,
    }  # fmt: skip
    layout["yaxis"] |= {"title": {"text": y_title, "standoff": 4, "font": {"size": 11}}, "automargin": False}
    if marked_s is not None:
        layout["shapes"] = _mark(marked_s[0], min(marked_s[1], duration_s))
    return go.Figure(layout=layout)


def _mark(first_s: float, last_s: float) -> list[theme.Part]:
    """A shaded part over the whole height, and a line at either end."""
    high = {"xref": "x", "yref": "y domain", "y0": 0, "y1": 1}
    shade = {"type": "rect", "fillcolor": theme.SELECTION, "opacity": 0.22, "line": {"width": 0}, "layer": "above"}
    edge = {"type": "line", "line": {"color": theme.SELECTION, "width": 1.5}}
    return [high | shade | {"x0": first_s, "x1": last_s}, *(high | edge | {"x0": x, "x1": x} for x in (first_s, last_s))]


def step_s(duration_s: float) -> float:
    """The distance of ticks that a person would choose.

    >>> [step_s(seconds) for seconds in (0.5, 4, 30, 600)]
    [0.1, 0.5, 5, 60]
    """
    return next((step for step in STEPS_S if duration_s / step <= MOST_TICKS), STEPS_S[-1])
