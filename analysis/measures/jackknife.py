"""Intervals of similarities over works, from what they are without each of them."""

import numpy as np
from jaxtyping import Int64, Shaped
from numpy import ndarray
from scipy.special import stdtrit


def jackknife_interval(
    value: float,
    without: Shaped[ndarray, " works"],
    sizes: Int64[ndarray, " works"],
    *,
    bounded: bool = True,
    level: float = 0.95,
) -> tuple[float, float] | None:
    """Interval of a similarity from its values without each work (delete-group jackknife, t with works − 1 degrees of freedom).

    A bootstrap draws works twice, and the kernel between an example and its copy is that of the example with itself: off the
    diagonal, where the debiased estimate counts it, it adds the bias back. The jackknife repeats nothing. For works of different
    sizes it is that of Busing, Meijer & van der Leeden (1999). Simulated (20 works of 5 windows, an effect of the work as large
    as that of the window) it holds the mean of the estimates in 94 to 96 of 100 cases, in 99 where nothing is shared.

    That mean is what such windows give: those of one work are alike on both sides, which raises every similarity, and its null
    by works alike (`shuffles_by_work`). One window per work gives the similarity of independent examples.

    Args:
        value: with all works.
        without: without each.
        sizes: examples of each work.
        bounded: whether values end at ±1: the interval is then made on the scale of artanh.
        level: share of intervals that hold the expected value.

    Returns:
        None where there are fewer than 3 works.
    """
    n_works = len(without)
    if n_works < 3:
        return None
    if bounded and max(abs(value), float(np.abs(without).max())) > 1 - 1e-12:
        return value, value
    scale, back = (np.arctanh, np.tanh) if bounded else (np.float64, np.float64)
    centre, others = scale(value), np.asarray(scale(without))
    ratio = sizes.sum() / sizes
    pseudo = ratio * centre - (ratio - 1) * others
    variance = float(np.mean((pseudo - (n_works * centre - np.sum((1 - 1 / ratio) * others))) ** 2 / (ratio - 1)))
    reach = float(stdtrit(n_works - 1, (1 + level) / 2)) * variance**0.5
    return float(back(centre - reach)), float(back(centre + reach))
