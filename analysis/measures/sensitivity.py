"""How far an output moves when an input is changed, and what can be read back from it."""

import numpy as np
from jaxtyping import Float, Float64, Int64, Shaped
from numpy import ndarray

from analysis.measures.geometry import unit_rows


def distance_to_others(rows: Float[ndarray, "n d"], groups: Int64[ndarray, " n"]) -> Float64[ndarray, " n"]:
    """Mean cosine distance of each row to the rows of other groups; 0 where there is no other group.

    >>> distance_to_others(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), np.array([0, 0, 1])).tolist()
    [1.0, 1.0, 1.0]
    """
    unit = unit_rows(rows)
    squared = ((unit**2).sum(axis=1)[:, None] + (unit**2).sum(axis=1) - 2 * unit @ unit.T).clip(0) / 2
    others = groups[:, None] != groups
    return (squared * others).sum(axis=1) / np.maximum(others.sum(axis=1), 1)


def held_out_correlations(
    x: Float[ndarray, "n positions d"],
    y: Float[ndarray, "n positions k"],
    folds: Int64[ndarray, " n"],
    *,
    shrinkage: float = 0.01,
) -> Float64[ndarray, "n k"]:
    """Pearson correlation over the positions of each example between `y` and its linear prediction from `x`.

    Both are centred in every example, so that only what changes along the positions counts. The ridge regression that predicts a
    fold has not seen it. 0 where `y` or the prediction does not change.

    Args:
        x: predictors.
        y: what is predicted.
        folds: fold of every example; at least two different ones, and examples that are alike belong into one.
        shrinkage: ridge penalty as a share of the mean eigenvalue of the predictors' covariance.
    """
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    correlations = np.zeros((len(y), y.shape[2]))
    numbers = np.unique(folds)
    flat = [(x[folds == fold].reshape(-1, x.shape[2]), y[folds == fold].reshape(-1, y.shape[2])) for fold in numbers]
    squares = np.stack([(own_x.T @ own_x).astype(np.float64) for own_x, _ in flat])
    products = np.stack([(own_x.T @ own_y).astype(np.float64) for own_x, own_y in flat])
    for number, held_out in enumerate(numbers):
        square = squares.sum(axis=0) - squares[number]
        penalty = max(shrinkage * np.trace(square) / len(square), np.finfo(np.float64).tiny)
        weights = np.linalg.solve(square + penalty * np.eye(len(square)), products.sum(axis=0) - products[number])
        rows = folds == held_out
        correlations[rows] = _correlations(x[rows] @ weights, y[rows])
    return correlations


def _correlations(first: Shaped[ndarray, "n positions k"], other: Shaped[ndarray, "n positions k"]) -> Float64[ndarray, "n k"]:
    """Cosine over the positions, of what is centred there; 0 for zeros."""
    size = np.linalg.norm(first.astype(np.float64), axis=1) * np.linalg.norm(other.astype(np.float64), axis=1)
    return np.divide(np.einsum("npk,npk->nk", first, other), size, out=np.zeros(size.shape), where=size > 1e-12)
