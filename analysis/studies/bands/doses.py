"""How far the audio embedding moves, and what becomes of S, when a constant is added to one band of A4.

How far is said twice: as a cosine distance, which is what retrieval sees, and as the L2 norm of the change of the embedding as it
leaves the head, before any normalisation, which is what arXiv 2604.10283 gives in table 9 (at +0.1 standard deviations).

A4 is z-scored, so that every band has mean 0 over time: a constant shift is off the manifold of recordings and shows what the
network computes, not what a sound could do. The control is a shift as far (the same Euclidean norm) and as constant in time, in a
direction that is random over the bands: one per window, drawn several times, of which the mean counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy import ndarray
from torch import Tensor

from analysis.datasets.segments import Segment
from analysis.descriptors.descriptor import Descriptor
from analysis.descriptors.interventions import shift_band, spread_over_bands
from analysis.descriptors.registry import find_descriptor
from analysis.errors import ConfigError
from analysis.measures.geometry import cosine_distance
from analysis.measures.retrieval import s_score
from analysis.models.checkpoint import Checkpoint
from analysis.numbers import Key, Value
from analysis.readings.altered import AS_IT_IS, Change, under_changes, window_seeds
from analysis.readings.embeddings import Weights
from analysis.readings.study_run import StudyRun
from analysis.rows import columns
from analysis.studies.bands.filters import DISTANCE
from analysis.studies.bands.published import PUBLISHED_DOSE
from analysis.studies.bands.rows import RANDOM, DoseRow
from analysis.studies.bands.tables import Findings, Model, bands_between, mean_value
from analysis.studies.pools.scores import PoolScores

MOST_DOSES = 10
CHANGE_OF_EMBEDDING = "L2 change of the embedding"
NORM = "mean L2 norm of the change of the joint audio embedding as it leaves the head"
N_DRAWS = 8  # of a random direction for every window
Wanted = tuple[int | None, float]  # band, None for a random direction; dose


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


def bands_of(checkpoint: Checkpoint) -> Descriptor | None:
    """The descriptor of its audio side, if its features are frequency bands; None otherwise."""
    entry = checkpoint.model_config.audio_entry if checkpoint.of_family.has_arms else None
    descriptor = None if entry is None else find_descriptor(entry.descriptor)
    return descriptor if descriptor is not None and descriptor.look.edges_hz else None


def shift_bands(
    findings: Findings, study_run: StudyRun, checkpoint: Checkpoint, weights: Weights, doses: Sequence[float], scores: PoolScores
) -> None:
    """Add rows of doses, values of the dose nearest to 1 and norms of ±0.1, and arrays `dose.*` and `dose_l2.*`.

    The arrays are (rows of the table, windows).

    Raises:
        ConfigError: it is given no descriptor of bands.
        OutOfMemoryError: not even one window fits.
        Cancelled: somebody asked to stop.
    """
    if (banded := bands_of(checkpoint)) is None:
        raise ConfigError(
            f"{checkpoint.name} is given no descriptor of bands; expected one such as A4. Choose another checkpoint."
        )
    signed = [*(-dose for dose in reversed(doses)), *doses]
    wanted: list[Wanted] = [(band, dose) for band in range(banded.width) for dose in signed]
    wanted += [(None, dose) for dose in doses]
    changes: dict[str, Change] = {}
    for band, dose in wanted:
        for number, name in enumerate(_names(band, dose)):
            changes[name] = partial(_spread, scores.seed, number, dose) if band is None else partial(_shift, band, dose)
    audio = under_changes(study_run.part(0, 2), checkpoint, scores.segments, weights, "audio", changes, scores.seed)
    midi = under_changes(study_run.part(1, 2), checkpoint, scores.segments, weights, "midi", {}, scores.seed)[AS_IT_IS]
    findings.doses += _rows(findings, Model(checkpoint.name, weights), banded, wanted, audio, midi, scores)


def _rows(
    findings: Findings,
    model: Model,
    banded: Descriptor,
    wanted: Sequence[Wanted],
    audio: Mapping[str, ndarray],
    midi: ndarray,
    scores: PoolScores,
) -> list[DoseRow]:
    """Bands in their order, doses rising; the random direction last, of which every number is a mean over its draws."""
    before, draws, bands = scores.ranks(audio[AS_IT_IS], midi), scores.window_draws, bands_between(banded.look.edges_hz)
    base = audio[AS_IT_IS]
    distances = [np.mean([cosine_distance(audio[change], base) for change in _names(*shift)], axis=0) for shift in wanted]
    norms = [np.mean([np.linalg.norm(audio[change] - base, axis=1) for change in _names(*shift)], axis=0) for shift in wanted]
    nulls, norm_nulls = ({shift[1]: float(row.mean()) for shift, row in zip(wanted, rows, strict=True) if shift[0] is None}
                         for rows in (distances, norms))  # fmt: skip
    array, l2_array = findings.keep("dose", distances), findings.keep("dose_l2", norms)
    (nearest,) = nearest_one(tuple(nulls))
    rows = []
    for number, (band, dose) in enumerate(wanted):
        where = (RANDOM, None, None) if band is None else bands[band]
        key = {**model._asdict(), "descriptor": banded.name, "band": where[0], "sd": dose}
        null, norm_null = (None, None) if band is None else (nulls[abs(dose)], norm_nulls[abs(dose)])
        moved = mean_value({**key, "what": "distance"}, distances[number], draws, null, "", DISTANCE)
        norm = mean_value({**key, "what": CHANGE_OF_EMBEDDING}, norms[number], draws, norm_null, "", NORM)
        drop = _drop(key, before, [scores.ranks(audio[name], midi) for name in _names(band, dose)], scores)
        findings.values += [moved, norm, drop] if abs(dose) == nearest else [norm] if abs(dose) == PUBLISHED_DOSE else []
        row = DoseRow(
            *model, *where, dose, **columns(moved), drop=drop.value, drop_ci_low=drop.ci_low, drop_ci_high=drop.ci_high,
            l2=norm.value, l2_ci_low=norm.ci_low, l2_ci_high=norm.ci_high, l2_null=norm_null, array=array, l2_array=l2_array,
            row=number,
        )  # fmt: skip
        rows.append(row)
    return rows


def _drop(key: Key, before: ndarray, after: Sequence[ndarray], scores: PoolScores) -> Value:
    """S lost; the mean of what is lost under each of several changes."""
    first = scores.drop(key, before, after[0])
    if len(after) == 1:
        return first
    lost = s_score(*before) - float(np.mean([s_score(*ranks) for ranks in after]))
    left = np.mean([scores.s_on_draws(ranks) for ranks in after], axis=0)
    low, high = scores.draws.interval(scores.s_on_draws(before) - left)
    return replace(
        first, value=lost, ci_low=low, ci_high=high, estimator=f"mean of {len(after)} random directions, {first.estimator}"
    )


def _names(band: int | None, dose: float) -> list[str]:
    """Names of the changes: one for a band, one per draw for a random direction."""
    return [f"band {band} {dose:+g}"] if band is not None else [f"{RANDOM} {dose:+g}, draw {n}" for n in range(N_DRAWS)]


def _shift(band: int, dose: float, descriptor: Tensor, _segments: Sequence[Segment]) -> Tensor:
    return shift_band(descriptor, band, dose)


def _spread(seed: int, draw: int, dose: float, descriptor: Tensor, segments: Sequence[Segment]) -> Tensor:
    return spread_over_bands(descriptor, window_seeds(segments, seed, f"random direction of A4, draw {draw}"), dose)
