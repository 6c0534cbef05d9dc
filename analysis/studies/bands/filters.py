"""How far the audio embedding moves, and what becomes of S, when one band is taken out of the sound.

The null is the same sound one sample later: nobody hears it and every frequency keeps its energy, but all samples change, so that
it tells how far an embedding moves for nothing. White noise 60 dB below each window's level is weaker still and stands beside it.
A band that holds no energy cannot matter: its share of the energy stands beside every distance, and the distance per decibel by
which the level falls. Embeddings of an untrained network lie close together, so that the distance between windows of different
works is given, too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypedDict

import numpy as np
import torch
from numpy import ndarray
from torch import Tensor

from analysis.datasets.segments import Segment
from analysis.descriptors.filters import band_names, each_part, energy_shares
from analysis.measures.geometry import cosine_distance
from analysis.measures.resampling import WorkDraws
from analysis.measures.sensitivity import distance_to_others
from analysis.models.checkpoint import Checkpoint
from analysis.models.tower import Model as AnyModel
from analysis.numbers import SHARE, Key
from analysis.readings.altered import AS_IT_IS, over_batches, window_seeds
from analysis.readings.embeddings import Weights
from analysis.readings.study_run import StudyRun
from analysis.rows import columns
from analysis.studies.bands.hearing import counterparts, heard, hearing_rate, hearing_tower, sound_of
from analysis.studies.bands.rows import LATER, FilterRow
from analysis.studies.bands.tables import Findings, Model, bands_between, mean_value, ratio_value
from analysis.studies.pools.scores import PoolScores
from analysis.units import db_to_amplitude, power_to_db


class Energy(TypedDict):
    """The columns about energy of a row."""

    energy_share: float | None
    energy_share_ci_low: float | None
    energy_share_ci_high: float | None
    distance_per_db: float | None
    distance_per_db_ci_low: float | None
    distance_per_db_ci_high: float | None
    level_db: float | None
    fall_db: float | None


OTHER = "midi"  # what the sound is compared with; of models that read sound alone the sound as it is
NOISE = "white noise at −60 dB"
NOISE_DB = -60.0
SMALLEST_LOSS_DB = 0.01  # below it a distance per decibel says nothing
DISTANCE, LOST = "mean cosine distance", "mean difference of cosine similarities"
WITHOUT_ENERGY: Energy = {
    "energy_share": None, "energy_share_ci_low": None, "energy_share_ci_high": None, "distance_per_db": None,
    "distance_per_db_ci_low": None, "distance_per_db_ci_high": None, "level_db": None, "fall_db": None,
}  # fmt: skip


def filter_bands(
    findings: Findings,
    study_run: StudyRun,
    checkpoint: Checkpoint,
    weights: Weights,
    edges_hz: Sequence[float],
    scores: PoolScores,
) -> None:
    """Add rows of filters, S, distances and drops as values, and arrays `filter.*` (rows of the table, windows).

    Raises:
        OutOfMemoryError: not even one window fits.
        Cancelled: somebody asked to stop.
    """
    sample_rate = hearing_rate(checkpoint)

    @torch.no_grad()
    def compute(model: AnyModel, part: Sequence[Segment]) -> dict[str, ndarray]:
        tower = hearing_tower(model)
        waveform = sound_of(tower, part, study_run.device)
        arrays = {
            OTHER: counterparts(model, part, study_run.device),
            "energy": energy_shares(waveform, edges_hz, sample_rate),
        }
        for name, altered in _changes(waveform, part, edges_hz, sample_rate, scores.seed):
            study_run.cancel.check()
            arrays[name] = heard(tower, part, altered)
        return {name: array.cpu().numpy() for name, array in arrays.items()}

    identity = {"what": "taking bands out", "edges": list(edges_hz), "changes seed": scores.seed}
    passes = over_batches(study_run, checkpoint, scores.segments, weights, identity, compute)
    findings.filters += _rows(findings, Model(checkpoint.name, weights), passes, edges_hz, scores)


def _changes(
    waveform: Tensor, part: Sequence[Segment], edges_hz: Sequence[float], sample_rate: int, seed: int
) -> Iterator[tuple[str, Tensor]]:
    """The sound as it is, without each band, with quiet noise, and one sample later."""
    yield AS_IT_IS, waveform
    bands = islice(each_part(waveform, edges_hz, sample_rate), 1, len(edges_hz))
    for name, band in zip(band_names(edges_hz), bands, strict=True):
        yield name, waveform - band
    level = waveform.square().mean(dim=1, keepdim=True).sqrt() * db_to_amplitude(NOISE_DB)
    seeds = window_seeds(part, seed, "quiet noise")
    drawn = [torch.randn(waveform.shape[1], generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    yield NOISE, waveform + level * torch.stack(drawn).to(waveform)
    yield LATER, torch.cat([waveform[:, :1], waveform[:, :-1]], dim=1)


def _rows(
    findings: Findings, model: Model, passes: Mapping[str, ndarray], edges_hz: Sequence[float], scores: PoolScores
) -> list[FilterRow]:
    """One row per band, and one for each null."""
    base, other, bands = passes[AS_IT_IS], passes[OTHER], bands_between(edges_hz)
    draws, before = scores.window_draws, scores.ranks(base, other)
    findings.values.append(scores.s_value({**model._asdict(), "sound": AS_IT_IS}, before))
    changes = (*(band.band for band in bands), NOISE, LATER)
    distances = [cosine_distance(passes[name], base) for name in changes]
    lost = [cosine_distance(passes[name], other) - cosine_distance(base, other) for name in changes]
    between = {**model._asdict(), "what": "distance between works"}
    apart = mean_value(between, distance_to_others(base, draws.work), draws, None, "", DISTANCE)
    findings.values.append(apart)
    array, similarity_array = findings.keep("filter", distances), findings.keep("filter_similarity", lost)
    rows = []
    for number, name in enumerate(changes):
        band = bands[number] if number < len(bands) else None
        key = {**model._asdict(), "without" if band else "sound": name}
        null = None if name == LATER else float(distances[-1].mean())
        moved = mean_value({**key, "what": "distance"}, distances[number], draws, null, "", DISTANCE)
        drop = scores.drop(key, before, scores.ranks(passes[name], other))
        less = mean_value({**key, "what": "similarity lost"}, lost[number], draws, 0.0, "", LOST)
        findings.values += [moved, drop]
        row = FilterRow(
            *model, *(band or (name, None, None)), **columns(moved), drop=drop.value, drop_ci_low=drop.ci_low,
            drop_ci_high=drop.ci_high, similarity_lost=less.value, similarity_lost_ci_low=less.ci_low,
            similarity_lost_ci_high=less.ci_high, **WITHOUT_ENERGY, array=array, similarity_array=similarity_array, row=number,
            between_works=apart.value,
        )  # fmt: skip
        rows.append(_with_energy(row, key, passes["energy"][:, number], distances[number], draws) if band else row)
    return rows


def _with_energy(row: FilterRow, key: Key, share: ndarray, distance: ndarray, draws: WorkDraws) -> FilterRow:
    """With the band's share of the energy, its level below the whole, the fall of the level without it, and distance per dB."""
    part = mean_value({**key, "what": "energy"}, share, draws, None, SHARE, "mean share")
    fall = -np.asarray(power_to_db(1 - share, 1e-12))
    level = float(power_to_db(share.mean(), 0.0)) if share.mean() > 0 else None
    row = replace(
        row, energy_share=part.value, energy_share_ci_low=part.ci_low, energy_share_ci_high=part.ci_high, level_db=level,
        fall_db=float(fall.mean()),
    )  # fmt: skip
    if fall.mean() < SMALLEST_LOSS_DB:
        return row
    ratio = ratio_value({**key, "what": "distance per dB"}, distance, fall, draws, "1/dB", "ratio of means")
    ends = {"distance_per_db_ci_low": ratio.ci_low, "distance_per_db_ci_high": ratio.ci_high}
    return replace(row, distance_per_db=ratio.value, **ends)
