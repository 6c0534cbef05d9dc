"""Which kinds of job there are: a kind names a function, which is imported only where it runs."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from analysis.jobs.job import JobError
from analysis.run import RunContext

JobFunction = Callable[[dict[str, Any], RunContext], Any]

KINDS: Mapping[str, str] = {
    "battery": "analysis.jobs.battery:battery",
    "clip": "analysis.jobs.clips:clip",
    "study": "analysis.jobs.studies:study",
    "train": "analysis.jobs.tasks:train",
}


def target_of(kind: str, registry: Mapping[str, str]) -> str:
    """The "package.module:function" behind a kind.

    Raises:
        JobError: there is no such kind.
    """
    if kind not in registry:
        raise JobError(f"Unknown kind of job {kind!r}: expected one of {', '.join(sorted(registry))}.")
    return registry[kind]


def load(target: str) -> JobFunction:
    """Import the function behind "package.module:function"."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)
