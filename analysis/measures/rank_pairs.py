"""Self-similarities compared by the order of their pairs, those next to each other left out."""

import numpy as np
from jaxtyping import Float, Float64, Int64
from numpy import ndarray

from analysis.errors import ShapeError


def far_pairs(n: int, apart: int) -> tuple[Int64[ndarray, " pairs"], Int64[ndarray, " pairs"]]:
    """Rows and columns of the pairs of `n` moments that are `apart` or more from each other, each once.

    What is next to each other is alike in everything that does not jump, whatever it is.

    Raises:
        ShapeError: there is no such pair.

    >>> [side.tolist() for side in far_pairs(4, 2)]
    [[0, 0, 1], [2, 3, 3]]
    """
    if n <= apart:
        raise ShapeError(f"Of {n} moments none are {apart} apart; expected more. Take longer windows, or a tower of more tokens.")
    first, second = np.triu_indices(n, apart)
    return first.astype(np.int64), second.astype(np.int64)


def scaled_ranks(values: Float[ndarray, "rows pairs"]) -> Float64[ndarray, "rows pairs"]:
    """Centred ranks of every row, ties averaged, so scaled that the sum of the products of two rows is their ρ_a.

    ρ_a = 12 xᵀy / (m³ − m) − 3 (m + 1) / (m − 1), x and y ranks of m pairs: the rank correlation that is expected where ties are
    broken at random (`analysis.measures.rsa`). A row without order has ρ_a 0 with every other.

    >>> ranks = scaled_ranks(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [5.0, 5.0, 5.0]]))
    >>> (ranks @ ranks.T).round(6).tolist()
    [[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """
    from scipy.stats import rankdata  # slow to import

    m = values.shape[1]
    ranks = np.asarray(rankdata(values, axis=1), np.float64) - (m + 1) / 2
    return ranks / np.sqrt(max(m**3 - m, 1) / 12)


def rank_correlations(
    matrices: Float[ndarray, "a n n"], references: Float[ndarray, "b n n"], apart: int
) -> Float64[ndarray, "a b"]:
    """ρ_a of every self-similarity with every reference over pairs that are `apart` or more from each other.

    Raises:
        ShapeError: there is no such pair.
    """
    first, second = far_pairs(matrices.shape[1], apart)
    return scaled_ranks(matrices[:, first, second]) @ scaled_ranks(references[:, first, second]).T
