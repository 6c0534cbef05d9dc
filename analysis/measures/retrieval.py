"""How well an embedding finds the right candidate in a pool."""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray


def ranks(
    queries: Float[ndarray, "q d"], candidate_embeddings: Float[ndarray, "n d"], pools: Int[ndarray, "q pool"]
) -> Int[ndarray, " q"]:
    """Rank of column 0 of each pool by cosine similarity to its query; 1 is best and ties count against.

    `pools` holds rows of `candidate_embeddings`. A similarity that is not finite never ranks the positive first.

    >>> ranks(np.array([[1.0, 0.0]]), np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 1.0]]), np.array([[0, 1, 2]])).tolist()
    [2]
    """
    left, right = _unit(queries), _unit(candidate_embeddings)
    result = np.empty(len(pools), np.int64)
    for row, pool in enumerate(pools):
        similarity = np.einsum("nd,d->n", right[pool], left[row])
        result[row] = 1 + np.count_nonzero(~(similarity[1:] < similarity[0]))
    return result


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


def _unit(rows: Float[ndarray, "n d"]) -> Float[ndarray, "n d"]:
    wide = np.asarray(rows, np.float64)
    return wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), np.finfo(np.float64).tiny)
