"""Numbers over a dose, a depth or any other axis, with their intervals, the null and the untrained twin."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import plotly.graph_objects as go
from plotly.colors import hex_to_rgb

from analysis.errors import ConfigError
from app.charts import dose_axes, theme
from app.charts import mark as marked
from app.charts.dose_axes import at
from app.charts.draft import Draft, grid
from app.charts.mark import Mark, Style, Styles
from app.charts.scores import GRID, series_name, shortened

LETTER_PX = 6.5
TOP_PX, BARE_PX, BELOW_PX, RIGHT_PX = 36, 16, 48, 20
MOST_COLUMNS, PANEL_PX = 4, 210
LETTERS, LINE_PX = 56, 18  # characters that fit below all panels of a row, and the height of a line
Ends = tuple[float, float]


class Panel(TypedDict, total=False):
    """Row and column of a panel, as Plotly takes them; neither where there is one alone."""

    row: int
    col: int


@dataclass(frozen=True)
class _Plan:
    """What the places and the numbers are called."""

    x_title: str
    percent: bool
    log: bool
    categories: Sequence[str] | None
    null_name: str

    def check(self, marks: Sequence[Mark]) -> None:
        seen: set[tuple[str, bool, float]] = set()
        wanted = "a number above 0" if self.log else "a number"
        known = range(len(self.categories or ()))
        for mark in marks:
            whose = f'"{mark.group}", "{mark.series}"'
            if mark.at is None or (self.log and mark.at <= 0):
                raise ConfigError(f"{whose} is at {mark.at}; expected {wanted} for its place.")
            if self.categories is not None and mark.at not in known:
                raise ConfigError(f"{whose} is at {mark.at}; expected the number of one of {len(known)} categories, from 0.")
            if (key := (mark.series, mark.twin, mark.at)) in seen:
                raise ConfigError(f"{whose} has two numbers at {mark.at}; expected one. Draw groups as panels.")
            seen.add(key)

    def words(self, mark: Mark) -> str:
        return marked.hover(mark, self.percent, self.null_name, dose_axes.text_of(mark, self.x_title, self.categories))

    def lines(self, marks: Sequence[Mark], looks: Styles) -> dict[tuple[str, bool], list[Mark]]:
        return {key: sorted((mark for mark in marks if (mark.series, mark.twin) == key), key=at) for key in looks}

    def null(self, marks: Sequence[Mark]) -> str:
        return (self.null_name or "null") if any(mark.null is not None for mark in marks) else ""


def curves(
    marks: Sequence[Mark],
    *,
    x_title: str,
    y_title: str,
    percent: bool = False,
    log: bool = False,
    categories: Sequence[str] | None = None,
    domain: Ends | None = None,
    null_name: str = "",
    height: int = 420,
    colours: Mapping[str, str] | None = None,
) -> go.Figure:
    """One line per series over `at`, its interval as a band, its marks hollow where the interval holds the null.

    The untrained twin is grey and dashed, the null a thin dashed line. Up to 6 lines are named at their right end where there
    is room; else there is a legend. `customdata` is the key. Without marks the figure says so, and has no scale.

    Args:
        marks: numbers with their controls, each with `at`.
        x_title: quantity and unit of `at`.
        y_title: quantity and unit of the numbers.
        percent: shares of 1 are drawn as per cent.
        log: whether `at` is on a logarithmic axis.
        categories: names of the places 0, 1, 2 …, such as layers.
        domain: ends of the ordinate in its unit; widened where a number lies beyond them.
        null_name: what the null is.
        height: of the figure, in pixels.
        colours: series → colour, where it has one on other pages.

    Raises:
        ConfigError: a mark has no place on the axis, or a series has two at one place.
    """
    if not marks:
        return theme.nothing(theme.figure(x_title, y_title, height))
    drawing = Draft(theme.layout(x_title, y_title, height))
    plan = _Plan(x_title, percent, log, categories, null_name)
    plan.check(marks)
    looks = marked.styles(marks, colours)
    drawn = [marked.scaled(mark, percent) for mark in marks]
    low, high = marked.ends(drawn, domain)
    names = dose_axes.names(plan.lines(drawn, looks), looks, null_name or "null", (height - TOP_PX - BELOW_PX) / (high - low))
    for y, shift, text, _ in names:
        drawing.add_annotation(x=1, xref="paper", xanchor="left", xshift=6, y=y, yshift=shift, text=text, showarrow=False)
    right = max((round(26 + LETTER_PX * length) for *_, length in names), default=RIGHT_PX)
    _draw(drawing, marks, looks, plan)
    entries = [] if names or len(looks) == 1 else list(looks.values())
    null = "" if names else plan.null(marks)
    marked.add_legend(drawing, entries, null, lines=True)
    top = TOP_PX if entries or null else BARE_PX
    drawing.update_layout(margin={"l": 64, "r": right, "t": top, "b": BELOW_PX}, uirevision="curves", hoverlabel=marked.HOVER)
    marked.add_note(drawing, marked.hollow_note(marks, null_name), taller=False)
    drawing.update_yaxes(range=[low, high], showgrid=True, gridcolor=GRID, exponentformat="none", automargin=True)
    drawing.update_xaxes(dose_axes.abscissa(marks, log, categories), title={"standoff": 6}, automargin=True)
    return drawing.figure()


def panels(
    marks: Sequence[Mark],
    *,
    x_title: str,
    y_title: str,
    percent: bool = False,
    log: bool = False,
    categories: Sequence[str] | None = None,
    domain: Ends | None = None,
    null_name: str = "",
    columns: int = MOST_COLUMNS,
    colours: Mapping[str, str] | None = None,
) -> go.Figure:
    """One panel per group, at most 4 beside each other, all with the same axes; otherwise as `curves`, with a legend above.

    Raises:
        ConfigError: a mark has no place on the axis, or a series has two at one place of a panel.
    """
    if not marks:
        return theme.nothing(theme.figure(x_title, y_title))
    plan = _Plan(x_title, percent, log, categories, null_name)
    groups, looks = list(dict.fromkeys(mark.group for mark in marks)), marked.styles(marks, colours)
    n_columns = min(len(groups), columns, MOST_COLUMNS)
    drawing, where = _grid(groups, n_columns, x_title, y_title)
    lean_px = dose_axes.lean_px(categories, n_columns)
    drawing.grow(below=lean_px, height=lean_px)
    for group, panel in zip(groups, where, strict=True):
        chosen = [mark for mark in marks if mark.group == group]
        plan.check(chosen)
        _draw(drawing, chosen, looks, plan, panel)
    marked.add_legend(drawing, list(looks.values()) if len(looks) > 1 else (), plan.null(marks), lines=True)
    marked.add_note(drawing, marked.hollow_note(marks, null_name))
    low, high = marked.ends([marked.scaled(mark, percent) for mark in marks], domain)
    drawing.update_yaxes(range=[low, high], showgrid=True, gridcolor=GRID, exponentformat="none")
    drawing.update_xaxes(dose_axes.abscissa(marks, log, categories))
    return drawing.figure()


def _grid(groups: Sequence[str], n_columns: int, x_title: str, y_title: str) -> tuple[Draft, list[Panel]]:
    """Empty panels with their names; the outermost have the numbers and the titles of the axes."""
    n_rows = math.ceil(len(groups) / n_columns)
    below = BELOW_PX
    if n_columns > 1 and len(x_title) > LETTERS / n_columns:  # else it would run into that of the next panel
        x_title, below = x_title.replace(" (", "<br>(", 1), BELOW_PX + LINE_PX
    height = 52 + below + PANEL_PX * n_rows
    apart = 30 / (PANEL_PX * n_rows)
    drawing = grid(theme.layout("", "", height), n_rows, n_columns, across=0.03, between=apart)
    drawing.update_layout(margin={"l": 64, "r": RIGHT_PX, "t": 60, "b": below}, uirevision="panels", hoverlabel=marked.HOVER)
    drawing.update_xaxes(showgrid=False, zeroline=False)
    drawing.update_yaxes(zeroline=False)
    panels: list[Panel] = []
    for number in range(n_rows * n_columns):
        panel: Panel = {"row": number // n_columns + 1, "col": number % n_columns + 1}
        axis = str(number + 1) if number else ""
        if number >= len(groups):
            drawing.update_xaxes({"visible": False}, **panel)
            drawing.update_yaxes({"visible": False}, **panel)
            continue
        where = {"xref": f"x{axis} domain", "yref": f"y{axis} domain", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom"}
        drawing.add_annotation(text=f"<b>{shortened(groups[number])}</b>", showarrow=False, **where)
        is_lowest, is_first = number + n_columns >= len(groups), number % n_columns == 0
        x = {"title": {"text": x_title if is_lowest else "", "standoff": 6}, "showticklabels": is_lowest}
        drawing.update_xaxes(x, **panel)
        drawing.update_yaxes({"title": {"text": y_title if is_first else ""}, "showticklabels": is_first}, **panel)
        panels.append(panel)
    return drawing, panels


def _draw(drawing: Draft, marks: Sequence[Mark], looks: Styles, plan: _Plan, panel: Panel | None = None) -> None:
    """The null, the bands, then the lines of every series, those of twins beneath the others."""
    panel = panel or {}
    lines = plan.lines(marks, looks)
    drawn = {key: [marked.scaled(mark, plan.percent) for mark in line] for key, line in lines.items()}
    _add_nulls(drawing, list(drawn.values()), panel)
    below_first = marked.back_to_front(looks)
    for key, style in below_first.items():
        _add_bands(drawing, drawn[key], style, panel)
    for key, style in below_first.items():
        drawing.add_scatter(
            x=[mark.at for mark in drawn[key]], y=[mark.value for mark in drawn[key]], mode="lines+markers", **panel,
            line={"color": style.colour, "dash": style.dash, "width": 2},
            marker={
                "symbol": [style.symbol_of(mark) for mark in drawn[key]], "size": 9, "color": style.colour, "opacity": 1,
                "line": {"color": style.colour, "width": 1.5},
            },
            selected={"marker": {"size": 14}}, unselected={"marker": {"opacity": 1}}, cliponaxis=False, showlegend=False,
            customdata=[list(mark.key) for mark in drawn[key]], hovertext=[plan.words(mark) for mark in lines[key]],
            hovertemplate="%{hovertext}<extra></extra>", name=series_name(style.label),
        )  # fmt: skip


def _add_bands(drawing: Draft, drawn: Sequence[Mark], style: Style, panel: Panel) -> None:
    """A band through each run of marks with an interval, an upright line where a mark has no neighbour."""
    rgb = hex_to_rgb(style.colour)
    for has, run in itertools.groupby(drawn, key=lambda mark: mark.interval is not None):
        ends = [(at(mark), *mark.interval) for mark in run if mark.interval]
        if not has:
            continue
        if len(ends) == 1:
            (x, low, high), line = ends[0], {"color": style.colour, "width": 2}
            drawing.add_scatter(x=[x, x], y=[low, high], mode="lines", line=line, hoverinfo="skip", showlegend=False, **panel)
            continue
        x, low, high = (list(column) for column in zip(*ends, strict=True))
        drawing.add_scatter(
            x=x + x[::-1], y=high + low[::-1], mode="lines", line={"width": 0}, fill="toself", hoverinfo="skip",
            fillcolor=f"rgba({rgb[0]},{rgb[1]},{rgb[2]},0.18)", showlegend=False, **panel,
        )  # fmt: skip


def _add_nulls(drawing: Draft, lines: Sequence[Sequence[Mark]], panel: Panel) -> None:
    """One level where all marks share it, else each course of the null once."""
    if (level := marked.shared_null([mark for line in lines for mark in line])) is not None:
        drawing.add_hline(y=level, line=marked.NULL_LINE, layer="below", **panel)
        return
    for course in dose_axes.courses(lines):
        x, y = zip(*course, strict=True)
        drawing.add_scatter(x=x, y=y, mode="lines", line=marked.NULL_LINE, hoverinfo="skip", showlegend=False, **panel)
