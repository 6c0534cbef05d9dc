"""A job in this process: the same function and the same document, stopped by Ctrl-C."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.errors import Cancelled, ConfigError
from analysis.jobs.executors.inline import run_inline
from analysis.jobs.job import JobError
from analysis.jobs.kinds.kind import JobKind
from analysis.jobs.log import JobLog
from analysis.jobs.queue import JobQueue
from analysis.run import RunContext

FAKES = ("digest", "refuse", "batches", "no_json", "fault", "count")
KINDS = {name: JobKind(name, f"fakes:{name}", lambda _request: "A fake") for name in FAKES}


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent)


@pytest.fixture
def run(log_path: Path) -> Any:
    def run_with_log(kind: str, request: dict[str, Any], *arguments: Any, **options: Any) -> Any:
        return run_inline(kind, request, *arguments, kinds=KINDS, log=JobLog(log_path), **options)

    return run_with_log


def test_it_gives_the_document_of_the_queue(run: Any, jobs: JobQueue, log_path: Path) -> None:
    request, seen = {"seed": 1, "pieces": 3}, []
    document = run("digest", request, lambda *report: seen.append(report))
    assert document == jobs.wait(jobs.submit("digest", request), 120).document
    assert seen == [(1, 3, "piece 1"), (2, 3, "piece 2"), (3, 3, "piece 3")]
    ours, theirs = (json.loads(line) for line in log_path.read_text().splitlines())
    assert {key: ours[key] for key in ("kind", "request", "state")} == {"kind": "digest", "request": request, "state": "done"}
    assert set(ours) == set(theirs)


def test_the_first_ctrl_c_asks_the_second_interrupts(run: Any, tmp_path: Path, log_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)

    def interrupt(done: int, total: int, what: str) -> None:
        if done == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Cancelled):
        run("count", {"pieces": 50, "file": str(tmp_path / "a")}, interrupt)
    assert len((tmp_path / "a").read_text().splitlines()) == 2
    assert signal.getsignal(signal.SIGINT) is before

    def interrupt_twice(done: int, total: int, what: str) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run("count", {"pieces": 50, "file": str(tmp_path / "b")}, interrupt_twice)
    assert signal.getsignal(signal.SIGINT) is before
    assert [json.loads(line)["state"] for line in log_path.read_text().splitlines()] == ["cancelled", "cancelled"]


@pytest.fixture
def _heeded_sigint() -> Iterator[None]:
    """A process that was started in the background ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_heeded_sigint")
def test_signals_can_be_left_to_the_caller(run: Any, tmp_path: Path) -> None:
    def interrupt(done: int, total: int, what: str) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run("count", {"pieces": 50, "file": str(tmp_path / "a")}, interrupt, cancel_on_sigint=False)


def test_it_runs_in_a_thread_which_cannot_have_signals(run: Any) -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(run("digest", {"seed": 1, "pieces": 1})))
    thread.start()
    thread.join()
    assert len(found) == 1


def test_errors_pass_as_they_are(run: Any, log_path: Path) -> None:
    with pytest.raises(ConfigError, match="Expected 1 layer, got 2"):
        run("refuse", {})
    with pytest.raises(KeyError, match="secret detail"):
        run("fault", {})
    with pytest.raises(ValueError, match="Out of range float"):
        run("no_json", {"what": "nan"})
    with pytest.raises(JobError, match="Unknown kind of job 'rm'"):
        run("rm", {})
    assert [json.loads(line)["error"].split(":")[0] for line in log_path.read_text().splitlines()] == [
        "ConfigError", "KeyError", "ValueError",
    ]  # fmt: skip


def test_notices_and_the_batch_limit(run: Any) -> None:
    notices: list[str] = []
    document = run("batches", {"batch_size": 64, "fits": 3}, batch_size_limit=8, notice=notices.append)
    assert document == {"size": 2, "limit": 2}
    assert notices == [
        "Memory ran out; going on with 4 per batch instead of 8.",
        "Memory ran out; going on with 2 per batch instead of 4.",
    ]


def test_a_context_needs_nothing() -> None:
    context = RunContext()
    context.progress(1, 2, "x")
    context.notice("y")
    context.cancel.check()
    assert not context.cancel.requested
    context.cancel.request()
    assert context.cancel.requested
    with pytest.raises(Cancelled):
        context.cancel.check()
