"""What the kinds of job have in common when they say what they are done to."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from analysis.jobs.kinds.kind import Names, Request

MOST_NAMES = 3


def checkpoints_on_corpus(request: Request, names: Names) -> str:
    """The checkpoints of a study or an examination and its corpus.

    >>> checkpoints_on_corpus({"checkpoints": ["a", "/runs/b", "c", "d"], "settings": {"corpus": "small"}}, Names())
    'a, b and 2 others on small'
    """
    settings, listing = request.get("settings"), request.get("checkpoints")
    usual = settings.get("corpus", "full") if isinstance(settings, Mapping) else "full"
    corpus = names.corpus(str(request.get("corpus") or usual))
    checkpoints = [PurePath(str(name)).name for name in (listing if isinstance(listing, list) else ())]
    return f"{listed(checkpoints)} on {corpus}" if checkpoints else corpus


def listed(names: Sequence[str]) -> str:
    """Names in a sentence, the last of many as a count."""
    few = names if len(names) <= MOST_NAMES else [*names[: MOST_NAMES - 1], f"{len(names) - MOST_NAMES + 1} others"]
    return " and ".join([", ".join(few[:-1]), few[-1]] if len(few) > 1 else few)
