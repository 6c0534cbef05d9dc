"""The page of the whole examination: what it takes, the job, its answers and the report."""

from functools import partial
from typing import Any

import pytest

import analysis.jobs.battery
from analysis.errors import ConfigError
from analysis.studies import STUDY_NAMES
from app.components import battery_form


@pytest.fixture
def opened(open_page):
    return partial(open_page, "views/battery.py")


def asked(*studies: str) -> dict[str, Any]:
    return {"checkpoints": ["one"], "corpus": "small", "studies": list(studies or STUDY_NAMES)}


def test_it_says_what_it_takes_and_submits_one_job(queue, store, monkeypatch, opened, press, labels):
    submitted: list[Any] = []

    def submit(its_queue, names, corpus, studies):
        submitted.append((names, corpus, studies))
        return queue.submit("battery", asked())

    monkeypatch.setattr(analysis.jobs.battery, "submit_battery", submit)
    app = opened(checkpoints="one", corpus="small")
    assert app.markdown[0].value.startswith("10 studies of 1 checkpoint and the untrained twins take about 3 minutes on a CPU.")
    app = press(app, "Examine")
    assert submitted == [(["one"], "small", list(STUDY_NAMES))]
    assert labels(app) == ["Cancel"]


def test_a_refused_request_is_a_sentence(queue, store, monkeypatch, opened, press):
    def submit(*_):
        raise ConfigError("There is *no* such study.")

    monkeypatch.setattr(analysis.jobs.battery, "submit_battery", submit)
    assert press(opened(checkpoints="one", corpus="small"), "Examine").error[0].value == "There is \\*no\\* such study."


def test_a_finished_examination_shows_every_answer_or_its_reason(queue, store, opened, evil, obeyed, monkeypatch):
    studies = [
        {
            "study": "scoreboard",
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
    app = opened(checkpoints="one", corpus="small", job="job1")
    shown = "\n".join(str(one.value) for one in [*app.markdown, *app.caption, *app.success])
    assert "1 of 2 studies answered." in shown
    assert "**Retrieval**" in shown
    assert "Not made:" in shown
    assert shown.count("alert(1)") == 3
    assert not obeyed(shown)
    assert len(app.get("download_button")) == 1


def test_a_failed_one_can_go_on(queue, store, opened, labels):
    queue.add("failed", kind="battery", request=asked(), message="The worker process ended.")
    app = opened(checkpoints="one", corpus="small")
    assert app.error[0].value == "The worker process ended."
    assert labels(app) == ["Go on"]


def test_a_result_that_has_left_the_store_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    row = {"study": "scoreboard", "store_key": "0" * 64, "error": "", "command": "otoscope study scoreboard one", "notices": []}
    assert "The result has left the store. Examine again." in battery_form.report([row], "Examination")
