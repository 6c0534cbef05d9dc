"""Numbers with their intervals and their null, one row per group."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from app.charts import mark as marked
from app.charts import theme
from app.charts.draft import Draft
from app.charts.mark import Mark, Style, Styles
from app.charts.scores import GRID, series_name, shortened

LABELLED = 8  # marks whose numbers are written beside them
LABELLED_PX, PLAIN_PX, ROW_PX, ONE_ROW_PX, GAP_PX, BELOW_PX = 24, 14, 30, 72, 16, 48
TICK = "┃"
LETTER_PX, LARGEST_LABELS_PX = 6.2, 360


def forest(
    marks: Sequence[Mark],
    *,
    x_title: str,
    y_title: str,
    percent: bool = False,
    domain: tuple[float, float] | None = None,
    null_name: str = "chance",
    labels: bool = True,
    colours: Mapping[str, str] | None = None,
) -> go.Figure:
    """Dots with intervals, a row per group in order of first appearance from the top, the series offset within it.

    Hollow: the interval holds the null; grey squares: the untrained twin. The null is a dashed line where all marks share it,
    else a short tick at every mark. Up to 8 marks are labelled with their numbers; more say them on hover. `customdata` is the
    key. Without marks the figure says that there is nothing to draw, and has no scale.

    Args:
        marks: numbers with their controls.
        x_title: quantity and unit of the numbers.
        y_title: what the groups are.
        percent: shares of 1 are drawn as per cent.
        domain: ends of the axis in its unit; widened where a number lies beyond them.
        null_name: what the null is.
        labels: whether few marks are labelled.
        colours: series → colour, where it has one on other pages.
    """
    if not marks:
        return theme.nothing(theme.figure(x_title, y_title))
    looks, groups = marked.styles(marks, colours), list(dict.fromkeys(mark.group for mark in marks))
    labelled = labels and len(marks) <= LABELLED
    step_px = LABELLED_PX if labelled else PLAIN_PX
    row_px = max(step_px * len(looks) + GAP_PX, ONE_ROW_PX if len(groups) == 1 else ROW_PX)
    drawn = [marked.scaled(mark, percent) for mark in marks]
    heights = _heights(marks, groups, looks, step_px / row_px)
    drawing = Draft(theme.layout(x_title, y_title))
    drawing.update_layout(uirevision="forest", hoverlabel=marked.HOVER)
    for key, style in marked.back_to_front(looks).items():
        chosen = [i for i, mark in enumerate(marks) if (mark.series, mark.twin) == key]
        words = [marked.hover(marks[i], percent, null_name) for i in chosen]
        _add_series(drawing, [drawn[i] for i in chosen], [heights[i] for i in chosen], style, words)
    has_ticks = _add_null(drawing, drawn, heights, len(groups), percent, null_name)
    right = _add_labels(drawing, marks, heights, looks, percent) if labelled else 16
    _add_edges(drawing, 0 if len(looks) == 1 else len(groups))
    has_legend = len(looks) > 1 and not labelled
    marked.add_legend(drawing, list(looks.values()) if has_legend else ())
    top = 28 + 24 * has_legend
    drawing.update_layout(height=top + BELOW_PX + row_px * len(groups), margin={"l": 64, "r": right, "t": top, "b": BELOW_PX})
    notes = marked.hollow_note(marks, null_name), f"{TICK} {null_name or 'null'} of each" if has_ticks else ""
    marked.add_note(drawing, "   ".join(filter(None, notes)))
    drawing.update_xaxes(range=marked.ends(drawn, domain), showgrid=True, gridcolor=GRID, exponentformat="none")
    drawing.update_xaxes(title={"standoff": 6})
    drawing.update_yaxes(tickvals=list(range(len(groups))), ticktext=[shortened(group) for group in groups], **marked.GAP)
    drawing.update_yaxes(range=[len(groups) - 0.5, -0.5], automargin=True, title={"standoff": 10})
    return drawing.figure()


def _add_edges(drawing: Draft, rows: int) -> None:
    """Faint lines between rows of several series."""
    for row in range(1, rows):
        line = {"color": GRID, "width": 1}
        drawing.add_shape(type="line", xref="paper", x0=0, x1=1, y0=row - 0.5, y1=row - 0.5, line=line, layer="below")


def _heights(marks: Sequence[Mark], groups: Sequence[str], looks: Styles, step: float) -> list[float]:
    """Where each mark stands: row of its group, and within it the place of its series, `step` rows apart."""
    order = {key: number - (len(looks) - 1) / 2 for number, key in enumerate(looks)}
    return [groups.index(mark.group) + step * order[mark.series, mark.twin] for mark in marks]


def _add_series(drawing: Draft, drawn: Sequence[Mark], heights: Sequence[float], style: Style, words: Sequence[str]) -> None:
    x, y = [], []
    for mark, height in zip(drawn, heights, strict=True):
        if mark.interval:
            x += [*mark.interval, None]
            y += [height, height, None]
    line = {"color": style.colour, "width": 2}
    drawing.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", showlegend=False, cliponaxis=False)
    drawing.add_scatter(
        x=[mark.value for mark in drawn], y=list(heights), mode="markers",
        marker={
            "symbol": [style.symbol_of(mark) for mark in drawn], "size": 10, "color": style.colour, "opacity": 1,
            "line": {"color": style.colour, "width": 1.5},
        },
        selected={"marker": {"size": 15}}, unselected={"marker": {"opacity": 1}},
        customdata=[list(mark.key) for mark in drawn], hovertext=list(words), hovertemplate="%{hovertext}<extra></extra>",
        name=series_name(style.label), showlegend=False, cliponaxis=False,
    )  # fmt: skip


def _add_null(drawing: Draft, drawn: Sequence[Mark], heights: Sequence[float], rows: int, percent: bool, name: str) -> bool:
    """One named line, or a tick at every mark that has a null; whether there are ticks."""
    if (level := marked.shared_null(drawn)) is not None:
        drawing.add_shape(type="line", x0=level, x1=level, y0=-0.5, y1=rows - 0.5, line=marked.NULL_LINE, layer="below")
        number = marked.null_text(drawn[0], percent)
        drawing.add_annotation(x=level, y=-0.5, yanchor="bottom", text=shortened(f"{name} {number}".strip()), showarrow=False)
        return False
    nulls = [(mark.null, height) for mark, height in zip(drawn, heights, strict=True) if mark.null is not None]
    if not nulls:
        return False
    x, y = zip(*nulls, strict=True)
    tick = {"symbol": "line-ns", "size": 14, "line": {"color": theme.TEXT, "width": 2}}
    plain = {"hoverinfo": "skip", "showlegend": False, "cliponaxis": False, "unselected": {"marker": {"opacity": 1}}}
    drawing.add_scatter(x=x, y=y, mode="markers", marker=tick, **plain)
    return True


def _add_labels(drawing: Draft, marks: Sequence[Mark], heights: Sequence[float], looks: Styles, percent: bool) -> int:
    """Symbol, number and series beside each mark, and the pixels that this takes."""
    longest = 0
    for mark, height in zip(marks, heights, strict=True):
        style = looks[mark.series, mark.twin]
        number, series = marked.text_of(mark, percent), series_name(style.label) if len(looks) > 1 else ""
        text = f"{style.letter(mark.undecided)} {number}{'  ' if series else ''}{series}"
        drawing.add_annotation(x=1, xref="paper", xanchor="left", xshift=8, y=height, text=text, showarrow=False)
        longest = max(longest, len(number) + len(series) + 4)
    return min(round(16 + LETTER_PX * longest), LARGEST_LABELS_PX)
