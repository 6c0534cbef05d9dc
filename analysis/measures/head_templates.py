"""Where a head would look if it followed onsets, beats, repetitions or pitch classes: a weight for every query and key.

Onsets: 1 for a key within 50 ms of one. Beats: cos 2π(φₖ − φ_q), φ in beats, so that its mean is the part of attention over lag
that comes back with every beat. Repetitions and pitch classes: 1 for a key that has again what the query has. What would be
attended to anyway, because it is near or goes on from the query, does not count.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64, Shaped
from numpy import ndarray

from analysis.errors import ShapeError
from analysis.measures.geometry import cosine

Kind = Literal["onset-locked", "beat-periodic", "bar-periodic", "repetition-aligned", "pitch-class-locked"]
KINDS: tuple[Kind, ...] = ("onset-locked", "beat-periodic", "bar-periodic", "repetition-aligned", "pitch-class-locked")
NEAR_S = 0.05
CONTEXT_S = 0.25
REPEATS = 0.9


@dataclass(frozen=True, eq=False)
class Template:
    """Weights of the keys for every query.

    Attributes:
        weight: from −1 to 1; it moves along the axis of keys where a null is made.
        counts: pairs of a query and a key that count at all; they stay.
    """

    weight: Float64[ndarray, "queries keys"]
    counts: Bool[ndarray, "queries keys"]


def onset_template(
    query_times_s: Shaped[ndarray, " queries"], key_times_s: Shaped[ndarray, " keys"], onsets_s: Shaped[ndarray, " onsets"]
) -> Template:
    """Keys within 50 ms of an onset, or within half a step of keys that are more than 100 ms apart; all pairs count.

    >>> onset_template(np.zeros(1), np.array([0.0, 0.1, 0.2]), np.array([0.11])).weight.tolist()
    [[0.0, 1.0, 0.0]]
    """
    step_s = float(np.median(np.diff(key_times_s))) if len(key_times_s) > 1 else 0.0
    near = _nearest_s(key_times_s, onsets_s) <= max(NEAR_S, step_s / 2) + 1e-9
    shape = len(query_times_s), len(key_times_s)
    return Template(np.broadcast_to(near.astype(np.float64), shape).copy(), np.ones(shape, bool))


def periodic_template(query_position: Float[ndarray, " queries"], key_position: Float[ndarray, " keys"]) -> Template:
    """Cosine of the lag in periods; only pairs that are half a period or more apart count.

    Attention that falls off with distance, straight or ever more slowly, has no positive mean then: what is near is no rhythm.

    Args:
        query_position: of the queries, in beats or bars (`positions`).
        key_position: of the keys.
    """
    lag = np.asarray(key_position, np.float64) - np.asarray(query_position, np.float64)[:, None]
    return Template(np.cos(2 * np.pi * lag), np.abs(lag) >= 0.5)


def repetition_template(
    query_chroma: Float[ndarray, "queries features"],
    key_chroma: Float[ndarray, "keys features"],
    query_times_s: Float[ndarray, " queries"],
    key_times_s: Float[ndarray, " keys"],
) -> Template:
    """Keys whose surroundings sound like those of the query: chroma of ±0.25 s at a cosine of 0.9 or more, self excluded.

    Args:
        query_chroma: pitch classes around every query, such as `in_context` gives.
        key_chroma: the same around every key.
        query_times_s: rising.
        key_times_s: rising.
    """
    alike = cosine(query_chroma, key_chroma) >= REPEATS
    return Template(alike.astype(np.float64), elsewhere(alike, query_times_s, key_times_s))


def pitch_class_template(
    query_sounds: Bool[ndarray, "queries 12"],
    key_sounds: Bool[ndarray, "keys 12"],
    query_times_s: Float[ndarray, " queries"],
    key_times_s: Float[ndarray, " keys"],
) -> Template:
    """Keys at which the very pitch classes of the query sound, self excluded; silence is equal to nothing.

    >>> c, d = np.eye(12, dtype=bool)[[0, 2]]
    >>> times_s = np.arange(3.0)
    >>> template = pitch_class_template(np.stack([c]), np.stack([c, d, c]), times_s[:1], times_s)
    >>> (template.weight * template.counts).tolist()
    [[0.0, 0.0, 1.0]]
    """
    equal = np.all(query_sounds[:, None] == key_sounds, axis=2) & np.any(query_sounds, axis=1)[:, None]
    return Template(equal.astype(np.float64), elsewhere(equal, query_times_s, key_times_s))


def elsewhere(
    alike: Bool[ndarray, "queries keys"], query_times_s: Float[ndarray, " queries"], key_times_s: Float[ndarray, " keys"]
) -> Bool[ndarray, "queries keys"]:
    """Keys that are not the query itself: neither the key nearest in time nor what goes on from there without a break.

    >>> elsewhere(np.array([[True, True, False, True]]), np.array([0.0]), np.arange(4.0)).tolist()
    [[False, False, True, True]]
    """
    own = np.abs(key_times_s - query_times_s[:, None]).argmin(axis=1)
    breaks = np.asarray(np.cumsum(~alike, axis=1))  # equal within a run of keys that are alike
    rows = np.arange(len(own))
    same_run = alike & (breaks == breaks[rows, own][:, None]) & alike[rows, own][:, None]
    same_run[rows, own] = True
    return ~same_run


def positions(times_s: Float[ndarray, " times"], beats_s: Float[ndarray, " beats"]) -> Float64[ndarray, " times"]:
    """Times counted in beats: straight between two of them, and beyond the ends at the pace of the first and last.

    Raises:
        ShapeError: there are fewer than two beats, or they do not rise.

    >>> positions(np.array([0.25, 1.5, 3.0]), np.array([0.0, 0.5, 1.5])).tolist()
    [0.5, 2.0, 3.5]
    """
    if len(beats_s) < 2 or (np.diff(beats_s) <= 0).any():
        raise ShapeError(f"Positions in beats need two or more that rise; got {np.asarray(beats_s)[:4].tolist()}. Give more.")
    within = np.interp(times_s, beats_s, np.arange(len(beats_s), dtype=np.float64))
    before = np.minimum(times_s - beats_s[0], 0.0) / (beats_s[1] - beats_s[0])
    after = np.maximum(times_s - beats_s[-1], 0.0) / (beats_s[-1] - beats_s[-2])
    return within + before + after


def in_context(chroma: Float[ndarray, "times features"], times_s: Float[ndarray, " times"]) -> Float64[ndarray, "times wide"]:
    """Every row beside those nearest to 0.25 s before and after it, each with the mean of its features taken off."""
    centred = np.asarray(chroma, np.float64) - chroma.mean(axis=1, keepdims=True)
    rows = [nearest(times_s, times_s + shift_s) for shift_s in (-CONTEXT_S, 0.0, CONTEXT_S)]
    return np.concatenate([centred[row] for row in rows], axis=1)


def nearest(rising_s: Float[ndarray, " times"], times_s: Float[ndarray, " others"]) -> Int64[ndarray, " others"]:
    """Number of the nearest of rising times to every other time.

    >>> nearest(np.array([0.0, 1.0, 4.0]), np.array([-1.0, 0.4, 3.0])).tolist()
    [0, 0, 2]
    """
    return np.searchsorted((rising_s[1:] + rising_s[:-1]) / 2, times_s).astype(np.int64)


def sounding_classes(
    times_s: Float[ndarray, " times"],
    onset_s: Shaped[ndarray, " notes"],
    offset_s: Shaped[ndarray, " notes"],
    pitch: Shaped[ndarray, " notes"],
) -> Bool[ndarray, "times 12"]:
    """Pitch classes from C that sound at every time: of the notes that have begun and not ended.

    >>> sounding_classes(np.array([0.5, 1.5]), np.array([0.0]), np.array([1.0]), np.array([61])).sum(axis=1).tolist()
    [1, 0]
    """
    on = (times_s[:, None] >= onset_s - 1e-9) & (times_s[:, None] < offset_s)
    classes = np.zeros((len(times_s), 12), bool)
    for pitch_class in range(12):
        classes[:, pitch_class] = on[:, pitch % 12 == pitch_class].any(axis=1)
    return classes


def _nearest_s(times_s: Shaped[ndarray, " times"], events_s: Shaped[ndarray, " events"]) -> Float64[ndarray, " times"]:
    """Distance of every time to the nearest event; infinite without any."""
    if not len(events_s):
        return np.full(len(times_s), np.inf)
    return np.abs(np.asarray(times_s, np.float64)[:, None] - events_s).min(axis=1)
