"""Jobs in the words of a person."""

from dataclasses import replace
from typing import Any

import pytest

from analysis.jobs.progress import Progress
from app.kit import job_words


def study(queue, names, **fields: Any):
    request = {"study": "retrieval", "checkpoints": names, "settings": {"corpus": "full"}, "fresh": False}
    return queue.add("running", "study", request, **fields)


def test_what_a_job_is(queue):
    job = queue.add("running", "train", {"arm": "a4r", "scale": "small", "seed": 3})
    assert (job_words.kind(job), job_words.subject(job)) == ("Training", "a4r, small, seed 3")
    assert job_words.kind(study(queue, ["a"])) == "Retrieval"
    other = queue.add("running", "study", {"study": "depth_profile", "checkpoints": ["a"]})
    assert job_words.kind(other) == "Depth profile"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["a"], "a on full demo corpus"),
        (["a", "/somewhere/b"], "a and b on full demo corpus"),
        (["a", "b", "c"], "a, b and c on full demo corpus"),
        (["a", "b", "c", "d"], "a, b and 2 others on full demo corpus"),
    ],
)
def test_whose_study_it_is(queue, names, said):
    assert job_words.subject(study(queue, names)) == said


@pytest.mark.parametrize(
    ("corpus", "name"),
    [("small", "small demo corpus"), ("small-hands", "small demo corpus, hands"), ("/music/trio-2", "trio-2"), ("trio", "trio")],
)
def test_what_a_corpus_is_called(corpus, name):
    assert job_words.corpus_name(corpus) == name


def test_how_far_it_is(queue, halfway):
    job = study(queue, ["one"], progress=halfway)
    assert job_words.how_far(job) == "one, trained: embedding windows · 380 of 760 · about 20 seconds left in this part"
    assert job_words.how_far(job, brief=True) == "380 of 760 · about 20 seconds left in this part"
    assert job_words.share(job) == 0.5
    assert job_words.how_far(replace(job, progress=replace(halfway, eta_s=None)), brief=True) == "380 of 760"
    assert job_words.how_far(replace(job, progress=None)) == "Starting …"
    assert job_words.how_far(replace(job, state="queued", message="Waiting for memory: 4 GB.")) == "Waiting for memory: 4 GB."
    assert job_words.how_far(replace(job, state="queued")) == "Waiting for the job before it."


@pytest.mark.parametrize(("done", "total", "share"), [(0, 0, None), (5, 0, None), (9, 4, 1.0), (-1, 4, 0.0), (1, 4, 0.25)])
def test_a_bar_never_leaves_its_frame(queue, done, total, share):
    assert job_words.share(study(queue, ["one"], progress=Progress(done, total, "x", None, 0.0))) == share


def test_how_it_ended(queue):
    job = queue.add("done", seconds=130.0)
    assert job_words.ended(job) == "Done after 2 minutes."
    assert job_words.ended(replace(job, state="cancelled", seconds=3.0)) == "Cancelled after a few seconds."
    assert job_words.ended(replace(job, state="failed", message="The disk is full.")) == "The disk is full."
