"""Complex numbers and their trails while something is moved, what is read off them, and a score beside its twin's."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Complex, Shaped
from numpy import ndarray

from app.charts import theme
from app.charts.draft import Draft, grid
from app.charts.mark import HOVER
from app.charts.scores import GRID

PANEL_PX, TITLE_PX = 400, 28
ROOM = 1.12  # of the plane beyond what is farthest from 0
TRAIL_PX, CHOSEN_PX = 1.2, 2.6
NOW_LINE = {"color": theme.SELECTION, "width": 1.5}
SHIFT, REAL, IMAGINARY = "shift δ (s)", "real part (no unit)", "imaginary part (no unit)"


@dataclass(frozen=True)
class Trails:
    """A panel of the complex plane.

    Attributes:
        title: what it shows.
        word: what a number is, such as "component".
        trails: complex numbers along the shift, `(points, numbers)`.
        now: where they are at the shift that is looked at.
        names: of the numbers, short enough to stand beside their points.
        chosen: that are drawn in the colour of a selection.
        hollow: whose points are hollow.
        dotted: whether every point of a trail is marked, for it was measured there and not between.
    """

    title: str
    word: str
    trails: Complex[ndarray, "points numbers"]
    now: Complex[ndarray, " numbers"] | None
    names: Sequence[str]
    chosen: frozenset[int] = frozenset()
    hollow: frozenset[int] = frozenset()
    dotted: bool = False


@dataclass(frozen=True)
class Curve:
    """A quantity along the shift.

    Attributes:
        name: in the legend.
        values: from shift 0 on, as many as there are.
        colour, dash, mode: how it is drawn.
    """

    name: str
    values: Shaped[ndarray, " shifts"]
    colour: str
    dash: str = "solid"
    mode: str = "lines"


def plane(panels: Sequence[Trails], columns: int) -> go.Figure:
    """Panels of the complex plane, by rows, all of a row on one scale; trails as lines, and points with names where they are now.

    Args:
        panels: what is drawn, row after row.
        columns: panels beside each other.
    """
    rows = -(-len(panels) // columns)
    height = rows * PANEL_PX
    drawing = grid(theme.layout("", "", height), rows, columns, across=0.12, between=0.13 if rows > 1 else 0.0)
    drawing.update_layout(margin={"t": 16 + TITLE_PX, "l": 60}, uirevision="plane")
    for number, panel in enumerate(panels):
        row, col = number // columns + 1, number % columns + 1
        _add_axes(drawing, number, columns, _reach(panels[(row - 1) * columns : row * columns]))
        _add_trails(drawing, panel, row, col)
        _add_title(drawing, panel.title, number)
    return drawing.figure()


def _reach(panels: Sequence[Trails]) -> float:
    largest = max((float(np.abs(panel.trails).max(initial=0.0)) for panel in panels), default=0.0)
    return ROOM * largest or 1.0


def _add_axes(drawing: Draft, number: int, columns: int, reach: float) -> None:
    """0 in the middle, both parts on one scale."""
    row, col = number // columns + 1, number % columns + 1
    look: theme.Part = {"range": [-reach, reach], "constrain": "domain", "nticks": 6, "showgrid": False}
    look |= {"zeroline": True, "zerolinecolor": GRID}
    drawing.update_xaxes(look, row=row, col=col, title={"text": REAL, "standoff": 6})
    scaled = {"scaleanchor": f"x{_suffix(number)}", "scaleratio": 1}
    drawing.update_yaxes(look, row=row, col=col, title={"text": IMAGINARY, "standoff": 6}, **scaled)


def _suffix(number: int) -> str:
    """Of the names of the axes of a panel."""
    return "" if number == 0 else str(number + 1)


def _add_title(drawing: Draft, title: str, number: int) -> None:
    suffix = _suffix(number)
    where = {"x": 0.5, "xref": f"x{suffix} domain", "xanchor": "center", "y": 1, "yref": f"y{suffix} domain", "yanchor": "bottom"}
    drawing.add_annotation(text=f"<b>{html.escape(title, quote=False)}</b>", showarrow=False, yshift=4, **where)


def _add_trails(drawing: Draft, panel: Trails, row: int, col: int) -> None:
    """Those that are chosen over the others; where a number is now, its name."""
    order = sorted(range(panel.trails.shape[1]), key=lambda number: number in panel.chosen)
    for number in order:
        is_chosen = number in panel.chosen
        colour, trail = theme.SELECTION if is_chosen else theme.AUDIO, panel.trails[:, number].astype(np.complex64)
        drawing.add_scatter(
            x=trail.real, y=trail.imag, mode="lines+markers" if panel.dotted else "lines", opacity=0.9 if is_chosen else 0.5,
            line={"color": colour, "width": CHOSEN_PX if is_chosen else TRAIL_PX}, marker={"color": colour, "size": 4},
            name=f"{panel.word} {panel.names[number]}, trail", hoverinfo="skip", showlegend=False, row=row, col=col,
        )  # fmt: skip
    if panel.now is None:
        return
    colours = [theme.SELECTION if number in panel.chosen else theme.AUDIO for number in order]
    where, named = panel.now[order].astype(np.complex64), [panel.names[number] for number in order]
    symbols = ["circle-open" if number in panel.hollow else "circle" for number in order]
    drawing.add_scatter(
        x=where.real, y=where.imag, mode="markers+text", text=named, textposition="top right", name=f"{panel.word}s now",
        marker={"size": 10, "color": colours, "symbol": symbols, "line": {"width": 1.5, "color": colours}},
        hovertext=_words(panel, order), hovertemplate="%{hovertext}<extra></extra>", showlegend=False, row=row, col=col,
    )  # fmt: skip


def _words(panel: Trails, order: Sequence[int]) -> list[str]:
    now = panel.now
    if now is None:
        return []
    return [f"{panel.word} {panel.names[i]}: amplitude {abs(now[i]):.3g}, angle {np.angle(now[i], deg=True):.0f}°" for i in order]


def along(panels: Mapping[str, Sequence[Curve]], shifts_s: Shaped[ndarray, " shifts"], now_s: float, shares: Sequence[float],
          height: int) -> go.Figure:  # fmt: skip
    """Quantities along the shift, a panel each below the other on one axis, with a line at the shift that is looked at.

    Args:
        panels: title of an ordinate, with its unit → curves; a curve of a name that was in a panel before has no entry of its own
            in the legend.
        shifts_s: of the values.
        now_s: where the line is.
        shares: of the height, by panel.
        height: of the figure, in pixels.
    """
    drawing = grid(theme.layout("", "", height), len(panels), 1, across=0.0, between=0.05, heights=shares)
    known: set[str] = set()
    for row, (title, curves) in enumerate(panels.items(), 1):
        for curve in curves:
            _add_curve(drawing, curve, shifts_s, row, shown=curve.name not in known)
            known.add(curve.name)
        look = {"showgrid": True, "gridcolor": GRID, "zeroline": False, "title": {"text": title, "standoff": 8}, "nticks": 6}
        drawing.update_yaxes(look, row=row, col=1)
        ends = {"range": [0.0, float(shifts_s[-1])], "showticklabels": row == len(panels), "matches": "x" if row > 1 else None}
        drawing.update_xaxes(ends, row=row, col=1, showgrid=False, zeroline=False)
        where: theme.Part = {"xref": f"x{_suffix(row - 1)}", "yref": f"y{_suffix(row - 1)} domain"}
        line: theme.Part = {"type": "line", "x0": now_s, "x1": now_s, "y0": 0, "y1": 1, "line": NOW_LINE}
        drawing.add_shape(**line, **where)
    drawing.update_xaxes(row=len(panels), col=1, title={"text": SHIFT})
    legend = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "top", "yref": "container"}
    drawing.update_layout(showlegend=True, legend=legend | {"bgcolor": "rgba(0,0,0,0)"}, margin={"t": 52}, hoverlabel=HOVER)
    drawing.update_layout(uirevision="along")
    return drawing.figure()


def _add_curve(drawing: Draft, curve: Curve, shifts_s: ndarray, row: int, *, shown: bool) -> None:
    values = np.asarray(curve.values, np.float32)
    hollow = "circle-open" if curve.mode == "markers" else "circle"
    drawing.add_scatter(
        x=np.asarray(shifts_s[: len(values)], np.float32), y=values, mode=curve.mode, name=html.escape(curve.name, quote=False),
        line={"color": curve.colour, "dash": curve.dash, "width": 2}, legendgroup=curve.name, showlegend=shown,
        marker={"color": curve.colour, "size": 8 if hollow == "circle-open" else 5, "symbol": hollow, "line": {"width": 1.2}},
        hovertemplate="%{x:.2f} s: %{y:.3g}<extra>%{fullData.name}</extra>", row=row, col=1,
    )  # fmt: skip
