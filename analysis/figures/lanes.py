"""Print figures of lanes, white and vector-ready: one lane, or all of them under each other on one time axis."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.clips.lanes import FULL, CurveLane, ImageLane, Lane, MarkLane, NoteLane, WaveLane
from analysis.clips.tiles import Piece, numbers_of
from analysis.errors import ShapeError
from analysis.figures.drawing import COLOURS, TWIN, plainly

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

AUDIO, MIDI, JOINT = COLOURS[:3]
SERIES = {"audio": AUDIO, "midi": MIDI, "joint": JOINT, "twin": TWIN}
WIDTH, LEFT, RIGHT, BELOW = 10.4, 1.35, 0.85, 0.5  # inches: of the sheet, and around what is drawn
LABEL = -1.05  # inches: where names of vertical axes stand
TITLE, UNTITLED, LINE = 0.3, 0.04, 0.19  # inches: above a row, and of a line of text
PIXELS = 60.0  # of a lane on screen, per inch in print
LEAST, SPECIAL, SQUARE = 0.55, 0.22, 5.6  # inches: of a row, of a row of special tokens, of a picture of time by time
WRAPPED = 118  # characters of a line
MOST_RUNS = 4_000  # of a waveform: more than a sheet has dots


@dataclass(frozen=True)
class Sheet:
    """What is printed: a sentence on top ("" for none), a line of what it is of, for how many seconds, which layer and head."""

    headline: str
    title: str
    duration_s: float
    layer: int
    head: int


@dataclass(frozen=True)
class _Row:
    """A lane, or the special rows of one; its height, and the room above it for a title, in inches."""

    lane: Lane
    height: float
    above: float = TITLE
    special: bool = False


@plainly
def draw_lanes(lanes: Sequence[Lane], sheet: Sheet) -> Figure:
    """Lanes under each other over the same seconds; those that have nothing for the layer and the head say so.

    Raises:
        ShapeError: nobody knows how to draw such a lane.
    """
    from matplotlib.figure import Figure

    rows = [row for lane in lanes for row in _rows(lane, sheet, alone=len(lanes) == 1)]
    lines = [*textwrap.wrap(sheet.headline, WRAPPED), *textwrap.wrap(sheet.title, WRAPPED)]
    square = any(row.height == SQUARE for row in rows)
    width, left, right = SQUARE + LEFT + RIGHT if square else WIDTH, LEFT, RIGHT
    height = LINE * (len(lines) + 0.5) + sum(row.above + row.height for row in rows) + BELOW
    figure = Figure(figsize=(width, height))
    figure.text(left / width, 1 - 0.5 * LINE / height, "\n".join(lines), fontsize=9, va="top", linespacing=1.3)
    top = height - LINE * (len(lines) + 0.5)
    for number, row in enumerate(rows):
        top -= row.above + row.height
        across = width - left - right
        axis = figure.add_axes((left / width, top / height, across / width, row.height / height))
        bar = figure.add_axes(((width - right + 0.12) / width, top / height, 0.12 / width, row.height / height))
        _draw(row, axis, bar, sheet)
        axis.set_xlim(0, sheet.duration_s)
        axis.yaxis.set_label_coords(LABEL / across, 0.5)
        last = number == len(rows) - 1
        axis.tick_params(labelsize=7, labelbottom=last)
        axis.set_xlabel("time (s)" if last else "", fontsize=8)
    return figure


def _rows(lane: Lane, sheet: Sheet, alone: bool) -> Iterator[_Row]:
    height = max(LEAST, lane.height / PIXELS)
    if not isinstance(lane, ImageLane):
        yield _Row(lane, height)
        return
    if special := lane.choice(sheet.layer, sheet.head) in lane.special:
        yield _Row(lane, SPECIAL * len(lane.special_names), special=True)
    yield _Row(lane, SQUARE if lane.y_time == "clip" and alone else height, UNTITLED if special else TITLE)


def _draw(row: _Row, axis: Axes, bar: Axes, sheet: Sheet) -> None:
    lane, image = row.lane, None
    if isinstance(lane, WaveLane):
        _wave(lane, axis)
    elif isinstance(lane, ImageLane):
        image = _image(lane, axis, sheet, row.special)
    elif isinstance(lane, CurveLane):
        _curves(lane, axis, sheet)
    elif isinstance(lane, NoteLane):
        axis.hlines(lane.pitches, lane.onsets_s, lane.offsets_s, color=MIDI, linewidth=1.5)
        axis.set_ylabel("MIDI pitch\n(number)", fontsize=7)
    elif isinstance(lane, MarkLane):
        _marks(lane, axis)
    else:
        raise ShapeError(f"No print figure is known for a lane of kind {lane.kind!r}. Give `_draw` a way to print it.")
    if image is None or row.special:
        bar.remove()
    else:
        _bar(image, bar, lane.unit)
    for border in lane.borders:
        if 0 < border < sheet.duration_s:
            axis.axvline(border, color="0.5", linewidth=0.6)
    if row.above == TITLE:
        side = f"{lane.tag}: " if lane.tag else ""
        axis.set_title(" · ".join(part for part in (f"{side}{lane.title}", lane.note) if part), loc="left", fontsize=8)


def _bar(image: AxesImage, bar: Axes, unit: str) -> None:
    bar.figure.colorbar(image, cax=bar).set_label(textwrap.fill(unit, 18), fontsize=7)
    bar.tick_params(labelsize=6)


def _wave(lane: WaveLane, axis: Axes) -> None:
    level = next((level for level in lane.levels if len(level.low) <= MOST_RUNS), lane.levels[-1])
    times_s = (np.arange(len(level.low)) + 0.5) * level.step_s
    axis.fill_between(times_s, level.low / FULL, level.high / FULL, color=AUDIO, linewidth=0.3)
    axis.set_ylim(-1, 1)
    axis.set_yticks([1 - 2 * tick.at for tick in lane.ticks], [tick.text for tick in lane.ticks])
    axis.set_ylabel(textwrap.fill(lane.unit, 16), fontsize=7)


def _image(lane: ImageLane, axis: Axes, sheet: Sheet, special: bool) -> AxesImage | None:
    """The finest pictures, in numbers; None where there are none for the layer and the head."""
    choice = lane.choice(sheet.layer, sheet.head)
    sets = lane.special if special else lane.sets
    if choice not in sets:
        axis.text(0.5, 0.5, lane.empty, transform=axis.transAxes, ha="center", va="center", fontsize=8)
        return None
    pieces, high, image = sets[choice][0], lane.highs.get(choice, lane.high), None
    for piece in pieces:
        bottom, top = (0.0, float(len(piece.levels))) if special else _vertical(lane, piece)
        image = axis.imshow(
            numbers_of(piece.levels, lane.low, high), extent=(piece.start_s, piece.end_s, bottom, top), aspect="auto",
            cmap=_colours(lane.colours), vmin=lane.low, vmax=high,
        )  # fmt: skip
        axis.set_ylim(bottom, top)
    rows = len(pieces[0].levels)
    if special:
        axis.set_yticks(np.arange(rows) + 0.5, lane.special_names[::-1])
    elif lane.y_time:
        axis.set_ylabel("time (s)" if lane.y_time == "clip" else "time within\nthe window (s)", fontsize=7)
    else:
        axis.set_yticks([(1 - tick.at) * rows for tick in lane.ticks], [tick.text for tick in lane.ticks])
        axis.set_ylabel(textwrap.fill(lane.along or lane.unit, 22), fontsize=7)
    return image


def _vertical(lane: ImageLane, piece: Piece) -> tuple[float, float]:
    """Where the bottom row begins and the top row ends: in seconds where that is time, else in rows."""
    start_s, end_s = piece.rows_s or (piece.start_s, piece.end_s)
    if lane.y_time == "window":
        return 0.0, end_s - start_s
    return (start_s, end_s) if lane.y_time else (0.0, float(len(piece.levels)))


def _colours(name: str) -> str | Colormap:
    if name != "difference":
        return name
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(name, [AUDIO, "white", MIDI])


def _curves(lane: CurveLane, axis: Axes, sheet: Sheet) -> None:
    series = lane.sets.get(lane.choice(sheet.layer, sheet.head), ())
    for curve in series:
        look = "--" if curve.dashed else "-"
        axis.plot(curve.times_s, curve.values, look, color=SERIES.get(curve.colour, "black"), linewidth=0.8, label=curve.name)
    choice = lane.choice(sheet.layer, sheet.head)
    axis.set_ylim(lane.lowest(choice), lane.highs.get(choice))
    axis.set_ylabel(lane.unit, fontsize=7)
    if series:
        axis.legend(loc="upper right", fontsize=6, ncols=len(series), frameon=False)
    else:
        axis.text(0.5, 0.5, lane.empty, transform=axis.transAxes, ha="center", va="center", fontsize=8)


def _marks(lane: MarkLane, axis: Axes) -> None:
    """Instants as lines, stretches as boxes, with what they are called."""
    for mark in lane.marks:
        if mark.end_s is None:
            axis.axvline(mark.start_s, color=AUDIO, linewidth=0.8)
        else:
            axis.axvspan(mark.start_s, mark.end_s, facecolor="0.92", edgecolor="0.5", linewidth=0.6)
        axis.text(mark.start_s, 0.5, f" {mark.text}", fontsize=6, va="center", clip_on=True)
    axis.set_ylim(0, 1)
    axis.set_yticks([])
