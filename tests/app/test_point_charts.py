"""A map: points that differ in symbol and colour, each leading to what it stands for."""

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from analysis.errors import ConfigError
from app.charts import points, theme
from app.charts.points import Point

LIMIT = 1_500_000


def draw(drawn: Any, **options: Any) -> Any:
    return points.scatter(drawn, x_title="UMAP 1 (no unit)", y_title="UMAP 2 (no unit)", **options)


def shown(drawing: Any) -> dict[int, tuple[float, float, str, Any]]:
    """Number of a point → place, symbol and colour."""
    found = {}
    for trace in (trace for trace in drawing.data if trace.name == "points"):
        marker = trace.marker
        looks = zip(np.asarray(trace.x), np.asarray(trace.y), marker.symbol, marker.color, strict=True)
        found |= dict(zip(np.asarray(trace.customdata).tolist(), looks, strict=True))
    return found


def legend(drawing: Any) -> list[tuple[str, str, str]]:
    entries = [trace for trace in drawing.data if trace.showlegend is not False]
    return [(trace.name, trace.marker.symbol, trace.marker.color) for trace in entries]


def test_audio_and_midi_differ_in_symbol_and_colour():
    drawing = draw([Point(1, 2, "audio"), Point(3, -4, "midi")])
    assert shown(drawing) == {0: (1, 2, "circle", theme.AUDIO), 1: (3, -4, "diamond", theme.MIDI)}
    assert legend(drawing) == [("audio", "circle", theme.AUDIO), ("MIDI", "diamond", theme.MIDI)]
    assert (drawing.layout.dragmode, drawing.layout.yaxis.scaleanchor, drawing.layout.uirevision) == ("lasso", "x", "points")


def test_no_side_covers_the_other():
    rows = [Point(i, i, side) for side in ("audio", "midi") for i in range(100)]
    order = np.asarray(draw(rows).data[0].customdata)
    assert sorted(order) == list(range(200))
    assert 30 < (order[:100] < 100).sum() < 70
    assert (order == np.asarray(draw(rows).data[0].customdata)).all()


def test_a_thin_line_beneath_joins_what_is_joined():
    drawing = draw([Point(0, 1, "audio"), Point(2, 3, "midi"), Point(None, 1, "audio")], joined=[(0, 1), (1, 2)])
    line = drawing.data[0]
    assert (line.mode, line.name) == ("lines", "joined")
    np.testing.assert_array_equal(line.x, np.array([0, 2, np.nan], np.float32))
    np.testing.assert_array_equal(line.y, np.array([1, 3, np.nan], np.float32))
    many = [Point(0, i, "audio") for i in range(1002)]
    assert draw(many, joined=[(0, i) for i in range(1001)]).data[0].line.color == points.FAINT_THREAD
    assert line.line.color == points.THREAD
    with pytest.raises(ConfigError, match=r"The pair \(0, 3\) is joined, but there are 3 points"):
        draw([Point(0, 1, "audio")] * 3, joined=[(0, 3)])


def test_categories_keep_the_symbol_of_the_side_and_the_rare_are_one():
    rows = [Point(i, i, side, name) for name, n in zip("ABCDEFGH", range(9, 1, -1), strict=True)
            for i in range(n) for side in ("audio", "midi")]  # fmt: skip
    drawing = draw([*rows, Point(1, 1, "audio")], coloured=True, colour_title="composer")
    names = [name for name, *_ in legend(drawing)]
    assert names == ["A", "B", "C", "D", "E", "F", "all others", "not known", "audio", "MIDI"]
    looks = shown(drawing)
    assert looks[0][2:] == ("circle", theme.AUDIO)
    assert looks[1][2:] == ("diamond", theme.AUDIO)
    assert looks[len(rows) - 1][2:] == ("diamond", theme.TWIN)
    assert looks[len(rows)][2:] == ("circle-open", theme.TWIN)
    assert drawing.layout.legend.title.text == "composer"


def test_categories_of_one_side_differ_in_symbol_too():
    looks = shown(draw([Point(i, i, "audio", name) for i, name in enumerate(("test", "train"))], coloured=True))
    assert looks[0][2] != looks[1][2]
    assert looks[0][3] != looks[1][3]


def test_numbers_have_a_scale_and_missing_ones_are_hollow():
    rows = [Point(0, 0, "audio", 1700), Point(1, 1, "midi", 1800.5), Point(2, 2, "audio"), Point(3, 3, "audio", float("nan"))]
    drawing = draw(rows, coloured=True, colour_title="year of <b>", domain=(1600, 1900))
    looks = shown(drawing)
    assert looks[0][2:] == ("circle", 1700)
    assert looks[1][2:] == ("diamond", 1800.5)
    assert [looks[number][2:] for number in (2, 3)] == [("circle-open", theme.TWIN)] * 2
    axis = drawing.layout.coloraxis
    assert (axis.cmin, axis.cmax, axis.colorbar.title.text) == (1600, 1900, "year of &lt;b&gt;")
    assert [name for name, *_ in legend(drawing)] == ["not known", "audio", "MIDI"]


def test_hover_names_the_fields_without_markup():
    about = {"piece": "<i>" + "a" * 80, "start (s)": 4.0, "tempo": None}
    (text,) = draw([Point(0, 0, "midi", hover=about)]).data[0].hovertext
    assert text == f"MIDI<br>piece: &lt;i&gt;{'a' * 56}…<br>start (s): 4<br>tempo: not known"


@pytest.mark.parametrize(("n", "kind"), [(3000, go.Scatter), (3001, go.Scattergl)])
def test_many_points_are_small_and_very_many_are_drawn_by_webgl(n, kind):
    rng = np.random.default_rng(0)
    title = "a title " * 6
    rows = [
        Point(x, y, "midi" if i % 2 else "audio", title, {"piece": title})
        for i, (x, y) in enumerate(rng.normal(0, 1, (n, 2)).tolist())
    ]
    joined = [(i, i + 1) for i in range(0, n - 1, 2)]
    drawing = draw(rows, joined=joined, coloured=True)
    assert len(drawing.to_json()) < LIMIT
    assert isinstance(drawing.data[0], kind)
    assert isinstance(drawing.data[1], kind)


def test_points_without_a_place_are_counted_and_none_is_a_sentence():
    drawing = draw([Point(0, 0, "audio"), Point(None, 1, "audio"), Point(float("nan"), 1, "audio")])
    assert [note.text for note in drawing.layout.annotations] == ["2 of 3 points have no place on this map"]
    assert list(shown(drawing)) == [0]
    for rows in ([], [Point(None, None, "audio")]):
        empty = draw(rows)
        assert [note.text for note in empty.layout.annotations] == ["Nothing to draw: there is no number here."]
        assert not empty.data
