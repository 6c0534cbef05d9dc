"""A worker that is killed from outside fails its job with a sentence, and the same request then gives the same document."""

import fcntl
import hashlib
import json
import os
import random
import select
import signal
import struct
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis.jobs import worker_process
from analysis.jobs.channel import Channel
from analysis.jobs.job import Job
from analysis.jobs.queue import JobQueue

TIMEOUT_S = 120.0

Eventually = Callable[[Callable[[], Any]], None]
PIECES, REPEAT = 20, 20_000


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def expected(seed: int) -> dict[str, str]:
    value = str(seed)
    for _ in range(PIECES):
        value = hashlib.sha256(value.encode()).hexdigest()
    return {"digest": value, "text": value * REPEAT}


def assert_failed_or_done(job: Job, seed: int) -> None:
    """A job whose result was already on its way may be done, but then it is whole."""
    if job.state == "done":
        assert job.document == expected(seed)
    else:
        assert job.state == "failed"
        assert job.message == (
            "The worker process ended (signal 9), perhaps because the memory ran out; start it again. What was finished is kept."
        )


def run_again(jobs: JobQueue, seed: int) -> None:
    job = jobs.wait(jobs.submit("digest", {"seed": seed, "pieces": PIECES, "repeat": REPEAT}), TIMEOUT_S)
    assert (job.state, job.message) == ("done", "")
    assert job.document == expected(seed)


def test_killed_at_random_moments(eventually: Eventually, jobs: JobQueue) -> None:
    """From before the start to after the result; a killed worker has to start, so both kinds of start occur."""
    moments, states = random.Random(7), set()
    for seed in range(50):
        began = time.monotonic()
        job_id = jobs.submit("digest", {"seed": seed, "pieces": PIECES, "repeat": REPEAT})
        eventually(lambda: jobs.workers())
        pid = jobs.workers()["cpu"]
        time.sleep(max(0.0, moments.uniform(0, 0.12) - (time.monotonic() - began)))
        kill(pid)
        job = jobs.wait(job_id, TIMEOUT_S)
        states.add(job.state)
        assert_failed_or_done(job, seed)
        if seed % 2:
            run_again(jobs, seed)
    run_again(jobs, 0)
    assert "failed" in states


def test_killed_while_idle(jobs: JobQueue) -> None:
    run_again(jobs, 1)
    kill(jobs.workers()["cpu"])
    run_again(jobs, 2)


def test_a_job_handed_to_a_worker_in_the_moment_of_its_death_is_run_by_the_next(
    eventually: Eventually, stop: Callable[[int], None], jobs: JobQueue
) -> None:
    run_again(jobs, 1)
    pid = jobs.workers()["cpu"]
    stop(pid)  # alive, and never to hear of the job that it is given
    job_id = jobs.submit("digest", {"seed": 2, "pieces": PIECES, "repeat": REPEAT})
    eventually(lambda: jobs.get(job_id).state == "running")
    time.sleep(0.3)
    kill(pid)
    job = jobs.wait(job_id, TIMEOUT_S)
    assert (job.state, job.document) == ("done", expected(2))
    assert jobs.workers()["cpu"] != pid


def test_killed_while_importing(eventually: Eventually, jobs: JobQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = tmp_path / "importing"
    monkeypatch.setenv("OTOSCOPE_TEST_MARKER", str(marker))
    job_id = jobs.submit("slow_import", {"x": 1})
    eventually(lambda: marker.exists() and marker.read_text())
    kill(int(marker.read_text()))
    assert_failed_or_done(jobs.wait(job_id, TIMEOUT_S), 0)
    assert jobs.wait(jobs.submit("slow_import", {"x": 1}), TIMEOUT_S).document == {"request": {"x": 1}}


def test_killed_during_progress(eventually: Eventually, jobs: JobQueue) -> None:
    request = {"seed": 3, "pieces": 100_000}
    job_id = jobs.submit("digest", request)
    eventually(lambda: jobs.get(job_id).progress is not None)
    kill(jobs.workers()["cpu"])
    job = jobs.wait(job_id, TIMEOUT_S)
    assert job.state == "failed"
    assert job.progress is not None
    run_again(jobs, 3)


def test_killed_while_sending_its_result(eventually: Eventually, jobs: JobQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    """The document is longer than a pipe, so a parent that does not listen leaves the worker in the middle of it."""
    receive, killed = Channel.receive, []

    def unread(channel: Channel) -> int:
        return struct.unpack("i", fcntl.ioctl(channel._read_fd, termios.FIONREAD, bytes(4)))[0]

    def deaf(channel: Channel, timeout_s: float | None = None) -> Any:
        message = receive(channel, timeout_s)
        if message and message.get("progress", [0])[0] == PIECES and not killed:
            eventually(lambda: unread(channel) >= select.PIPE_BUF)
            killed.append(jobs.workers()["cpu"])
            kill(killed[0])
        return message

    monkeypatch.setattr(Channel, "receive", deaf)
    job = jobs.wait(jobs.submit("digest", {"seed": 4, "pieces": PIECES, "repeat": REPEAT}), TIMEOUT_S)
    assert killed
    assert job.state == "failed"
    assert_failed_or_done(job, 4)
    run_again(jobs, 4)


@pytest.mark.parametrize(("number", "words"), [(signal.SIGSEGV, "signal 11"), (signal.SIGTERM, "signal 15")])
def test_a_worker_that_crashes_leaves_its_last_words_in_the_log(
    jobs: JobQueue, log_path: Path, number: signal.Signals, words: str
) -> None:
    job = jobs.wait(jobs.submit("end_process", {"signal": int(number)}), TIMEOUT_S)
    assert job.message == f"The worker process ended ({words}) before the job did; start it again. What was finished is kept."
    record = json.loads(log_path.read_text())
    assert "last words of the library" in record["output"]
    assert record["state"] == "failed"
    assert ("Segmentation fault" in record["output"]) is (number == signal.SIGSEGV)


def test_what_a_killed_worker_started_is_ended_too(
    eventually: Eventually, gone: Callable[[int], bool], jobs: JobQueue, tmp_path: Path
) -> None:
    """Its child holds the pipes open: the end must be noticed all the same."""
    job = jobs.wait(jobs.submit("with_child", {"file": str(tmp_path / "pid")}), TIMEOUT_S)
    assert job.message.startswith("The worker process ended (signal 9)")
    child = int((tmp_path / "pid").read_text())
    eventually(lambda: gone(child))
    run_again(jobs, 5)


def test_out_of_memory_is_said(jobs: JobQueue) -> None:
    job = jobs.wait(jobs.submit("out_of_memory", {}), TIMEOUT_S)
    assert job.message.startswith("The memory ran out (it held ")
    assert job.message.endswith("Choose a smaller batch, model or corpus, or close other programs.")


def test_a_worker_that_cannot_start_fails_the_job(jobs: JobQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(worker_process.sys, "executable", "/no/such/python")
        job = jobs.wait(jobs.submit("digest", {"seed": 6, "pieces": 1}), TIMEOUT_S)
    assert job.state == "failed"
    assert job.message.startswith("This stopped because of a fault in the program")
    run_again(jobs, 6)
