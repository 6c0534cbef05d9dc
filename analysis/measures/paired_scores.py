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
    return hits_exchange_p(a, b, n_permutations=n_permutations, seed=seed)


def hits_exchange_p(a: Int[ndarray, "2 works"], b: Int[ndarray, "2 works"], *, n_permutations: int = 2000, seed: int) -> float:
    """As `s_exchange_p`, from the matches among the first `k` of two models, counted by work on the same queries.

    Args:
        a: of one model, both directions.
        b: of the other.
        n_permutations: number of exchanges.
        seed: the same seed gives the same p.
    """
    rng, n_works = numpy_generator(seed, "paired permutation by piece"), a.shape[1]
    exchanged = np.stack([rng.integers(2, size=n_works) for _ in range(n_permutations)])
    moved = exchanged @ (b - a).T
    apart = np.min(a.sum(axis=1) + moved, axis=1) - np.min(b.sum(axis=1) - moved, axis=1)
    observed = a.sum(axis=1).min() - b.sum(axis=1).min()
    return (1 + int(np.count_nonzero(np.abs(apart) >= abs(observed)))) / (1 + n_permutations)


def s_of_hits(hits: Int[ndarray, "2 works"], queries: Int[ndarray, " works"]) -> float:
    """S from the matches among the first ten, counted by work: the worse recall of the two directions.

    >>> s_of_hits(np.array([[3, 1], [2, 1]]), np.array([4, 2]))
    0.5
    """
    return float(hits.sum(axis=1).min() / queries.sum())


def s_of_hits_on_resamples(
    draws: WorkDraws, hits: Int[ndarray, "2 works"], queries: Int[ndarray, " works"]
) -> Float64[ndarray, " draws"]:
    """The same on every draw of works; `draws` are of the works themselves, in the order of the counts."""
    return np.min(draws.counts @ hits.T, axis=1) / (draws.counts @ queries)


def _hits(ranks: Int[ndarray, "2 q"], work: Shaped[ndarray, " q"], k: int) -> Int64[ndarray, "2 works"]:
    """Matches among the first `k`, counted by work."""
    return np.stack([np.bincount(work[of_direction <= k], minlength=int(work.max()) + 1) for of_direction in ranks])
