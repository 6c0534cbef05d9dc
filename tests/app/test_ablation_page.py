"""The page of ablation with a stored result: S and drops, the published values beside them, and from a point to the sound."""

from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pytest

from analysis.results import Result
from analysis.rows import tables_of
from analysis.studies.ablation.rows import AblationRow, KindRow
from analysis.studies.pools.rows import PoolRow
from analysis.studies.shared_rows import Weights, WindowRow
from app.charts import intervals
from app.kit import published_table, study_facts
from app.studies import ablation

KINDS = ("zero", "of another window of the same work")
POOL = PoolRow("S", 4, 16, 4.0, 0.0, 6, 6, 0.0625, False, "16 candidates, 4 of the same work", "S is searched in a pool of 16.")
WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")


def row_of(name: str, weights: Weights, number: int, share: float) -> AblationRow:
    """A model as it is."""
    score = (share, share - 0.04, share + 0.1, 0.0625, "above chance", 0.0625)
    nothing = (None, None, None, None, None, None, None)
    links = (f"ranks.{number}", f"instead.{number}", None, None)
    return AblationRow(name, weights, "none", "as it is", *score, *nothing, 4, *links, "")


def ablated(
    *names: str, inputs: tuple[str, ...] = ("A4", "D4", "A4 and D4"), piece: str = "piece", instead: bool = False
) -> Result:
    """What an ablation could have found for 4 queries of 6 windows: zeros cost 30 points, the twin loses nothing."""
    rows: list[AblationRow] = []
    arrays: dict[str, Any] = {"query": np.array([5, 1, 2, 3]), "candidates": np.zeros((4, 16), int)}
    for name, weights in product(names, WEIGHTS):
        share = 0.8 if weights == "trained" else 0.05
        note = "" if inputs else "has no descriptor: nothing to ablate"
        rows.append(replace(row_of(name, weights, len(rows), share), note=note))
        for its, kind in product(inputs, KINDS):
            lost = (0.3 if kind == "zero" else 0.0) if weights == "trained" else 0.0
            number = len(rows)
            row = replace(row_of(name, weights, number, share - lost), input=its, kind=kind)
            row = replace(row, value=lost, ci_low=lost - 0.02, ci_high=lost + 0.03, null=0.0)
            row = replace(row, distance=0.2, distance_ci_low=0.1, distance_ci_high=0.3)
            rows.append(replace(row, change=f"change.{number}", moved=f"moved.{number}"))
            arrays[f"change.{number}"] = np.array([[7, 0, -1, 0], [0, 0, 0, 9]], np.float32) * (kind == "zero")
            arrays[f"ranks.{number}"] = np.array([[9, 1, 1, 1], [1, 1, 2, 12]], np.int32)
            first = np.array([[4, 0, 0, 0], [0, 0, 0, 2]], np.int32)
            arrays[f"instead.{number}"] = first if instead else np.full_like(first, -1)
            arrays[f"moved.{number}"] = np.arange(6, dtype=np.float32) / 10
    windows = [WindowRow(f"{piece} {i}", 10.0 * i) for i in range(6)]
    request = {"checkpoints": list(names), "corpus": "small", "split": "test", "seed": 42}
    made = {"command": f"otoscope study ablation {' '.join(names)}", "seconds": 5.0, "seed": 42}
    said = f"Zeroing A4 costs {names[0]} 30.0 points."
    kinds = [KindRow(kind, "Something else.") for kind in KINDS]
    return Result("ablation", request, said, [], tables_of([*rows, *windows, *kinds, POOL]), arrays, made)


@pytest.fixture
def opened(open_page):
    return partial(open_page, "views/ablation.py")


def test_the_stored_answer_is_shown_with_numbers_and_controls(queue, store, checkpoints, opened, labels):
    store["one", "two"] = ablated("one", "two")
    app = opened(checkpoints=["one", "two"], corpus="small")
    assert app.title[0].value == "Which input is causal?"
    assert app.header[0].value == "Zeroing A4 costs one 30.0 points."
    assert len(app.get("plotly_chart")) == 2
    rows = app.dataframe[0].value.to_dict("records")
    assert rows[0] == {
        "checkpoint": "one", "replaced by": "zero", "S": "50.0 [46.0, 60.0]", "twin": "○ 5.0 [1.0, 15.0]",
        "drop": "30.0 [28.0, 33.0]", "twin drop": "○ 0.0 [-2.0, 3.0]", "moved": "0.200 [0.100, 0.300]",
    }  # fmt: skip
    assert [row["replaced by"] for row in rows] == ["zero", "another of the same work"] * 2
    assert any("n = 4 queries among 16 candidates, 4 of the same work; chance 6.2" in caption.value for caption in app.caption)
    assert "Compute" not in labels(app)
    assert "S (%), 16 candidates, 4 of the same work" in app.get("plotly_chart")[0].proto.spec
    assert "S is searched in a pool of 16." in [caption.value for caption in app.caption]  # below the headline
    assert app.dataframe[1].value["what"].tolist() == ["Something else."] * 2


def test_the_input_is_chosen_and_stays_in_the_address(queue, store, checkpoints, opened, ran):
    store["one",] = ablated("one")
    app = opened(checkpoints=["one"], corpus="small", side="D4")
    assert "D4 replaced by" in app.get("plotly_chart")[0].proto.spec
    app.button_group[0].set_value("A4 and D4")
    ran(app)
    assert "A4 and D4 replaced by" in app.get("plotly_chart")[0].proto.spec
    assert app.query_params["side"] == "A4 and D4"


def test_a_chosen_row_leads_to_the_sound_of_what_suffers_most(queue, store, checkpoints, opened, ran):
    store["one",] = ablated("one")
    app = opened(checkpoints=["one"], corpus="small")
    heard = app.dataframe[2].value.to_dict("records")  # the dearest replacement is chosen to begin with
    assert [(row["audio to MIDI"], row["MIDI to audio"], row["start_s"]) for row in heard] == [
        ("1 → 1", "3 → 12", "0:30"), ("2 → 9", "1 → 1", "0:50"),
    ]  # fmt: skip
    assert heard[1]["moved"] == pytest.approx(0.5)
    assert "**Asked: this window**: piece 3, 0:30 to 0:34" in [text.value for text in app.markdown]
    assert len(app.get("audio")) == 1
    app.session_state["numbers__2"] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    ran(app)
    assert any("another of the same work: the match of no query falls." in caption.value for caption in app.caption)
    assert not app.get("audio")


def test_what_was_ranked_first_instead_is_heard_too(queue, store, checkpoints, opened, ran):
    store["one",] = ablated("one", instead=True)
    app = opened(checkpoints=["one"], corpus="small")
    said = [text.value for text in app.markdown]
    assert "**Ranked first instead, the match being number 12**: piece 2, 0:20 to 0:24" in said  # asked by its MIDI
    assert any("Asked was the MIDI of the window above" in caption.value for caption in app.caption)
    assert len(app.get("audio")) == 2
    assert "instead" not in app.dataframe[2].value
    app.session_state["suffers_one_A4_zero_trained"] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    ran(app)
    said = [text.value for text in app.markdown]
    assert "**Ranked first instead, the match being number 9**: piece 4, 0:40 to 0:44" in said
    assert any("the recording of the MIDI window that was ranked first" in caption.value for caption in app.caption)


def test_published_values_stand_beside_ours_where_the_arm_is_published(queue, store, checkpoints, opened):
    checkpoints[0].arm = "a4r"
    store["one",] = ablated("one")
    app = opened(checkpoints=["one"], corpus="small")
    table = app.dataframe[3].value.fillna("").to_dict("records")
    assert table[0] == {
        "arm": "a4r", "condition": "real", "measure": "S", "published": "82.0 %", "ours": "80.0 % [76.0, 90.0]", "note": "(1, 2)"
    }  # fmt: skip
    assert {row["condition"]: row["ours"] for row in table}["shuffle A4"] == "80.0 % [76.0, 90.0] same work"
    said = " ".join(caption.value for caption in app.caption)
    assert "arXiv 2604.10283" in said
    assert "not comparable in absolute terms with small models" in said
    assert "exchanged between windows of a batch" in said
    assert "Ours: S is searched in a pool of 16." in said
    assert "published value" in app.get("plotly_chart")[0].proto.spec


def test_an_unpublished_arm_is_said_to_be(queue, store, checkpoints, opened):
    store["one",] = ablated("one")
    app = opened(checkpoints=["one"], corpus="small")  # D0 has no descriptor to publish anything about
    assert any(caption.value == "No published number here is about D0." for caption in app.caption)
    assert "published" not in app.get("plotly_chart")[0].proto.spec


def test_without_descriptors_there_is_nothing_to_replace(queue, store, checkpoints, opened):
    store["one",] = ablated("one", inputs=())
    app = opened(checkpoints=["one"], corpus="small")
    assert "No chosen checkpoint has a descriptor" in app.info[0].value
    assert not app.get("plotly_chart")


def test_a_name_is_no_markup(queue, store, checkpoints, opened, evil, obeyed):
    name = evil.split("/", 1)[0]
    checkpoints[0].name = name
    store[name,] = ablated(name, piece=evil)
    app = opened(checkpoints=[name], corpus="small")
    shown = "\n".join(str(one.value) for kind in ("markdown", "caption", "header", "subheader") for one in getattr(app, kind))
    assert shown.count("alert(1)") >= 3
    assert not obeyed(shown)
    assert "<script" not in "".join(chart.proto.spec for chart in app.get("plotly_chart"))


# --- published diamonds ----------------------------------------------------------------------------------------------------


def test_diamonds_stand_in_the_row_of_their_mark_and_widen_the_axis():
    rows = ablation.shown_rows(ablated("one", "two").rows(AblationRow), "A4")
    drawing: Any = intervals.forest([ablation.score_mark(row) for row in rows], x_title="S (%)", y_title="x", percent=True)
    key = ("two", "A4", "zero", "trained")
    heights = [
        y for trace in drawing.data for data, y in zip(trace.customdata or (), trace.y, strict=False) if tuple(data) == key
    ]
    assert published_table.add_diamonds(drawing, [(key, 99.5), (("nobody",), 1.0)])
    rim, diamond = drawing.data[-2:]
    assert (diamond.x, diamond.y) == ((99.5,), tuple(heights[:1]))
    assert (diamond.marker.symbol, diamond.marker.color, rim.marker.color) == ("diamond-open", "#000000", "#FFFFFF")
    assert rim.marker.line.width > diamond.marker.line.width
    assert drawing.layout.xaxis.range[1] > 99.5
    assert not published_table.add_diamonds(drawing, [(("nobody",), 1.0)])


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("zero", "zero D4"),
        ("as it is", "real"),
        ("noise, mean and SD of the training set", "noise D4"),
        ("of another window of the same work", "shuffle D4"),
        ("shuffled in time within the window", None),
        ("exchanged across all windows", None),
        ("of a window of another work", None),
    ],
)
def test_conditions_are_found_under_the_name_that_the_authors_gave_them(kind, said):
    assert ablation.condition(kind, "D4") == said


def test_a_checkpoint_keeps_its_colour_where_another_is_left_out():
    found = study_facts.colours_of(ablated("one", "two"))
    drawing: Any = intervals.forest([ablation.Mark("x", "two", 0.5)], x_title="S", y_title="x", colours=found)
    assert drawing.data[1].marker.color == found["two"] != found["one"]


def test_of_a_result_that_tells_no_pool_the_size_is_that_of_its_arrays(queue, store, checkpoints, opened):
    result = ablated("one")
    tables = {name: rows for name, rows in result.tables.items() if name not in ("pools", "kinds")}
    store["one",] = replace(result, tables=tables)
    app = opened(checkpoints=["one"], corpus="small")
    assert any("n = 4 queries among 16 candidates; chance 6.2" in caption.value for caption in app.caption)
    assert "S (%), 16 candidates" in app.get("plotly_chart")[0].proto.spec
    assert not app.error
