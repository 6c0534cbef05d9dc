"""How sure a measured number is."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Shaped
from numpy import ndarray
from numpy.typing import NDArray

from analysis.seeding import numpy_generator


def bootstrap_by_piece(
    groups: Shaped[ndarray, " q"],
    statistic: Callable[[NDArray[np.int64]], float],
    *,
    n_resamples: int = 1000,
    seed: int,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile interval of `statistic`, whole pieces drawn with replacement.

    Windows of one piece are alike, so drawing windows would give an interval that is too narrow.

    Args:
        groups: the piece of every query.
        statistic: number from the indices of the queries drawn, repetitions included.
        n_resamples: number of draws.
        seed: the same seed gives the same interval.
        level: share of the draws inside the interval.
    """
    _, piece = np.unique(groups, return_inverse=True)
    members = [np.flatnonzero(piece == number) for number in range(int(piece.max()) + 1)]
    rng = numpy_generator(seed, "bootstrap by piece")
    draws = [
        statistic(np.concatenate([members[number] for number in rng.integers(len(members), size=len(members))]))
        for _ in range(n_resamples)
    ]
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
