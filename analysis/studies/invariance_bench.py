"""Models on the same windows, one pass after the other: what studies of changed inputs share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from analysis.datasets.segments import Segment
from analysis.results import Value
from analysis.studies.desk import Desk
from analysis.studies.invariance_distances import Works
from analysis.studies.layer_means import AS_IT_IS, SIDES, Altered, Side, layer_means
from analysis.studies.pool_embeddings import Weights
from analysis.studies.stress_scores import PoolScores, build_pool

WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
Model = tuple[str, Weights]
Sides = dict[Side, dict[str, ndarray]]


@dataclass
class Bench:
    """What is the same for every model; all passes together, `total` with the listing of windows, fill one progress bar."""

    desk: Desk
    windows: Sequence[Segment]
    pool: PoolScores
    works: Works
    total: int
    done: int = 1

    @property
    def models(self) -> list[Model]:
        """Every checkpoint and its untrained twin."""
        return [(name, weights) for name in self.desk.checkpoints for weights in WEIGHTS]

    def rows(self, model: Model, side: Side, change: Altered = AS_IT_IS) -> dict[str, ndarray]:
        """Rows of every tap of one side: one pass."""
        part = self.desk.part(self.done, self.total)
        self.done += 1
        return layer_means(part, self.desk.checkpoints[model[0]], self.windows, model[1], side, altered=change)

    def plain(self) -> dict[Model, Sides]:
        """Rows of both sides of every model for the windows as they are: two passes per model."""
        return {model: {side: self.rows(model, side) for side in SIDES} for model in self.models}

    def ranks(self, audio: Mapping[str, ndarray], midi: Mapping[str, ndarray]) -> Int[ndarray, "2 q"]:
        """Ranks of the matches from rows of both sides."""
        return self.pool.s(audio["audio.embedding"], midi["midi.embedding"])

    def windows_table(self) -> list[dict[str, Any]]:
        """Which windows: piece, start_s and work, in the order of every array."""
        return [{"piece": one.piece.piece_id, "start_s": one.start_s, "work": one.piece.group} for one in self.windows]

    def pool_arrays(self) -> dict[str, ndarray]:
        """Rows of the windows table that are queries `(q,)` and their candidates `(q, pool)`."""
        return {"query": self.pool.pool.query, "candidates": self.pool.pool.candidates}


def set_up(desk: Desk, windows: Sequence[Segment], n_passes: int, pool_size: int, seed: int) -> Bench:
    """A bench with a pool in which every window is a query.

    Raises:
        CorpusError: the windows cannot fill a pool of 8.
    """
    pool = build_pool(
        desk, windows, n_queries=len(windows), pool_size=pool_size,
        n_same_piece=pool_size // 4, n_same_composer=pool_size // 8, seed=seed,
    )  # fmt: skip
    works = Works(np.array([window.piece.group for window in windows]), seed)
    return Bench(desk, windows, pool, works, n_passes + 1)


def columns(value: Value, prefix: str = "") -> dict[str, float | None]:
    """Value, interval and null as columns."""
    return {f"{prefix}{name}": getattr(value, name) for name in ("value", "ci_low", "ci_high", "null")}
