"""A kind of job is one record: its words, its page and what becomes of a part are found through it alone."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from analysis.jobs.executors.local import LocalExecutor
from analysis.jobs.job import Job, JobError
from analysis.jobs.kinds import registry
from analysis.jobs.kinds.kind import JobKind, Names, Page
from analysis.jobs.kinds.registry import find_kind, kinds
from analysis.jobs.log import JobLog
from analysis.jobs.queue import JobQueue
from analysis.jobs.settings import JobSettings

HERE = Path(__file__).parent
TIMEOUT_S = 120.0
NAMES = Names(corpus=lambda corpus: f"corpus {corpus}", recording={"k": "Study no. 3"}.get)

Eventually = Callable[[Callable[[], Any]], None]


@pytest.fixture
def made_up() -> Iterator[JobKind]:
    """A kind that is not part of the library."""
    kind = JobKind("tune", "fakes:last_words", lambda _request: "Tuning", partial_results=False)
    registry.register(kind)
    yield kind
    registry.forget("tune")


@pytest.fixture
def server(log_path: Path) -> Iterator[JobQueue]:
    """A queue that knows the kinds that there are."""
    queue = JobQueue(executor=LocalExecutor(JobSettings(python_path=(HERE,))), log=JobLog(log_path))
    yield queue
    queue.shutdown()


def test_a_kind_that_is_registered_runs_in_the_queue_which_says_what_is_kept(
    eventually: Eventually, made_up: JobKind, server: JobQueue
) -> None:
    job_id = server.submit(made_up.name, {})
    eventually(lambda: server.get(job_id).progress is not None)
    server.cancel(job_id)
    assert server.wait(job_id, TIMEOUT_S).message.removesuffix("2 of 3.").removesuffix("1 of 3.") == "Cancelled after "


def test_a_kind_that_was_taken_back_cannot_be_submitted(made_up: JobKind, server: JobQueue) -> None:
    assert find_kind("tune") is made_up
    registry.forget("tune")
    known = "battery, clip, clip_probes, clip_question, corpus_heads, study, sweep, train"
    with pytest.raises(JobError, match=f"Unknown kind of job 'tune': expected one of {known}"):
        server.submit("tune", {})


def test_the_name_of_a_kind_is_the_one_it_is_found_under() -> None:
    assert {name: kind.name for name, kind in kinds().items()} == {name: name for name in registry.MODULES}


@pytest.mark.parametrize(
    ("kind", "request_", "title", "subject"),
    [
        ("study", {"study": "retrieval", "checkpoints": ["/runs/a"]}, "Retrieval", "a on corpus full"),
        ("study", {"study": "deep_dive", "settings": {"corpus": "small"}}, "Deep dive", "corpus small"),
        ("battery", {"checkpoints": ["a", "b"], "corpus": "small", "studies": []}, "Examination", "a and b on corpus small"),
        ("clip", {"checkpoint": "/runs/a", "clip": "k", "twin": True}, "Clip", "a on Study no. 3"),
        ("clip", {"checkpoint": "a", "clip": "gone", "twin": True}, "Clip", "a on a recording"),
        ("train", {"arm": "D0", "seed": 0}, "Training", "D0, seed 0"),
        (
            "training_distance",
            {"checkpoint": "/runs/a", "clip": "k", "corpus": "full"},
            "Distance from the training set",
            "a and Study no. 3",
        ),
        ("clip_probes", {"checkpoint": "/runs/a", "corpus": "full"}, "Probes for clips", "a on corpus full"),
        ("corpus_heads", {"checkpoint": "/runs/a", "corpus": "full"}, "Heads that follow the music", "a on corpus full"),
        ("sweep", {"arms": ["D0", "a4"], "seeds": [0], "out": "runs/x"}, "Sweep", "D0, a4 × 1 seed in x"),
    ],
)
def test_what_a_kind_says_of_a_request(kind: str, request_: Mapping[str, Any], title: str, subject: str) -> None:
    assert find_kind(kind).title(request_) == title
    assert find_kind(kind).subject(request_, NAMES) == subject


@pytest.mark.parametrize(
    ("kind", "request_json", "document_json", "page"),
    [
        ("study", '{"study": "scoreboard"}', "{}", Page("retrieval", {"job": "x"})),
        ("study", '{"study": "deep_dive"}', "{}", None),
        ("battery", "{}", "{}", Page("battery", {"job": "x"})),
        ("clip", "{}", "{}", Page("clip", {"job": "x"})),
        ("train", "{}", '{"checkpoint": "/runs/two/"}', Page("checkpoints", {"checkpoint": "two"})),
        ("train", "{}", None, None),
        ("sweep", "{}", "{}", Page("screening", {})),
    ],
)
def test_where_a_result_is_shown(kind: str, request_json: str, document_json: str | None, page: Page | None) -> None:
    job = Job("x", kind, request_json, "cpu", 0, "done", 0.0, document_json=document_json)
    assert find_kind(kind).page(job) == page


def test_what_is_of_use_when_a_part_is_done() -> None:
    assert {name for name, kind in kinds().items() if not kind.partial_results} == {"clip", "clip_question"}
