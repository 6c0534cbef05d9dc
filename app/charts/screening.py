"""Published configurations in groups, one row each, with what is trained here of the same arm beside them."""

import html
from collections.abc import Sequence
from dataclasses import dataclass, field

import plotly.graph_objects as go

from app.charts import mark as marked
from app.charts import theme
from app.charts.draft import Draft
from app.charts.scores import GRID, shortened

ROW_PX, HEAD_PX, TOP_PX, BELOW_PX = 22, 28, 46, 48
LEFT_PX, RIGHT_PX, LETTER_PX = 128, 170, 7
RIM, OUTLINE = "#FFFFFF", "#000000"  # the rim shows on dark pages alone
GAP = 0.1  # between two panels, share of the width
SECOND = 0.32
FAINT = "rgba(122,130,140,0.75)"
PUBLISHED, HERE = "published", "trained here"


@dataclass(frozen=True)
class Here:
    """One checkpoint: S (%) with its interval, and what is said of it on hover."""

    value: float
    low: float
    high: float
    words: str


@dataclass(frozen=True)
class Line:
    """One published configuration.

    Attributes:
        group: in which it stands.
        label: its name.
        s: published S (%).
        second: another published number (%); None without one.
        note: what is written at the end of the row.
        here: the checkpoints of the same arm.
    """

    group: str
    label: str
    s: float
    second: float | None = None
    note: str = ""
    here: tuple[Here, ...] = field(default=())


def forest(
    lines: Sequence[Line], *, second_title: str = "", baseline: tuple[str, float] | None = None, notes: str = ""
) -> go.Figure:
    """Open black diamonds are published, filled green circles trained here with their 95 % intervals; S on the left axis.

    Args:
        lines: from the top, those of one group together; a group without a name has no heading.
        second_title: quantity and unit of the second number, which has an axis of its own where any line has one.
        baseline: a name and an S (%) through which a dashed line is drawn.
        notes: what the notes at the ends of rows are.
    """
    if not lines:
        return theme.nothing(theme.figure("S (%)", ""))
    heights, heads, total = _places(lines)
    has_second = any(line.second is not None for line in lines)
    drawing = Draft(theme.layout("S (%)", "", round(total) + TOP_PX + BELOW_PX))
    left = max(LEFT_PX, 24 + LETTER_PX * max(len(line.label) for line in lines))
    drawing.update_layout(margin={"l": left, "r": RIGHT_PX, "t": TOP_PX, "b": BELOW_PX}, hoverlabel=marked.HOVER)
    drawing.update_yaxes(range=[total, 0], tickvals=heights, ticktext=[shortened(line.label) for line in lines], **marked.GAP)
    end = 1 - SECOND - GAP if has_second else 1
    drawing.update_xaxes(domain=[0, end], showgrid=True, gridcolor=GRID, title={"standoff": 6}, nticks=6, range=_range(lines))
    if baseline:
        _add_baseline(drawing, *baseline, total)
    _add_here(drawing, lines, heights)
    _add_published(drawing, [(line.s, height, line.label) for line, height in zip(lines, heights, strict=True)], "x", "S")
    if has_second:
        _add_second(drawing, lines, heights, second_title)
    _add_words(drawing, lines, heights, heads, notes)
    _add_legend(drawing, any(line.here for line in lines))
    return drawing.figure()


def _places(lines: Sequence[Line]) -> tuple[list[float], dict[str, float], float]:
    """Middle of every row and of every heading in pixels from the top, and where the last row ends."""
    heights: list[float] = []
    heads: dict[str, float] = {}
    top, before = 0.0, ""
    for line in lines:
        if line.group != before and line.group:
            heads[line.group] = top + HEAD_PX / 2
            top += HEAD_PX
        before = line.group
        heights.append(top + ROW_PX / 2)
        top += ROW_PX
    return heights, heads, top


def _range(lines: Sequence[Line]) -> list[float]:
    numbers = [line.s for line in lines] + [x for line in lines for mark in line.here for x in (mark.value, mark.low, mark.high)]
    room = 0.06 * (max(numbers) - min(numbers)) or 1.0
    return [max(0.0, min(numbers) - room), min(102.0, max(numbers) + room)]


def _add_baseline(drawing: Draft, name: str, value: float, total: float) -> None:
    drawing.add_shape(type="line", x0=value, x1=value, y0=0, y1=total, line=marked.NULL_LINE, layer="below")
    text = f"{shortened(name)} {value:.1f} %"
    drawing.add_annotation(x=value, y=0, yanchor="bottom", text=text, showarrow=False, font={"size": 11})


def _add_second(drawing: Draft, lines: Sequence[Line], heights: Sequence[float], title: str) -> None:
    look = {"showgrid": True, "gridcolor": GRID, "zeroline": False, "nticks": 4, "title": {"text": title, "standoff": 6}}
    drawing.update_layout(xaxis2={"domain": [1 - SECOND, 1], "anchor": "y", **look})
    points = [(line.second, height, line.label) for line, height in zip(lines, heights, strict=True) if line.second is not None]
    _add_published(drawing, points, "x2", title.removesuffix(" (%)"))


def _add_here(drawing: Draft, lines: Sequence[Line], heights: Sequence[float]) -> None:
    marks = [(mark, height) for line, height in zip(lines, heights, strict=True) for mark in line.here]
    if not marks:
        return
    error = {
        "type": "data", "symmetric": False, "color": theme.JOINT, "thickness": 1.8, "width": 0,
        "array": [mark.high - mark.value for mark, _ in marks], "arrayminus": [mark.value - mark.low for mark, _ in marks],
    }  # fmt: skip
    words = [html.escape(mark.words, quote=False) for mark, _ in marks]
    drawing.add_scatter(
        x=[mark.value for mark, _ in marks], y=[height for _, height in marks], mode="markers", error_x=error, name=HERE,
        marker={"symbol": "circle", "size": 9, "color": theme.JOINT}, hovertext=words,
        hovertemplate="%{hovertext}<extra></extra>", showlegend=False, cliponaxis=False,
    )  # fmt: skip


def _add_published(drawing: Draft, points: Sequence[tuple[float, float, str]], axis: str, measure: str) -> None:
    """Open diamonds at (value, height), with the name of the row on hover."""
    x, y, labels = zip(*points, strict=True)
    words = [f"{shortened(label)}, published: {measure} {value:.1f} %" for label, value in zip(labels, x, strict=True)]
    for colour, width in ((RIM, 4.0), (OUTLINE, 1.6)):
        marker = {"symbol": "diamond-open", "size": 10, "color": colour, "line": {"color": colour, "width": width}}
        hover: theme.Part = {"hoverinfo": "skip"}
        if colour == OUTLINE:
            hover = {"hovertext": words, "hovertemplate": "%{hovertext}<extra></extra>"}
        drawing.add_scatter(
            x=x, y=y, mode="markers", marker=marker, name=PUBLISHED, showlegend=False, cliponaxis=False, xaxis=axis, **hover,
        )  # fmt: skip


def _add_words(drawing: Draft, lines: Sequence[Line], heights: Sequence[float], heads: dict[str, float], notes: str) -> None:
    """Headings of groups at the left, notes at the right."""
    for name, height in heads.items():
        text = f"<b>{html.escape(name, quote=False)}</b>"
        where = {"x": 0, "xref": "paper", "xanchor": "left", "xshift": -LEFT_PX + 4, "y": height}
        drawing.add_annotation(text=text, showarrow=False, **where)
    for line, height in zip(lines, heights, strict=True):
        look = {"size": 12, "color": theme.TEXT if line.here else FAINT}
        where = {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 10, "y": height}
        drawing.add_annotation(text=html.escape(line.note, quote=False), showarrow=False, font=look, **where)
    if notes:
        where = {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 10, "y": 0, "yanchor": "bottom"}
        drawing.add_annotation(text=f"<b>{html.escape(notes, quote=False)}</b>", showarrow=False, **where)


def _add_legend(drawing: Draft, has_here: bool) -> None:
    rim = {"symbol": "diamond", "size": 9, "color": RIM, "line": {"color": OUTLINE, "width": 1.6}}
    entries: list[tuple[str, theme.Part]] = [(PUBLISHED, rim)]
    entries += [(HERE, {"symbol": "circle", "size": 9, "color": theme.JOINT})] if has_here else []
    for name, marker in entries:
        drawing.add_scatter(x=[None], y=[None], mode="markers", marker=marker, name=name, hoverinfo="skip", showlegend=True)
    anchor = {"x": 0, "xanchor": "left", "y": 1, "yanchor": "top", "yref": "container", "bgcolor": "rgba(0,0,0,0)"}
    drawing.update_layout(showlegend=True, legend={"orientation": "h", "itemclick": False, "itemdoubleclick": False, **anchor})
