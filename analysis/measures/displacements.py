"""Where a change moves embeddings: how far beside other works, and whether two encoders move alike."""

import numpy as np
from jaxtyping import Bool, Float, Float64, Shaped
from numpy import ndarray

from analysis.measures.geometry import cosine

SMALLEST = 1e-9  # a mean cosine distance below it is that of rows that are all alike


def distance_between_works(rows: Float[ndarray, "n d"], works: Shaped[ndarray, " n"]) -> float | None:
    """Mean cosine distance of two rows of different works; None where there is one work only, or all rows point alike.

    >>> distance_between_works(np.eye(2), np.array(["a", "b"]))
    1.0
    """
    apart = _of_different_works(works)
    if not apart.any():
        return None
    distance = float(1.0 - cosine(rows)[apart].mean())
    return distance if distance > SMALLEST else None


def displacement_alignment(
    first: Float[ndarray, "n d"], second: Float[ndarray, "n d"], works: Shaped[ndarray, " n"]
) -> tuple[Float64[ndarray, " n"], Float64[ndarray, " n"]]:
    """Cosine of each row of `first` to the row of `second` beside it, and its mean over those of other works, both ways.

    Rows are displacements. The second is what the first would be if a change moved every window alike; a row of zeros has
    the cosine 0 to any.

    Args:
        first: displacements by one encoder.
        second: displacements of the same windows by the other.
        works: the work of every window; there must be two or more.

    >>> matched, mismatched = displacement_alignment(np.eye(2), 3 * np.eye(2), np.array([0, 1]))
    >>> matched.tolist(), mismatched.tolist()
    ([1.0, 1.0], [0.0, 0.0])
    """
    cosines = cosine(first, second)
    apart = _of_different_works(works)
    both_ways = (cosines + cosines.T) / 2
    return np.diagonal(cosines).copy(), np.where(apart, both_ways, 0.0).sum(axis=1) / apart.sum(axis=1)


def _of_different_works(works: Shaped[ndarray, " n"]) -> Bool[ndarray, "n n"]:
    return works[:, None] != works[None, :]
