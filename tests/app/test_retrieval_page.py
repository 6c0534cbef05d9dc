"""The page of retrieval with a stored result: the answer, its chart and table, and from a miss to the sound."""

import json
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import pytest

from app import caching
from app.charts import retrieval
from app.components import misses, retrieval_answer


@pytest.fixture
def opened(open_page):
    return partial(open_page, "views/retrieval.py")


def test_a_stored_result_is_shown_at_once(queue, store, result_of, opened, labels):
    store["one",] = result_of("one")
    app = opened(checkpoints="one")
    assert app.title[0].value == "Can it find the match?"
    assert app.subheader[0].value.startswith("one finds the match among the first ten for S = 50.0\u00a0% \\[42.0, 60.0\\]")
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
    assert app.code[-1].value == "otoscope study scoreboard one --set corpus=small"


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
    drawing: Any = retrieval.forest(result_of("one", "two"), "canonical")
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


def test_what_chance_explains_is_hollow(result_of):
    drawing: Any = retrieval.forest(result_of("one", undecided=True), "canonical")
    assert drawing.data[0].marker.symbol == "circle-open"


def test_a_name_is_no_markup_in_the_chart(result_of, evil):
    result = result_of("one")
    renamed = replace(
        result,
        request={**result.request, "checkpoints": ["<b>x</b>"]},
        values=[replace(value, name=value.name.replace("one", "b>", 1)) for value in result.values],
    )
    spec = retrieval.forest(renamed, "canonical").to_json() or ""
    assert "<b>" not in spec
    assert "b&gt;" in json.loads(spec)["layout"]["yaxis"]["ticktext"][0]


def test_p_is_worded():
    assert [retrieval_answer.p_words(p) for p in (0.00099, 0.001, 0.05)] == ["p < 0.001", "p = 0.001", "p = 0.050"]


# --- from a miss to the sound ----------------------------------------------------------------------------------------------


def test_the_worst_queries_come_first_and_found_matches_are_left_out(result_of):
    assert misses.worst(result_of("one"), "one", "canonical") == [(3, 12, 3), (1, 9, 1), (2, 3, 2)]


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
