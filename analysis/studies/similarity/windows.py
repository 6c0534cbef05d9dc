"""The windows that are compared, the work of each, and the orders in which works are shuffled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64
from numpy import ndarray

from analysis.datasets.segments import Segment
from analysis.measures.layer_grids import shuffles_by_work
from analysis.readings.embeddings import spread
from analysis.studies.similarity.rows import WorkRow

FEWEST_WINDOWS = 4  # of which the debiased estimators make something
MAX_WINDOWS = 1_000  # a matrix over windows for every layer of two models is held in fp64


@dataclass(frozen=True)
class WorkShuffles:
    """Which window is of which work, and the orders in which works are shuffled (none where there is one work).

    `seed` draws those, and deals the batches of measures that have any.
    """

    names: tuple[str, ...]
    of_window: Int64[ndarray, " n"]
    orders: Int64[ndarray, "k n"]
    seed: int = 0

    @property
    def sizes(self) -> Int64[ndarray, " works"]:
        """Windows of each."""
        return np.bincount(self.of_window, minlength=len(self.names))

    @property
    def rows(self) -> list[WorkRow]:
        """How many windows are of which work."""
        return [WorkRow(name, n) for name, n in zip(self.names, self.sizes.tolist(), strict=True)]


def choose(
    segments: Sequence[Segment], n_shuffles: int, seed: int, tick: Callable[[], None]
) -> tuple[Sequence[Segment], WorkShuffles]:
    """All windows, or `MAX_WINDOWS` of them, evenly spread, and their works, shuffled so many times.

    Args:
        segments: all that there are.
        n_shuffles: draws of the null.
        seed: of these.
        tick: called before each; may raise to stop.
    """
    chosen = spread(segments, MAX_WINDOWS)
    names = tuple(dict.fromkeys(segment.piece.group for segment in chosen))
    of_window = np.array([names.index(segment.piece.group) for segment in chosen], np.int64)
    if len(names) < 2 or not n_shuffles:
        return chosen, WorkShuffles(names, of_window, np.empty((0, len(chosen)), np.int64), seed)
    return chosen, WorkShuffles(names, of_window, shuffles_by_work(of_window, n_shuffles, seed=seed, tick=tick), seed)
