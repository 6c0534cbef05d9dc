"""Lanes as layers of Sonic Visualiser: what is written is what is read again, and seconds are never taken for samples."""

import numpy as np
import pytest

from analysis.clips.lanes import Annotation, CurveLane, ImageLane, MarkLane, NoteLane, Series
from analysis.clips.sonic_visualiser import layers_of
from analysis.clips.tiles import Piece, quantised
from analysis.datasets.annotation_files import read_annotations


@pytest.mark.parametrize(
    "marks",
    [
        [Annotation(0.0, text="=1+1"), Annotation(1.0, text='a "b", c'), Annotation(2.5), Annotation(3.0, text="'s")],
        [
            Annotation(0.0, 2.5, "C:maj"),
            Annotation(2.5, 4.0, "G, again"),
            Annotation(4.0, text="end"),
            Annotation(5.0, 6.0, "@x"),
        ],
    ],
    ids=["instants", "regions"],
)
def test_marks_are_read_again(marks: list[Annotation]) -> None:
    written = layers_of(MarkLane(id="beats", title="Beats", marks=marks), 1, 0)["beats"]
    assert read_annotations(written, "beats.csv")["beats"] == tuple(marks)


def test_lines_and_tabs_in_a_label_break_nothing() -> None:
    written = layers_of(MarkLane(id="beats", title="Beats", marks=[Annotation(1.0, text="a\n2.0,b\tc")]), 1, 0)["beats"]
    assert read_annotations(written, "x.csv")["x"] == (Annotation(1.0, text="a 2.0,b c"),)


def test_notes_are_pitch_duration_and_velocity_of_one() -> None:
    times, pitches = np.array([1.0, 2.0]), np.array([60, 69], np.uint8)
    lane = NoteLane(
        id="notes", title="Notes", low=60, high=69, onsets_s=times, offsets_s=times + 0.5, pitches=pitches,
        velocities=np.array([127, 64], np.uint8),
    )  # fmt: skip
    written = layers_of(lane, 1, 0)["notes"]
    assert written.decode().splitlines() == ["1.000000,60,0.500000,1,C4", "2.000000,69,0.500000,0.50394,A4"]
    assert [mark.end_s for mark in read_annotations(written, "n.csv")["n"]] == [1.5, 2.5]


def test_a_picture_is_a_row_per_column_from_the_lowest_bin() -> None:
    """Its columns are equally far apart, also where one window ends and another begins; what begins before 0 begins there."""
    levels = np.array([[0, 255], [51, 102]], np.uint8)
    pieces = [Piece(-0.5, 1.5, levels), Piece(1.5, 3.5, levels)]
    lane = ImageLane(
        id="grid", title="Grid", by="head", low=0.0, high=1.0, highs={(2, 1): 5.0}, colours="viridis", sets={(2, 1): [pieces]}
    )
    assert layers_of(lane, 2, 1)["grid"].decode().splitlines() == [
        "0.000000,1,0", "1.000000,2,5", "2.000000,1,0", "3.000000,2,5",
    ]  # fmt: skip
    assert layers_of(lane, 1, 1) == {}


def test_a_picture_that_keeps_its_numbers_is_written_with_them() -> None:
    numbers = np.array([[0.1234, 0.5], [0.25, 1.5]])
    piece = Piece(0.0, 2.0, quantised(numbers, 0.0, 1.0), exact=numbers)
    lane = ImageLane(id="cosine", title="Cosine", low=0.0, high=1.0, colours="viridis", sets={(): [[piece]]})
    rows = [[float(cell) for cell in row.split(",")] for row in layers_of(lane, 1, 0)["cosine"].decode().split()]
    assert rows == [[0.0, 0.25, 0.1234], [1.0, 1.5, 0.5]]


def test_every_curve_is_a_layer_of_its_own() -> None:
    times = np.array([0.0, 1.0])
    series = [Series("trained", "audio", times, times), Series("untrained twin", "twin", times, times + 1, dashed=True)]
    written = layers_of(CurveLane(id="novelty", title="Novelty", by="layer", low=0.0, sets={(3,): series}), 3, 0)
    assert written == {
        "novelty_trained": b"0.000000,0\r\n1.000000,1\r\n",
        "novelty_untrained_twin": b"0.000000,1\r\n1.000000,2\r\n",
    }
