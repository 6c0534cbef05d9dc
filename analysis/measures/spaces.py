"""How a space is laid out: neighbours that a map keeps, cosines of matched and other pairs, the gap between modalities.

Intervals are over works (see `analysis.measures.resampling`), from sums per work, so that a thousand draws cost no more than one.
"""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Bool, Float, Float64, Int
from numpy import ndarray

from analysis.errors import ShapeError
from analysis.measures.geometry import unit_rows
from analysis.measures.resampling import FEWEST_WORKS, Interval, WorkDraws, interval_over_works
from analysis.seeding import numpy_generator

N_EXCHANGES = 2000
BLOCK_ROWS = 256
Step = Callable[[], None]


def nearest(rows: Float[ndarray, "n d"], k: int, step: Step | None = None) -> Int[ndarray, "n k"]:
    """The `k` nearest other points of every point by Euclidean distance, nearest first; of equals the first in order.

    >>> nearest(np.array([[0.0], [1.0], [3.0]]), 1)[:, 0].tolist()
    [1, 0, 1]
    """
    return np.concatenate([np.argsort(block, axis=1, kind="stable")[:, :k] for _, block in _distances(rows, step)])


def trustworthiness(
    rows: Float[ndarray, "n d"], near: Int[ndarray, "n k"], step: Step | None = None
) -> tuple[Float[ndarray, " n"], float]:
    """Trustworthiness (Venna & Kaski 2001) of every point, whose mean is that of the map, and what a map at random has.

    1 if the neighbours in the map are neighbours in the space; less, the farther away those are that moved in. For a map at
    random each neighbour has any rank from 1 to n − 1, which gives 1 − m (m + 1) / ((n − 1)(2n − 3k − 1)), m = n − 1 − k.

    Args:
        rows: the points in their space.
        near: `nearest` of the same points in the map.
        step: called between blocks of rows; it may raise to stop.

    Raises:
        ShapeError: k is not below half the number of points.
    """
    n, k = near.shape
    if not 0 < k < n / 2:
        raise ShapeError(f"Trustworthiness of {n} points is defined for 1 to {(n - 1) // 2} neighbours; got {k}.")
    penalty = np.empty(n)
    for start, block in _distances(rows, step):
        order = np.argsort(block, axis=1, kind="stable")
        rank = np.empty_like(order)
        np.put_along_axis(rank, order, np.arange(1, n + 1)[None, :], axis=1)
        moved_in = np.take_along_axis(rank, near[start : start + len(block)], axis=1) - k
        penalty[start : start + len(block)] = np.maximum(moved_in, 0).sum(axis=1)
    m, largest = n - 1 - k, 2 * n - 3 * k - 1
    return 1 - 2 * penalty / (k * largest), 1 - m * (m + 1) / ((n - 1) * largest)


def shared_neighbours(first: Int[ndarray, "n k"], other: Int[ndarray, "n k"]) -> Float[ndarray, " n"]:
    """Share of every point's k nearest neighbours in one space that are among its k nearest in the other; chance k / (n − 1).

    >>> shared_neighbours(np.array([[1, 2], [0, 2], [0, 1]]), np.array([[1, 2], [2, 0], [1, 3]])).tolist()
    [1.0, 1.0, 0.5]
    """
    return np.mean(np.any(first[:, :, None] == other[:, None, :], axis=2), axis=1)


def _distances(rows: Float[ndarray, "n d"], step: Step | None) -> Iterator[tuple[int, Float64[ndarray, "rows n"]]]:
    """(first row, squared distances of a block of rows to all points, infinite to themselves), block by block."""
    wide = np.asarray(rows, np.float64)
    centred = wide - wide.mean(axis=0)
    squares = np.sum(centred**2, axis=1)
    for start in range(0, len(wide), BLOCK_ROWS):
        if step:
            step()
        stop = min(start + BLOCK_ROWS, len(wide))
        block = squares[start:stop, None] - 2 * centred[start:stop] @ centred.T + squares[None, :]
        block[np.arange(stop - start), np.arange(start, stop)] = np.inf
        yield start, block


def modality_gap(audio: Float[ndarray, "n d"], midi: Float[ndarray, "n d"]) -> float:
    """Distance between the centroids of the rows of length 1 of both modalities (Liang et al. 2022): 0 to 2.

    >>> modality_gap(np.array([[2.0, 0.0]]), np.array([[0.0, 5.0]])) == np.sqrt(2)
    np.True_
    """
    return float(np.linalg.norm(np.mean(unit_rows(audio) - unit_rows(midi), axis=0)))


def gap_interval(audio: Float[ndarray, "n d"], midi: Float[ndarray, "n d"], works: WorkDraws) -> Interval:
    """95 % interval of the modality gap; none with fewer than 3 works.

    A centroid of few works lies off by chance, which makes the gap larger, and drawing works anew adds that a second time. So
    the squared gaps of the draws are moved to have the squared gap as their mean, and cut off at 0.
    """
    if works.n_works < FEWEST_WORKS:
        return None, None
    difference = works.sums(unit_rows(audio) - unit_rows(midi))
    squared = np.sum((works.counts @ difference) ** 2, axis=1) / (works.counts @ works.sizes) ** 2
    low, high = interval_over_works(squared - squared.mean() + modality_gap(audio, midi) ** 2, works.n_works)
    return float(np.sqrt(max(low, 0.0))), float(np.sqrt(max(high, 0.0)))


def exchanged_gap(audio: Float[ndarray, "n d"], midi: Float[ndarray, "n d"], works: WorkDraws) -> tuple[float, float]:
    """The modality gap if modality meant nothing, and p: audio and MIDI exchanged at random within the pairs of whole works.

    The mean over exchanges, and (1 + number of exchanges with a gap as large) / (1 + number of exchanges).
    """
    difference = works.sums(unit_rows(audio) - unit_rows(midi)) / works.sizes.sum()
    rng = numpy_generator(works.seed, "exchanged modalities")
    gaps = np.linalg.norm((1 - 2 * rng.integers(2, size=(N_EXCHANGES, works.n_works))) @ difference, axis=1)
    as_large = np.count_nonzero(gaps >= modality_gap(audio, midi) - 1e-12)
    return float(gaps.mean()), (1 + as_large) / (1 + N_EXCHANGES)


def gap_shares(audio: Float[ndarray, "n d"], midi: Float[ndarray, "n d"]) -> Float[ndarray, " n"]:
    """What every pair adds to the modality gap, its difference along the line between the centroids; their mean is the gap."""
    difference = unit_rows(audio) - unit_rows(midi)
    line = difference.mean(axis=0)
    return difference @ (line / max(float(np.linalg.norm(line)), np.finfo(np.float64).tiny))


def wins(
    cosine: Float[ndarray, "n n"], allowed: Bool[ndarray, "n n"], works: WorkDraws, step: Step | None = None
) -> tuple[Float[ndarray, "works works works"], Float[ndarray, "works works"]]:
    """Over how many allowed pairs matched ones win: `[of works h, k, matched of work g]`, ties half; and allowed pairs `[h, k]`.

    A matched pair is on the diagonal of `cosine`, `[audio window, MIDI window]`; the pairs allowed are what it is compared with.
    """
    matched = np.diag(cosine)
    won, pairs = np.zeros((works.n_works,) * 3), np.zeros((works.n_works,) * 2)
    members = [np.flatnonzero(works.work == work) for work in range(works.n_works)]
    for h, mine in enumerate(members):
        if step:
            step()
        for k, theirs in enumerate(members):
            block = np.ix_(mine, theirs)
            values = np.sort(cosine[block][allowed[block]])
            pairs[h, k] = len(values)
            below = np.searchsorted(values, matched, "left") + np.searchsorted(values, matched, "right")
            won[h, k] = works.sums(below / 2)
    return won, pairs


def auc(won: Float[ndarray, "works works works"], pairs: Float[ndarray, "works works"], works: WorkDraws) -> float | None:
    """Area under the ROC curve: how often a matched pair is more alike than another, ties half; None without others.

    From the counts of `wins`; chance is 0.5.
    """
    below = works.sizes.sum() * pairs.sum()
    return float(won.sum() / below) if below else None


def auc_draws(
    won: Float[ndarray, "works works works"], pairs: Float[ndarray, "works works"], works: WorkDraws, step: Step | None = None
) -> Float[ndarray, " b"]:
    """The AUC of every draw of works, both modalities of a work drawn together; NaN for a draw without other pairs.

    The windows of a work that is drawn twice are paired with those of other works twice, and twice with their own.
    """
    areas = np.full(len(works.counts), np.nan)
    for number, times in enumerate(works.counts):
        if step and number % 50 == 0:
            step()
        weights = np.outer(times, times)
        np.fill_diagonal(weights, times)
        if below := (times @ works.sizes) * np.sum(weights * pairs):
            areas[number] = weights.ravel() @ won.reshape(-1, works.n_works) @ times / below
    return areas
