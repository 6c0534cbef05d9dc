"""Nothing is left: no process, thread or descriptor after a shutdown, no worker after the death of the server."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from analysis.jobs.job import JobError
from analysis.jobs.queue import JobQueue

TIMEOUT_S = 120.0
HERE = Path(__file__).parent
SERVER = """
import sys, time
from pathlib import Path
from analysis.jobs.executors.local import LocalExecutor
from analysis.jobs.kinds.kind import JobKind
from analysis.jobs.queue import JobQueue
from analysis.jobs.log import JobLog
from analysis.jobs.settings import JobSettings

kinds = {name: JobKind(name, f"fakes:{name}", lambda _request: "A fake") for name in ("stubborn", "echo")}
jobs = JobQueue(kinds, executor=LocalExecutor(JobSettings(python_path=(Path(sys.argv[1]),))),
                log=JobLog(Path(sys.argv[2])))
job_id = jobs.submit(sys.argv[3], {})
while not (jobs.get(job_id).progress or jobs.get(job_id).finished):
    time.sleep(0.01)
print(jobs.workers()["cpu"], flush=True)
time.sleep(60)
"""


def descriptors() -> dict[str, str]:
    folder = Path("/proc/self/fd")
    return {fd.name: str(fd.readlink()) for fd in folder.iterdir() if fd.is_symlink()} if folder.exists() else {}


def test_a_shutdown_leaves_nothing_behind(eventually: Any, gone: Any, make_queue: Any, tmp_path: Path) -> None:
    before_fds, before_threads = descriptors(), set(threading.enumerate())
    jobs = make_queue()
    jobs.wait(jobs.submit("echo", {}, device="mps"), TIMEOUT_S)
    for n in range(3):  # a worker that died and its successor
        jobs.wait(jobs.submit("end_process", {"signal": 9, "n": n}), TIMEOUT_S)
    running = jobs.submit("stubborn", {})
    queued = jobs.submit("until_file", {"file": str(tmp_path / "never")})
    eventually(lambda: jobs.get(running).progress)
    pids = jobs.workers()
    assert sorted(pids) == ["cpu", "mps"]
    jobs.shutdown()
    assert jobs.get(running).state == "cancelled"
    assert jobs.get(queued).message == "Cancelled before it began."
    assert jobs.workers() == {}
    assert all(gone(pid) for pid in pids.values())
    for pid in pids.values():
        with pytest.raises(ChildProcessError):  # collected: no zombie either
            os.waitpid(pid, os.WNOHANG)
    assert set(threading.enumerate()) <= before_threads
    assert {fd for fd in descriptors().values() if "pipe" in fd} <= set(before_fds.values())
    jobs.shutdown()
    with pytest.raises(JobError, match="the server is going down"):
        jobs.submit("echo", {})


def test_a_shutdown_does_not_wait_for_a_patient_cancel(eventually: Any, make_queue: Any) -> None:
    jobs = make_queue(cancel_grace_s=3600.0)
    job_id = jobs.submit("stubborn", {})
    eventually(lambda: jobs.get(job_id).progress)
    jobs.cancel(job_id)
    jobs.shutdown()
    assert jobs.get(job_id).state == "cancelled"


@pytest.mark.parametrize("kind", ["stubborn", "echo"])
def test_workers_end_with_a_server_that_is_killed(eventually: Any, gone: Any, tmp_path: Path, kind: str) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(HERE), str(tmp_path / "log.jsonl"), kind], stdout=subprocess.PIPE, text=True
    )
    with server:
        assert server.stdout is not None
        worker = int(server.stdout.readline())
        assert not gone(worker)
        server.send_signal(signal.SIGKILL)
    eventually(lambda: gone(worker))


def test_a_server_that_ends_by_itself_ends_its_workers(gone: Any, tmp_path: Path) -> None:
    code = SERVER.replace("time.sleep(60)", "").replace("JobQueue(kinds", "queue_module.JobQueue(kinds")
    code = f"import atexit\nimport analysis.jobs.queue as queue_module\n{code}\natexit.register(jobs.shutdown)\n"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(HERE), str(tmp_path / "log.jsonl"), "stubborn"],
        capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert gone(int(done.stdout))


def test_making_a_queue_starts_nothing(gone: Any, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    JobQueue({})
    assert set(threading.enumerate()) == before
