"""The kinds of print figure that studies share: intervals, dose-response curves, matrices, maps of points.

matplotlib is imported when a figure is drawn: importing it lists the fonts of the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np

if TYPE_CHECKING:
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure

How = ParamSpec("How")
Drawn = TypeVar("Drawn")

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "D", "^", "*", "P", "v", "X")
TWIN = "#7F7F7F"
ROW_INCHES = 0.24


@dataclass(frozen=True)
class Point:
    """One number with its control, as it is printed."""

    group: str
    series: str
    value: float
    low: float | None = None
    high: float | None = None
    null: float | None = None
    twin: bool = False
    at: float = 0.0
    inside_null: bool | None = None

    @property
    def undecided(self) -> bool:
        """What a test has found, where one was made; else whether the interval holds the null."""
        if self.inside_null is not None:
            return self.inside_null
        return self.null is not None and self.low is not None and self.high is not None and self.low <= self.null <= self.high


def plainly(draw: Callable[How, Drawn]) -> Callable[How, Drawn]:
    """Draw names as they are: dollar signs in them begin no formula."""

    @wraps(draw)
    def drawn(*args: How.args, **kwargs: How.kwargs) -> Drawn:
        import matplotlib as mpl

        with mpl.rc_context({"text.parse_math": False}):
            return draw(*args, **kwargs)

    return drawn


def blank(width: float, height: float) -> Figure:
    """An empty figure in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


@plainly
def forest(points: Sequence[Point], x_title: str) -> Figure:
    """Dots with intervals, a row per point; hollow where the interval holds the null, which is a grey tick."""
    figure = blank(7.2, 0.9 + ROW_INCHES * max(len(points), 1))
    axis = figure.subplots()
    looks = _looks([point.series for point in points])
    for row, point in enumerate(points):
        colour, marker = (TWIN, "s") if point.twin else looks[point.series]
        if point.low is not None and point.high is not None:
            axis.plot([point.low, point.high], [row, row], color=colour, linewidth=1.2)
        face = "white" if point.undecided else colour
        axis.plot([point.value], [row], marker, color=colour, markerfacecolor=face, markersize=5)
        if point.null is not None:
            axis.plot([point.null, point.null], [row - 0.35, row + 0.35], color="0.45", linewidth=1.0)
    axis.set_yticks(range(len(points)), [_row_name(point) for point in points], fontsize=7)
    axis.set(xlabel=x_title, ylim=(len(points) - 0.4, -0.6))
    axis.grid(axis="x", color="0.9", linewidth=0.6)
    return figure


def _row_name(point: Point) -> str:
    parts = [part for part in (point.group, point.series) if part]
    return ", ".join([*parts, *(["untrained twin"] if point.twin else [])])


@plainly
def curves(points: Sequence[Point], x_title: str, y_title: str, ticks: Sequence[str] = ()) -> Figure:
    """Dose-response: a line per series over `at`, a panel per group; twins are grey and dashed. `ticks` name 0, 1, 2, …"""
    groups = list(dict.fromkeys(point.group for point in points))
    n_columns = min(3, max(len(groups), 1))
    n_rows = -(-max(len(groups), 1) // n_columns)
    figure = blank(7.2, 0.9 + 2.1 * n_rows)
    axes = figure.subplots(n_rows, n_columns, sharey=True, squeeze=False)
    looks = _looks([point.series for point in points if not point.twin])
    for axis, group in zip(axes.flat, groups, strict=False):
        mine = [point for point in points if point.group == group]
        for series, twin in dict.fromkeys((point.series, point.twin) for point in mine):
            line = sorted((p for p in mine if (p.series, p.twin) == (series, twin)), key=lambda point: point.at)
            colour, marker = (TWIN, "s") if twin else looks[series]
            x = [point.at for point in line]
            label = f"{series}, untrained twin" if twin else series
            axis.plot(x, [p.value for p in line], marker, color=colour, ls="--" if twin else "-", ms=3, lw=1, label=label)
            if not twin and all(point.low is not None for point in line):
                axis.fill_between(x, [p.low or 0 for p in line], [p.high or 0 for p in line], color=colour, alpha=0.15, lw=0)
        axis.set_title(group, fontsize=8)
        axis.tick_params(labelsize=7)
        if ticks:
            axis.set_xticks(range(len(ticks)), ticks, fontsize=7)
    for axis in axes.flat[len(groups) :]:
        axis.remove()
    figure.supxlabel(x_title, fontsize=8)
    figure.supylabel(y_title, fontsize=8)
    handles, labels = axes.flat[0].get_legend_handles_labels()
    if len(labels) > 1:
        figure.legend(handles, labels, loc="outside upper center", ncols=min(4, len(labels)), fontsize=7, frameon=False)
    return figure


@dataclass(frozen=True)
class Axes:
    """Names and domain of a matrix."""

    x_title: str
    y_title: str
    colour_title: str
    low: float
    high: float


@plainly
def matrices(
    cells: Mapping[str, Mapping[tuple[str, str], Point]], rows: Sequence[str], columns: Sequence[str], axes: Axes
) -> Figure:
    """A matrix per name with one colour bar; cells whose interval holds the null are hatched, missing ones blank."""
    n_columns = min(4, max(len(cells), 1))
    n_rows = -(-max(len(cells), 1) // n_columns)
    height = min(3.2, 0.7 + 0.2 * len(rows))
    figure = blank(7.4, 0.5 + height * n_rows)
    grid = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
    image = None
    for axis, (title, points) in zip(grid.flat, cells.items(), strict=False):
        values, strokes = np.full((len(rows), len(columns)), np.nan), []
        for (row, column), point in points.items():
            at = rows.index(row), columns.index(column)
            values[at] = point.value
            if point.undecided:
                strokes.append([(at[1] - 0.4, at[0] + 0.4), (at[1] + 0.4, at[0] - 0.4)])
        image = axis.imshow(values, cmap="cividis", vmin=axes.low, vmax=axes.high, aspect="auto")
        axis.add_collection(_lines(strokes, "white", 0.8), autolim=False)
        axis.set_xticks(range(len(columns)), columns, fontsize=6, rotation=90 if len(columns) > 8 else 0)
        axis.set_yticks(range(len(rows)), rows, fontsize=6)
        axis.set_title(title, fontsize=7)
    for axis in grid.flat[len(cells) :]:
        axis.remove()
    figure.supxlabel(axes.x_title, fontsize=8)
    figure.supylabel(axes.y_title, fontsize=8)
    if image is not None:
        figure.colorbar(image, ax=list(grid.flat[: len(cells)]), label=axes.colour_title)
    return figure


@plainly
def maps(points: Mapping[str, Sequence[np.ndarray]], x_title: str, y_title: str) -> Figure:
    """A panel per name: audio points `(n, 2)` and, where there are, MIDI points `(n, 2)`, matched ones joined."""
    figure = blank(7.2, 0.5 + 2.4 * -(-max(len(points), 1) // 3))
    axes = figure.subplots(-(-max(len(points), 1) // 3), min(3, max(len(points), 1)), squeeze=False)
    for axis, (title, (audio, *others)) in zip(axes.flat, points.items(), strict=False):
        for midi in others:
            axis.add_collection(_lines(np.stack([audio, midi], axis=1), "0.8", 0.4))
        axis.scatter(*audio.T, s=5, color=COLOURS[0], label="audio", zorder=2)
        for midi in others:
            axis.scatter(*midi.T, s=6, color=COLOURS[1], marker="D", label="MIDI", zorder=2)
        axis.set_title(title, fontsize=8)
        axis.set_aspect("equal", adjustable="datalim")
        axis.tick_params(labelsize=6)
    for axis in axes.flat[len(points) :]:
        axis.remove()
    axes.flat[0].legend(fontsize=6, frameon=False)
    figure.supxlabel(x_title, fontsize=8)
    figure.supylabel(y_title, fontsize=8)
    return figure


def _lines(ends: Sequence[Sequence[Sequence[float]]] | np.ndarray, colour: str, width: float) -> LineCollection:
    """Straight lines between two points `(lines, 2, 2)`, drawn at once: thousands of lines of their own would take seconds."""
    from matplotlib.collections import LineCollection

    return LineCollection(list(ends), colors=colour, linewidths=width, zorder=1)


def _looks(series: Sequence[str]) -> dict[str, tuple[str, str]]:
    names = list(dict.fromkeys(series))
    return {name: (COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]) for i, name in enumerate(names)}
