"""Small multiples: a row a checkpoint, a panel a test, every number beside its twin, its null and what others have published."""

import html
import textwrap
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from analysis.numbers import SHARE
from analysis.studies.summary.panels import Cell, Panel, Question, Subject, Summary
from analysis.studies.summary.words import bare, number
from app.charts import theme
from app.charts.draft import Draft, grid
from app.charts.mark import COLOURS, HOVER
from app.charts.scores import GRID, shortened

ACROSS = 4
ROW_PX, FEW_ROW_PX, FEW = 30, 38, 4
TITLE_PX, AXIS_PX, GAP_PX = 38, 48, 10  # above and below every panel, and between the two lines of panels
GUTTER = 0.105  # of the width, right of a panel, for its numbers
TWIN_DOWN, PUBLISHED_UP, BAND = 0.26, 0.22, 0.42  # of a row: how far they lie off its middle; half the height of the null
LEGEND_PX = 120
WIDER = 0.3  # how much an axis may grow for the sake of twins
TITLE_LENGTH, AXIS_LENGTH = 16, 20
NULL_FILL, NULL_LINE = "rgba(122,130,140,0.20)", "rgba(122,130,140,0.75)"
RIM, OUTLINE = "#FFFFFF", "#000000"  # of what is published: the rim shows on dark pages alone
CIRCLE, CONTROL, SQUARE = "circle", "triangle-up", "square-open"
LINE_LENGTH = 80
LEGEND = (
    (CIRCLE, theme.TEXT, "arm, 95 % interval"),
    (CONTROL, theme.TEXT, "control of its arm"),
    ("circle-open", theme.TEXT, "hollow: may be null"),
    (SQUARE, theme.TWIN, "untrained twin"),
    ("band", NULL_LINE, "null, as chance"),
    ("diamond-open", OUTLINE, "published by others"),
)


def panels(summary: Summary, links: Mapping[str, str] | None = None) -> go.Figure:
    """The figure.

    A filled mark is told from its null, a hollow one is not; its colour is that of the arm. Grey squares with dashed
    intervals are the untrained twin; what lies beyond the axis stands at its edge as an arrow. Grey: the null, from its mean to
    its upper 2.5 % where it is a distribution. Open diamonds, a little higher, are published values. Numbers stand right of
    every panel, more on hover.

    Args:
        summary: checkpoints and cells.
        links: test → address of the page that its title leads to.
    """
    rows, lines = len(summary.subjects), -(-(len(summary.panels) + 1) // ACROSS)
    row_px = max(FEW_ROW_PX if rows <= FEW else ROW_PX, LEGEND_PX // max(rows, 1))
    height = lines * (TITLE_PX + AXIS_PX + row_px * rows) + (lines - 1) * GAP_PX
    between = (TITLE_PX + AXIS_PX + GAP_PX) / (height - TITLE_PX - AXIS_PX) if lines > 1 else 0.0
    drawing = grid(theme.layout("", "", height), lines, ACROSS, across=GUTTER, between=between)
    drawing.update_layout(margin={"l": 8, "r": 56, "t": TITLE_PX, "b": AXIS_PX}, hoverlabel=HOVER)
    colours = colours_of(summary.subjects)
    for order, panel in enumerate(summary.panels):
        subplot: theme.Part = {"row": order // ACROSS + 1, "col": order % ACROSS + 1}
        low, high = ends(panel)
        _add_null(drawing, panel, subplot, low)
        _add_twins(drawing, panel, subplot, (low, high))
        _add_cells(drawing, panel, summary.subjects, colours, subplot)
        _add_published(drawing, panel, subplot)
        _add_texts(drawing, panel, order, (links or {}).get(panel.question.key, ""))
        _set_axes(drawing, panel.question, summary.subjects, subplot, (low, high))
    _add_legend(drawing, len(summary.panels), rows)
    return drawing.figure()


def colours_of(subjects: Sequence[Subject]) -> dict[str, str]:
    """The colour of every checkpoint: that of its place among the real arms; a control has that of its arm, else grey."""
    real = [subject for subject in subjects if not subject.is_control]
    colour_of = {subject.name: COLOURS[number % len(COLOURS)] for number, subject in enumerate(real)}
    of_arm = {subject.arm: colour_of[subject.name] for subject in reversed(real)}
    return colour_of | {subject.name: of_arm.get(subject.control_of, theme.TEXT) for subject in subjects if subject.is_control}


def ends(panel: Panel) -> tuple[float, float]:
    """The axis: 0 to 100 of shares, else from 0 over every number, interval, null and published value; over twins if near."""
    numbers = [0.0, *(x for cell in panel.cells for x in _numbers(cell, panel.question))]
    low, high = min(numbers), max(numbers)
    twins = [_factor(panel.question) * cell.twin.value for cell in panel.cells if cell.twin and cell.twin.value is not None]
    near = [x for x in twins if low - WIDER * (high - low) <= x <= high + WIDER * (high - low)]
    low, high = min([low, *near]), max([high, *near])
    if panel.question.unit == SHARE and panel.question.key != "band":
        return min(low, 0.0), max(high, 100.0)
    room = 0.06 * (high - low) or 1.0
    return low - room if low < 0 else 0.0, high + room


def _numbers(cell: Cell, question: Question) -> list[float]:
    value, factor = cell.value, _factor(question)
    numbers = [value.value, value.ci_low, value.ci_high, value.null, cell.null_high] if value else []
    return [factor * x for x in (*numbers, cell.published and cell.published.value) if x is not None]


def _factor(question: Question) -> float:
    return 100.0 if question.unit == SHARE else 1.0


def _add_null(drawing: Draft, panel: Panel, subplot: theme.Part, low: float) -> None:
    """A band from the mean of the null to its upper end, or a tick where the null is one number."""
    factor = _factor(panel.question)
    for row, cell in enumerate(panel.cells):
        if cell.value is None or cell.value.null is None:
            continue
        null, edges = factor * cell.value.null, {"y0": row - BAND, "y1": row + BAND, "layer": "below"}
        if cell.null_high is not None:
            drawing.add_shape(
                type="rect",
                x0=min(null, low),
                x1=factor * cell.null_high,
                fillcolor=NULL_FILL,
                line={"width": 0},
                **edges,
                **subplot,
            )
        drawing.add_shape(type="line", x0=null, x1=null, line={"color": NULL_LINE, "width": 2}, **edges, **subplot)


def _add_twins(drawing: Draft, panel: Panel, subplot: theme.Part, axis: tuple[float, float]) -> None:
    factor, (low, high) = _factor(panel.question), axis
    twins = [(row, cell) for row, cell in enumerate(panel.cells) if cell.twin is not None and cell.twin.value is not None]
    x, y, symbols, words, lines_x, lines_y = [], [], [], [], [], []
    for row, cell in twins:
        twin = cell.twin
        x_twin = factor * (twin.value or 0.0) if twin else 0.0
        inside = low <= x_twin <= high
        x.append(min(max(x_twin, low), high))
        y.append(row + TWIN_DOWN)
        symbols.append(SQUARE if inside else "triangle-right-open" if x_twin > high else "triangle-left-open")
        words.append(_twin_hover(cell, panel.question, inside))
        if twin and inside and twin.ci_low is not None and twin.ci_high is not None:
            lines_x += [max(low, factor * twin.ci_low), min(high, factor * twin.ci_high), None]
            lines_y += [row + TWIN_DOWN, row + TWIN_DOWN, None]
    line = {"color": theme.TWIN, "width": 1.2, "dash": "dot"}
    drawing.add_scatter(x=lines_x, y=lines_y, mode="lines", line=line, hoverinfo="skip", name="twin, interval", **subplot)
    marker = {"symbol": symbols, "size": 7, "color": theme.TWIN, "line": {"color": theme.TWIN, "width": 1.3}}
    drawing.add_scatter(x=x, y=y, mode="markers", marker=marker, name="twin", cliponaxis=False, **_on_hover(words), **subplot)


def _add_cells(
    drawing: Draft, panel: Panel, subjects: Sequence[Subject], colours: Mapping[str, str], subplot: theme.Part
) -> None:
    factor = _factor(panel.question)
    for row, (subject, cell) in enumerate(zip(subjects, panel.cells, strict=True)):
        value, colour = cell.value, colours[subject.name]
        if value is None or value.value is None:
            continue
        if value.ci_low is not None and value.ci_high is not None:
            x = [factor * value.ci_low, factor * value.ci_high]
            line = {"color": colour, "width": 2}
            drawing.add_scatter(x=x, y=[row, row], mode="lines", line=line, hoverinfo="skip", name="interval", **subplot)
        symbol = f"{CONTROL if subject.is_control else CIRCLE}{'-open' if cell.undecided else ''}"
        drawing.add_scatter(
            x=[factor * value.value], y=[row], mode="markers", name=shortened(subject.name), cliponaxis=False,
            marker={"symbol": symbol, "size": 9, "color": colour, "opacity": 1, "line": {"color": colour, "width": 1.6}},
            **_on_hover([_hover(subject, cell, panel.question)]), **subplot,
        )  # fmt: skip


def _add_published(drawing: Draft, panel: Panel, subplot: theme.Part) -> None:
    """Open black diamonds with a white rim, which shows on dark pages alone."""
    factor = _factor(panel.question)
    points = [(factor * cell.published.value, row, cell) for row, cell in enumerate(panel.cells) if cell.published]
    x, y = [point[0] for point in points], [point[1] - PUBLISHED_UP for point in points]
    for colour, width in ((RIM, 3.6), (OUTLINE, 1.5)):
        marker = {"symbol": "diamond-open", "size": 9, "color": colour, "opacity": 1, "line": {"color": colour, "width": width}}
        hover = _on_hover([_published_hover(cell) for _, _, cell in points]) if colour == OUTLINE else {"hoverinfo": "skip"}
        drawing.add_scatter(x=x, y=y, mode="markers", marker=marker, name="published", cliponaxis=False, **hover, **subplot)


def _add_texts(drawing: Draft, panel: Panel, order: int, link: str) -> None:
    """The title, which is a link where there is one, and right of every row its number, or why there is none."""
    suffix = "" if order == 0 else str(order + 1)
    title = f"<b>{_wrapped(panel.question.title, TITLE_LENGTH)}</b>"
    if link:
        title = f'<a href="{html.escape(link)}" target="_self">{title} ›</a>'
    anchor = {"xref": f"x{suffix} domain", "yref": f"y{suffix} domain", "showarrow": False}
    drawing.add_annotation(
        text=title, x=0, y=1, xanchor="left", yanchor="bottom", yshift=2, align="left", font={"size": 12}, **anchor
    )
    if panel.is_empty and len({cell.missing for cell in panel.cells}) == 1:
        drawing.add_annotation(text=html.escape(panel.cells[0].missing), x=0.5, y=0.5, **anchor)
        return
    for row, cell in enumerate(panel.cells):
        at = {**anchor, "yref": f"y{suffix}", "y": row, "font": {"size": 10 if cell.detail or cell.value is None else 11}}
        if cell.value is None:
            drawing.add_annotation(text=shortened(cell.missing), x=0.5, **at)
        else:
            text = _wrapped(cell.detail, 8) or _short(cell.value.value or 0.0, panel.question)
            drawing.add_annotation(text=text, x=1, xanchor="left", xshift=5, align="left", **at)


def _set_axes(
    drawing: Draft, question: Question, subjects: Sequence[Subject], subplot: theme.Part, axis: tuple[float, float]
) -> None:
    drawing.update_xaxes(
        title={"text": _wrapped(question.axis, AXIS_LENGTH), "font": {"size": 11}, "standoff": 4}, range=list(axis), nticks=4,
        tickangle=0, showgrid=True, gridcolor=GRID, zeroline=False, tickfont={"size": 11}, fixedrange=True, **subplot,
    )  # fmt: skip
    first = subplot["col"] == 1
    drawing.update_yaxes(
        tickvals=list(range(len(subjects))), ticktext=[_row_name(subject) for subject in subjects], showticklabels=first,
        range=[len(subjects) - 0.5, -0.5], automargin=True, showgrid=False, zeroline=False, fixedrange=True,
        tickfont={"size": 12}, ticks="outside", ticklen=6, tickcolor="rgba(0,0,0,0)", title={"text": ""}, **subplot,
    )  # fmt: skip


def _wrapped(text: str, length: int) -> str:
    """Lines of at most so many characters, markup escaped."""
    return "<br>".join(html.escape(line, quote=False) for line in textwrap.wrap(text, length, break_on_hyphens=False))


def _short(value: float, question: Question) -> str:
    """A number in the unit of its axis."""
    return f"{_factor(question) * value:.{1 if question.unit else 3}f}"


def _row_name(subject: Subject) -> str:
    name = shortened(subject.name)
    return f"<i>{name}</i>" if subject.is_control else name


def _add_legend(drawing: Draft, order: int, rows: int) -> None:
    """What the marks mean, in the place of the panel after the last, top down."""
    subplot: theme.Part = {"row": order // ACROSS + 1, "col": order % ACROSS + 1}
    step = rows / (len(LEGEND) + 1)
    heights = [-0.5 + step * (i + 1) for i in range(len(LEGEND))]
    for (symbol, colour, words), y in zip(LEGEND, heights, strict=True):
        if symbol == "band":
            marker: theme.Part = {"symbol": "line-ns", "size": 12, "line": {"color": colour, "width": 2}}
        else:
            marker = {"symbol": symbol, "size": 9, "color": colour, "line": {"color": colour, "width": 1.5}}
        if colour == OUTLINE:
            rim = {**marker, "color": RIM, "line": {"color": RIM, "width": 3.6}}
            drawing.add_scatter(x=[0], y=[y], mode="markers", marker=rim, hoverinfo="skip", cliponaxis=False, **subplot)
        drawing.add_scatter(
            x=[0], y=[y], mode="markers+text", marker=marker, text=[f"  {words}"], textposition="middle right",
            textfont={"size": 11, "color": theme.TEXT}, hoverinfo="skip", cliponaxis=False, name="legend", **subplot,
        )  # fmt: skip
    drawing.update_xaxes(range=[-0.06, 1], visible=False, fixedrange=True, **subplot)
    drawing.update_yaxes(range=[rows - 0.5, -0.5], visible=False, fixedrange=True, **subplot)


def _on_hover(words: Sequence[str]) -> theme.Part:
    return {"hovertext": list(words), "hovertemplate": "%{hovertext}<extra></extra>"}


def _hover(subject: Subject, cell: Cell, question: Question) -> str:
    value = cell.value
    whose = f"{subject.name} (control of {subject.control_of})" if subject.is_control else subject.name
    lines = [whose, f"{question.title}: {bare(value)}{f', {cell.detail}' if cell.detail else ''}"]
    if value and value.null is not None:
        verdict = "not distinguishable from" if cell.undecided else "told from"
        lines.append(f"{verdict} {question.null_name}: {number(value.null, question.unit)}")
    lines += [f"n = {value.n:,}; {value.estimator}"] if value else []
    return _lines([*lines, *([cell.pool.words] if cell.pool else [])])


def _twin_hover(cell: Cell, question: Question, inside: bool) -> str:
    beyond = [] if inside else ["beyond the axis, which is that of the trained models"]
    return _lines([f"{cell.checkpoint}, {question.twin_name}", bare(cell.twin), *beyond])


def _published_hover(cell: Cell) -> str:
    near = cell.published
    if near is None:
        return ""
    ours = [f"Published is biased CKA; ours of that estimator: {bare(near.ours)}"] if near.ours else []
    source = near.source
    return _lines(
        [f"published, arm {source.arm}: {near.text}", *ours, source.citation, source.comparability, *source.corrections]
    )


def _lines(lines: Sequence[str]) -> str:
    wrapped = [part for line in lines for part in textwrap.wrap(line, LINE_LENGTH)]
    return "<br>".join(html.escape(part, quote=False) for part in wrapped)
