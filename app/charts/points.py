"""A map of embeddings: one point per window and modality."""

import html
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import plotly.graph_objects as go

from analysis.errors import ConfigError
from app.charts import mark as marked
from app.charts import theme
from app.charts.draft import Draft
from app.charts.mark import Mark, Style

FEW = 1000  # points that are drawn large, and pairs that are joined by well visible lines
MOST_SVG = 3000  # points that are drawn one by one; more are drawn by WebGL, which exports as a picture
MOST_CATEGORIES = 6  # the rest are one grey category
LONGEST = 60  # characters of a field on hover
OTHER, MISSING = "all others", "not known"
SCALE = "scale"  # in place of a colour: by number
THREAD, FAINT_THREAD = "rgba(122,130,140,0.5)", "rgba(122,130,140,0.22)"  # of few pairs, and of more than 1000
NAMES = {"midi": "MIDI"}
Place = tuple[float, float]


@dataclass(frozen=True)
class Point:
    """One point of a map.

    Attributes:
        x: its place on the abscissa; it has none where this is None or not finite.
        y: on the ordinate.
        side: decides its symbol, such as "audio" or "midi"; "" for none.
        colour: a number or a name that decides its colour where points are coloured; None where it is not known.
        hover: what is said of it on hover, by what that is.
    """

    x: float | None
    y: float | None
    side: str = ""
    colour: float | str | None = None
    hover: Mapping[str, float | str | None] = field(default_factory=dict)


def scatter(
    points: Sequence[Point],
    *,
    x_title: str,
    y_title: str,
    coloured: bool = False,
    colour_title: str = "",
    scale: str = "viridis",
    domain: tuple[float, float] | None = None,
    joined: Sequence[tuple[int, int]] = (),
    height: int = 560,
) -> go.Figure:
    """Points with one scale on both axes; audio blue circles, MIDI vermilion diamonds.

    Lasso and box select; `customdata` is the number of the point. Points without a place are left out, and the figure says how
    many. Without any it says that there is nothing to draw, and has no scale. More than 3000 points are drawn by WebGL.

    Args:
        points: what is drawn.
        x_title: what the abscissa is, with its unit.
        y_title: what the ordinate is, with its unit.
        coloured: whether points have colours of their own: numbers by a scale, names by category, of which the 6 most frequent
            have a colour each; else the side decides.
        colour_title: what these are, with their unit.
        scale: name of the colours of numbers.
        domain: where the colours of numbers begin and end; None: at the least and the greatest.
        joined: pairs of numbers of points that a thin line joins, such as audio and MIDI of one window.
        height: of the figure, in pixels.

    Raises:
        ConfigError: a pair names a point that there is not.
    """
    places = {i: position for i, point in enumerate(points) if (position := _position(point)) is not None}
    if not places:
        return theme.nothing(theme.figure(x_title, y_title, height))
    drawing = Draft(theme.layout(x_title, y_title, height))
    draw = "scatter" if len(places) <= MOST_SVG else "scattergl"
    _add_threads(drawing, places, joined, len(points), draw)
    sides = {number: NAMES.get(points[number].side, points[number].side) for number in places}
    values = {number: _plain(points[number].colour) for number in places} if coloured else {}
    is_numeric = {type(value) for value in values.values()} - {type(None)} == {float}
    looks = _looks(sides, values, is_numeric)
    words = {number: _words(points[number], sides[number]) for number in _mixed(places)}
    for kind in (MISSING, ""):
        chosen = {number: places[number] for number in words if (looks[number].label == MISSING) == (kind == MISSING)}
        _add_points(drawing, draw, chosen, words, looks, values if is_numeric and not kind else None)
    if is_numeric:
        bar = {"title": {"text": html.escape(colour_title, quote=False), "side": "right"}, "thickness": 12, "outlinewidth": 0}
        low, high = domain or (None, None)
        drawing.update_layout(coloraxis={"colorscale": theme.colours(scale), "cmin": low, "cmax": high, "colorbar": bar})
    _add_legend(drawing, sides, looks, colour_title if values and not is_numeric else "")
    return _finished(drawing, len(points), len(points) - len(places))


def _position(point: Point) -> Place | None:
    """Where a point is, if anywhere."""
    if point.x is None or point.y is None or not math.isfinite(point.x) or not math.isfinite(point.y):
        return None
    return point.x, point.y


def _plain(value: float | str | None) -> float | str | None:
    """A number, a name, or None for what is missing."""
    if value is None or isinstance(value, str):
        return value
    return float(value) if math.isfinite(value) else None


def _looks(sides: Mapping[int, str], values: Mapping[int, float | str | None], is_numeric: bool) -> dict[int, Style]:
    """Number of a point → its look: the side by symbol, the value by colour; by symbol too where there is but one side."""
    of_side = marked.styles([Mark("", name, 0.0) for name in dict.fromkeys(sides.values())])
    base = {number: of_side[name, False] for number, name in sides.items()}
    if not values:
        return base
    frequent = [
        name for name, _ in Counter(str(value) for value in values.values() if value is not None).most_common(MOST_CATEGORIES)
    ]
    of_value = marked.styles([Mark("", name, 0.0) for name in sorted(frequent)])
    looks = {}
    for number, value in values.items():
        symbol = base[number].symbol
        if value is None:
            looks[number] = Style(MISSING, theme.TWIN, f"{symbol}-open")
        elif is_numeric:
            looks[number] = Style(base[number].label, SCALE, symbol)
        elif (style := of_value.get((str(value), False))) is None:
            looks[number] = Style(OTHER, theme.TWIN, symbol)
        else:
            looks[number] = Style(style.label, style.colour, style.symbol if len(of_side) == 1 else symbol)
    return looks


def _words(point: Point, side: str) -> str:
    parts = [side] if side else []
    for name, given in point.hover.items():
        value = _plain(given)
        text = MISSING if value is None else value if isinstance(value, str) else f"{value:,.6g}"
        parts.append(f"{name}: {text if len(text) <= LONGEST else f'{text[: LONGEST - 1]}…'}")
    return "<br>".join(html.escape(part, quote=False) for part in parts)


def _mixed(places: Mapping[int, Place]) -> list[int]:
    """Numbers of points in a fixed random order, so that no side or category covers the others."""
    return np.random.default_rng(0).permutation(list(places)).tolist()


def _add_points(
    drawing: Draft, draw: str, places: Mapping[int, Place], words: Mapping[int, str], looks: Mapping[int, Style],
    values: Mapping[int, float | str | None] | None,
) -> None:  # fmt: skip
    if not places:
        return
    x, y = np.array(list(places.values()), np.float32).T
    colours = [looks[number].colour for number in places]
    marker: theme.Part = {"symbol": [looks[number].symbol for number in places], "opacity": 0.8, "color": colours}
    if values is not None:
        marker |= {"color": np.array([values[number] for number in places], np.float32), "coloraxis": "coloraxis"}
    size = {"size": 8 if len(words) <= FEW else 6, "line": {"width": 1.2 if "open" in marker["symbol"][0] else 0}}
    drawing.add_trace(
        {
            "type": draw, "x": x, "y": y, "mode": "markers", "marker": marker | size, "customdata": list(places),
            "hovertext": [words[number] for number in places], "hovertemplate": "%{hovertext}<extra></extra>", "name": "points",
            "showlegend": False, "selected": {"marker": {"opacity": 1}}, "unselected": {"marker": {"opacity": 0.15}},
        }
    )  # fmt: skip


def _add_threads(drawing: Draft, places: Mapping[int, Place], joined: Sequence[tuple[int, int]], n: int, draw: str) -> None:
    """One line from first to second of every pair that has both places."""
    for pair in joined:
        if any(number not in range(n) for number in pair):
            raise ConfigError(f"The pair {tuple(pair)} is joined, but there are {n} points; expected their numbers, from 0.")
    threads = [(places[first], places[other]) for first, other in joined if first in places and other in places]
    if not threads:
        return
    ends = np.full((len(threads), 3, 2), np.nan, np.float32)
    ends[:, :2] = threads
    x, y = ends.reshape(-1, 2).T
    line = {"color": THREAD if len(threads) <= FEW else FAINT_THREAD, "width": 0.8}
    look = {"mode": "lines", "line": line, "hoverinfo": "skip", "name": "joined", "showlegend": False}
    drawing.add_trace({"type": draw, "x": x, "y": y, **look})


def _add_legend(drawing: Draft, sides: Mapping[int, str], looks: Mapping[int, Style], title: str) -> None:
    """The sides; of categories first the colours, then, where there are several sides, the symbols of these."""
    entries = {look.label: look for look in looks.values() if look.colour != SCALE}
    order = list(entries.values())
    names = [name for name in dict.fromkeys(sides.values()) if name]
    if not set(entries) <= set(names) or not entries:
        order.sort(key=lambda look: (look.label in (OTHER, MISSING), look.label))
        of_side = marked.styles([Mark("", name, 0.0) for name in names])
        if len(names) > 1:
            order = [replace(look, symbol="circle-open" if "open" in look.symbol else "circle") for look in order]
            order += [Style(name, theme.TEXT, of_side[name, False].symbol) for name in names]
    marked.add_legend(drawing, [look for look in order if look.label])
    drawing.update_layout(legend={"title": {"text": html.escape(title, quote=False)}})


def _finished(drawing: Draft, n: int, n_left_out: int) -> go.Figure:
    if n_left_out:
        corner = {"x": 1, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "right", "yanchor": "top"}
        drawing.add_annotation(text=f"{n_left_out:,} of {n:,} points have no place on this map", showarrow=False, **corner)
    top = 36 if drawing.layout.get("showlegend") else 16
    drawing.update_layout(
        margin={"l": 60, "r": 16, "t": top, "b": 48}, dragmode="lasso", uirevision="points", hoverlabel=marked.HOVER
    )
    drawing.update_xaxes(title={"standoff": 6})
    drawing.update_yaxes(scaleanchor="x", scaleratio=1)
    return drawing.figure()
