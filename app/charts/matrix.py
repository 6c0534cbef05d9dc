"""Numbers of pairs, such as layers by layers, as heat maps whose cells can be chosen."""

import html
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace

import plotly.graph_objects as go
from plotly.colors import sample_colorscale, unlabel_rgb

from analysis.errors import ConfigError
from app.charts import mark as marked
from app.charts import theme
from app.charts.draft import Draft, grid
from app.charts.mark import Mark
from app.charts.scores import LONGEST_NAME, series_name, shortened

Cells = Mapping[tuple[str, str], Mark]
Place = tuple[float, float]
DIVERGING: theme.Scale = [[0.0, "rgb(0, 114, 178)"], [0.5, "rgb(247, 247, 247)"], [1.0, "rgb(213, 94, 0)"]]
HATCHED = "hatched: not distinguishable from {}"
CELL_PX, ROW_PX, WIDTH_PX, HIGHEST_PX = 56, 28, 780, 560  # a square cell at most, a flat one, what there is to share out
READABLE_PX, LARGEST_PX = 9, 12  # of the numbers in cells
NARROWEST, LETTER, BETWEEN_PX = 0.75, 0.58, 4  # of a cell in a window of 1,024 px; of a digit by its height; between two numbers
TOP_PX, BELOW_PX, TITLE_PX, LINE_PX, LEFT_PX, LETTER_PX, BAR_PX = 50, 52, 24, 16, 64, 6.5, 180
LEAST_COLUMN_PX = 24  # at which names of columns that lean keep clear of each other, also in a window of 1024 px
LONGEST_LINE = 28  # letters of the title of the colours
SLANT = 0.65  # height of slanted names by their length
STROKE_PX, APART_PX = 1.3, 14.0  # width of a stroke of the hatching, and how far the next one is along a row
EDGE_PX, SHORTEST_PX, CLEAR = 3.0, 6.0, 1.8  # from the edge of a cell; along an edge; around a number, by its height
MOST_STROKES = 3  # on either side of a number
MOST_COLUMNS = 4


def panels(
    matrices: Mapping[str, Cells],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    x_title: str,
    y_title: str,
    colour_title: str,
    low: float,
    high: float,
    scale: str = "cividis",
    diverging: bool = False,
    text: bool = True,
    percent: bool = False,
    null_name: str = "the null",
    square: bool | None = None,
) -> go.Figure:
    """Matrices with the same rows, columns and colours, by their titles, at most 4 beside each other.

    One cell per (row, column), the first row on top, the colours fixed to a domain; what is not of these rows is left out.
    Hatched: the interval holds the null. Blank: there is no number. A click gives the key of a cell as `customdata`; on hover a
    cell says its number, interval, null and n. Without cells the figure says that there is nothing to draw, and has no scale.

    Args:
        matrices: title, "" for none → (row, column) → number with its control.
        rows: names from the top.
        columns: names from the left.
        x_title: what the columns are.
        y_title: what the rows are.
        colour_title: quantity and unit of the numbers.
        low: where the colours begin, in the unit of the bar; what is below has the colour of `low`, and the bar says so.
        high: where they end.
        scale: name of the colours.
        diverging: blue, white, vermilion, centred on 0 and as far as the farther of `low` and `high`.
        text: whether the number stands in its cell, where that is large enough.
        percent: shares of 1 are drawn as per cent.
        null_name: what the null is.
        square: whether cells are square; None: where both titles speak of layers.

    Raises:
        ConfigError: the domain is empty.
    """
    known = [mark for cells in matrices.values() for key, mark in cells.items() if key[0] in rows and key[1] in columns]
    if not known:
        return theme.nothing(theme.figure(x_title, y_title))
    low, high = (-max(abs(low), abs(high)), max(abs(low), abs(high))) if diverging else (low, high)
    if low >= high:
        raise ConfigError(f"The colours of {colour_title} go from {low} to {high}; expected the lower end first.")
    colours = DIVERGING if diverging else theme.colours(scale)
    is_square = "layer" in x_title.lower() and "layer" in y_title.lower() if square is None else square
    drawing, cell_px = _frame(list(matrices), rows, columns, x_title, y_title, is_square)
    text_px = _text_px([marked.scaled(mark, percent) for mark in known], cell_px) if text else 0
    for number, cells in enumerate(matrices.values()):
        subplot: theme.Part = {"row": number // MOST_COLUMNS + 1, "col": number % MOST_COLUMNS + 1}
        inside = {(rows.index(r), columns.index(c)): m for (r, c), m in cells.items() if r in rows and c in columns}
        drawn = {where: marked.scaled(mark, percent) for where, mark in inside.items()}
        drawing.add_trace(_heat(drawn, (len(rows), len(columns)), text_px), **subplot)
        _add_hatches(drawing, drawn, colours, (low, high), cell_px, text_px, subplot)
        words = [_words(mark, (y_title, rows[r]), (x_title, columns[c]), percent, null_name) for (r, c), mark in inside.items()]
        _add_targets(drawing, drawn, words, max(min(cell_px) - 4, 1), subplot)
    _add_colours(drawing, [marked.scaled(mark, percent).value for mark in known], colours, colour_title, (low, high))
    every = math.ceil(LEAST_COLUMN_PX / cell_px[0]) if _longest_px(columns) > cell_px[0] else 1
    _add_axes(drawing, rows, columns, is_square, every)
    marked.add_note(drawing, HATCHED.format(null_name) if any(mark.undecided for mark in known) else "")
    return drawing.figure()


def _frame(
    titles: Sequence[str], rows: Sequence[str], columns: Sequence[str], x_title: str, y_title: str, is_square: bool
) -> tuple[Draft, Place]:
    """Empty panels with their titles, and how wide and high a cell is about, in pixels."""
    n_columns, n_rows = min(len(titles), MOST_COLUMNS), math.ceil(len(titles) / MOST_COLUMNS)
    names = ["<br>".join(map(shortened, title.rsplit(", ", 1))) if n_columns > 2 else series_name(title) for title in titles]
    title_px = TITLE_PX + LINE_PX * any("<br>" in name for name in names)
    width = (WIDTH_PX - max(_longest_px(rows) - 24, 0)) / n_columns - 24 * (n_columns > 1)
    side = min(CELL_PX, width / len(columns), HIGHEST_PX / len(rows))
    cell_px = (side, side) if is_square else (width / len(columns), float(ROW_PX))
    is_slanted = (longest_px := _longest_px(columns)) > cell_px[0]
    top, below = TOP_PX + title_px * any(titles), BELOW_PX + SLANT * longest_px * is_slanted
    panels_px, room = cell_px[1] * len(rows) * n_rows, (below + title_px + 8) * (n_rows - 1)
    between = (room / max(n_rows - 1, 1)) / (panels_px + room)
    layout = theme.layout("", "", round(top + below + panels_px + room))
    drawing = grid(layout, n_rows, n_columns, across=0.04, between=between)
    drawing.update_layout(
        margin={"l": LEFT_PX, "r": 16, "t": top, "b": round(below)},
        uirevision="matrix",
        hoverlabel=marked.HOVER,
        hoverdistance=40,
    )
    drawing.update_xaxes(tickangle=-45 if is_slanted else 0)
    for number in range(n_rows * n_columns):
        subplot: theme.Part = {"row": number // n_columns + 1, "col": number % n_columns + 1}
        is_used, axis = number < len(titles), str(number + 1) if number else ""
        if is_used and titles[number]:
            where = {"xref": f"x{axis} domain", "x": 0, "xanchor": "left", "yref": f"y{axis} domain", "y": 1, "yanchor": "bottom"}
            drawing.add_annotation(text=f"<b>{names[number]}</b>", showarrow=False, align="left", **where)
        first = subplot["col"] == 1
        drawing.update_xaxes({"title": {"text": x_title, "standoff": 6}, "visible": is_used}, **subplot)
        drawing.update_yaxes(
            {"title": {"text": y_title if first else "", "standoff": 10}, "showticklabels": first, "visible": is_used}, **subplot
        )
    return drawing, cell_px


def _longest_px(names: Sequence[str]) -> float:
    return LETTER_PX * max(min(len(name), LONGEST_NAME) for name in names)


def _heat(drawn: Mapping[tuple[int, int], Mark], size: tuple[int, int], text_px: float) -> theme.Part:
    """The colours, and numbers that keep their contrast with them; what is missing stays blank."""
    z: list[list[float | None]] = [[None] * size[1] for _ in range(size[0])]
    words = [[""] * size[1] for _ in range(size[0])]
    for (row, column), mark in drawn.items():
        z[row][column] = mark.value
        words[row][column] = _short(mark)
    gap = 1 if max(size) <= 40 else 0
    written = {"text": words, "texttemplate": "%{text}", "textfont": {"size": text_px}} if text_px else {}
    look = {"coloraxis": "coloraxis", "hoverinfo": "skip", "hoverongaps": False, "xgap": gap, "ygap": gap}
    return {"type": "heatmap", "z": z, **look, **written}


def _short(mark: Mark) -> str:
    """Two decimals, whole per cent, three digits of what is 10 or more."""
    text = f"{mark.value:.0f}" if mark.unit == "%" else f"{mark.value:.3g}" if abs(mark.value) >= 10 else f"{mark.value:.2f}"
    return text.removeprefix("-") if not text.strip("-0.") else text


def _text_px(drawn: Sequence[Mark], cell_px: Place) -> float:
    """How large numbers stand in their cells, so that neighbours do not touch in a narrow window; 0 where none can be read."""
    longest = max(len(_short(mark)) for mark in drawn)
    fitting_px = min((NARROWEST * cell_px[0] - BETWEEN_PX) / (LETTER * longest), cell_px[1] / 2, LARGEST_PX)
    return fitting_px if fitting_px >= READABLE_PX else 0


def _words(mark: Mark, row: tuple[str, str], column: tuple[str, str], percent: bool, null_name: str) -> str:
    """A cell on hover: where it is, then what else its mark says of itself."""
    group, series = ("" if name in (row[1], column[1]) else name for name in (mark.group, mark.series))
    return marked.hover(replace(mark, group=group, series=series), percent, null_name, f"{' '.join(row)}, {' '.join(column)}")


def _strokes(cell_px: Place, text_px: float) -> list[tuple[Place, Place]]:
    """Lines across a cell of side 1 from its middle, on the screen at 45° and equally far apart, however large the cell is.

    A number of `text_px` keeps the middle clear. A cell too small for two lines has one.
    """
    half_x, half_y = (side / 2 - min(EDGE_PX, side / 8) for side in cell_px)
    last = half_x + half_y - min(SHORTEST_PX, 2 * half_x, 2 * half_y)  # of the lines x + y = offset
    if text_px:
        ends = [last - APART_PX * number for number in range(MOST_STROKES)]
        ends = [end for end in ends if end >= CLEAR * text_px] or ends[:1]
        offsets = [*ends, *(-end for end in ends)]
    else:
        count = 1 + max(math.floor(2 * last / APART_PX), 0)
        offsets = [APART_PX * (number - (count - 1) / 2) for number in range(count)]
    lines: list[tuple[Place, Place]] = []
    for offset in offsets:
        left, right = max(-half_x, offset - half_y), min(half_x, offset + half_y)
        first, second = ((x / cell_px[0], (offset - x) / cell_px[1]) for x in (left, right))
        lines.append((first, second))
    return lines


def _add_hatches(
    drawing: Draft, drawn: Mapping[tuple[int, int], Mark], colours: theme.Scale, domain: tuple[float, float], cell_px: Place,
    text_px: float, subplot: Mapping[str, int],
) -> None:  # fmt: skip
    """Strokes through every undecided cell, white on dark cells and black on light ones."""
    strokes: dict[str, tuple[list[float | None], list[float | None]]] = {}
    hatch = _strokes(cell_px, text_px)
    for (row, column), mark in drawn.items():
        if mark.undecided:
            x, y = strokes.setdefault("black" if _is_light(mark.value, colours, domain) else "white", ([], []))
            for (x0, y0), (x1, y1) in hatch:
                x += [column + x0, column + x1, None]
                y += [row + y0, row + y1, None]
    for colour, (x, y) in strokes.items():
        line = {"color": colour, "width": min(STROKE_PX, min(cell_px) / 6)}
        drawing.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", showlegend=False, name="hatched", **subplot)


def _is_light(value: float, colours: theme.Scale, domain: tuple[float, float]) -> bool:
    share = min(max((value - domain[0]) / (domain[1] - domain[0]), 0.0), 1.0)
    red, green, blue = unlabel_rgb(sample_colorscale(colours, [share])[0])
    return 0.299 * red + 0.587 * green + 0.114 * blue > 127


def _add_targets(
    drawing: Draft, drawn: Mapping[tuple[int, int], Mark], words: Sequence[str], side: float, subplot: Mapping[str, int]
) -> None:
    """Unseen squares, for a cell of a heat map cannot be chosen; the chosen one gets a frame."""
    drawing.add_scatter(
        x=[column for _, column in drawn], y=[row for row, _ in drawn], mode="markers", **subplot,
        marker={"symbol": "square-open", "size": side, "color": theme.SELECTION, "opacity": 0, "line": {"width": 3}},
        selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 0}}, showlegend=False, name="cells",
        customdata=[list(mark.key) for mark in drawn.values()],
        hovertext=list(words), hovertemplate="%{hovertext}<extra></extra>",
    )  # fmt: skip


def _add_colours(drawing: Draft, values: Sequence[float], colours: theme.Scale, title: str, ends: Place) -> None:
    """The colour bar and its title at the head of the figure; the ends of the bar say where a number lies beyond them."""
    low, high = ends
    ticks = [low + (high - low) * step / 4 for step in range(5)]
    texts = [format(round(tick, 12), ".3g") for tick in ticks]
    texts[0] = f"≤ {texts[0]}" if min(values) < low else texts[0]
    texts[-1] = f"≥ {texts[-1]}" if max(values) > high else texts[-1]
    anchor = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "top", "yref": "container", "xpad": 0, "ypad": 4}
    look = {"len": BAR_PX, "lenmode": "pixels", "thickness": 10, "tickvals": ticks, "ticktext": texts, "outlinewidth": 0}
    drawing.update_layout(coloraxis={"colorscale": colours, "cmin": low, "cmax": high, "colorbar": anchor | look})
    beside = {"x": 0, "xref": "paper", "xanchor": "left", "xshift": BAR_PX + 22, "y": 1, "yref": "paper", "yanchor": "middle"}
    text = "<br>".join(html.escape(line, quote=False) for line in textwrap.wrap(title, LONGEST_LINE))
    drawing.add_annotation(text=text, showarrow=False, align="left", yshift=drawing.margin.get("t", 0) - 9, **beside)


def _add_axes(drawing: Draft, rows: Sequence[str], columns: Sequence[str], is_square: bool, every: int) -> None:
    """Names of rows and of every so many columns, the first row on top."""
    drawing.update_xaxes(tickvals=list(range(len(columns)))[::every], ticktext=[shortened(name) for name in columns[::every]])
    drawing.update_yaxes(tickvals=list(range(len(rows))), ticktext=[shortened(name) for name in rows])
    drawing.update_xaxes(range=[-0.5, len(columns) - 0.5], showgrid=False, zeroline=False, automargin=True, **marked.GAP)
    drawing.update_yaxes(range=[len(rows) - 0.5, -0.5], showgrid=False, zeroline=False, automargin=True, **marked.GAP)
    if is_square:
        drawing.update_xaxes(constrain="domain", constraintoward="left")
        drawing.update_yaxes(constrain="domain", constraintoward="top")
        for axis in drawing.axes("y"):
            axis.update(scaleanchor=axis.get("anchor"), scaleratio=1)
