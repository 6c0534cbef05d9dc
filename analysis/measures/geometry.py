"""Directions of rows: their lengths taken away, and the angles between them."""

import numpy as np
from jaxtyping import Float, Float64
from numpy import ndarray


def unit_rows(rows: Float[ndarray, "n d"]) -> Float64[ndarray, "n d"]:
    """Rows scaled to length 1 in fp64; Euclidean distance then orders as cosine does. A row of zeros stays.

    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    wide = np.asarray(rows, np.float64)
    return wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), np.finfo(np.float64).tiny)


def cosine(rows: Float[ndarray, "n d"], others: Float[ndarray, "m d"] | None = None) -> Float64[ndarray, "n m"]:
    """Cosine of every row to every other row, or to every one of `others`; 0 to a row of zeros.

    >>> cosine(np.array([[2.0, 0.0]]), np.array([[3.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])).tolist()
    [[1.0, 0.0, -1.0]]
    """
    unit = unit_rows(rows)
    return unit @ (unit if others is None else unit_rows(others)).T


def cosine_distance(first: Float[ndarray, "n d"], other: Float[ndarray, "n d"]) -> Float64[ndarray, " n"]:
    """1 − cosine of each row to the row beside it: 0 in the same direction, 2 in the opposite one.

    Half the squared distance of the normalised rows, which does not lose small distances to rounding. A row of zeros is at
    distance 0 from another and at ½ from anything else.

    >>> cosine_distance(np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([[0.0, 3.0], [-1.0, 0.0]])).tolist()
    [1.0, 2.0]
    """
    return ((unit_rows(first) - unit_rows(other)) ** 2).sum(axis=1) / 2
