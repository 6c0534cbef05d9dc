"""Dotted lines across a chart: what the same probe reads from the input itself, without a model."""

import html
from collections.abc import Sequence

import plotly.graph_objects as go

from app.charts import theme

DOTS = ("dot", "dashdot")


def add_input_lines(drawing: go.Figure, panels: Sequence[Sequence[tuple[str, float]]]) -> None:
    """Lines with their names at the left, above and below; the axis grows until all of them are on it.

    Args:
        drawing: panels beside each other with one ordinate.
        panels: of every panel, from the left, names and values in the unit of the axis.
    """
    values = [value for lines in panels for _, value in lines]
    for number, lines in enumerate(panels, 1):
        panel = {"xref": "x domain", "yref": "y"} if number == 1 else {"xref": f"x{number} domain", "yref": f"y{number}"}
        for index, (text, value) in enumerate(sorted(lines, key=lambda line: -line[1])):
            line = {"color": theme.TEXT, "dash": DOTS[min(index, 1)], "width": 1.5}
            drawing.add_shape(type="line", x0=0, x1=1, y0=value, y1=value, line=line, layer="below", **panel)
            drawing.add_annotation(
                x=0, y=value, xanchor="left", yanchor="top" if index else "bottom", text=html.escape(text, quote=False),
                showarrow=False, font={"size": 11}, **panel,
            )  # fmt: skip
    low, high = theme.layout_of(drawing).yaxis.range
    room = 0.1 * (high - low)
    drawing.update_yaxes(
        range=[min([low, *(value - room for value in values)]), max([high, *(value + room for value in values)])]
    )
