"""How far a change moves every layer, in units of the distance to another piece; with intervals by work."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Float32
from numpy import ndarray

from analysis.measures.displacements import distance_between_works
from analysis.measures.geometry import cosine_distance
from analysis.measures.resampling import WorkDraws
from analysis.numbers import Value

ESTIMATOR = "mean of 1 − cosine, as a share of that between windows of different works"
Rows = Mapping[str, Float[ndarray, "n d"]]
Tally = dict[str, float | None]


def mean_tally(per_window: Float[ndarray, " n"], works: WorkDraws) -> Tally:
    """Mean with its interval, as the columns value, ci_low and ci_high; without an interval where works are few."""
    low, high = works.interval(works.means(per_window))
    return {"value": float(np.mean(per_window, dtype=np.float64)), "ci_low": low, "ci_high": high}


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


def distance_records(
    distances: Float[ndarray, "taps n"], yardstick: Mapping[str, float | None], works: WorkDraws
) -> list[dict[str, Any]]:
    """One record per tap: tap, layer, value, ci_low, ci_high, null, n, yardstick.

    There is no null: a distance is never below 0, so that no interval could hold what an unchanged window gives. What a distance
    is compared with are the yardstick and the untrained twin.
    """
    records = []
    for (tap, unit), per_window in zip(yardstick.items(), distances, strict=True):
        tally = mean_tally(per_window, works) if unit else {"value": None, "ci_low": None, "ci_high": None}
        records.append({"tap": tap, "layer": layer_of(tap), **tally, "null": None, "n": len(per_window), "yardstick": unit})
    return records


def layer_of(tap: str) -> str:
    """Name of a layer on an axis.

    >>> [layer_of(tap) for tap in ("audio.in", "midi.block.3", "audio.embedding")]
    ['in', '3', 'emb']
    """
    return {"in": "in", "embedding": "emb"}.get(last := tap.split(".")[-1], last)


def distance_value(label: str, records: Sequence[Mapping[str, Any]]) -> Value:
    """The distance of the joint embedding, which is the last tap, as a value."""
    last = records[-1]
    return Value(
        f"{label}: distance moved", last["value"], last["ci_low"], last["ci_high"], last["n"], None, "", ESTIMATOR
    )  # fmt: skip
