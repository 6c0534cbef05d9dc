"""Lanes as layers that Sonic Visualiser imports: comma-separated, no head line, the time first, in seconds with decimals.

Instants are (time, label), curves (time, value), regions (time, value, duration, label), notes (time, pitch, duration, velocity
as a share of 127, label); a picture is a row per column of time, (time, bin, bin, …) from the lowest bin: the numbers where
its lane keeps them, else as exact as its 256 levels.
`analysis.datasets.annotation_files` reads instants, regions and notes again.

Source: svcore, `data/fileio/CSVFormat.cpp` and `CSVFileReader.cpp`, which take a first column that rises and has decimals for
seconds, and the distance of the first two rows for the width of a column.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from analysis.clips.lanes import FULL, Annotation, CurveLane, ImageLane, Lane, MarkLane, NoteLane, WaveLane
from analysis.clips.tiles import Piece, numbers_of
from analysis.errors import ShapeError
from analysis.files import formula_safe, safe_name
from analysis.units import midi_to_name

Row = Sequence[str]
MIDI_FULL = 127


def layers_of(lane: Lane, layer: int, head: int) -> dict[str, bytes]:
    r"""The layers of a lane by the stem of their files: one, or as many as it has curves or kinds of rows.

    Args:
        lane: any.
        layer: that is looked at; lanes that have nothing for it have no layer.
        head: that is looked at; 0 for the mean.

    Raises:
        ShapeError: nobody knows how to write such a lane.

    >>> from analysis.clips.lanes import Annotation, MarkLane
    >>> layers_of(MarkLane(id="beats", title="Beats", marks=[Annotation(0.5, text="1")]), 1, 0)
    {'beats': b'0.500000,1\r\n'}
    """
    return {stem: _written(rows) for stem, rows in _rows_of(lane, layer, head).items()}


def _rows_of(lane: Lane, layer: int, head: int) -> Mapping[str, Iterator[Row]]:
    choice = lane.choice(layer, head)
    if isinstance(lane, WaveLane):
        return {lane.id: _peaks(lane)}
    if isinstance(lane, MarkLane):
        return {lane.id: _marks(lane.marks)}
    if isinstance(lane, NoteLane):
        return {lane.id: _notes(lane)}
    if isinstance(lane, CurveLane):
        return {
            f"{lane.id}_{safe_name(curve.name, 'curve')}": _curve(curve.times_s, curve.values)
            for curve in lane.sets.get(choice, ())
        }
    if isinstance(lane, ImageLane):
        high = lane.highs.get(choice, lane.high)
        sets = {lane.id: lane.sets, f"{lane.id}_special": lane.special}
        return {stem: _picture(levels[choice][0], lane.low, high) for stem, levels in sets.items() if choice in levels}
    raise ShapeError(f"No layer is known for a lane of kind {lane.kind!r}. Give `_rows_of` a way to write it.")


def _written(rows: Iterator[Row]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _peaks(lane: WaveLane) -> Iterator[Row]:
    """The larger of the two ends of every run, as a share of the loudest sample."""
    level = lane.levels[-1]
    largest = np.maximum(-level.low.astype(np.int16), level.high.astype(np.int16)) / FULL
    return _curve(np.arange(len(largest)) * level.step_s, largest)


def _curve(times_s: np.ndarray, values: np.ndarray) -> Iterator[Row]:
    return ([_seconds(time), _number(value)] for time, value in zip(times_s.tolist(), values.tolist(), strict=True))


def _marks(marks: Sequence[Annotation]) -> Iterator[Row]:
    """Regions where one of them has an end, and then a value per label in the order in which labels come; else instants."""
    values: dict[str, int] = {}
    regions = any(mark.end_s is not None for mark in marks)
    for mark in marks:
        label = formula_safe(" ".join(mark.text.split()))
        if not regions:
            yield [_seconds(mark.start_s), label]
            continue
        duration = 0.0 if mark.end_s is None else mark.end_s - mark.start_s
        value = values.setdefault(label, len(values))
        yield [_seconds(mark.start_s), str(value), _seconds(duration), label]


def _notes(lane: NoteLane) -> Iterator[Row]:
    velocities = np.full(len(lane.pitches), MIDI_FULL) if lane.velocities is None else lane.velocities
    for onset, offset, pitch, velocity in zip(lane.onsets_s, lane.offsets_s, lane.pitches, velocities, strict=True):
        share = _number(int(velocity) / MIDI_FULL)
        yield [_seconds(onset), str(int(pitch)), _seconds(offset - onset), share, midi_to_name(int(pitch))]


def _picture(pieces: Sequence[Piece], low: float, high: float) -> Iterator[Row]:
    """Columns by the second at which they begin; a picture that begins before 0 is moved there, by half a column."""
    late = max(0.0, -pieces[0].start_s)
    for piece in pieces:
        columns = piece.levels.shape[1]
        starts = piece.start_s + late + np.arange(columns) * (piece.end_s - piece.start_s) / columns
        numbers = numbers_of(piece.levels, low, high) if piece.exact is None else piece.exact
        for start, column in zip(starts.tolist(), numbers[::-1].T.tolist(), strict=True):
            yield [_seconds(start), *map(_number, column)]


def _seconds(seconds: float) -> str:
    """With decimals always: whole numbers would be taken for samples."""
    return f"{seconds:.6f}"


def _number(value: float) -> str:
    return f"{value:.5g}"
