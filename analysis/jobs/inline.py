"""A job without a queue, for the command line: the same function, in this process."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from analysis.jobs.job import Job, canonical, document_text, new_id
from analysis.jobs.kinds.kind import JobKind
from analysis.jobs.kinds.registry import find_kind, load
from analysis.jobs.log import JobLog, Outcome, outcome_of
from analysis.jobs.system_memory import own_peak_bytes, reset_own_peak
from analysis.run import Cancel, RunContext, ignore


def run_inline(
    kind: str,
    request: Mapping[str, Any],
    progress: Callable[[int, int, str], None] | None = None,
    cancel_on_sigint: bool = True,
    *,
    notice: Callable[[str], None] = ignore,
    batch_size_limit: int | None = None,
    kinds: Mapping[str, JobKind] | None = None,
    log: JobLog | None = None,
) -> Any:
    """Run a job here and return its document.

    Args:
        kind: the name of one.
        request: names, finite numbers, lists and dictionaries of them.
        progress: told (pieces done, pieces in all, what is being done).
        cancel_on_sigint: the first Ctrl-C asks the job to stop, the second interrupts it.
        notice: told sentences that the user should read beside the result.
        batch_size_limit: no batch may be larger.
        kinds: among which it is; all there are if not given.
        log: where the job is recorded.

    Raises:
        JobError: the kind is unknown or the request no JSON.
        Cancelled: the first Ctrl-C.
        KeyboardInterrupt: the second.
    """
    text = canonical(request)
    function = load(find_kind(kind, kinds).function)
    job, cancel, began = Job(new_id(), kind, text, "cpu", 0, "running", time.time()), Cancel(), time.monotonic()
    context = RunContext(progress or ignore, cancel, notice, batch_size_limit)
    log = log or JobLog()
    reset_own_peak()
    try:
        with _first_sigint_requests(cancel) if cancel_on_sigint else nullcontext():
            document = document_text(function(job.request, context))
    except BaseException as error:
        outcome = Outcome("cancelled") if isinstance(error, KeyboardInterrupt) else outcome_of(error, own_peak_bytes())
        log.write(job, outcome, time.monotonic() - began)
        raise
    outcome = Outcome("done", document_json=document, peak_bytes=own_peak_bytes())
    log.write(job, outcome, time.monotonic() - began)
    return json.loads(document)


@contextmanager
def _first_sigint_requests(cancel: Cancel) -> Iterator[None]:
    """Turn the first Ctrl-C into a request to stop; signals reach the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def request(*_: object) -> None:
        cancel.request()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, request)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
