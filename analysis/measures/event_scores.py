"""Curves held against events over many windows: thresholds and the best curve are chosen on half of the works, F1 is of the rest.

Of many curves the best is good by luck as well; what is chosen on other works is not. The null moves the peaks of a window along
it, circularly, by a random share of its length: they keep their number and their spacing, and lose their relation to the events.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped
from numpy import ndarray

from analysis.errors import ShapeError
from analysis.measures.events import Peaks, count_hits, f1
from analysis.measures.head_scores import halves
from analysis.measures.resampling import Interval, WorkDraws
from analysis.seeding import numpy_generator

THRESHOLDS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0)
N_SHIFTS = 10


@dataclass(frozen=True, eq=False)
class EventScores:
    """Curves against events in the windows of the works on which nothing was chosen.

    Attributes:
        groups: the work of every tested window.
        thresholds: of every curve, in standard deviations.
        chosen_f1: F1 of every curve where its threshold was chosen.
        hits: of every window and curve.
        estimates: peaks above the threshold.
        references: events of every window.
        shifted: hits with peaks moved in time, mean over draws.
    """

    groups: Shaped[ndarray, " windows"]
    thresholds: Float64[ndarray, " curves"]
    chosen_f1: Float64[ndarray, " curves"]
    hits: Int64[ndarray, "windows curves"]
    estimates: Int64[ndarray, "windows curves"]
    references: Int64[ndarray, " windows"]
    shifted: Float64[ndarray, "windows curves"]

    @property
    def best(self) -> int:
        """The curve with the highest F1 where thresholds were chosen, the first of equals."""
        return int(self.chosen_f1.argmax())

    @property
    def f1(self) -> Float64[ndarray, " curves"]:
        """Of every curve, over all tested windows together."""
        return f1(*self._totals(self.hits))

    @property
    def null_f1(self) -> Float64[ndarray, " curves"]:
        """The same with peaks moved in time."""
        return f1(*self._totals(self.shifted))

    @property
    def precision(self) -> Float64[ndarray, " curves"]:
        """Share of peaks that hit, 0 where there is none."""
        hits, estimates = self.hits.sum(axis=0).astype(np.float64), self.estimates.sum(axis=0)
        return np.divide(hits, estimates, out=np.zeros_like(hits), where=estimates > 0)

    @property
    def recall(self) -> Float64[ndarray, " curves"]:
        """Share of events that are hit, 0 where there is none."""
        return self.hits.sum(axis=0) / max(float(self.references.sum()), 1.0)

    def draws_of(self, curve: int, draws: WorkDraws) -> Float64[ndarray, " draws"]:
        """F1 of a curve on every draw of the tested works."""
        return draws.ratios(2.0 * self.hits[:, curve], self.references + self.estimates[:, curve])

    def interval(self, curve: int, draws: WorkDraws) -> Interval:
        """95 % interval of the F1 of a curve over works."""
        return draws.interval(self.draws_of(curve, draws))

    def _totals(self, hits: Shaped[ndarray, "windows curves"]) -> tuple[ndarray, ndarray, ndarray]:
        estimates = self.estimates.sum(axis=0)
        return hits.sum(axis=0), np.full_like(estimates, self.references.sum()), estimates


def score_events(
    peaks: Sequence[Sequence[Peaks]], events_s: Sequence[Shaped[ndarray, " _"]], groups: Shaped[ndarray, " windows"], *,
    tolerance_s: float, window_s: float | Shaped[ndarray, " windows"], seed: int, n_shifts: int = N_SHIFTS,
) -> EventScores:  # fmt: skip
    """Thresholds of all curves chosen on half of the works, and hits on the other half.

    Args:
        peaks: of every window and curve, in seconds from the start of the window.
        events_s: of every window, rising, in the same seconds.
        groups: the work of every window.
        tolerance_s: how far a peak may be from an event that it hits.
        window_s: how long windows are, over which peaks are moved.
        seed: deals the works and draws the shifts; the same seed deals the same works alike.
        n_shifts: draws of the null.

    Raises:
        ShapeError: there are fewer than two works, or not as many windows everywhere.
    """
    if not len(peaks) == len(events_s) == len(groups):
        raise ShapeError(f"Windows differ: got {len(peaks)} with peaks, {len(events_s)} with events, {len(groups)} works.")
    chooses = halves(groups, seed)
    first, rest = np.flatnonzero(chooses).tolist(), np.flatnonzero(~chooses).tolist()
    hits, estimates = _over_thresholds([peaks[number] for number in first], [events_s[number] for number in first], tolerance_s)
    n_events = sum(len(events_s[number]) for number in first)
    of_thresholds = f1(hits, np.full_like(hits, n_events), estimates)
    thresholds = np.array(THRESHOLDS)[of_thresholds.argmax(axis=1)]
    kept = [[of.above(t) for of, t in zip(peaks[number], thresholds.tolist(), strict=True)] for number in rest]
    events = [events_s[number] for number in rest]
    tested = [[count_hits(of, times, tolerance_s) for times in curves] for of, curves in zip(events, kept, strict=True)]
    lengths = np.broadcast_to(window_s, len(groups))[~chooses]
    return EventScores(
        groups[~chooses],
        thresholds,
        of_thresholds.max(axis=1),
        np.array(tested, np.int64),
        np.array([[len(times) for times in curves] for curves in kept], np.int64),
        np.array([len(of) for of in events], np.int64),
        _shifted(kept, events, lengths, tolerance_s, numpy_generator(seed, "shifted peaks").random((n_shifts, len(rest)))),
    )


def _over_thresholds(
    peaks: Sequence[Sequence[Peaks]], events_s: Sequence[ndarray], tolerance_s: float
) -> tuple[Int64[ndarray, "curves thresholds"], Int64[ndarray, "curves thresholds"]]:
    """Hits and peaks over all windows, by curve and threshold."""
    n_curves = len(peaks[0])
    hits, estimates = (np.zeros((n_curves, len(THRESHOLDS)), np.int64) for _ in range(2))
    for curves, events in zip(peaks, events_s, strict=True):
        for curve, of in enumerate(curves):
            for number, threshold in enumerate(THRESHOLDS):
                times = of.above(threshold)
                hits[curve, number] += count_hits(events, times, tolerance_s)
                estimates[curve, number] += len(times)
    return hits, estimates


def _shifted(
    kept: Sequence[Sequence[ndarray]], events: Sequence[ndarray], lengths: ndarray, tolerance_s: float,
    shares: Float64[ndarray, "draws windows"],
) -> Float64[ndarray, "windows curves"]:  # fmt: skip
    """Hits where all peaks of a window are moved by a share of its length, what leaves it at the end coming in at the start."""
    hits = np.zeros((len(kept), len(kept[0]) if kept else 0))
    for shift in shares:
        for number, (curves, of) in enumerate(zip(kept, events, strict=True)):
            length, moved_s = float(lengths[number]), float(shift[number] * lengths[number])
            hits[number] += [count_hits(of, np.sort((times + moved_s) % length), tolerance_s) for times in curves]
    return hits / max(len(shares), 1)


def is_tested(groups: Shaped[ndarray, " windows"], seed: int) -> Bool[ndarray, " windows"]:
    """Which windows are those of the tested works."""
    return ~halves(groups, seed)
