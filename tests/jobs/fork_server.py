"""Study jobs in forked processes, which share one import: `python fork_server.py REQUEST CACHE`.

REQUEST is done once in CACHE before the first fork. Then every line on stdin, `{"cache": folder, "die_at": number or null}`,
is a job in a process of its own, and is answered with a line: `{"document": …, "moments": […]}`, or `{"killed": signal}`.

A moment is a step that leaves traces, or a report of progress; before the one with the number `die_at` the process kills itself.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from analysis import fingerprints, paths
from analysis.jobs.kinds import study as studies
from analysis.run import RunContext

WRITES = os.O_WRONLY | os.O_RDWR
STEPS = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.utime", "shutil.rmtree")


def work(request: dict[str, Any], cache: str, die_at: int | None, answer: int) -> None:
    """Do one job, counting moments."""
    moments: list[str] = []

    def moment(what: str) -> None:
        moments.append(what)
        if len(moments) == die_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(event: str, given: tuple[Any, ...]) -> None:
        if event in STEPS or (event == "open" and given[2] & WRITES):
            if str(given[0]).startswith(cache):
                moment(event)

    def fsync(_descriptor: int) -> None:
        moment("fsync")  # the death of a process takes nothing from files, so the wait for the disk is left out

    os.environ[paths.CACHE_VARIABLE] = cache
    fingerprints._memo = fingerprints._Memo()
    os.fsync = fsync
    sys.addaudithook(watch)
    document = studies.study(request, RunContext(progress=lambda done, total, what: moment("progress")))
    os.write(answer, json.dumps({"document": document, "moments": moments}).encode())


def main() -> None:
    """Serve until stdin ends."""
    request = json.loads(sys.argv[1])
    fingerprints.SETTLED_AFTER_S = -1.0  # every job does the same, however old its files are
    os.environ[paths.CACHE_VARIABLE] = sys.argv[2]
    studies.study(request, RunContext())
    for line in sys.stdin:
        job = json.loads(line)
        Path(job["cache"]).mkdir(exist_ok=True)
        reading, writing = os.pipe()
        if (pid := os.fork()) == 0:
            try:
                work(request, job["cache"], job["die_at"], writing)
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            answer = json.loads(pipe.read() or "{}")
        _, status = os.waitpid(pid, 0)
        killed = {"killed": os.WTERMSIG(status)} if os.WIFSIGNALED(status) else {}
        sys.stdout.write(json.dumps(answer | killed) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
