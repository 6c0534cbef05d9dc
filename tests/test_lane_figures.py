"""Print figures of lanes: every axis says its unit, twins are dashed, the headline stands on top."""

import numpy as np
import pytest
from matplotlib.axes import Axes

from analysis.clips.lanes import Annotation, CurveLane, ImageLane, Lane, MarkLane, NoteLane, PeakLevel, Series, Tick, WaveLane
from analysis.clips.tiles import Piece
from analysis.errors import ShapeError
from analysis.figures.lanes import Sheet, draw_lanes

SHEET = Sheet("Layer 1, head 2 does so (untrained twin: not).", "a$b$.wav, D0, layer 1, head 2", 4.0, 1, 2)
LEVELS = np.arange(6, dtype=np.uint8).reshape(2, 3)


def lanes() -> list[Lane]:
    times, low, pitches = np.arange(4.0), np.full(4, -9, np.int8), np.arange(60, 64, dtype=np.uint8)
    series = [Series("trained", "audio", times, times), Series("untrained twin", "twin", times, times, dashed=True)]
    pieces, ticks = [[Piece(0.0, 4.0, LEVELS)]], [Tick(0.25, "high"), Tick(0.75, "low")]
    common = {"title": "Picture", "unit": "share", "low": 0.0, "high": 1.0, "colours": "viridis"}
    return [
        WaveLane(id="wave", title="Waveform", unit="amplitude (of 1)", ticks=ticks, levels=[PeakLevel(1.0, low, -low)]),
        NoteLane(id="notes", title="Notes", low=60, high=63, onsets_s=times, offsets_s=times + 1, pitches=pitches),
        MarkLane(id="marks", title="Marks", marks=[Annotation(1.0, text="one"), Annotation(2.0, 3.0, "two")]),
        CurveLane(id="curves", title="Curves", unit="× uniform", by="layer", low=0.0, sets={(1,): series}, borders=[2.0]),
        ImageLane(id="mel", along="frequency (Hz)", ticks=ticks, sets={(): pieces}, **common),
        ImageLane(
            id="attention", by="head", y_time="window", sets={(1, 2): pieces}, special_names=["class token"],
            special={(1, 2): [[Piece(0.0, 4.0, LEVELS[:1])]]}, borders=[2.0], side="D4", **common,
        ),
        ImageLane(id="similarity", by="layer", y_time="clip", sets={(1,): pieces}, **common),
    ]  # fmt: skip


def test_every_axis_says_what_it_is() -> None:
    figure = draw_lanes(lanes(), SHEET)
    rows = [axis for axis in figure.axes if axis.get_position().width > 0.5]
    names = [axis.get_ylabel().replace("\n", " ") for axis in rows]
    assert names == [
        "amplitude (of 1)", "MIDI pitch (number)", "", "× uniform", "frequency (Hz)", "",
        "time within the window (s)", "time (s)",
    ]  # fmt: skip
    assert [label.get_text() for label in rows[5].get_yticklabels()] == ["class token"]
    assert [bool(axis.get_xlabel()) for axis in rows] == [*[False] * 7, True]
    assert rows[-1].get_xlabel() == "time (s)"
    assert {axis.get_xlim() for axis in rows} == {(0.0, 4.0)}
    assert len({(axis.get_position().x0, axis.get_position().x1) for axis in rows}) == 1  # one time axis
    bars = [axis for axis in figure.axes if axis not in rows]
    assert [bar.get_ylabel() for bar in bars] == ["share"] * 3
    assert figure.texts[0].get_text() == f"{SHEET.headline}\n{SHEET.title}"
    assert rows[5].get_title(loc="left") == "D4: Picture"
    assert [line.get_linestyle() for line in rows[3].get_lines()[:2]] == ["-", "--"]


def test_what_there_is_nothing_of_is_said() -> None:
    figure = draw_lanes(lanes()[3:4], Sheet("", "x", 4.0, 9, 0))
    (axis,) = (axis for axis in figure.axes if isinstance(axis, Axes))
    assert [text.get_text() for text in axis.texts] == ["Not for this layer."]


def test_time_by_time_alone_is_square() -> None:
    figure = draw_lanes(lanes()[-1:], SHEET)
    place, (width, height) = figure.axes[0].get_position(), figure.get_size_inches()
    assert place.width * width == pytest.approx(place.height * height)


def test_a_lane_that_nobody_can_print() -> None:
    lane = Lane.__new__(Lane)
    object.__setattr__(lane, "kind", "smell")
    for name, value in {"height": 10, "by": ""}.items():
        object.__setattr__(lane, name, value)
    with pytest.raises(ShapeError, match="No print figure is known for a lane of kind 'smell'"):
        draw_lanes([lane], SHEET)
