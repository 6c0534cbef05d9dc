"""Distributions of several checkpoints as steps over each other, with their means and published ones above them."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import plotly.graph_objects as go

from app.charts import histogram, theme
from app.charts import mark as marked
from app.charts.draft import Draft
from app.charts.histogram import Bar
from app.charts.mark import Mark, Style, Styles
from app.charts.scores import series_name, shortened

HEAD = 0.24  # room for means above the curves, share of the highest
LEGEND_PX = 22  # for a second line of the legend
OURS_AT, PUBLISHED_AT = 1.08, 1.17  # of the highest
RIM, OUTLINE = "#FFFFFF", "#000000"  # the rim shows on dark pages alone
SPACE = "\N{EN SPACE}"
PUBLISHED, TWINS = "published mean", "untrained twins"


@dataclass(frozen=True)
class Curve:
    """One distribution.

    Attributes:
        name: whose it is.
        bars: its bins in order.
        mean: of what is counted; None where it is not known.
        twin: whether it is of an untrained twin: grey, dashed.
    """

    name: str
    bars: tuple[Bar, ...]
    mean: float | None = None
    twin: bool = False


def overlay(
    curves_of: Mapping[str, Sequence[Curve]],
    *,
    x_title: str,
    y_title: str,
    n_name: str = "",
    colours: Mapping[str, str] | None = None,
    published: Sequence[tuple[str, float]] = (),
) -> go.Figure:
    """Panels below each other on one abscissa, in each the curves of all checkpoints, each on its own scale.

    Above the curves: their means, filled, and in the first panel what is published, as open black diamonds with names.

    Args:
        curves_of: title of a panel → its curves; the first is the tallest.
        x_title: quantity and unit of what was counted.
        y_title: what the shares are of.
        n_name: what was counted, such as "pairs".
        colours: name of a checkpoint → its colour on the page.
        published: (name, mean) in the unit of the abscissa.
    """
    curves = [curve for panel in curves_of.values() for curve in panel if any(bar.share > 0 for bar in curve.bars)]
    if not curves:
        return theme.nothing(theme.figure(x_title, y_title))
    looks = marked.styles([Mark("", curve.name, 0.0, twin=curve.twin) for curve in curves], colours)
    drawing = histogram.frame(list(curves_of), y_title)
    drawing.grow(top=LEGEND_PX, height=LEGEND_PX)
    for row, (title, panel) in enumerate(curves_of.items(), 1):
        top = max((100 * bar.share for curve in panel for bar in curve.bars), default=1.0) or 1.0
        panel = sorted(panel, key=lambda curve: not curve.twin)  # twins beneath
        for curve in panel:
            _add_curve(drawing, curve, looks[curve.name, curve.twin], title, n_name, row)
        _add_means(drawing, [curve for curve in panel if curve.mean is not None], looks, OURS_AT * top, row)
        if row == 1:
            _add_published(drawing, published, PUBLISHED_AT * top)
        drawing.update_yaxes(range=[0, (1 + HEAD) * top], row=row, col=1)
    marked.add_legend(drawing, _entries(looks), lines=True)
    if published:
        rim = {"symbol": "diamond", "size": 9, "color": RIM, "line": {"color": OUTLINE, "width": 1.6}}
        drawing.add_scatter(x=[None], y=[None], mode="markers", marker=rim, name=PUBLISHED, hoverinfo="skip", showlegend=True)
    full = [bar for curve in curves for bar in curve.bars if bar.share > 0]
    width = full[0].high - full[0].low
    places = [min(bar.low for bar in full), max(bar.high for bar in full), *(value for _, value in published)]
    drawing.update_xaxes(range=[min(places) - width, max(places) + width], showgrid=False, zeroline=False)
    drawing.update_xaxes(title={"text": x_title, "standoff": 6}, row=len(curves_of), col=1)
    return drawing.figure()


def _entries(looks: Styles) -> list[Style]:
    """Checkpoints, and one entry for all their twins, which hover tells apart."""
    twins = [style for (_, twin), style in looks.items() if twin]
    return [*(style for (_, twin), style in looks.items() if not twin), *(replace(style, label=TWINS) for style in twins[:1])]


def _add_curve(drawing: Draft, curve: Curve, style: Style, panel: str, n_name: str, row: int) -> None:
    """Steps, and a small symbol on every bin that holds something, which tells its share on hover."""
    full = [i for i, bar in enumerate(curve.bars) if bar.share > 0]
    if not full:
        return
    drawn = curve.bars[full[0] : full[-1] + 1]
    shares = [100 * bar.share for bar in drawn]
    drawing.add_scatter(
        x=[drawn[0].low, *(bar.low for bar in drawn), drawn[-1].high, drawn[-1].high], y=[0, *shares, shares[-1], 0],
        mode="lines", line={"color": style.colour, "dash": style.dash, "width": 1.8, "shape": "hv"}, hoverinfo="skip",
        showlegend=False, name=style.label, row=row, col=1,
    )  # fmt: skip
    words = [histogram.bin_words(curve.bars[i], n_name, f"{panel}, {style.label}") for i in full]
    drawing.add_scatter(
        x=[(curve.bars[i].low + curve.bars[i].high) / 2 for i in full], y=[100 * curve.bars[i].share for i in full],
        mode="markers", marker={"symbol": style.symbol, "size": 5, "color": style.colour}, hovertext=words,
        hovertemplate="%{hovertext}<extra></extra>", showlegend=False, name=style.label, cliponaxis=False, row=row, col=1,
    )  # fmt: skip


def _add_means(drawing: Draft, curves: Sequence[Curve], looks: Styles, height: float, row: int) -> None:
    for curve in curves:
        style = looks[curve.name, curve.twin]
        marker = {"symbol": style.symbol, "size": 10, "color": style.colour, "opacity": 0.9}
        text = html.escape(f"{series_name(style.label)}: mean {curve.mean:.3f}", quote=False)
        drawing.add_scatter(
            x=[curve.mean], y=[height], mode="markers", marker=marker, hovertext=text, showlegend=False,
            hovertemplate="%{hovertext}<extra></extra>", name=f"mean of {style.label}", cliponaxis=False, row=row, col=1,
        )  # fmt: skip


def _add_published(drawing: Draft, published: Sequence[tuple[str, float]], height: float) -> None:
    """Open diamonds with their names in the first panel."""
    if not published:
        return
    ordered = sorted(published, key=lambda pair: pair[1])
    names = [f"{shortened(name)} {value:.2f}" for name, value in ordered]
    written = ["", *[""] * (len(names) - 2), f"{SPACE}{names[-1]}"] if len(names) > 1 else [""]  # what is between, on hover
    written[0] = f"{names[0]}{SPACE}"
    sides = ["middle left", *["middle right"] * (len(names) - 1)]
    for colour, width in ((RIM, 4.0), (OUTLINE, 1.6)):
        marker = {"symbol": "diamond-open", "size": 11, "color": colour, "line": {"color": colour, "width": width}}
        words: theme.Part = {
            "text": written,
            "textposition": sides,
            "textfont": {"size": 11},
            "hovertext": names,
            "hoverinfo": "text",
        }
        drawing.add_scatter(
            x=[value for _, value in ordered], y=[height] * len(names), marker=marker, showlegend=False, name=PUBLISHED,
            cliponaxis=False, row=1, col=1,
            **({"mode": "markers+text", **words} if colour == OUTLINE else {"mode": "markers", "hoverinfo": "skip"}),
        )  # fmt: skip
