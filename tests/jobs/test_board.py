"""The table of jobs, by itself."""

import pytest

from analysis.jobs.board import MOST_QUEUED, Board
from analysis.jobs.job import Job, JobError
from analysis.jobs.log import Outcome


def job(name: str, device: str = "cpu") -> Job:
    return Job(name, "echo", f'{{"name":"{name}"}}', device, 0, "queued", 0.0)


@pytest.fixture
def board() -> Board:
    return Board(history=2)


def test_a_job_that_was_cancelled_does_not_start(board: Board) -> None:
    board.add(job("a"))
    assert board.finish_queued("a", Outcome("cancelled", "x"))
    assert not board.start("a")
    assert board.get("a").state == "cancelled"


def test_a_job_that_has_started_is_not_cancelled_as_queued(board: Board) -> None:
    board.add(job("a"))
    assert board.start("a")
    assert not board.start("a")
    assert not board.finish_queued("a", Outcome("cancelled", "x"))
    assert board.get("a").state == "running"


def test_each_device_has_its_own_turn(board: Board) -> None:
    for name, device in (("a", "cpu"), ("b", "mps"), ("c", "cpu")):
        board.add(job(name, device))
    assert [found.id for device in ("cpu", "mps") if (found := board.first_queued(device))] == ["a", "b"]
    board.start("a")
    assert (found := board.first_queued("cpu"))
    assert found.id == "c"
    assert board.first_queued("cuda:0") is None


def test_the_same_request_on_another_device_is_another_job(board: Board) -> None:
    first, other = job("a"), Job("b", "echo", job("a").request_json, "mps", 0, "queued", 0.0)
    assert board.add(first) is first
    assert board.add(other) is other
    assert board.add(Job("c", "echo", first.request_json, "cpu", 5, "queued", 1.0)) is first


def test_what_is_finished_does_not_change(board: Board) -> None:
    board.add(job("a"))
    board.start("a")
    board.finish("a", Outcome("done", document_json="1"))
    finished = board.get("a")
    board.finish("a", Outcome("failed", "late"))
    board.update("a", message="late")
    board.request_cancel("a")
    assert board.get("a") == finished
    assert not board.cancel_requested("a")


def test_unfinished_jobs_are_never_forgotten(board: Board) -> None:
    for name in "abcdef":
        board.add(job(name))
    for name in "cdef":
        board.start(name)
        board.finish(name, Outcome("done"))
    assert [found.id for found in board.ordered()] == ["a", "b", "f", "e"]


def test_after_the_stop_nothing_is_taken(board: Board) -> None:
    board.add(job("a"))
    assert [found.id for found in board.stop()] == ["a"]
    with pytest.raises(JobError, match="the server is going down. Start the server again"):
        board.add(job("b"))


def test_no_more_than_so_many_jobs_wait(board: Board) -> None:
    for number in range(MOST_QUEUED):
        board.add(job(f"{number}"))
    with pytest.raises(JobError, match=f"{MOST_QUEUED} jobs wait already"):
        board.add(job("one more"))
    assert board.add(job("0")).id == "0"  # the same again is no other
    board.start("0")
    board.add(job("one more"))
