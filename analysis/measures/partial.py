"""How two quantities go together beyond what a third one does with both."""

import numpy as np
from jaxtyping import Float64, Shaped
from numpy import ndarray

from analysis.errors import ShapeError

FLAT = 1e-12  # share of its own variance that must be left of a quantity


def partial_correlations(
    curves: Shaped[ndarray, "curves moments"], marks: Shaped[ndarray, " marks"], control: Shaped[ndarray, " controls"]
) -> Float64[ndarray, " curves"]:
    """Pearson correlation of every curve with `marks`, given `control`: of what straight lines in it leave of both.

    (r_xy − r_xz r_yz) / √((1 − r_xz²)(1 − r_yz²)); NaN where a curve or the marks do not vary beyond the control.

    Raises:
        ShapeError: there are not as many moments everywhere.

    >>> marks, control = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0])
    >>> partial_correlations(np.stack([marks + 5 * control, control]), marks, control).round(6).tolist()
    [1.0, nan]
    """
    if not curves.shape[1] == len(marks) == len(control):
        got = f"{curves.shape[1]}, {len(marks)} and {len(control)}"
        raise ShapeError(f"Curves, marks and control are of the same moments; got {got}. Take all of one window.")
    z = control - control.mean()
    left = [_residual(np.asarray(values, np.float64), z) for values in (curves, marks[None])]
    norms = [np.linalg.norm(values, axis=1) for values in left]
    spread = [np.linalg.norm(values - values.mean(axis=1, keepdims=True), axis=1) for values in (curves, marks[None])]
    varies = (norms[0] > FLAT**0.5 * spread[0]) & (norms[1] > FLAT**0.5 * spread[1]) & (norms[0] > 0) & (norms[1] > 0)
    product = left[0] @ left[1][0]
    return np.divide(product, norms[0] * norms[1], out=np.full(len(curves), np.nan), where=varies)


def _residual(values: Float64[ndarray, "curves moments"], z: Float64[ndarray, " moments"]) -> Float64[ndarray, "curves moments"]:
    centred = values - values.mean(axis=1, keepdims=True)
    return centred - np.outer(centred @ z, z) / (z @ z) if (z @ z) > 0 else centred
