"""Distributions as steps, one panel above the other, whose bins can be chosen."""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
from plotly.colors import hex_to_rgb

from analysis.errors import ConfigError
from app.charts import mark as marked
from app.charts import theme
from app.charts.draft import Draft, grid
from app.charts.mark import Key, Mark, Style
from app.charts.scores import GRID

FIRST_PX, OTHER_PX, BETWEEN_PX, TOP_PX, BELOW_PX = 280, 130, 30, 60, 48
DOT_PX = 6
BAND = "rgba(122,130,140,0.22)"


@dataclass(frozen=True)
class Bar:
    """One bin of one distribution.

    Attributes:
        series: whose distribution it is.
        low: lower edge of the bin.
        high: its upper edge.
        share: part of 1 of the distribution that is in it.
        n: how many are in it.
        key: `customdata`, to which a click leads.

    Raises:
        ConfigError: the edges are exchanged or equal, or the share is not in [0, 1].
    """

    series: str
    low: float
    high: float
    share: float
    n: int = 0
    key: Key = ()

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise ConfigError(f'A bin of "{self.series}" is from {self.low} to {self.high}; expected the lower edge first.')
        if not 0 <= self.share <= 1:
            raise ConfigError(f'The share of a bin of "{self.series}" is {self.share}; expected 0 to 1.')


def panels(
    bars_of: Mapping[str, Sequence[Bar]],
    *,
    x_title: str,
    y_title: str,
    n_name: str = "",
    null: str = "",
    twins: Sequence[str] = (),
    colours: Mapping[str, str] | None = None,
) -> go.Figure:
    """Title → bars: panels with one abscissa, each with an ordinate of its own, the first the highest; steps in per cent.

    A bin with anything in it has a dot, whose `customdata` is the key. The abscissa ends where all distributions do. Without
    bars the figure says that there is nothing to draw, and has no scale.

    Args:
        bars_of: bins of every series in order of their edges, by the title of the panel.
        x_title: quantity and unit of what was counted.
        y_title: what the shares are of.
        n_name: what was counted, such as "pairs".
        null: the series that stands for nothing to find: a light grey area.
        twins: titles of panels of untrained twins: grey, dashed.
        colours: series → colour, where it has one on other pages.
    """
    bars = [bar for panel in bars_of.values() for bar in panel]
    full = [bar for bar in bars if bar.share > 0]
    if not full:
        return theme.nothing(theme.figure(x_title, y_title))
    looks = _looks(bars, null, colours or {})
    drawing = frame(list(bars_of), y_title)
    for row, (title, panel) in enumerate(bars_of.items(), 1):
        for series, look in looks.items():
            chosen = [bar for bar in panel if bar.series == series]
            style = Style(look.label, theme.TWIN, look.symbol, _dash(look, looks)) if title in twins else look
            _add_steps(drawing, chosen, style, series == null, n_name, title, row)
        top = max((100 * bar.share for bar in panel), default=1.0)
        drawing.update_yaxes(range=[0, 1.08 * top or 1.0], row=row, col=1)
    marked.add_legend(drawing, list(looks.values()), lines=True)
    width = bars[0].high - bars[0].low
    ends = [min(bar.low for bar in full) - width, max(bar.high for bar in full) + width]
    drawing.update_xaxes(range=ends, showgrid=False, zeroline=False)
    drawing.update_xaxes(title={"text": x_title, "standoff": 6}, row=len(bars_of), col=1)
    return drawing.figure()


def _looks(bars: Sequence[Bar], null: str, colours: Mapping[str, str]) -> dict[str, Style]:
    names = list(dict.fromkeys(bar.series for bar in bars))
    greyed = dict(colours) | ({null: theme.TEXT} if null else {})
    looks = marked.styles([Mark("", name, 0.0) for name in names], greyed)
    return {name: looks[name, False] for name in names}


def _dash(look: Style, looks: Mapping[str, Style]) -> str:
    """Without colour, dashes tell series apart as well as symbols."""
    index = [look.label for look in looks.values()].index(look.label)
    return marked.TWIN_DASHES[index % len(marked.TWIN_DASHES)]


def frame(titles: Sequence[str], y_title: str) -> Draft:
    """Empty panels below each other with their titles; all abscissas are moved together, the last has the numbers."""
    heights = [FIRST_PX, *[OTHER_PX] * (len(titles) - 1)]
    inner = sum(heights) + BETWEEN_PX * (len(titles) - 1)
    gap = BETWEEN_PX / inner if len(titles) > 1 else 0.0
    drawing = grid(theme.layout("", "", inner + TOP_PX + BELOW_PX), len(titles), 1, across=0.0, between=gap, heights=heights)
    for row in range(1, len(titles)):
        drawing.update_xaxes(matches=f"x{len(titles)}", showticklabels=False, row=row, col=1)
    drawing.update_layout(margin={"l": 64, "r": 16, "t": TOP_PX, "b": BELOW_PX}, uirevision="histogram", hoverlabel=marked.HOVER)
    for row, title in enumerate(titles, 1):
        axis = str(row) if row > 1 else ""
        where = {"xref": f"x{axis} domain", "yref": f"y{axis} domain", "x": 0, "y": 1, "xanchor": "left", "yanchor": "bottom"}
        drawing.add_annotation(text=f"<b>{html.escape(title, quote=False)}</b>", showarrow=False, **where)
        look = {"showgrid": True, "gridcolor": GRID, "zeroline": False, "nticks": 6 if row == 1 else 4}
        drawing.update_yaxes(look, title={"text": y_title}, row=row, col=1)
    return drawing


def _add_steps(drawing: Draft, bars: Sequence[Bar], style: Style, is_null: bool, n_name: str, panel: str, row: int) -> None:
    """The steps, and a dot on every bin that holds something."""
    if not any(bar.share > 0 for bar in bars):
        return
    full = [i for i, bar in enumerate(bars) if bar.share > 0]
    drawn = bars[full[0] : full[-1] + 1]
    shares = [100 * bar.share for bar in drawn]
    rgb = ",".join(str(part) for part in hex_to_rgb(style.colour))
    drawing.add_scatter(
        x=[drawn[0].low, *(bar.low for bar in drawn), drawn[-1].high, drawn[-1].high], y=[0, *shares, *shares[-1:], 0],
        mode="lines", line={"color": style.colour, "dash": style.dash, "width": 1.8, "shape": "hv"}, hoverinfo="skip",
        fill="tozeroy", fillcolor=BAND if is_null else f"rgba({rgb},0.10)", showlegend=False, name=style.label, row=row, col=1,
    )  # fmt: skip
    drawing.add_scatter(
        x=[(bars[i].low + bars[i].high) / 2 for i in full], y=[100 * bars[i].share for i in full], mode="markers",
        marker={"symbol": style.symbol, "size": DOT_PX, "color": style.colour, "line": {"width": 0}}, showlegend=False,
        selected={"marker": {"size": 13, "opacity": 1}}, unselected={"marker": {"opacity": 0.9}}, cliponaxis=False,
        customdata=[list(bars[i].key) for i in full], hovertext=[bin_words(bars[i], n_name, panel) for i in full],
        hovertemplate="%{hovertext}<extra></extra>", name=style.label, row=row, col=1,
    )  # fmt: skip


def bin_words(bar: Bar, n_name: str, panel: str) -> str:
    """A bin on hover, markup escaped.

    >>> bin_words(Bar("matched", 0.5, 0.525, 0.125, 20), "pairs", "D0").split("<br>")
    ['D0: matched', '0.5 to 0.525', '12.5 % (20 pairs)']
    """
    digits = max(2, -math.floor(math.log10(bar.high - bar.low)) + 1)
    edges = " to ".join(f"{round(edge, digits) + 0.0:g}" for edge in (bar.low, bar.high))
    count = f" ({f'{bar.n:,} {n_name}'.strip()})" if bar.n else ""
    share = f"{100 * bar.share:.1f} %" if bar.share >= 0.0005 else "under 0.1 %"
    return "<br>".join(html.escape(part, quote=False) for part in (f"{panel}: {bar.series}", edges, share + count))
