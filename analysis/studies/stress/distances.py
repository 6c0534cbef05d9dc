"""How far a change moves every layer, in units of the distance to another piece; with intervals by work."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32
from numpy import ndarray

from analysis.measures.displacements import distance_between_works
from analysis.measures.geometry import cosine_distance
from analysis.measures.resampling import WorkDraws
from analysis.numbers import WHAT, Key, Value

ESTIMATOR = "mean of 1 − cosine, as a share of that between windows of different works"
DISTANCE = "distance moved"  # the quantity
Rows = Mapping[str, Float[ndarray, "n d"]]


@dataclass(frozen=True)
class TapDistance:
    """How far a change moves a layer.

    Attributes:
        tap: where activations are read.
        layer: its name on an axis.
        distance: mean over windows, as a share of the yardstick; its value is None without one.
        yardstick: mean cosine distance of windows of different works; None where the layer tells no two windows apart.
    """

    tap: str
    layer: str
    distance: Value
    yardstick: float | None


def mean_over_windows(
    key: Key, per_window: Float[ndarray, " n"], works: WorkDraws, null: float | None = None, estimator: str = ESTIMATOR
) -> Value:
    """Mean in fp64 with its interval, a pure number; without an interval where works are few."""
    low, high = works.interval(works.means(per_window))
    return Value(key, float(np.mean(per_window, dtype=np.float64)), low, high, len(per_window), null, "", estimator)


def yardsticks(rows: Rows, works: WorkDraws) -> dict[str, float | None]:
    """Mean distance of windows of different works, by tap; None where a layer tells no two windows apart."""
    return {tap: distance_between_works(array, works.groups) for tap, array in rows.items()}


def tap_distances(before: Rows, after: Rows) -> Float32[ndarray, "taps n"]:
    """Cosine distance of every window from `before` to `after`, tap by tap in the order of `before`."""
    return np.stack([cosine_distance(rows, after[tap]) for tap, rows in before.items()]).astype(np.float32)


def relative(distances: Float32[ndarray, "taps n"], yardstick: Mapping[str, float | None]) -> Float32[ndarray, "taps n"]:
    """Distances as shares of the yardstick of their tap: 1 is as far as another piece. 0 without a yardstick."""
    shares = [rows / unit if unit else np.zeros_like(rows) for rows, unit in zip(distances, yardstick.values(), strict=True)]
    return np.stack(shares).astype(np.float32)


def tap_rows(
    key: Key, distances: Float[ndarray, "taps n"], yardstick: Mapping[str, float | None], works: WorkDraws
) -> list[TapDistance]:
    """How far every tap moved; the last one is the joint embedding.

    There is no null: a distance is never below 0, so that no interval could hold what an unchanged window gives. What a distance
    is compared with are the yardstick and the untrained twin.
    """
    rows = []
    for (tap, unit), per_window in zip(yardstick.items(), distances, strict=True):
        moved = mean_over_windows({**key, WHAT: DISTANCE}, per_window, works)
        if not unit:
            moved = replace(moved, value=None, ci_low=None, ci_high=None)
        rows.append(TapDistance(tap, layer_title(tap), moved, unit))
    return rows


def layer_title(tap: str) -> str:
    """Name of a layer on an axis.

    >>> [layer_title(tap) for tap in ("audio.in", "midi.block.3", "audio.embedding")]
    ['in', '3', 'emb']
    """
    return {"in": "in", "embedding": "emb"}.get(last := tap.split(".")[-1], last)
