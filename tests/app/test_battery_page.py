"""The page of the whole examination: what it takes, the job, its answers and the report."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

import analysis.jobs.kinds.battery
from analysis.errors import ConfigError
from analysis.studies.base.registry import study_names
from analysis.studies.battery import Part
from app import answers
from app.components import battery_answers

N_STUDIES = len(study_names())


@pytest.fixture
def opened(open_page):
    return partial(open_page, "views/battery.py")


def asked(*studies: str) -> dict[str, Any]:
    return {"checkpoints": ["one"], "corpus": "small", "studies": list(studies or study_names())}


def test_it_says_what_it_takes_and_submits_one_job(queue, store, monkeypatch, opened, press, labels):
    submitted: list[Any] = []

    def submit(its_queue, names, corpus, studies):
        submitted.append((names, corpus, studies))
        return queue.submit("battery", asked())

    monkeypatch.setattr(analysis.jobs.kinds.battery, "submit_battery", submit)
    app = opened(checkpoints="one", corpus="small")
    assert app.markdown[0].value.startswith(
        f"{N_STUDIES} studies of 1 checkpoint and the untrained twins take about 1 minute on a CPU."
    )
    app = press(app, "Examine")
    assert submitted == [(["one"], "small", list(study_names()))]
    assert labels(app) == ["Cancel"]


def test_a_refused_request_is_a_sentence(queue, store, monkeypatch, opened, press):
    def submit(*_):
        raise ConfigError("There is *no* such study.")

    monkeypatch.setattr(analysis.jobs.kinds.battery, "submit_battery", submit)
    assert press(opened(checkpoints="one", corpus="small"), "Examine").error[0].value == "There is \\*no\\* such study."


def test_a_finished_examination_shows_every_answer_or_its_reason(queue, store, opened, evil, obeyed, monkeypatch, result_of):
    studies = [
        {
            "study": "retrieval",
            "store_key": "a",
            "headline": f"{evil} finds it.",
            "error": "",
            "command": "x",
            "notices": [evil],
        },
        {
            "study": "probes",
            "store_key": "",
            "headline": "",
            "error": f"{evil} has too few works.",
            "command": "y",
            "notices": [],
        },
    ]
    queue.add("done", kind="battery", request=asked(), document_json=None)
    monkeypatch.setattr(type(queue.jobs["job1"]), "document", property(lambda _: {"studies": studies}), raising=False)
    store["one",] = replace(result_of("one"), headline=f"{evil} finds it.")
    app = opened(checkpoints="one", corpus="small", job="job1")
    shown = "\n".join(str(one.value) for one in [*app.markdown, *app.caption, *app.success])
    assert f"{N_STUDIES - 1} of {N_STUDIES} studies answered." in shown
    assert "**Retrieval**" in shown
    assert shown.count("Not made:") == 1
    assert shown.count("alert(1)") == N_STUDIES + 1
    assert not obeyed(shown)
    assert len(app.get("download_button")) == 1
    assert not app.button


def test_what_is_stored_is_shown_before_anything_is_asked_and_the_rest_is_offered(
    queue, store, opened, labels, result_of, monkeypatch
):
    wanted = {"retrieval": result_of("one"), "similarity": result_of("one")}

    def found_result(asked: answers.StudyRequest) -> answers.Answered | None:
        result = wanted.get(asked.study)
        return None if result is None else answers.Answered(result, origin="came with the checkpoints")

    monkeypatch.setattr(answers, "found_result", found_result)
    app = opened(checkpoints="one", corpus="small")
    assert app.success[0].value == f"2 of {N_STUDIES} studies answered."
    assert "one (abababababab)" in app.caption[-1].value
    shown = [str(one.value) for one in app.markdown]
    assert shown[0].startswith(
        f"{N_STUDIES - 2} studies of 1 checkpoint and the untrained twins take about 1 minute on a CPU. What is answered"
    )
    assert [text.split("**")[1] for text in shown if text.startswith("**")] == ["Retrieval", "Similarity"]
    assert [one.value for one in app.caption].count("What is shown came with the checkpoints.") == 1
    assert labels(app) == ["Go on"]


def test_a_failed_one_can_go_on(queue, store, opened, labels):
    queue.add("failed", kind="battery", request=asked(), message="The worker process ended.")
    app = opened(checkpoints="one", corpus="small")
    assert app.error[0].value == "The worker process ended."
    assert labels(app) == ["Go on"]


def test_the_report_has_what_is_there(result_of):
    found = [
        Part("retrieval", "otoscope study retrieval one", result_of("one")),
        Part("probes", ""),
        Part("bands", "", error="No."),
    ]
    page = battery_answers.report(found, {"one": "D0"}, "Examination of <one>")
    assert "Examination of &lt;one&gt;" in page
    assert "S = 50.0 % [42.0, 60.0]" in page
    assert "Not made: No." in page
    assert "Published versus ours" in page
    assert "probes" not in page
