"""The process that computes: `python -m analysis.jobs.worker READ_FD WRITE_FD`.

Messages come and go over the two descriptors, so that whatever libraries print cannot get between them. Jobs run one at a
time in the main thread, where libraries expect to be; a second thread listens.
"""

import faulthandler
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from analysis.jobs.admission import admit_to_gpu
from analysis.jobs.channel import Channel
from analysis.jobs.job import document_text
from analysis.jobs.kinds.registry import load
from analysis.jobs.log import Outcome, outcome_of
from analysis.jobs.metrics import finite
from analysis.jobs.order import Order
from analysis.jobs.system_memory import own_peak_bytes, reset_own_peak
from analysis.memory import release_memory
from analysis.run import Cancel, RunContext

INTERVAL_S = 0.05  # between two reports of progress
MOST_MEASURED = 500  # steps whose numbers wait to be sent together
ALIVE_S = 1.0  # between two signs of life while a job runs
MAX_DOCUMENT_BYTES = 4_194_304


class Reporter:
    """Sends progress and metrics at most every `INTERVAL_S`; the newest progress and all metrics wait for `flush`."""

    def __init__(self, channel: Channel, job_id: str) -> None:
        self._channel, self._job_id = channel, job_id
        self._lock = threading.Lock()
        self._pending: tuple[int, int, str] | None = None
        self._measured: list[tuple[int, dict[str, float]]] = []
        self._sent_at = float("-inf")

    def progress(self, done: int, total: int, what: str) -> None:
        """Report that `done` of `total` pieces are done."""
        with self._lock:
            self._pending = (int(done), int(total), str(what)[:500])
            self._send_in_time()

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Report finite numbers of a step."""
        with self._lock:
            self._measured.append((step, dict(values)))
            self._send_in_time()

    def notice(self, text: str) -> None:
        """Report something that the user should read beside the result."""
        self._channel.send({"job": self._job_id, "notice": str(text)[:500]})

    def flush(self) -> None:
        """Send what waits."""
        with self._lock:
            self._send()

    def _send_in_time(self) -> None:
        if time.monotonic() - self._sent_at >= INTERVAL_S or len(self._measured) >= MOST_MEASURED:
            self._send()

    def _send(self) -> None:
        if not self._measured and self._pending is None:
            return
        if self._measured:
            self._channel.send({"job": self._job_id, "metrics": self._measured})
        if self._pending is not None:
            self._channel.send({"job": self._job_id, "progress": self._pending})
        self._measured, self._pending, self._sent_at = [], None, time.monotonic()


class Worker:
    """Runs what the channel asks for until the channel ends."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._inbox: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._job: tuple[str, Cancel, Reporter] | None = None

    def serve(self) -> None:
        """Run one job after the other, for ever: the listener ends the process."""
        threading.Thread(target=self._listen, name="listener", daemon=True).start()
        while True:
            self._run(self._inbox.get())

    def _listen(self) -> None:
        spoke_at = float("-inf")
        with suppress(EOFError):
            while True:
                job = self._job
                message = self._channel.receive(INTERVAL_S if job else None)
                if job and time.monotonic() - spoke_at >= ALIVE_S:
                    self._channel.send({"job": job[0], "alive": True})
                    spoke_at = time.monotonic()
                if message is None and job:
                    job[2].flush()
                elif message and "run" in message:
                    order = Order(**message["run"])
                    self._job = (order.job, Cancel(), Reporter(self._channel, order.job))
                    self._channel.send({"job": order.job, "began": True})
                    self._inbox.put(order)
                elif message and job and message.get("cancel") == job[0]:
                    job[1].request()
        end_this_process()

    def _run(self, order: Order) -> None:
        if self._job is None:
            raise RuntimeError("A job cannot run before the listener knows it.")
        job_id, cancel, reporter = self._job
        metrics = finite(reporter.metrics, reporter.notice)
        context = RunContext(reporter.progress, cancel, reporter.notice, order.batch_size_limit, metrics)
        reset_own_peak()
        outcome = self._outcome(order, context)
        release_memory()
        self._job = None
        reporter.flush()
        self._channel.send({"job": job_id, "end": asdict(outcome)})

    def _outcome(self, order: Order, context: RunContext) -> Outcome:
        try:
            admit_to_gpu(order.needs_bytes, order.device)
            function = load(order.target)
            context.cancel.check()
            text = document_text(function(order.request, context))
            if len(text) > MAX_DOCUMENT_BYTES:
                raise ValueError(
                    f"The document has {len(text)} bytes, the most is {MAX_DOCUMENT_BYTES}: store the arrays instead."
                )
        except BaseException as error:  # noqa: BLE001 - whatever a job does, the worker goes on
            return outcome_of(error, own_peak_bytes())
        return Outcome("done", document_json=text, peak_bytes=own_peak_bytes())


def end_this_process() -> None:
    """End at once, with every process that a job started."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(0)


def main(read_fd: int, write_fd: int) -> None:
    """Set the process up and serve."""
    os.set_inheritable(read_fd, False)
    os.set_inheritable(write_fd, False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    faulthandler.enable()
    with suppress(OSError):  # where memory runs out for good, the worker goes and the server stays
        Path("/proc/self/oom_score_adj").write_text("500")
    Worker(Channel(read_fd, write_fd)).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
