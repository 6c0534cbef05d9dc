"""How far the audio embedding moves, and what becomes of S, when a constant is added to one band of A4.

A4 is z-scored, so that every band has mean 0 over time: a constant shift is off the manifold of recordings and shows what the
network computes, not what a sound could do. The control is a shift as far (the same Euclidean norm) in a direction that is random
over frames and bands.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy import ndarray
from torch import Tensor

from analysis.datasets.segments import Segment
from analysis.descriptors.a4 import A4_EDGES_HZ, N_BANDS
from analysis.descriptors.filters import band_names
from analysis.descriptors.interventions import shift_band, spread_over_bands
from analysis.errors import ConfigError
from analysis.measures.sensitivity import cosine_distance
from analysis.models.checkpoint import Checkpoint
from analysis.studies.ablation_passes import AS_IT_IS, Change, under_changes, window_seeds
from analysis.studies.band_filters import DISTANCE
from analysis.studies.band_tables import Findings, Row, band_columns, columns, mean_value
from analysis.studies.desk import Desk
from analysis.studies.pool_embeddings import Weights
from analysis.studies.stress_scores import PoolScores

MOST_DOSES = 10
RANDOM = "random direction"


def parse_doses(text: str) -> tuple[float, ...]:
    """Rising positive numbers from comma-separated text.

    Raises:
        ConfigError: it is not such a text, or has more than ten.

    >>> parse_doses("1, 0.5")
    (0.5, 1.0)
    """
    try:
        doses = tuple(sorted({float(part) for part in text.split(",")}))
    except ValueError as error:
        raise ConfigError(f"doses is {text!r}; expected positive numbers like 0.5,1,2.") from error
    if not all(0 < dose <= 100 for dose in doses) or len(doses) > MOST_DOSES:
        raise ConfigError(f"doses is {text!r}; expected 1 to {MOST_DOSES} numbers above 0, at most 100.")
    return doses


def nearest_one(doses: Sequence[float]) -> tuple[float, ...]:
    """The dose nearest to one standard deviation.

    >>> nearest_one((0.25, 0.9, 2.0))
    (0.9,)
    """
    return (min(doses, key=lambda dose: abs(dose - 1)),)


def shift_bands(
    found: Findings, desk: Desk, checkpoint: Checkpoint, weights: Weights, doses: Sequence[float], scores: PoolScores
) -> None:
    """Add the table "doses", values of the dose nearest to 1, and arrays `dose.*` (rows of the table, windows).

    Raises:
        OutOfMemoryError: not even one window fits.
        Cancelled: somebody asked to stop.
    """
    signed = [*(-dose for dose in reversed(doses)), *doses]
    changes: dict[str, Change] = {_name(band, dose): partial(_shift, band, dose) for band in range(N_BANDS) for dose in signed}
    changes |= {_name(None, dose): partial(_spread, scores.seed, dose) for dose in doses}
    audio = under_changes(desk.part(0, 2), checkpoint, scores.segments, weights, "audio", changes, scores.seed)
    midi = under_changes(desk.part(1, 2), checkpoint, scores.segments, weights, "midi", {}, scores.seed)[AS_IT_IS]
    wanted = [(band, dose) for band in range(N_BANDS) for dose in signed] + [(None, dose) for dose in doses]
    model = {"checkpoint": checkpoint.name, "weights": weights}
    found.tables["doses"] += _rows(found, model, wanted, audio, midi, scores)


def _rows(
    found: Findings,
    model: Mapping[str, Any],
    wanted: Sequence[tuple[int | None, float]],
    audio: Mapping[str, ndarray],
    midi: ndarray,
    scores: PoolScores,
) -> list[Row]:
    """Bands in their order, doses rising; the random direction last."""
    before, draws, names = scores.s(audio[AS_IT_IS], midi), scores.window_draws, band_names(A4_EDGES_HZ)
    distances = [cosine_distance(audio[_name(band, dose)], audio[AS_IT_IS]) for band, dose in wanted]
    nulls = {dose: float(np.mean(row)) for (band, dose), row in zip(wanted, distances, strict=True) if band is None}
    array, (told,) = found.keep("dose", distances), nearest_one(tuple(nulls))
    rows = []
    for number, (band, dose) in enumerate(wanted):
        place = {"band": RANDOM, "low_hz": None, "high_hz": None} if band is None else band_columns(band, names, A4_EDGES_HZ)
        what = f"{model['checkpoint']}, {model['weights']}, A4 {place['band']} {dose:+g} SD"
        null = None if band is None else nulls[abs(dose)]
        moved = mean_value(f"{what}: distance", distances[number], draws, null, "", DISTANCE)
        drop = scores.drop(what, before, scores.s(audio[_name(band, dose)], midi))
        found.values += [moved, drop] if abs(dose) == told else []
        rows.append(
            {**model, **place, "dose": dose, **columns(moved), **columns(drop, "drop"), "array": array, "row": number}
        )  # fmt: skip
    return rows


def _name(band: int | None, dose: float) -> str:
    return f"{RANDOM if band is None else f'band {band}'} {dose:+g}"


def _shift(band: int, dose: float, descriptor: Tensor, _segments: Sequence[Segment]) -> Tensor:
    return shift_band(descriptor, band, dose)


def _spread(seed: int, dose: float, descriptor: Tensor, segments: Sequence[Segment]) -> Tensor:
    return spread_over_bands(descriptor, window_seeds(segments, seed, "random direction of A4"), dose)
