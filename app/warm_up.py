"""What most pages need and takes long to import, imported while the server waits for the first of them."""

import importlib
import threading
from contextlib import suppress

# Slowest first: a page that needs a module which is just being imported waits for that, and for nothing else.
NEEDED = (
    "torch",
    "analysis.models.checkpoint",
    "analysis.datasets.corpus",
    "analysis.training.comparison",
    "pandas",
    "analysis.clips.use",
    "analysis.jobs.clip_memory",
)


def begin() -> threading.Thread:
    """Import them in a thread that keeps nobody from ending the server."""
    thread = threading.Thread(target=_import, name="warm-up", daemon=True)
    thread.start()
    return thread


def _import() -> None:
    """What cannot be imported is left to the page that needs it, which says so."""
    for name in NEEDED:
        with suppress(Exception):
            importlib.import_module(name)
