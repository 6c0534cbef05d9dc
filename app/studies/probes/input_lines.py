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
        for index, (text, value) in enumerate(sorted(lines, key=lambda line: -line[1])):
            line = {"color": theme.TEXT, "dash": DOTS[min(index, 1)], "width": 1.5}
            drawing.add_hline(y=value, line=line, layer="below", row=1, col=number)  # pyright: ignore[reportArgumentType]
            drawing.add_annotation(
                x=0, y=value, xref="x domain" if number == 1 else f"x{number} domain", yref="y" if number == 1 else f"y{number}",
                xanchor="left", yanchor="top" if index else "bottom", text=html.escape(text, quote=False), showarrow=False,
                font={"size": 11},
            )  # fmt: skip
    low, high = theme.layout_of(drawing).yaxis.range
    room = 0.06 * (high - low)
    drawing.update_yaxes(
        range=[min([low, *(value - room for value in values)]), max([high, *(value + room for value in values)])]
    )
