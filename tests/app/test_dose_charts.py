"""Lines over a dose: the interval is a band, what is undecided hollow, the twin dashed, and every line is named."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import ConfigError
from app.charts import dose_axes, doses, theme
from app.charts.mark import Mark

LAYERS = ("in", "1", "2", "emb")


def line(series: str, values: list[float], *, null: float | None = 0.0, twin: bool = False, group: str = "D0") -> list[Mark]:
    return [
        Mark(group, series, value, value - 0.1, value + 0.1, null, 500, float(dose), key=(series, dose), twin=twin)
        for dose, value in enumerate(values)
    ]


def curves(marks: list[Mark], **options: Any) -> Any:
    titles: dict[str, Any] = {"x_title": "transposition (semitones)", "y_title": "S (%)"}
    return doses.curves(marks, **titles | options)


def lines(drawing: Any) -> list[Any]:
    return [trace for trace in drawing.data if trace.customdata is not None]


def texts(drawing: Any) -> list[str]:
    return [note.text for note in drawing.layout.annotations]


def legend(drawing: Any) -> list[str]:
    return [trace.name for trace in drawing.data if trace.showlegend is not False]


def test_lines_bands_and_twins():
    drawing = curves([*line("audio", [0.8, 0.4, 0.05]), *line("audio", [0.02, 0.02, 0.02], twin=True)], percent=True)
    twin, audio = lines(drawing)  # the twin beneath
    assert (audio.x, audio.y) == ((0, 1, 2), (80, 40, 5))
    assert audio.marker.symbol == ("circle", "circle", "circle-open")
    assert (audio.line.dash, twin.line.dash, twin.line.color) == ("solid", "dash", theme.TWIN)
    assert twin.marker.symbol == ("square-open",) * 3
    bands = [trace for trace in drawing.data if trace.fill == "toself"]
    assert [band.fillcolor for band in bands] == ["rgba(127,127,127,0.18)", "rgba(0,114,178,0.18)"]
    assert bands[1].x == (0, 1, 2, 2, 1, 0)
    assert bands[1].y == pytest.approx((90, 50, 15, -5, 30, 70))
    assert drawing.layout.title.text == "○ hollow: not distinguishable from the null"


def test_doses_are_drawn_in_their_order_and_keys_follow_them():
    (trace,) = lines(curves(line("audio", [0.8, 0.4, 0.2])[::-1], null_name="chance"))
    assert (trace.x, trace.y) == ((0, 1, 2), (0.8, 0.4, 0.2))
    assert trace.customdata == (["audio", 0], ["audio", 1], ["audio", 2])
    assert trace.hovertext[1] == "D0, audio, transposition 1 semitones<br>0.40 [0.30, 0.50]<br>chance: 0<br>n = 500"


def test_a_band_ends_where_there_is_no_interval_and_a_lone_interval_is_upright():
    gap = [Mark("D0", "S", 0.5, at=1.0)]
    marks = [*line("S", [0.1, 0.2]), *(Mark("D0", "S", 0.3 + i / 10, 0.2, 0.9, 0.0, at=i) for i in (3.0, 4.0))]
    broken = curves([mark for mark in marks if mark.at != 1.0] + gap)
    null, upright, band, _ = broken.data
    assert (null.x, null.line.dash) == ((0, 3, 4), "dash")
    assert (upright.x, upright.mode, upright.fill) == ((0, 0), "lines", None)
    assert upright.y == pytest.approx((0.0, 0.2))
    assert band.x == (3, 4, 4, 3)


def test_one_null_is_a_level_and_a_null_that_changes_is_a_line():
    level = curves(line("audio", [0.8, 0.4], null=0.1), null_name="chance")
    assert [(shape.y0, shape.y1, shape.line.dash) for shape in level.layout.shapes] == [(0.1, 0.1, "dash")]
    assert texts(level) == ["chance"]
    changing = [Mark("D0", name, 0.5, null=dose / 10, at=float(dose)) for name in ("audio", "MIDI") for dose in (0, 1, 2)]
    drawing = curves(changing)
    assert not drawing.layout.shapes
    assert [(trace.x, trace.y) for trace in drawing.data if trace.mode == "lines"] == [((0, 1, 2), (0.0, 0.1, 0.2))]


def test_lines_are_named_at_their_end_or_else_in_a_legend():
    apart = [*line("audio", [0.5, 0.8]), *line("MIDI", [0.5, 0.2])]
    named = curves(apart, null_name="chance")
    assert [text.rsplit(" ", 1)[-1] for text in texts(named)] == ["chance", "MIDI", "audio"]
    assert legend(named) == []
    assert [note.y for note in curves(apart, percent=True).layout.annotations] == [0, 20, 80]
    seven = [mark for number in range(7) for mark in line(f"D{number}", [0.0, number / 7])]
    assert legend(curves(seven, null_name="chance")) == [f"D{number}" for number in range(7)] + ["chance"]
    crowd = [mark for number in range(6) for mark in line(f"D{number}", [0.0, 0.5 + number / 1000])]
    assert texts(curves(crowd)) == []
    shorter = [*line("audio", [0.5, 0.8, 0.7]), *line("MIDI", [0.5, 0.2])]
    assert legend(curves(shorter)) == ["audio", "MIDI", "null"]


@given(st.lists(st.floats(0, 200), min_size=1, max_size=12).map(sorted))
def test_names_come_apart_in_their_order_and_around_where_they_belong(heights):
    apart = dose_axes._apart(heights)
    assert all(after - before >= dose_axes.APART_PX - 1e-6 for before, after in itertools.pairwise(apart))
    assert sum(apart) == pytest.approx(sum(heights), abs=1e-3)


def test_places_are_ticks_where_they_are_few_and_round_numbers_on_a_log_scale():
    assert curves(line("audio", [0.1] * 5)).layout.xaxis.ticktext == ("0", "1", "2", "3", "4")
    assert curves(line("audio", [0.1] * 40)).layout.xaxis.tickvals is None
    cuts = [Mark("D0", "S", 0.5, at=hz) for hz in (31.0, 250.0, 16000.0)]
    axis = curves(cuts, log=True).layout.xaxis
    assert (axis.type, axis.ticktext[:2], axis.ticktext[-1]) == ("log", ("50", "100"), "10,000")
    assert 10 ** axis.range[0] < 31 < 16000 < 10 ** axis.range[1]
    named = curves(line("audio", [0.1] * 4), categories=LAYERS, x_title="layer")
    assert named.layout.xaxis.ticktext == LAYERS
    assert lines(named)[0].hovertext[3].startswith("D0, audio, layer emb<br>")
    one = curves([Mark("D0", "S", 0.5, at=0.0)]).layout.xaxis
    assert one.range[0] < 0 < one.range[1]


@pytest.mark.parametrize(
    ("marks", "options", "said"),
    [
        ([Mark("D0", "S", 0.5)], {}, "is at None; expected a number for its place"),
        ([Mark("D0", "S", 0.5, at=0.0)], {"log": True}, "is at 0.0; expected a number above 0"),
        ([Mark("D0", "S", 0.5, at=4.0)], {"categories": LAYERS}, "is at 4.0; expected the number of one of 4 categories"),
        ([Mark("D0", "S", 0.5, at=1.0), Mark("D1", "S", 0.4, at=1.0)], {}, "two numbers at 1.0.*Draw groups as panels"),
    ],
)
def test_marks_without_a_place_of_their_own_are_refused(marks, options, said):
    with pytest.raises(ConfigError, match=said):
        curves(marks, **options)


def panels(marks: list[Mark], **options: Any) -> Any:
    titles: dict[str, Any] = {"x_title": "dose (steps)", "y_title": "S (%)"}
    return doses.panels(marks, **titles | options)


def test_panels_share_their_axes_and_at_most_four_stand_beside_each_other():
    groups = [f"group {number}" for number in range(6)]
    marks = [mark for number, group in enumerate(groups) for mark in line("audio", [0.1 * number, 0.3], group=group)]
    drawing = panels([*marks, *line("audio", [0.0, 0.0], twin=True, group="group 0")], null_name="chance")
    assert texts(drawing) == [f"<b>{group}</b>" for group in groups]
    used = [f"yaxis{number}" for number in ("", 2, 3, 4, 5, 6)]
    assert len({tuple(drawing.layout[axis].range) for axis in used}) == 1
    assert drawing.layout.yaxis4.domain == drawing.layout.yaxis.domain > drawing.layout.yaxis5.domain
    assert [drawing.layout[axis].title.text for axis in used] == ["S (%)", "", "", "", "S (%)", ""]
    assert [drawing.layout[axis.replace("y", "x")].title.text for axis in used] == ["", "", *["dose (steps)"] * 4]
    assert [shape.yref for shape in drawing.layout.shapes] == ["y", "y2", "y3", "y4", "y5", "y6"]
    assert {trace.marker.color for trace in lines(drawing)} == {theme.AUDIO, theme.TWIN}
    assert legend(drawing) == ["audio", "audio, untrained twin", "chance"]


def test_one_group_is_one_panel_and_none_is_a_sentence():
    assert texts(panels(line("audio", [0.1, 0.2], group="<i>"))) == ["<b>&lt;i&gt;</b>"]
    for empty in (panels([]), curves([])):
        assert texts(empty) == ["Nothing to draw: there is no number here."]
        assert not empty.layout.yaxis.visible


def test_where_names_lean_there_is_room_below_them() -> None:
    def margin(names: list[str]) -> int:
        marks = [Mark("S", "one", 0.5, at=float(place)) for place in range(len(names))]
        return doses.panels(marks, x_title="shift", y_title="S", categories=names).layout.margin.b  # pyright: ignore

    assert margin([f"+{10_000 * place}" for place in range(12)]) - margin(["in", "1"]) > 20
