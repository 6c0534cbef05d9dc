"""What most pages need and takes long to import: imported while nobody asks for a page yet, and then left out of tidying up."""

import gc
import importlib
import sys
import threading
from contextlib import suppress

# Slowest first: a page that needs a module which is just being imported waits for that, and for nothing else.
NEEDED = (
    "torch",
    "analysis.models.checkpoint",
    "analysis.datasets.corpus",
    "analysis.training.comparison",
    "pandas",
    "analysis.clips.read",
    "analysis.jobs.kinds.clip_memory",
)
WAIT_S = 4.0  # a browser that comes at once is handed its files first
_waiting: list[threading.Timer] = []
_settled = [0]  # how many modules there were


def begin(after_s: float = WAIT_S) -> threading.Timer:
    """Import them so many seconds from now, in a thread that keeps nobody from ending the server."""
    thread = threading.Timer(after_s, _import)
    thread.daemon = True
    _waiting.append(thread)
    thread.start()
    return thread


def stand_back() -> None:
    """Do not begin any more: a page is drawn, and imports what it needs sooner without another thread that does the same."""
    for thread in list(_waiting):
        thread.cancel()


def _import() -> None:
    """What cannot be imported is left to the page that needs it, which says so."""
    for name in NEEDED:
        with suppress(Exception):
            importlib.import_module(name)
    settle()


def settle() -> None:
    """Let the collector of garbage pass over what has been imported: after every run of a page it looks at all else.

    With torch and what comes with it that would take longer than most runs. Only where modules have come since is anything done,
    so that what is in use just then and will be garbage later, and would be kept, does not pile up.
    """
    if (modules := len(sys.modules)) <= _settled[-1]:
        return
    _settled.append(modules)
    gc.unfreeze()
    gc.collect()
    gc.freeze()
