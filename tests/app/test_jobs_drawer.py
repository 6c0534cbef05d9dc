"""The drawer shows jobs on every page, as data, and offers what can be done with them."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from analysis.jobs.job import Job
from analysis.jobs.kinds import registry
from analysis.jobs.kinds.kind import JobKind, Page
from app import answers, caching

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


@pytest.fixture(autouse=True)
def empty_library(monkeypatch):
    monkeypatch.setattr(caching, "checkpoints", list)
    monkeypatch.setattr(caching, "demo_clips", list)
    monkeypatch.setattr(caching, "pieces", lambda corpus: {})
    monkeypatch.setattr(answers, "stored_result", lambda _: None)


def opened() -> AppTest:
    app = AppTest.from_file(str(MAIN), default_timeout=300).run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    return "\n".join(str(one.value) for one in [*app.sidebar.markdown, *app.sidebar.caption])


def buttons(app: AppTest) -> list[str]:
    return [button.label for button in app.sidebar.button]


def progress(app: AppTest) -> list[tuple[int, str]]:
    return [(one.proto.value, one.proto.text) for one in app.sidebar.get("progress")]


def test_nothing_runs(queue):
    app = opened()
    assert "**Jobs**" in words(app)
    assert "None yet." in words(app)
    assert not buttons(app)


def test_opening_a_page_starts_no_worker():
    from analysis.jobs.queue import queue

    before = set(queue().workers())
    opened()
    assert set(queue().workers()) == before == set()


def test_running_waiting_and_recent_jobs(queue, halfway, ways):
    queue.add("running", progress=halfway)
    queue.add("queued", "train", {"arm": "a4r"})
    for _ in range(6):
        queue.add("done", seconds=130.0)
    app = opened()
    assert "**Jobs** (2 running or waiting)" in words(app)
    assert ":material/hourglass_top: **Retrieval**, running" in words(app)
    assert ":material/schedule: **Training**, waiting" in words(app)
    assert words(app).count("Done after 2 minutes.") == 4
    assert progress(app) == [(50, "380 of 760 · about 20 seconds left in this part"), (0, "Waiting for the job before it.")]
    assert buttons(app) == ["Cancel", "Cancel"]
    assert ways(app)[-4:] == [("Open result", "retrieval", {"job": [f"job{n}"]}) for n in range(3, 7)]


def test_cancel_is_passed_on_and_said(queue, halfway):
    job = queue.add("running", progress=halfway)
    app = opened()
    app.sidebar.button[0].click().run()
    assert not app.exception
    assert queue.cancelled == [job.id]
    assert (buttons(app), app.sidebar.button[0].disabled) == (["Stopping …"], True)


def test_failed_and_cancelled_jobs_say_why_and_offer_no_result(queue):
    queue.add("failed", message="The memory ran out.")
    queue.add("cancelled", seconds=3.0)
    app = opened()
    assert "The memory ran out." in words(app)
    assert "Cancelled after a few seconds." in words(app)
    assert not buttons(app)


def test_messages_are_data(queue, evil, obeyed, halfway):
    request = {"study": "retrieval", "checkpoints": [evil], "settings": {"corpus": "small"}}
    queue.add("running", "study", request, progress=halfway)
    queue.add("queued", "study", request, message=evil)
    queue.add("failed", "study", request | {"study": evil}, message=evil)
    app = opened()
    shown = words(app) + "".join(text for _, text in progress(app))
    assert "alert(1)" in shown
    assert not obeyed(shown)


def test_the_result_of_a_study_opens_on_its_page_with_its_choice(queue, checkpoints, ways, open_page):
    queue.add("done", "study", {"study": "retrieval", "checkpoints": ["two"], "settings": {"corpus": "full"}}, seconds=1.0)
    assert ways(opened())[-1] == ("Open result", "retrieval", {"job": ["job1"]})
    app = open_page("views/retrieval.py", job="job1")
    assert app.title[0].value == "Can it find the match?"
    assert app.multiselect[0].value == ["two"]
    assert app.main.selectbox[0].value == "full"
    assert not app.info


def test_a_trained_checkpoint_opens_in_the_library(queue, checkpoints, ways, open_page):
    queue.add("done", "train", {"arm": "a4r"}, document_json='{"checkpoint":"/runs/two"}', seconds=1.0)
    assert ways(opened())[-1] == ("Open result", "", {"checkpoint": ["two"]})
    assert open_page("views/checkpoints.py", checkpoint="two").header[-1].value == "two"


def test_a_kind_that_is_registered_has_its_words_and_its_page_in_the_drawer(queue, ways):
    def page(job: Job) -> Page:
        return Page("clip", {"job": job.id})

    registry.register(JobKind("tune", "nowhere:tune", lambda request: f"Tuning to {request['a_hz']} Hz", page=page))
    try:
        queue.add("done", "tune", {"a_hz": 415}, seconds=1.0)
        app = opened()
    finally:
        registry.forget("tune")
    assert "**Tuning to 415 Hz**, done" in words(app)
    assert ways(app)[-1] == ("Open result", "clip", {"job": ["job1"]})


def test_a_kind_that_is_not_known_here_is_shown_by_its_name(queue, ways):
    before = len(ways(opened()))
    queue.add("done", "fine_tune", {"study": "retrieval"}, seconds=1.0)
    app = opened()
    assert "**Fine tune**, done" in words(app)
    assert len(ways(app)) == before
