"""Queries and matches counted by work: what paired tests over works need, as evaluations keep it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64
from numpy import ndarray

from analysis.files import Json

DIRECTIONS = "audio_to_midi", "midi_to_audio"
WAYS = {"canonical": DIRECTIONS, "views": ("first_to_second", "second_to_first")}


@dataclass(frozen=True, eq=False)
class WorkCounts:
    """Counts by work.

    Attributes:
        works: their names, rising.
        queries: of every work.
        hits: matches among the first ten, audio to MIDI and MIDI to audio.
    """

    works: tuple[str, ...]
    queries: Int64[ndarray, " works"]
    hits: Int64[ndarray, "2 works"]

    def record(self, directions: tuple[str, str] = DIRECTIONS) -> Json:
        """As it stands in the configuration of a checkpoint, where the directions may be called otherwise."""
        ways = dict(zip(directions, self.hits.tolist(), strict=True))
        return {"works": list(self.works), "queries": self.queries.tolist(), **ways}


@dataclass(frozen=True)
class PoolCounts:
    """What an evaluation says of the pool of one model: counts by work, S and chance of S."""

    counts: WorkCounts
    s: float
    chance: float


def read_counts(evaluation: Mapping[str, object], weights: str = "trained") -> PoolCounts | None:
    """The counts of an evaluation, on the canonical pool, else on that of second views; None where they lack or are unsound.

    An evaluation may come from anywhere, so it is checked: works are names in rising order, counts whole numbers, one for every
    work, and no more matches than queries.
    """
    model = evaluation.get(weights)
    pools = {name: model[name] for name in WAYS if name in model} if isinstance(model, Mapping) else {}
    name, pool = next(iter(pools.items()), ("canonical", None))
    counts = pool.get("by_work") if isinstance(pool, Mapping) else None
    if not isinstance(pool, Mapping) or not isinstance(counts, Mapping):
        return None
    works, s, chance = counts.get("works"), pool.get("S"), pool.get("chance")
    if not isinstance(works, list) or not works or works != sorted(set(map(str, works))):
        return None
    if not _is_share(s) or not _is_share(chance):
        return None
    try:
        queries, hits = np.array(counts.get("queries")), np.array([counts.get(way) for way in WAYS[name]])
    except (ValueError, OverflowError):
        return None
    whole = queries.dtype == hits.dtype == np.int64 and queries.shape == (len(works),) and hits.shape == (2, len(works))
    if not whole or not (queries > 0).all() or not (hits >= 0).all() or not (hits <= queries).all():
        return None
    return PoolCounts(WorkCounts(tuple(works), queries, hits), float(str(s)), float(str(chance)))


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
