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


def paired_permutation_by_piece(
    groups: Shaped[ndarray, " q"],
    first: Shaped[ndarray, "*outcome q"],
    second: Shaped[ndarray, "*outcome q"],
    statistic: Callable[[ndarray], float],
    *,
    n_permutations: int = 2000,
    seed: int,
) -> float:
    """Two-sided p of `statistic(first) - statistic(second)`, the two exchanged at random for whole pieces.

    p = (1 + number of exchanges at least as far from zero) / (1 + n_permutations), so it is never zero.

    Args:
        groups: the piece of every query.
        first: outcomes of one system, queries last.
        second: outcomes of the other on the same queries.
        statistic: number from outcomes.
        n_permutations: number of exchanges.
        seed: the same seed gives the same p.
    """
    _, piece = np.unique(groups, return_inverse=True)
    rng = numpy_generator(seed, "paired permutation by piece")
    observed = abs(statistic(first) - statistic(second))
    as_far = 0
    for _ in range(n_permutations):
        exchanged = rng.integers(2, size=int(piece.max()) + 1).astype(bool)[piece]
        one, other = np.where(exchanged, second, first), np.where(exchanged, first, second)
        as_far += abs(statistic(one) - statistic(other)) >= observed - 1e-12
    return (1 + as_far) / (1 + n_permutations)
