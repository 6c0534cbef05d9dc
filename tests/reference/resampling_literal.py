"""Bootstrap and permutation of whole works, one draw and one index at a time; slow, and only for tests."""

from collections.abc import Callable

import numpy as np
from numpy import ndarray

from analysis.measures.resampling import FEWEST_WORKS, N_RESAMPLES, interval_over_works
from analysis.seeding import numpy_generator


def bootstrap_by_work(
    groups: ndarray, statistic: Callable[[ndarray], float], *, n_resamples: int = N_RESAMPLES, seed: int
) -> tuple[float, float] | tuple[None, None]:
    """Expanded percentile interval of `statistic`, whole works drawn with replacement; none from fewer than 3 works.

    `statistic` is a number from the indices of the examples drawn, repetitions included.
    """
    members = [np.flatnonzero(groups == name) for name in np.unique(groups)]
    if len(members) < FEWEST_WORKS:
        return None, None
    rng = numpy_generator(seed, "bootstrap by piece")
    draws = [
        statistic(np.concatenate([members[number] for number in rng.integers(len(members), size=len(members))]))
        for _ in range(n_resamples)
    ]
    return interval_over_works(np.array(draws), len(members))


def paired_permutation_by_work(
    groups: ndarray, first: ndarray, second: ndarray, statistic: Callable[[ndarray], float], *, n_permutations: int, seed: int
) -> float:
    """Two-sided p of `statistic(first) - statistic(second)`, examples last, the two exchanged at random for whole works."""
    _, work = np.unique(groups, return_inverse=True)
    rng = numpy_generator(seed, "paired permutation by piece")
    observed = abs(statistic(first) - statistic(second))
    as_far = 0
    for _ in range(n_permutations):
        exchanged = rng.integers(2, size=int(work.max()) + 1).astype(bool)[work]
        one, other = np.where(exchanged, second, first), np.where(exchanged, first, second)
        as_far += abs(statistic(one) - statistic(other)) >= observed - 1e-12
    return (1 + as_far) / (1 + n_permutations)
