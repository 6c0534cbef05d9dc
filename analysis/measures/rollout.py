"""Attention rollout: from which tokens of the input every token of a layer may have come (Abnar & Zuidema, ACL 2020, 2005.00928).

With Ā the mean pattern of the heads of a block, R₀ = I and Rₗ = (½ Āₗ + ½ I) Rₗ₋₁: half of every token is its own residual. It
follows attention alone: values, feed-forward layers and the true size of the residual are not seen, so that an untrained model
has a rollout as well, which is to be looked at beside it.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float64
from numpy import ndarray

from analysis.errors import ShapeError

RESIDUAL = 0.5


def rollout(patterns: Sequence[Float[ndarray, "heads queries keys"]]) -> Float64[ndarray, "layers tokens tokens"]:
    """Rollout after every block; rows are tokens of that block, columns those of the input of block 1, and rows sum to 1.

    Args:
        patterns: of the blocks in their order, special tokens included.

    Raises:
        ShapeError: there is no block, or not all have the same tokens on both sides.

    >>> rollout([np.array([[[0.0, 1.0], [0.0, 1.0]]])]).tolist()
    [[[0.5, 0.5], [0.0, 1.0]]]
    """
    shapes = {pattern.shape[1:] for pattern in patterns}
    if len(shapes) != 1 or len({*next(iter(shapes))}) != 1:
        raise ShapeError(f"Rollout needs blocks whose queries and keys are the same tokens; got {sorted(shapes) or 'no block'}.")
    rolled = np.eye(len(patterns[0][0]))
    layers = []
    for pattern in patterns:
        mean = np.asarray(pattern, np.float64).mean(axis=0)
        rolled = (1 - RESIDUAL) * mean @ rolled + RESIDUAL * rolled
        layers.append(rolled)
    return np.stack(layers)
