"""How far rows lie from the nearest of a set of others, and how unusual that is among rows that were held out by work."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped
from numpy import ndarray

from analysis.errors import ShapeError
from analysis.measures.resampling import interval_over_works
from analysis.seeding import numpy_generator

K = 5
N_RESAMPLES = 2000
FEWEST_WORKS = 3  # for an interval over works
ROWS_AT_ONCE = 512


def nearest_distance(rows: Float[ndarray, "n d"], among: Float[ndarray, "m d"], k: int = K) -> Float[ndarray, " n"]:
    """Mean cosine distance (1 − cosine, from 0 to 2) of every row from the `k` nearest of others.

    Raises:
        ShapeError: there are fewer than `k` others, or a row is exactly zero.

    >>> nearest_distance(np.array([[1.0, 0.0]]), np.array([[2.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]), k=2).tolist()
    [0.5]
    """
    if not 1 <= k <= len(among):
        raise ShapeError(f"The {k} nearest of {len(among)} rows cannot be taken. Take as many rows, or fewer of them.")
    if not (rows.any(axis=1).all() and among.any(axis=1).all()):
        raise ShapeError("An embedding is exactly zero, so its cosine distance is undefined. Choose another checkpoint.")
    unit, others = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (rows, among))
    parts = [1 - unit[first : first + ROWS_AT_ONCE] @ others.T for first in range(0, len(unit), ROWS_AT_ONCE)]
    return np.concatenate([np.partition(part, k - 1, axis=1)[:, :k].mean(axis=1) for part in parts])


@dataclass(frozen=True)
class Standing:
    """Where a distance stands among those of held-out windows.

    Attributes:
        distance: mean over the windows that are asked about.
        held_out: mean over held-out works of the mean over their windows.
        share: of held-out windows that are nearer, half of those that are as near; every work counts the same.
        low, high: 95 % interval of that share over works; None for fewer than 3 works.
        p: share of works, the one asked about counted in, whose mean is at least as far.
        n_windows, n_works: held out.
    """

    distance: float
    held_out: float
    share: float
    low: float | None
    high: float | None
    p: float
    n_windows: int
    n_works: int


def standing(
    distances: Float[ndarray, " n"], held_out: Float[ndarray, " m"], works: Shaped[ndarray, " m"], *, seed: int = 0
) -> Standing:
    """How the mean of some distances stands among distances of windows of held-out works.

    Args:
        distances: of the windows that are asked about.
        held_out: of held-out windows.
        works: of each held-out window its work.
        seed: of the resamples of works.

    Raises:
        ShapeError: there are none of either.
    """
    if not len(distances) or not len(held_out):
        raise ShapeError(f"Expected distances of both; got {len(distances)} and {len(held_out)} held-out ones.")
    mine = float(distances.mean())
    nearer = (held_out < mine) + 0.5 * (held_out == mine)
    names = np.unique(works)
    shares, means = (np.array([each[works == name].mean() for name in names]) for each in (nearer, held_out))
    low = high = None
    if len(names) >= FEWEST_WORKS:
        drawn = numpy_generator(seed, "works held out").integers(0, len(names), (N_RESAMPLES, len(names)))
        low, high = (min(max(end, 0.0), 1.0) for end in interval_over_works(shares[drawn].mean(axis=1), len(names)))
    p = float((1 + (means >= mine).sum()) / (1 + len(names)))
    return Standing(mine, float(means.mean()), float(shares.mean()), low, high, p, len(held_out), len(names))
