"""How well an embedding finds the right candidate in a pool."""

import numpy as np
from jaxtyping import Bool, Float, Float64, Int
from numpy import ndarray
from scipy import special

from analysis.measures.geometry import unit_rows


def ranks(
    queries: Float[ndarray, "q d"], candidate_embeddings: Float[ndarray, "n d"], pools: Int[ndarray, "q pool"]
) -> Int[ndarray, " q"]:
    """Rank of column 0 of each pool by cosine similarity to its query; 1 is best and ties count against.

    `pools` holds rows of `candidate_embeddings`. A similarity that is not finite never ranks the positive first.

    >>> ranks(np.array([[1.0, 0.0]]), np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 1.0]]), np.array([[0, 1, 2]])).tolist()
    [2]
    """
    return first_ranks(pool_similarities(queries, candidate_embeddings, pools))


def first_ranks(scores: Float[ndarray, "q pool"]) -> Int[ndarray, " q"]:
    """Rank of column 0 of every row; 1 is best and ties count against, as does a score that is not finite.

    >>> first_ranks(np.array([[0.5, 0.9, 0.5], [0.5, 0.1, 0.2]])).tolist()
    [3, 1]
    """
    return 1 + np.count_nonzero(~(scores[:, 1:] < scores[:, :1]), axis=1)


def pool_similarities(
    queries: Float[ndarray, "q d"], candidate_embeddings: Float[ndarray, "n d"], pools: Int[ndarray, "q pool"]
) -> Float64[ndarray, "q pool"]:
    """Cosine similarity of every query to each candidate of its pool."""
    left, right = unit_rows(queries), unit_rows(candidate_embeddings)
    rows = [np.einsum("nd,d->n", right[pool], left[row]) for row, pool in enumerate(pools)]
    return np.stack(rows) if rows else np.empty(pools.shape)


def pairwise_accuracy(similarity: Float64[ndarray, "q pool"], chosen: Bool[ndarray, "q pool"]) -> Float64[ndarray, " q"]:
    """Share of the chosen candidates that the positive (column 0) outranks, per query; NaN where none is chosen.

    Chance is one half. Ties count against the positive.

    >>> pairwise_accuracy(np.array([[0.5, 0.4, 0.9]]), np.array([[False, True, True]])).tolist()
    [0.5]
    """
    beaten = np.count_nonzero(chosen & (similarity < similarity[:, :1]), axis=1)
    n_chosen = np.count_nonzero(chosen, axis=1)
    return np.where(n_chosen > 0, beaten / np.maximum(n_chosen, 1), np.nan)


def recall_at(ranks: Int[ndarray, " q"], k: int) -> float:
    """Share of queries whose positive is among the first `k`.

    >>> recall_at(np.array([1, 3, 11, 2]), 10)
    0.75
    """
    return float(np.mean(ranks <= k))


def mean_reciprocal_rank(ranks: Int[ndarray, " q"]) -> float:
    """Mean of 1 / rank.

    >>> mean_reciprocal_rank(np.array([1, 2, 4, 4]))
    0.5
    """
    return float(np.mean(1.0 / ranks))


def s_score(ranks_am: Int[ndarray, " q"], ranks_ma: Int[ndarray, " q"], k: int = 10) -> float:
    """The worse recall at `k` of the two directions, audio to MIDI and MIDI to audio."""
    return min(recall_at(ranks_am, k), recall_at(ranks_ma, k))


def chance_of_s(n_queries: int, pool_size: int, k: int = 10) -> float:
    """S on average if all ranks were drawn at random: a little less than k / pool size, being the smaller of two recalls.

    E min(A, B) / n = Σ P(A > h)² / n over h from 0 to n − 1, where A and B count the hits of both directions, each
    Binomial(n, k / pool size); queries are taken to be independent.

    >>> round(chance_of_s(500, 256), 4), round(chance_of_s(10**6, 256), 4), chance_of_s(500, 10)
    (0.0342, 0.039, 1.0)
    """
    beyond = special.bdtrc(np.arange(n_queries), n_queries, min(1.0, k / pool_size))
    return float(np.sum(beyond**2) / n_queries)
