"""Beats: an onset envelope from a map of tempo × time, and how well found beats are annotated ones.

Envelope: Marincione et al., PHALAR, arXiv 2605.03929, "zero-shot beat tracking". Scores: Davies, Degara and Plumbley, Evaluation
Methods for Musical Audio Beat Tracking Algorithms, 2009, as `mir_eval.beat` computes them (Raffel et al. 2014).
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Shaped
from numpy import ndarray

from analysis.errors import ShapeError
from analysis.measures.events import count_hits, f1

TOLERANCE_S = 0.07
PHASE, PERIOD = 0.175, 0.175  # of the interval between beats
DEVIATIONS = 3.0
FEWEST_ON = 3


class BeatScores(NamedTuple):
    """How well found beats are annotated ones, each from 0 to 1.

    Attributes:
        f: F1 of beats at most 70 ms apart, none taken twice.
        cmlt: share of beats, of found or annotated ones, whichever are more, that are right in phase and in interval, each
            within 17.5 % of the interval between beats.
        amlt: the largest such share of the annotated beats, those between them, both together, and every second of them.
    """

    f: float
    cmlt: float
    amlt: float


def onset_map(scores: Shaped[ndarray, "tempi moments"]) -> Float64[ndarray, "tempi moments"]:
    """Where scores rise suddenly along time.

    The difference of the next and the last moment, 0 at both ends; of the cells in which it exceeds its mean by more than 3
    standard deviations those that have 3 or more of them in the 3 × 3 around, and then all that touch one. There the difference
    is kept where it is above 0; what the source keeps of cells that are only touched it does not say.

    Raises:
        ShapeError: there are fewer than 3 moments.
    """
    if scores.ndim != 2 or scores.shape[1] < 3:
        raise ShapeError(f"A map has tempi and 3 or more moments; got the shape {scores.shape}. Use a longer stretch.")
    values = np.asarray(scores, np.float64)
    rises = np.zeros_like(values)
    rises[:, 1:-1] = values[:, 2:] - values[:, :-2]
    sudden = rises > rises.mean() + DEVIATIONS * rises.std()
    kept = _around(sudden & (_around(sudden) >= FEWEST_ON)) >= 1
    return np.where(kept, np.maximum(rises, 0.0), 0.0)


def _around(cells: Bool[ndarray, "rows columns"]) -> ndarray:
    """How many cells are on in the 3 × 3 around every cell, itself among them."""
    padded = np.pad(cells.astype(np.int64), 1)
    return np.lib.stride_tricks.sliding_window_view(padded, (3, 3)).sum(axis=(2, 3))


def onset_envelope(scores: Shaped[ndarray, "tempi moments"]) -> Float64[ndarray, " moments"]:
    """`onset_map`, summed over tempi.

    Raises:
        ShapeError: as `onset_map`.
    """
    return onset_map(scores).sum(axis=0)


def score_beats(annotated_s: Shaped[ndarray, " beats"], found_s: Shaped[ndarray, " found"]) -> BeatScores:
    """F1, CMLt and AMLt of beats in seconds; both rise. CMLt and AMLt are 0 where there are fewer than 2 of either.

    >>> score_beats(np.arange(0.5, 9.0, 0.5), np.arange(0.5, 9.0, 1.0)).amlt
    1.0
    """
    hits = np.array(count_hits(annotated_s, found_s, TOLERANCE_S))
    f = float(f1(hits, np.array(len(annotated_s)), np.array(len(found_s))))
    if min(len(annotated_s), len(found_s)) < 2:
        return BeatScores(f, 0.0, 0.0)
    shares = [_right(variation, found_s) for variation in variations(np.asarray(annotated_s, np.float64))]
    return BeatScores(f, shares[0], max(shares))


def variations(annotated_s: Float64[ndarray, " beats"]) -> tuple[Float64[ndarray, " _"], ...]:
    """Beats as they are, those half way between them, both, and every second from the first and from the second.

    >>> [of.tolist() for of in variations(np.array([0.0, 1.0, 2.0]))]
    [[0.0, 1.0, 2.0], [0.5, 1.5], [0.0, 0.5, 1.0, 1.5, 2.0], [0.0, 2.0], [1.0]]
    """
    numbers = np.arange(len(annotated_s))
    both = np.interp(np.arange(0, len(annotated_s) - 0.5, 0.5), numbers, annotated_s)
    return annotated_s, both[1::2], both, annotated_s[::2], annotated_s[1::2]


def _right(annotated_s: Float64[ndarray, " beats"], found_s: Shaped[ndarray, " found"]) -> float:
    """Share of beats that are right in phase and interval: intervals to the beat before, of the first to the next."""
    if len(annotated_s) < 2:
        return 0.0
    used: set[int] = set()
    for number, time_s in enumerate(found_s.tolist()):
        distances = np.abs(annotated_s - time_s)
        nearest = int(distances.argmin())
        if nearest in used:
            continue
        is_first = number == 0 or nearest == 0
        expected, between = _interval(annotated_s, nearest, is_first), _interval(found_s, number, is_first)
        if expected > 0 and distances[nearest] / expected < PHASE and abs(1 - between / expected) < PERIOD:
            used.add(nearest)
    return len(used) / max(len(annotated_s), len(found_s))


def _interval(times_s: Shaped[ndarray, " beats"], number: int, forwards: bool) -> float:
    """Seconds from a beat to the next, or from the last to it; the other where that one is not there."""
    last = number + 1 if forwards and number + 1 < len(times_s) else number
    return float(times_s[last] - times_s[last - 1])
