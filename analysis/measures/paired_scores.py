"""S on every draw of works, and the test of a difference in S by work, each at the cost of a matrix product."""

import numpy as np
from jaxtyping import Float64, Int, Int64, Shaped
from numpy import ndarray

from analysis.measures.resampling import WorkDraws
from analysis.seeding import numpy_generator


def s_on_resamples(draws: WorkDraws, ranks: Int[ndarray, "2 q"], k: int = 10) -> Float64[ndarray, " draws"]:
    """S on every draw of works, S the worse recall at `k` of the two directions."""
    return np.minimum(*(draws.means(of_direction <= k) for of_direction in ranks))


def s_exchange_p(
    groups: Shaped[ndarray, " q"],
    first: Int[ndarray, "2 q"],
    second: Int[ndarray, "2 q"],
    k: int = 10,
    *,
    n_permutations: int = 2000,
    seed: int,
) -> float:
    """Two-sided p of the difference in S, the two models exchanged at random for whole works.

    p = (1 + number of exchanges at least as far from zero) / (1 + n_permutations), so it is never zero.

    Args:
        groups: the work of every query.
        first: ranks of one model, both directions.
        second: ranks of the other on the same queries.
        k: of the recall.
        n_permutations: number of exchanges.
        seed: the same seed gives the same p.
    """
    _, work = np.unique(groups, return_inverse=True)
    a, b = (_hits(ranks, work, k) for ranks in (first, second))
    rng, n_works = numpy_generator(seed, "paired permutation by piece"), a.shape[1]
    exchanged = np.stack([rng.integers(2, size=n_works) for _ in range(n_permutations)])
    moved = exchanged @ (b - a).T
    apart = np.min(a.sum(axis=1) + moved, axis=1) - np.min(b.sum(axis=1) - moved, axis=1)
    observed = a.sum(axis=1).min() - b.sum(axis=1).min()
    return (1 + int(np.count_nonzero(np.abs(apart) >= abs(observed)))) / (1 + n_permutations)


def _hits(ranks: Int[ndarray, "2 q"], work: Shaped[ndarray, " q"], k: int) -> Int64[ndarray, "2 works"]:
    """Matches among the first `k`, counted by work."""
    return np.stack([np.bincount(work[of_direction <= k], minlength=int(work.max()) + 1) for of_direction in ranks])
