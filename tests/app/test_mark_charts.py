"""One number is drawn and worded alike everywhere: what is undecided is hollow, the twin is grey, nothing is hidden."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import ConfigError
from analysis.numbers import Value
from analysis.rows import Numbers
from app.charts import intervals, mark, theme
from app.charts.mark import Mark


def drawn(drawing: Any) -> list[Any]:
    """The traces that can be clicked."""
    return [trace for trace in drawing.data if trace.customdata is not None]


def forest(*marks: Mark, **options: Any) -> Any:
    titles: dict[str, Any] = {"x_title": "S (%)", "y_title": "checkpoint"}
    return intervals.forest(list(marks), **titles | options)


def texts(drawing: Any) -> list[str]:
    return [note.text for note in drawing.layout.annotations]


# --- one number --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "null", "undecided"),
    [
        (0.1, 0.3, 0.0, False), (0.1, 0.3, 0.2, True), (0.1, 0.3, 0.1, True), (0.1, 0.3, 0.3, True), (-0.3, -0.1, -0.2, True),
        (None, None, 0.2, False), (0.1, 0.3, None, False),
    ],
)  # fmt: skip
def test_undecided_is_what_has_its_null_within_the_interval_or_on_its_end(low, high, null, undecided):
    assert Mark("D0", "audio", 0.2, low, high, null).undecided is undecided
    assert bool(Value({"what": "x"}, 0.2, low, high, 5, null, "", "").inside_null) is undecided


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((math.nan, None, None), "value of .*is nan"), ((0.1, 0.0, math.inf), "high of .*is inf"),
        ((0.1, 0.0, None), "both ends"), ((0.1, 0.3, 0.2), "the lower first"),
    ],
)  # fmt: skip
def test_what_is_no_number_with_an_interval_is_refused(numbers, said):
    with pytest.raises(ConfigError, match=said):
        Mark("D0", "audio", *numbers)


def test_marks_come_from_values_and_from_rows():
    value = Value({"what": "S"}, 0.42, 0.38, 0.46, 500, 0.039, "share", "recall at 10")
    made = mark.from_value(value, "D0", "audio", key=("D0", 1), note="24 works")
    assert made == Mark("D0", "audio", 0.42, 0.38, 0.46, 0.039, 500, note="recall at 10; 24 works", key=("D0", 1), unit="share")
    row = Numbers(0.42, 0.38, 0.46, 0.039, 500)
    assert mark.from_row(row, "D0", "audio", at=3.0) == Mark("D0", "audio", 0.42, 0.38, 0.46, 0.039, 500, at=3.0)
    assert mark.from_row(Numbers(1.0, None, None, None, 0), "D0", "audio") == Mark("D0", "audio", 1.0)
    assert mark.from_value(Value({"what": "S"}, None, None, None, 0, None, "", ""), "D0", "audio") is None
    assert mark.from_row(Numbers(None, None, None, None, 0), "D0", "audio") is None


def test_hover_words_number_null_and_n():
    sure = Mark("D0", "audio", 0.42, 0.38, 0.46, 0.039, 1500, note="recall at 10")
    assert mark.hover(sure, True, "chance") == "D0, audio<br>42.0 % [38.0, 46.0]<br>chance: 3.9 %<br>n = 1,500<br>recall at 10"
    unsure = Mark("D0", "audio", 0.05, 0.01, 0.09, 0.039, twin=True)
    said = "D0, audio, untrained twin<br>0.05 [0.01, 0.09], not distinguishable from the null (shuffled pairs, 0.04)"
    assert mark.hover(unsure, False, "shuffled pairs") == said
    assert mark.hover(unsure, False, "the null").endswith("not distinguishable from the null (0.04)")
    assert mark.hover(Mark("<b>", "", 0.5, null=0.0)) == "&lt;b&gt;<br>0.50<br>null: 0 (no interval to judge by)"


@pytest.mark.parametrize(
    ("null", "unit", "percent", "said", "undecided"),
    [
        (0.0, "points", False, "no gain: 0", "(no gain, 0)"), (-0.0, "share", True, "no gain: 0", "(no gain, 0)"),
        (0.2, "points", False, "no gain: 0.20 points", "(no gain, 0.20 points)"), (None, "points", False, "no null", ""),
    ],
)  # fmt: skip
def test_a_null_of_exactly_0_is_0_and_none_is_said_to_be_none(null, unit, percent, said, undecided):
    sure, unsure = (Mark("D0", "audio", 0.42, low, 0.46, null, unit=unit) for low in (0.38, -0.1))
    assert mark.hover(sure, percent, "no gain").split("<br>")[2].startswith(said)
    if undecided:
        assert mark.hover(unsure, percent, "no gain").split("<br>")[1].endswith(f"not distinguishable from the null {undecided}")
        assert f"no gain {said.removeprefix('no gain: ')}" in texts(forest(sure, percent=percent, null_name="no gain"))
    else:
        assert "distinguishable" not in mark.hover(unsure, percent, "no gain")
        assert not [text for text in texts(forest(sure, percent=percent, null_name="no gain")) if "no gain" in text]


@pytest.mark.parametrize(
    ("unit", "percent", "words", "position"),
    [("share", False, "0.50", 0.5), ("", True, "50.0 %", 50.0), ("%", True, "0.5 %", 0.5), ("dB", False, "0.50 dB", 0.5)],
)
def test_units_agree_in_words_and_on_the_axis(unit, percent, words, position):
    one = Mark("D0", "audio", 0.5, unit=unit)
    assert mark.text_of(one, percent) == words
    assert mark.scaled(one, percent).value == position


def test_a_series_has_its_meaning_or_the_next_look_and_two_are_never_alike():
    marks = [Mark("g", name, 0.0) for name in ("D0", "midi", "audio", *(f"arm {number}" for number in range(12)))]
    looks = mark.styles([*marks, Mark("g", "D0", 0.0, twin=True)], {"arm 3": "#123456"})
    assert (looks["audio", False].colour, looks["audio", False].symbol) == (theme.AUDIO, "circle")
    assert (looks["midi", False].colour, looks["midi", False].symbol) == (theme.MIDI, "diamond")
    assert (looks["D0", False].colour, looks["arm 3", False].colour) == (theme.JOINT, "#123456")
    twin = looks["D0", True]
    assert (twin.colour, twin.symbol, twin.dash, twin.label) == (theme.TWIN, "square", "dash", "D0, untrained twin")
    assert len({(look.colour, look.symbol) for look in looks.values()}) == len(looks)


FINITE = st.floats(-1e6, 1e6)


@given(st.lists(st.tuples(FINITE, FINITE, FINITE, FINITE), min_size=1), st.none() | st.just((0.0, 1.0)))
def test_no_number_is_beyond_the_axis(numbers, domain):
    marks = [Mark("g", "s", value, min(ends), max(ends), null) for value, *ends, null in numbers]
    low, high = mark.ends(marks, domain)
    assert low < high
    for one in marks:
        assert all(low <= number <= high for number in (one.value, one.low, one.high, one.null) if number is not None)


@pytest.mark.parametrize(
    ("value", "domain", "expected"),
    [(0.4, (0.0, 1.0), (0.0, 1.0)), (1.2, (0.0, 1.0), (0.0, 1.32)), (0.0, None, (0.0, 1.0)), (5.0, None, (4.5, 5.5))],
)
def test_a_domain_stays_fixed_unless_a_number_is_beyond_it(value, domain, expected):
    assert mark.ends([Mark("g", "s", value)], domain) == pytest.approx(expected)


# --- dots with intervals -----------------------------------------------------------------------------------------------


def test_rows_follow_the_first_appearance_from_the_top_and_series_stand_apart():
    drawing = forest(Mark("b", "audio", 1), Mark("a", "audio", 2), Mark("b", "MIDI", 3), Mark("a", "MIDI", 4, twin=True))
    assert drawing.layout.yaxis.ticktext == ("b", "a")
    assert drawing.layout.yaxis.range == (1.5, -0.5)
    twin, audio, midi = drawn(drawing)  # the twin beneath
    assert audio.x == (1, 2)
    assert [round(y) for y in audio.y] == [0, 1]
    assert audio.y[0] < midi.y[0] < 0.5
    assert audio.y[1] < twin.y[0] < 1.5


def test_intervals_are_drawn_whole_even_beside_their_value():
    drawing = forest(Mark("a", "S", 0.5, 0.6, 0.7), Mark("b", "S", 0.2))
    assert drawing.data[0].x == (0.6, 0.7, None)
    assert drawing.data[0].mode == "lines"
    assert drawn(drawing)[0].x == (0.5, 0.2)


def test_hollow_marks_are_undecided_and_the_figure_says_so():
    drawing = forest(Mark("a", "audio", 0.5, 0.4, 0.6, 0.0), Mark("b", "audio", 0.1, 0.0, 0.2, 0.0))
    assert drawn(drawing)[0].marker.symbol == ("circle", "circle-open")
    assert drawing.layout.title.text == "○ hollow: not distinguishable from chance"
    assert forest(Mark("a", "audio", 0.5, 0.4, 0.6, 0.0)).layout.title.text is None


def test_labels_say_symbol_number_and_series_of_few_marks_alone():
    marks = [Mark("a", "audio", 0.42, 0.38, 0.46, 0.039), Mark("a", "MIDI", 0.05, 0.01, 0.09, 0.039)]
    said = texts(forest(*marks, percent=True))
    assert f'<span style="color:{theme.AUDIO}">●</span> 42.0 % [38.0, 46.0]  audio' in said
    assert f'<span style="color:{theme.MIDI}">◇</span> 5.0 % [1.0, 9.0]  MIDI' in said
    assert texts(forest(*marks, percent=True, labels=False)) == ["chance 3.9 %"]
    many = forest(*(Mark(f"condition {number}", name, 0.1) for number in range(12) for name in ("audio", "MIDI")))
    assert texts(many) == []
    assert [trace.name for trace in many.data if trace.showlegend is not False] == ["audio", "MIDI"]
    assert 24 * 14 < many.layout.height < 1000


def test_the_legend_names_twins_in_full():
    names = ("d4-a4r-small", "x" * 30)
    drawing = forest(*(Mark(f"row {row}", name, 0.5, twin=twin) for row in range(4) for name in names for twin in (False, True)))
    shown = [trace.name for trace in drawing.data if trace.showlegend is not False]
    cut = f"{'x' * 23}…"
    assert shown == ["d4-a4r-small", "d4-a4r-small, untrained twin", cut, f"{cut}, untrained twin"]


def test_a_shared_null_is_one_named_line_and_others_are_ticks():
    shared = forest(Mark("a", "S", 0.5, null=0.039), Mark("b", "S", 0.4, null=0.039), percent=True, null_name="shuffled pairs")
    assert [(line.x0, line.x1, line.line.dash) for line in shared.layout.shapes] == [(3.9, 3.9, "dash")]
    assert "shuffled pairs 3.9 %" in texts(shared)
    ticks = forest(Mark("a", "S", 0.5, null=0.1), Mark("b", "S", 0.4, null=0.2), Mark("c", "S", 0.4))
    assert not ticks.layout.shapes
    (trace,) = (trace for trace in ticks.data if trace.marker.symbol == "line-ns")
    assert (trace.x, trace.y) == ((0.1, 0.2), (0, 1))
    assert ticks.layout.title.text == "┃ chance of each"


def test_a_click_leads_to_the_key_and_leaves_the_others_as_they_are():
    (trace,) = drawn(forest(Mark("a", "S", 0.5, key=("D0", 3)), Mark("b", "S", 0.4)))
    assert trace.customdata == (["D0", 3], [])
    assert trace.hovertext == ("a, S<br>0.50<br>no null to compare with", "b, S<br>0.40<br>no null to compare with")
    assert trace.unselected.marker.opacity == 1


def test_names_are_no_markup():
    drawing = forest(Mark("<b>a</b>", "<i>", 0.5), Mark("y" * 40, "b", -0.5))
    assert drawing.layout.yaxis.ticktext == ("&lt;b&gt;a&lt;/b&gt;", f"{'y' * 23}…")
    assert "<i>" not in drawing.to_json().replace("\\u003c", "<")
    assert drawing.layout.xaxis.range[0] < -0.5


def test_without_marks_the_figure_says_so_and_has_no_scale():
    drawing = forest()
    assert texts(drawing) == ["Nothing to draw: there is no number here."]
    assert not drawing.layout.xaxis.visible
    assert not drawing.data


def test_what_a_test_has_found_goes_before_the_interval():
    numbers = ("D0", "audio", 0.3, 0.1, 0.5, 0.2)
    assert mark.Mark(*numbers).undecided
    assert not mark.Mark(*numbers, inside_null=False).undecided
    assert mark.hover(mark.Mark(*numbers, inside_null=False)) == "D0, audio<br>0.30 [0.10, 0.50]<br>null: 0.20"
    above = mark.Mark("D0", "audio", 0.3, 0.25, 0.5, 0.2, inside_null=True)
    assert mark.hover(above) == "D0, audio<br>0.30 [0.25, 0.50], not distinguishable from the null (0.20)"
