"""One clock: every figure over the whole clip has the same margins and the same range, so that they line up."""

import plotly.graph_objects as go

from app.charts import theme

LEFT, RIGHT = 76, 96  # pixels; the colour bars stand in the right margin
STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300)
MOST_TICKS = 12


def figure(y_title: str, duration_s: float, height: int, marked_s: tuple[float, float] | None = None) -> go.Figure:
    """An empty figure over the clip; the part `marked_s` is shaded."""
    drawing = theme.figure("time (s)", y_title, height)
    drawing.update_layout(margin={"l": LEFT, "r": RIGHT, "t": 6, "b": 36, "autoexpand": False})
    drawing.update_xaxes(range=[0, duration_s], dtick=step_s(duration_s), tick0=0, title_standoff=2, ticks="outside", ticklen=4)
    drawing.update_xaxes(automargin=False, tickcolor=theme.TEXT)
    drawing.update_yaxes(automargin=False, title_standoff=4, title_font_size=11)
    if marked_s is not None:
        mark = {"fillcolor": theme.SELECTION, "opacity": 0.22, "line_width": 0, "layer": "above"}
        drawing.add_vrect(x0=marked_s[0], x1=min(marked_s[1], duration_s), **mark)
        for edge in (marked_s[0], min(marked_s[1], duration_s)):
            drawing.add_vline(x=edge, line={"color": theme.SELECTION, "width": 1.5})
    return drawing


def step_s(duration_s: float) -> float:
    """The distance of ticks that a person would choose.

    >>> [step_s(seconds) for seconds in (0.5, 4, 30, 600)]
    [0.1, 0.5, 5, 60]
    """
    return next((step for step in STEPS_S if duration_s / step <= MOST_TICKS), STEPS_S[-1])
