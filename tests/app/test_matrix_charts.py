"""Cells: fixed colours, numbers within, hatched where undecided, blank where there is none, each leading to its key."""

import math
from typing import Any

import numpy as np
import pytest

from analysis.errors import ConfigError
from app.charts import matrix
from app.charts.mark import Mark

LAYERS = ("in", "1", "emb")
TITLES: dict[str, Any] = {
    "x_title": "MIDI layer",
    "y_title": "audio layer",
    "colour_title": "CKA (no unit)",
    "low": 0.0,
    "high": 1.0,
}
LIMIT = 1_500_000


def cell(row: str, column: str, value: float, low: float | None = None, high: float | None = None) -> dict[tuple[str, str], Mark]:
    return {(row, column): Mark(row, column, value, low, high, 0.0, 500, key=(row, column))}


CELLS = cell("in", "in", 0.9, 0.8, 1.0) | cell("in", "emb", 0.02, -0.1, 0.1) | cell("emb", "1", 0.8, 0.0, 1.0)


def draw(cells: Any, rows: Any = LAYERS, columns: Any = LAYERS, **options: Any) -> Any:
    return matrix.panels({"": cells}, rows, columns, **TITLES | options)


def traces(drawing: Any, kind: str) -> list[Any]:
    return [trace for trace in drawing.data if (trace.name or trace.type) == kind]


def test_cells_stand_from_the_top_left_and_missing_ones_are_blank():
    drawing = draw(CELLS)
    (heat,) = traces(drawing, "heatmap")
    assert [list(row) for row in heat.z] == [[0.9, None, 0.02], [None, None, None], [None, 0.8, None]]
    assert [list(row) for row in heat.text] == [["0.90", "", "0.02"], ["", "", ""], ["", "0.80", ""]]
    assert (drawing.layout.yaxis.range, drawing.layout.xaxis.range) == ((2.5, -0.5), (-0.5, 2.5))
    assert drawing.layout.xaxis.ticktext == drawing.layout.yaxis.ticktext == LAYERS
    assert (drawing.layout.coloraxis.cmin, drawing.layout.coloraxis.cmax) == (0, 1)


def test_every_cell_can_be_chosen_and_says_its_number():
    (targets,) = traces(draw(CELLS, null_name="shuffled pairs"), "cells")
    assert list(zip(targets.y, targets.x, strict=True)) == [(0, 0), (0, 2), (2, 1)]
    assert targets.customdata == (["in", "in"], ["in", "emb"], ["emb", "1"])
    assert (targets.marker.opacity, targets.unselected.marker.opacity, targets.selected.marker.opacity) == (0, 0, 1)
    assert targets.hovertext[0] == "audio layer in, MIDI layer in<br>0.90 [0.80, 1.00]<br>shuffled pairs: 0<br>n = 500"
    assert "0.02 [-0.10, 0.10], not distinguishable from the null (shuffled pairs, 0)" in targets.hovertext[1]
    other = {("in", "1"): Mark("D0", "trained", 0.5)}
    assert traces(draw(other), "cells")[0].hovertext == (
        "D0, trained, audio layer in, MIDI layer 1<br>0.50<br>no null to compare with",
    )


def test_undecided_cells_are_hatched_within_and_in_contrast():
    drawing = draw(CELLS)
    hatches = {trace.line.color: trace for trace in traces(drawing, "hatched")}
    assert set(hatches) == {"white", "black"}  # the dark cell at (0, 2), the light one at (2, 1)
    for colour, (row, column) in (("white", (0, 2)), ("black", (2, 1))):
        ends = [x for x in hatches[colour].x if x is not None], [y for y in hatches[colour].y if y is not None]
        assert all(abs(x - column) < 0.5 for x in ends[0])
        assert all(abs(y - row) < 0.5 for y in ends[1])
    assert drawing.layout.title.text == "hatched: not distinguishable from the null"
    sure = draw(cell("in", "in", 0.9, 0.8, 1.0))
    assert not traces(sure, "hatched")
    assert sure.layout.title.text is None


@pytest.mark.parametrize("aspect", [1.0, 0.7, 0.3, 0.1])
@pytest.mark.parametrize("text", [True, False])
def test_hatches_stay_within_the_cell_and_leave_the_number_clear(aspect, text):
    strokes = matrix._strokes((28 / aspect, 28), 9 if text else 0)
    assert strokes
    assert all(abs(x) < 0.5 and abs(y) < 0.5 for stroke in strokes for x, y in stroke)
    for (x0, y0), (x1, y1) in strokes:
        share = np.linspace(0, 1, 50)
        across, along = np.abs(y0 + share * (y1 - y0)), np.abs(x0 + share * (x1 - x0))
        assert not text or not ((across < 0.12) & (along < 0.12)).any()


@pytest.mark.parametrize("is_square", [True, False])
def test_hatching_is_as_dense_in_a_matrix_of_many_cells_as_in_one_of_few(is_square):
    def hatched(n_columns: int) -> tuple[float, float]:
        names, rows = [str(number) for number in range(n_columns)], ["0", "1", "2"]
        cells = {(row, column): Mark(row, column, 0.5, -1.0, 1.0, 0.0) for row in rows for column in names}
        drawing = draw(cells, rows, names, text=False, square=is_square)
        width, height = matrix._frame([""], rows, names, "MIDI layer", "audio layer", is_square)[1]
        ink, slopes = 0.0, []
        for trace in traces(drawing, "hatched"):
            for i in range(0, len(trace.x), 3):
                across, up = width * (trace.x[i + 1] - trace.x[i]), height * (trace.y[i] - trace.y[i + 1])
                ink += trace.line.width * math.hypot(across, up)
                slopes.append(up / across)
        assert slopes == pytest.approx([1.0] * len(slopes))  # 45° on the screen
        return ink / (width * height * len(cells)), len(slopes) / len(cells)

    found = [hatched(n) for n in (1, 2, 5, 14, 30, 60, 150, 200)]
    assert all(0.04 < ink < 0.19 for ink, _ in found)
    assert all(per_cell >= 1 for _, per_cell in found)


@pytest.mark.parametrize("cell_px", [(56, 56), (40, 28), (390, 28), (28, 200)])
def test_strokes_are_equally_far_apart_in_cells_of_every_size(cell_px):
    offsets = sorted(
        cell_px[0] * x0 + cell_px[1] * y0 for (x0, y0), _ in matrix._strokes(cell_px, 0)
    )  # a line of x + y = offset, in pixels
    assert len(offsets) > 2
    assert np.diff(offsets) == pytest.approx(matrix.APART_PX)
    assert sum(offsets) == pytest.approx(0, abs=1e-9)


def test_differences_are_centred_and_what_is_beyond_is_said():
    drawing = draw(CELLS | cell("1", "1", -0.7), low=-0.3, high=0.5, diverging=True)
    axis = drawing.layout.coloraxis
    assert (axis.cmin, axis.cmax) == (-0.5, 0.5)
    assert axis.colorscale[1] == (0.5, "rgb(247, 247, 247)")
    assert axis.colorbar.ticktext == ("≤ -0.5", "-0.25", "0", "0.25", "≥ 0.5")
    assert [note.text for note in drawing.layout.annotations] == ["CKA (no unit)"]
    assert draw(CELLS).layout.coloraxis.colorbar.ticktext == ("0", "0.25", "0.5", "0.75", "1")


def test_shares_become_per_cent():
    (heat,) = traces(drawing := draw(CELLS, percent=True, high=100.0), "heatmap")
    assert heat.z[0][0] == pytest.approx(90)
    assert heat.text[0][0] == "90"
    assert "90.0 % [80.0, 100.0]" in traces(drawing, "cells")[0].hovertext[0]


def test_layers_are_square_and_numbers_go_where_there_is_no_room():
    assert draw(CELLS).layout.yaxis.scaleanchor == "x"
    assert draw(CELLS, x_title="target").layout.yaxis.scaleanchor is None
    assert draw(CELLS, x_title="target", square=True).layout.yaxis.scaleanchor == "x"
    names = [str(number) for number in range(64)]
    many = {place: Mark(*place, 0.5, -1.0, 1.0, 0.0, 500, key=place) for place in ((r, c) for r in names for c in names)}
    large = draw(many, names, names)
    assert traces(large, "heatmap")[0].text is None
    assert len(large.to_json()) < LIMIT
    assert 500 < large.layout.height < 800
    assert traces(draw(CELLS, text=False), "heatmap")[0].text is None


@pytest.mark.parametrize(("n_panels", "value"), [(1, 0.5), (2, -0.25), (3, 0.5), (3, -0.25), (4, 0.5), (4, -0.25)])
def test_numbers_of_neighbouring_cells_do_not_touch_in_a_narrow_window(n_panels, value):
    """585 px to share out, as beside the menu in a window of 1,024 px, with digits of 0.56 of their height."""
    layers = ["in", "1", "2", "3", "4", "emb"]
    cells = {(row, layer): Mark(row, layer, value) for row in ("bass", "treble") for layer in layers}
    panels = {f"model {number}": cells for number in range(n_panels)}
    titles: Any = TITLES | {"y_title": "band"}
    drawing = matrix.panels(panels, ["bass", "treble"], layers, **titles)
    (heat, *_) = traces(drawing, "heatmap")
    if heat.text is not None:
        number_px = 0.56 * heat.textfont.size * max(len(text) for row in heat.text for text in row)
        assert number_px + 3 <= (585 / n_panels - 24 * (n_panels > 1)) / len(layers)
    assert n_panels > 2 or heat.text is not None


def test_panels_share_one_colour_bar():
    drawing: Any = matrix.panels({"trained": CELLS, "<b>twin": cell("1", "1", 0.1)}, LAYERS, LAYERS, **TITLES)
    assert [trace.coloraxis for trace in traces(drawing, "heatmap")] == ["coloraxis", "coloraxis"]
    assert [trace.xaxis for trace in traces(drawing, "cells")] == ["x", "x2"]
    assert [note.text for note in drawing.layout.annotations] == ["<b>trained</b>", "<b>&lt;b&gt;twin</b>", "CKA (no unit)"]
    assert (drawing.layout.yaxis2.scaleanchor, drawing.layout.yaxis2.title.text) == ("x2", "")
    six: Any = matrix.panels({str(number): CELLS for number in range(6)}, LAYERS, LAYERS, **TITLES)
    assert math.isclose(six.layout.xaxis5.domain[0], six.layout.xaxis.domain[0])
    assert six.layout.yaxis5.domain[1] < six.layout.yaxis.domain[0]


def test_titles_of_narrow_panels_stand_in_two_lines():
    names = ("d4-a4r-small", "d4-a4r-small, untrained twin", "D0-small", "D0-small, untrained twin")
    drawing: Any = matrix.panels(dict.fromkeys(names, CELLS), LAYERS, LAYERS, **TITLES)
    titles = [note.text for note in drawing.layout.annotations][:4]
    assert titles[:2] == ["<b>d4-a4r-small</b>", "<b>d4-a4r-small<br>untrained twin</b>"]
    wide: Any = matrix.panels(dict.fromkeys(names[:2], CELLS), LAYERS, LAYERS, **TITLES)
    assert "<b>d4-a4r-small, untrained…</b>" not in [note.text for note in wide.layout.annotations]
    assert drawing.layout.margin.t > wide.layout.margin.t


def test_a_long_title_of_the_colours_is_broken():
    title = "R², or balanced accuracy (share)"
    drawing = draw(CELLS, colour_title=title)
    assert drawing.layout.annotations[-1].text == "R², or balanced accuracy<br>(share)"


def test_without_cells_of_these_rows_the_figure_says_so():
    for cells in ({}, cell("9", "in", 0.5)):
        drawing = draw(cells)
        assert [note.text for note in drawing.layout.annotations] == ["Nothing to draw: there is no number here."]
        assert not drawing.data


def test_an_empty_domain_is_refused():
    with pytest.raises(ConfigError, match=r"The colours of CKA \(no unit\) go from 1.0 to 1.0; expected the lower end first"):
        draw(CELLS, low=1.0)
