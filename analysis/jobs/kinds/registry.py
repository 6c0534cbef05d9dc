"""Which kinds of job there are: a kind names a function, which is imported only where it runs."""

import importlib
from collections.abc import Callable, Mapping

from analysis.jobs.job import JobError
from analysis.jobs.kinds.kind import JobKind, Request
from analysis.run import RunContext

JobFunction = Callable[[Request, RunContext], object]

MODULES = ("battery", "clip", "clip_probes", "clip_question", "corpus_heads", "study", "sweep", "train", "training_distance")
REGISTERED: dict[str, JobKind] = {}


def register(kind: JobKind) -> None:
    """Make a kind known that is not part of the library; one of the same name takes its place."""
    REGISTERED[kind.name] = kind


def forget(name: str) -> None:
    """Take back what was registered."""
    REGISTERED.pop(name, None)


def kinds() -> dict[str, JobKind]:
    """All kinds by name: those of the library, then what was registered."""
    ours: dict[str, JobKind] = {name: importlib.import_module(f"analysis.jobs.kinds.{name}").KIND for name in MODULES}
    return ours | REGISTERED


def find_kind(name: str, among: Mapping[str, JobKind] | None = None) -> JobKind:
    """The kind of a name: among all, if not told among which.

    Raises:
        JobError: there is no such kind.

    >>> find_kind("clip").partial_results
    False
    """
    known = kinds() if among is None else among
    if name not in known:
        raise JobError(f"Unknown kind of job {name!r}: expected one of {', '.join(sorted(known))}.")
    return known[name]


def load(function: str) -> JobFunction:
    """Import the function behind "package.module:function"."""
    module, _, name = function.partition(":")
    return getattr(importlib.import_module(module), name)
