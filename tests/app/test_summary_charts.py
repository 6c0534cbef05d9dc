"""Small multiples: what is drawn is what was measured, and no mark stands without its control."""

from typing import Any

import pytest

from analysis.numbers import SHARE, Value
from analysis.studies.summary.panels import QUESTIONS, Cell, Panel, Summary, order_subjects
from analysis.studies.summary.published import published_number
from app.charts import summary as chart
from app.charts import theme
from app.charts.mark import COLOURS

ARMS = {"base": "D0", "both": "d4a4", "zero": "d4a4-zero"}


def share(value: float, null: float = 0.03, half: float = 0.05) -> Value:
    return Value({"what": "S"}, value, value - half, value + half, 500, null, SHARE, "min of R@10 both ways")


def summary_of(**cells: Any) -> Summary:
    """A summary in which one test has these cells, and the others none."""
    subjects = order_subjects(ARMS)
    panels = []
    for question in QUESTIONS:
        own = cells.get(question.key, {})
        panels.append(Panel(question, tuple(own.get(one.name, Cell(one.name, missing="not computed")) for one in subjects)))
    return Summary(subjects, tuple(panels))


def traces(drawing: Any, name: str, axis: str = "x") -> list[Any]:
    return [one for one in drawing.data if one.name == name and one.xaxis == axis]


def texts(drawing: Any) -> list[str]:
    return [one.text for one in drawing.layout.annotations]


@pytest.fixture
def drawing() -> Any:
    cells = {
        "base": Cell("base", share(0.8), share(0.04), undecided=False, published=published_number("s", "D0")),
        "both": Cell("both", share(0.05), share(0.02), undecided=True),
        "zero": Cell("zero", share(0.7), None, undecided=False),
    }
    return chart.panels(summary_of(s=cells), {"s": "retrieval?checkpoints=a&corpus=full"})


def test_marks_stand_at_their_numbers_in_the_row_of_their_checkpoint(drawing: Any) -> None:
    (base,), (both,), (zero,) = (traces(drawing, name) for name in ("base", "both", "zero"))
    assert (base.x, base.y) == ((80.0,), (0,))
    assert (both.x, both.y) == ((5.0,), (1,))
    assert (zero.x, zero.y) == ((70.0,), (2,))
    ends = [end for one in traces(drawing, "interval") for end in one.x]
    assert ends == pytest.approx([75.0, 85.0, 0.0, 10.0, 65.0, 75.0])
    assert drawing.layout.yaxis.ticktext == ("base", "both", "<i>zero</i>")
    assert drawing.layout.yaxis.range == (2.5, -0.5)
    assert drawing.layout.xaxis.title.text == "S (%)"


def test_hollow_is_undecided_and_a_control_has_the_colour_of_its_arm_and_another_symbol(drawing: Any) -> None:
    looks = {name: traces(drawing, name)[0].marker for name in ARMS}
    assert [looks[name].symbol for name in ARMS] == ["circle", "circle-open", "triangle-up"]
    assert looks["zero"].color == looks["both"].color == COLOURS[1]
    assert looks["base"].color == COLOURS[0]


def test_twin_null_and_published_stand_in_every_row_that_has_them(drawing: Any) -> None:
    (twin,) = traces(drawing, "twin")
    assert (tuple(twin.x), set(twin.marker.symbol), twin.marker.color) == ((4.0, 2.0), {"square-open"}, theme.TWIN)
    ticks = [shape for shape in drawing.layout.shapes if shape.xref == "x"]
    assert [(one.x0, one.x1) for one in ticks] == [(3.0, 3.0)] * 3
    rim, diamond = traces(drawing, "published")
    assert (diamond.x, diamond.marker.symbol, diamond.marker.color) == ((pytest.approx(73.4),), "diamond-open", "#000000")
    assert rim.marker.color == "#FFFFFF"
    said = diamond.hovertext[0].replace("<br>", " ")
    assert said.startswith("published, arm D0: 73.4 % Fernández Méndez et al.")
    assert "not comparable in absolute terms" in said


def test_a_null_that_is_a_distribution_is_a_band() -> None:
    value = Value({"what": "CKA"}, 0.7, 0.6, 0.8, 288, 0.03, "", "debiased CKA")
    drawing: Any = chart.panels(summary_of(cka={"base": Cell("base", value, null_high=0.06, undecided=False)}))
    (band,) = [shape for shape in drawing.layout.shapes if shape.type == "rect"]
    assert (band.x1, band.y0, band.y1) == (0.06, -chart.BAND, chart.BAND)


def test_a_twin_far_beyond_the_axis_is_an_arrow_at_its_edge_that_says_so() -> None:
    cells = {"base": Cell("base", share(0.2), Value({"what": "kept"}, 1.56, 0.9, 4.4, 96, 1.4, SHARE, ""))}
    drawing: Any = chart.panels(summary_of(retention=cells))
    (twin,) = traces(drawing, "twin", "x3")
    assert drawing.layout.xaxis3.range == (0.0, 100.0)
    assert (twin.x, twin.marker.symbol) == ((100.0,), ("triangle-right-open",))
    assert "156.0 % [90.0, 440.0]<br>beyond the axis" in twin.hovertext[0]
    assert not [one for one in traces(drawing, "twin, interval", "x3") if one.x]


def test_a_twin_that_is_near_widens_the_axis() -> None:
    value, twin = (
        Value({"what": "cosine"}, 0.8, 0.78, 0.82, 9, 0.2, "", ""),
        Value({"what": "cosine"}, -0.1, -0.12, -0.08, 9, -0.1, "", ""),
    )
    drawing: Any = chart.panels(summary_of(cosine={"base": Cell("base", value, twin)}))
    low, high = drawing.layout.xaxis7.range
    assert low < -0.1
    assert high > 0.82


def test_titles_lead_to_their_pages_and_every_row_has_its_number_or_the_reason(drawing: Any) -> None:
    assert texts(drawing)[0] == (
        '<a href="retrieval?checkpoints=a&amp;corpus=full" target="_self"><b>S, canonical<br>pool</b> ›</a>'
    )
    assert texts(drawing)[1:4] == ["80.0", "5.0", "70.0"]
    assert texts(drawing).count("not computed") == len(QUESTIONS) - 1  # said once where it holds for all rows
    cells = {
        "base": Cell("base", missing="no A4"),
        "both": Cell("both", Value({"what": "drop"}, 5.0, 1.0, 9.0, 9, 0.0, "points", "")),
    }
    mixed = texts(chart.panels(summary_of(without_a4=cells)))
    assert [mixed.count(text) for text in ("no A4", "5.0", "not computed")] == [1, 1, len(QUESTIONS)]


def test_the_band_is_named_and_names_are_data() -> None:
    subjects = order_subjects({"<b>x</b>": "D0"})
    cell = Cell("<b>x</b>", share(0.4), detail="250–500 Hz", undecided=False)
    panels = tuple(Panel(question, (cell,)) for question in QUESTIONS)
    drawing: Any = chart.panels(Summary(subjects, panels))
    assert "250–500<br>Hz" in texts(drawing)
    assert drawing.layout.yaxis.ticktext == ("&lt;b&gt;x&lt;/b&gt;",)
    assert "<b>x" not in drawing.to_json().replace("\\u003c", "<")


@pytest.mark.parametrize("n", [1, 4, 7, 12])
def test_rows_keep_their_height_and_one_row_leaves_room_for_the_legend(n: int) -> None:
    subjects = order_subjects({f"c{number}": "D0" for number in range(n)})
    cells = tuple(Cell(one.name, share(0.5), undecided=False) for one in subjects)
    drawing: Any = chart.panels(Summary(subjects, tuple(Panel(question, cells) for question in QUESTIONS)))
    low, high = drawing.layout.yaxis.domain
    layout = drawing.layout
    panel_px = (high - low) * (layout.height - layout.margin.t - layout.margin.b)
    assert panel_px / n >= chart.ROW_PX - 1
    assert panel_px >= chart.LEGEND_PX - n
    assert len([one for one in drawing.data if one.name == "legend"]) == len(chart.LEGEND)
