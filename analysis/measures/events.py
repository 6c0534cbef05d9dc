"""Events in time: peaks of a curve, events that belong together, and how many of two lists of events agree.

An estimate hits a reference event where both are at most a tolerance apart and neither is taken twice; the number of hits is the
largest that any assignment reaches, as in `mir_eval.onset.f_measure` (Raffel et al. 2014). F1 is 2 · hits / (events + estimates).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Shaped
from numpy import ndarray

from analysis.errors import ShapeError

SLACK_S = 1e-9  # of rounding, where events are exactly a tolerance apart
FLAT = 1e-9  # a curve that varies less, by its largest magnitude, has no peaks


class Peaks(NamedTuple):
    """Local maxima of a curve: their times in seconds, rising, and by how many standard deviations they stand out."""

    times_s: Float64[ndarray, " peaks"]
    heights: Float64[ndarray, " peaks"]

    def above(self, threshold: float) -> Float64[ndarray, " kept"]:
        """Times of those that stand out as far, or farther."""
        return self.times_s[self.heights >= threshold]


def find_peaks(
    curve: Shaped[ndarray, " moments"], times_s: Shaped[ndarray, " times"], *, apart_s: float, around_s: float
) -> Peaks:
    """Moments at which a curve is largest within `apart_s`, the first of equals, and how far they stand out.

    The mean of what lies within `around_s` is taken off; the height of a peak is what is left, in standard deviations of what is
    left over the whole curve, and above 0. A curve that does not vary has no peaks.

    Args:
        curve: its values.
        times_s: rising, evenly spaced.
        apart_s: peaks are farther apart than this, or than a moment where moments are farther apart.
        around_s: on either side.

    Raises:
        ShapeError: there are not as many times as values.

    >>> find_peaks(np.array([0.0, 0.0, 3.0, 0.0, 0.0]), np.arange(5) * 0.1, apart_s=0.1, around_s=9.0).times_s.tolist()
    [0.2]
    """
    n = len(curve)
    if len(times_s) != n:
        raise ShapeError(f"A curve has as many times as values; got {len(times_s)} and {n}. Give both of one window.")
    values = np.asarray(curve, np.float64)
    if n < 3 or np.ptp(values) <= FLAT * np.abs(values).max():
        return Peaks(np.zeros(0), np.zeros(0))
    step_s = float(times_s[-1] - times_s[0]) / (n - 1)
    reach, around = max(1, int(apart_s / step_s + SLACK_S)), max(1, round(around_s / step_s))
    padded = np.pad(values, reach, constant_values=-np.inf)
    sides = np.lib.stride_tricks.sliding_window_view(padded, reach).max(axis=1)
    is_peak = (values > sides[:n]) & (values >= sides[reach + 1 :])
    total = np.concatenate([[0.0], np.cumsum(values)])
    low, high = np.maximum(np.arange(n) - around, 0), np.minimum(np.arange(n) + around + 1, n)
    left = values - (total[high] - total[low]) / (high - low)
    is_peak &= left > 0
    return Peaks(np.asarray(times_s, np.float64)[is_peak], left[is_peak] / left.std())


def join_events(times_s: Shaped[ndarray, " events"], within_s: float) -> Float64[ndarray, " joined"]:
    """Events that follow the first of theirs within so many seconds, such as notes of a chord, as one at their mean.

    >>> join_events(np.array([0.0, 0.02, 0.04, 1.0]), 0.03).round(3).tolist()
    [0.01, 0.04, 1.0]
    """
    joined: list[list[float]] = []
    for time_s in np.sort(np.asarray(times_s, np.float64)).tolist():
        if joined and time_s - joined[-1][0] <= within_s + SLACK_S:
            joined[-1].append(time_s)
        else:
            joined.append([time_s])
    return np.array([float(np.mean(group)) for group in joined], np.float64)


def count_hits(reference_s: Shaped[ndarray, " events"], estimate_s: Shaped[ndarray, " estimates"], tolerance_s: float) -> int:
    """The largest number of pairs of an event and an estimate at most `tolerance_s` apart, none of either taken twice.

    Both rise. In the order of time the earliest that are near enough are paired: of two lists on a line nothing can be gained by
    leaving out the earlier one, so that no other assignment has more pairs.

    >>> count_hits(np.array([0.0, 0.06, 1.0]), np.array([0.05, 0.1, 2.0]), 0.05)
    2
    """
    references, estimates = reference_s.tolist(), estimate_s.tolist()
    hits = first = second = 0
    reach = tolerance_s + SLACK_S
    while first < len(references) and second < len(estimates):
        apart = estimates[second] - references[first]
        if apart > reach:
            first += 1
        elif apart < -reach:
            second += 1
        else:
            hits, first, second = hits + 1, first + 1, second + 1
    return hits


def f1(hits: Shaped[ndarray, "*shape"], references: Shaped[ndarray, "*shape"], estimates: Shaped[ndarray, "*shape"]) -> ndarray:
    """2 · hits / (references + estimates), 0 where there are neither.

    >>> f1(np.array([2, 0]), np.array([3, 0]), np.array([3, 0])).round(3).tolist()
    [0.667, 0.0]
    """
    both = np.asarray(references + estimates, np.float64)
    return np.divide(2.0 * hits, both, out=np.zeros_like(both), where=both > 0)
