"""The scores of checkpoints as a figure: what is drawn is what was measured."""

from types import SimpleNamespace
from typing import Any

import pytest

from app.charts import scores, theme


def forest(*arguments) -> Any:
    return scores.forest(*arguments)


def checkpoint(name, value=0.3, chance=10 / 256, corpus="demo", twin=True) -> Any:
    def found(s):
        pool = {"S": s, "S_ci": [s - 0.02, s + 0.03], "chance": chance, "n_queries": 500, "n_works": 24, "pool_size": 256}
        return {"canonical": pool, "no_overlap": pool | {"S": s + 0.01}}

    evaluation = {"trained": found(value)} | ({"untrained": found(0.035)} if twin else {})
    return SimpleNamespace(name=name, arm="D0", training={"corpus": corpus}, evaluation=evaluation)


def test_marks_show_the_scores_and_their_intervals():
    drawing = forest([checkpoint("a", 0.4), checkpoint("b", 0.3)])
    canonical = drawing.data[0]
    assert canonical.x == pytest.approx([40, 30])
    assert canonical.error_x.array == pytest.approx([3, 3])
    assert canonical.error_x.arrayminus == pytest.approx([2, 2])
    assert drawing.data[1].x == pytest.approx([41, 31])
    assert drawing.layout.yaxis.range == (1.5, -0.5)  # the first on top
    assert (drawing.layout.xaxis.title.text, drawing.layout.yaxis.title.text) == ("S (%), 256 candidates", "checkpoint")


def test_shape_tells_what_colour_tells():
    symbols = [trace.marker.symbol for trace in forest([checkpoint("a")]).data]
    assert symbols == ["circle", "square", "circle-open", "square-open"]
    assert [trace.marker.color for trace in forest([checkpoint("a")]).data] == [theme.JOINT] * 2 + [theme.TWIN] * 2


def test_every_mark_is_labelled_with_its_number():
    texts = [note.text for note in forest([checkpoint("a", 0.4)]).layout.annotations]
    assert "● 40.0 % [38.0, 43.0] canonical" in texts
    assert "○ 3.5 % [1.5, 6.5] untrained, canonical" in texts
    assert "chance 3.9 %" in texts


def test_one_line_of_chance_per_run_of_equal_chances():
    drawing = forest([checkpoint("a"), checkpoint("b"), checkpoint("c", chance=0.15625)])
    lines = [(shape.x0, shape.y0, shape.y1) for shape in drawing.layout.shapes]
    assert lines == [(3.90625, -0.5, 1.5), (15.625, 1.5, 2.5)]


def test_what_has_no_score_is_left_out():
    silent: Any = SimpleNamespace(name="silent", arm="D0", training={}, evaluation={})
    drawing = forest([checkpoint("a", twin=False), silent])
    assert drawing.layout.yaxis.ticktext == ("a",)
    assert [len(trace.x or ()) for trace in drawing.data] == [1, 1, 0, 0]
    assert forest([silent]).to_json()


def test_the_chosen_row_stands_out_and_names_are_no_markup():
    drawing = forest([checkpoint("<b>x</b>"), checkpoint("y" * 40)], "y" * 40)
    assert drawing.layout.yaxis.ticktext == ("&lt;b&gt;x&lt;/b&gt;", f"<b>{'y' * 23}…</b>")
    assert [(shape.y0, shape.y1) for shape in drawing.layout.shapes if shape.type == "rect"] == [(0.5, 1.5)]


def test_the_data_are_named_where_they_differ():
    drawing = forest([checkpoint("a"), checkpoint("b", corpus="maestro")])
    assert drawing.layout.yaxis.ticktext == ("a<br>on demo", "b<br>on maestro")


def test_the_pool_stands_beside_s():
    assert forest([checkpoint("a"), checkpoint("b")]).layout.xaxis.title.text == "S (%), 256 candidates"
    small = checkpoint("b")
    small.evaluation["trained"]["canonical"]["pool_size"] = 64
    assert forest([checkpoint("a"), small]).layout.xaxis.title.text == "S (%)"  # of two pools
