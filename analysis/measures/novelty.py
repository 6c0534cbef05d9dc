"""How much a recording changes at a moment, read off its self-similarity."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.errors import ShapeError


def checkerboard_novelty(similarity: Float[ndarray, "moments moments2"], half: int) -> Float[ndarray, " moments"]:
    """Correlation of a self-similarity with a checkerboard along its diagonal (Foote 2000, with a Gaussian taper).

    Between moments i − 1 and i it is the mean similarity within the `half` moments before and within those after, less the mean
    across, weighted by exp(−2 (d/half)²) for moments d and d' away each; halved, and 0 where it would be negative. It is in the
    unit of the similarity. At the ends, what is there counts.

    Args:
        similarity: symmetric.
        half: moments on either side.

    Raises:
        ShapeError: the matrix is not square, or there is no moment on a side.

    >>> blocks = np.kron(np.eye(2), np.ones((4, 4)))
    >>> checkerboard_novelty(blocks, 2).round(2).tolist()
    [0.0, 0.0, 0.0, 0.07, 1.0, 0.07, 0.0, 0.0]
    """
    n = len(similarity)
    if similarity.shape != (n, n) or half < 1:
        raise ShapeError(f"Expected a square self-similarity and a half of at least 1; got {similarity.shape} and {half}.")
    novelty = np.zeros(n)
    for moment in range(1, n):
        before, after = min(half, moment), min(half, n - moment)
        away = np.concatenate([np.arange(before, 0, -1) - 0.5, np.arange(after) + 0.5]) / half
        weights = np.exp(-2 * away**2)
        block = similarity[moment - before : moment + after, moment - before : moment + after]
        old, new = weights[:before], weights[before:]
        within = old @ block[:before, :before] @ old / old.sum() ** 2 + new @ block[before:, before:] @ new / new.sum() ** 2
        across = old @ block[:before, before:] @ new / (old.sum() * new.sum())
        novelty[moment] = max(0.0, within / 2 - across)
    return novelty
