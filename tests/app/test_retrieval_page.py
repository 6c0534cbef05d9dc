"""The page of retrieval with a stored result: the answer, its chart and table, and from a miss to the sound."""

import json
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import pytest

from analysis.results import Result
from analysis.rows import tables_of
from analysis.studies.controls.rows import ScoreRow
from app import caching
from app.charts import retrieval
from app.kit import arms, published_table
from app.studies.retrieval import answer, hard_queries


@pytest.fixture
def opened(open_page):
    return partial(open_page, "views/retrieval.py")


def test_a_stored_result_is_shown_at_once(queue, store, result_of, opened, labels):
    store["one",] = result_of("one")
    app = opened(checkpoints="one")
    assert app.title[0].value == "Can it find the match?"
    assert app.header[0].value.startswith("one finds the match among the first ten for S = 50.0\u00a0% \\[42.0, 60.0\\]")
    assert len(app.get("plotly_chart")) == 1
    table = {row["measure"]: row for row in app.dataframe[0].value.to_dict("records")}
    assert table["R@1"]["audio to MIDI"] == "50.0 % [42.0, 60.0]"
    assert table["R@10"]["twin, MIDI to audio"] == "○ 10.0 % [2.0, 20.0]"
    assert table["same piece"]["audio to MIDI"] == "70.0 % [60.0, 80.0]"
    assert pd.isna(table["same composer"]["audio to MIDI"])
    assert any("n = 4 queries, 16 candidates each" in caption.value for caption in app.caption)
    assert "Compute" not in labels(app)
    footer = app.caption[-1].value
    for fact in (f"one ({'ab' * 6})", f"demo-small ({'cd' * 6})", "split: test", "seed: 42", "float32", "cpu", "61 s"):
        assert fact in footer
    assert app.code[-1].value == "otoscope study retrieval one --set corpus=small"


def test_differences_carry_their_p(queue, store, result_of, opened, ran):
    store["one", "two"] = result_of("one", "two")
    app = opened(checkpoints=["one", "two"])
    differences = app.dataframe[1].value.to_dict("records")
    assert differences == [
        {"first": "one", "second": "two", "difference in S (percentage points)": "+10.0 [+2.0, +18.0]", "p": "p < 0.001", "n": 4}
    ]
    app.button_group[0].set_value("no overlap")
    ran(app)
    assert app.dataframe[1].value["p"].tolist() == ["p = 0.032"]
    assert app.query_params["pool"] == "no overlap"


def test_the_chart_shows_value_interval_twin_and_chance(result_of):
    drawing: Any = retrieval.forest(result_of("one", "two"), "canonical", {})
    assert [trace.x[0] for trace in drawing.data] == pytest.approx([50, 50, 10, 10])
    assert [trace.marker.symbol for trace in drawing.data] == ["circle", "circle", "square-open", "square-open"]
    assert drawing.data[0].error_x.array[0] == pytest.approx(10)
    assert drawing.data[0].error_x.arrayminus[0] == pytest.approx(8)
    assert drawing.layout.shapes[0].x0 == pytest.approx(6.25)
    notes = [note.text for note in drawing.layout.annotations]
    assert "● 50.0 % [42.0, 60.0] trained" in notes
    assert "□ 10.0 % [2.0, 20.0] untrained twin" in notes
    assert "chance 6.2 %" in notes
    assert drawing.layout.xaxis.range == (0, 70)


CONTROLLED = {"zeros": "d4a4-zero", "two": "D0", "one": "d4a4"}


def test_a_control_stands_under_its_arm_and_is_marked(result_of):
    result = result_of("zeros", "two", "one")
    drawing: Any = retrieval.forest(result, "canonical", CONTROLLED)
    assert drawing.layout.yaxis.ticktext == ("two", "one", "<i>↳ zeros</i>")
    assert [trace.customdata[0][0] for trace in drawing.data[:3]] == ["two", "one", "zeros"]
    rows = answer.measured(result, "canonical", CONTROLLED)
    assert list(dict.fromkeys(row["checkpoint"] for row in rows)) == ["two", "one", "↳ zeros"]
    differences = answer.compared(result, "canonical", CONTROLLED)
    assert [(row["first"], row["second"]) for row in differences] == [("↳ zeros", "two"), ("↳ zeros", "one")]


def test_controls_are_said_to_be_controls(queue, store, result_of, opened, checkpoints):
    store["one", "two"] = result_of("one", "two")
    assert not any("not ranked" in caption.value for caption in opened(checkpoints=["one", "two"]).caption)
    checkpoints[0].arm, checkpoints[1].arm = "d4a4", "d4a4-zero"
    app = opened(checkpoints=["one", "two"])
    assert any(caption.value == arms.OF_CONTROLS for caption in app.caption)
    assert app.dataframe[0].value["checkpoint"].tolist()[-1] == "↳ two"


def test_the_pool_stands_beside_s(result_of):
    drawing: Any = retrieval.forest(result_of("one"), "canonical", {})
    assert drawing.layout.xaxis.title.text == "S (%), 16 candidates"


def test_what_chance_explains_is_hollow(result_of):
    drawing: Any = retrieval.forest(result_of("one", undecided=True), "canonical", {})
    assert drawing.data[0].marker.symbol == "circle-open"


def test_a_name_is_no_markup_in_the_chart(result_of, evil):
    result = result_of("one")
    renamed = replace(
        result,
        request={**result.request, "checkpoints": ["<b>x</b>"]},
        values=[replace(value, key={**value.key, "checkpoint": "b>"}) for value in result.values],
    )
    spec = retrieval.forest(renamed, "canonical", {}).to_json() or ""
    assert "<b>" not in spec
    assert "b&gt;" in json.loads(spec)["layout"]["yaxis"]["ticktext"][0]


def test_p_is_worded():
    assert [answer.p_words(p) for p in (0.00099, 0.001, 0.05)] == ["p < 0.001", "p = 0.001", "p = 0.050"]


# --- from a miss to the sound ----------------------------------------------------------------------------------------------


def test_the_worst_queries_come_first_and_found_matches_are_left_out(result_of):
    assert hard_queries.worst(result_of("one"), "one", "canonical") == [(3, 12, 3), (1, 9, 1), (2, 3, 2)]


def test_a_miss_leads_to_two_players(queue, store, result_of, opened, ran):
    store["one",] = result_of("one")
    app = opened(checkpoints="one")
    listed = app.dataframe[1].value
    assert listed["rank"].tolist() == [12, 9, 3]
    assert listed["start_s"].tolist() == ["0:30", "0:10", "0:20"]
    said = [text.value for text in app.markdown]
    assert "**Asked: this audio**: piece 3, 0:30 to 0:34" in said
    assert "**Ranked first instead, the match being number 12**: piece 5, 0:50 to 0:54" in said
    assert len(app.get("audio")) == 2
    app.session_state["misses_canonical_0"] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    ran(app)
    assert "**Asked: this audio**: piece 1, 0:10 to 0:14" in [text.value for text in app.markdown]


def test_a_recording_that_has_gone_is_said(queue, store, result_of, monkeypatch, opened):
    store["one",] = result_of("one")
    monkeypatch.setattr(caching, "pieces", lambda corpus: {})
    app = opened(checkpoints="one")
    assert not app.get("audio")
    assert any(caption.value == "The recording is no longer there." for caption in app.caption)


# --- beside what is published -----------------------------------------------------------------------------------------------


def published_of(app) -> list[dict[str, Any]]:
    """The table of published numbers."""
    return next(one.value.fillna("").to_dict("records") for one in app.dataframe if "published" in one.value)


def test_published_numbers_stand_beside_ours(queue, store, checkpoints, result_of, opened):
    checkpoints[0].arm = "a4r"
    store["one",] = result_of("one")
    app = opened(checkpoints="one")
    rows = {row["measure"]: row for row in published_of(app)}
    assert {row["arm"] for row in rows.values()} == {"a4r"}
    assert (rows["S"]["published"], rows["S"]["ours"]) == ("82.0 %", "50.0 % [42.0, 60.0]")
    assert rows["accuracy against same piece"]["ours"] == "70.0 % [60.0, 80.0] (audio to MIDI)"
    said = [caption.value for caption in app.caption]
    assert rows["S"]["note"] == "(1, 2, 3)"
    for number, start in enumerate(
        ("Negatives of the same piece may overlap", "The best epoch was chosen", "Arms were taken at"), 1
    ):
        assert sum(text.startswith(f"({number}) {start}") for text in said) == 1
    assert any("not comparable in absolute terms" in text for text in said)
    (panel,) = (one for one in app.expander if one.label.startswith("Published"))
    assert panel.label == "Published versus ours: 15 published numbers"
    assert len(panel.dataframe) == 1
    assert [caption.value for caption in panel.caption] == [
        text for text in said if text.startswith("(") or "2604.10283" in text or "not comparable in absolute terms" in text
    ]


def test_an_arm_about_which_nothing_is_published_is_said_to_be(queue, store, checkpoints, result_of, opened):
    checkpoints[0].arm = "a4x"
    store["one",] = result_of("one")
    assert "No published number here is about a4x." in [caption.value for caption in opened(checkpoints="one").caption]


def test_a_control_is_set_beside_the_arm_that_it_controls(monkeypatch):
    row = ScoreRow("without", "d4a4", "zero", "trained", 1, 0.5, 0.4, 0.6, 0.04, 8)
    result = Result("controls", {}, "Headline.", (), tables_of([row]), {}, {})
    given: list[Any] = []
    monkeypatch.setattr(published_table, "draw", lambda study, arms, ours: given.append((study, list(arms), ours)))
    published_table.show(result, {"without": "d4a4-zero"})
    assert given == [("controls", ["d4a4-zero", "d4a4"], {("d4a4", "zero", "S"): "50.0 % [40.0, 60.0]"})]
