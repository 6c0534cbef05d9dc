"""How far the audio embedding moves, and what becomes of S, when one band is taken out of the sound.

The null is the same sound one sample later: nobody hears it and every frequency keeps its energy, but all samples change, so that
it tells how far an embedding moves for nothing. White noise 60 dB below each window's level is weaker still and stands beside it.
A band that holds no energy cannot matter: its share of the energy stands beside every distance, and the distance per decibel by
which the level falls. Embeddings of an untrained network lie close together, so that the distance between windows of different
works is given, too.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

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
from analysis.models.dual_encoder import DualEncoder
from analysis.numbers import SHARE
from analysis.readings.altered import AS_IT_IS, over_batches, window_seeds
from analysis.readings.embeddings import Weights
from analysis.readings.study_run import Desk
from analysis.studies.bands.tables import Findings, Row, band_columns, columns, mean_value, ratio_value
from analysis.studies.pools.scores import PoolScores
from analysis.training.evaluation import note_batch, waveform_batch
from analysis.units import db_to_amplitude, power_to_db

NOISE, LATER = "white noise at −60 dB", "one sample later"
NOISE_DB = -60.0
SMALLEST_LOSS_DB = 0.01  # below it a distance per decibel says nothing
DISTANCE = "mean cosine distance"


def filter_bands(
    found: Findings, desk: Desk, checkpoint: Checkpoint, weights: Weights, edges_hz: Sequence[float], scores: PoolScores
) -> None:
    """Add the table "filters", S, distances and drops as values, and arrays `filter.*` (rows of the table, windows).

    Raises:
        OutOfMemoryError: not even one window fits.
        Cancelled: somebody asked to stop.
    """
    sample_rate = checkpoint.model_config.sample_rate

    @torch.no_grad()
    def compute(model: DualEncoder, part: Sequence[Segment]) -> dict[str, ndarray]:
        waveform = waveform_batch(part, sample_rate).to(desk.device)
        arrays = {
            "midi": model.embed_midi(note_batch(part, model.config.max_notes).to(desk.device)),
            "energy": energy_shares(waveform, edges_hz, sample_rate),
        }
        for name, altered in _changes(waveform, part, edges_hz, sample_rate, scores.seed):
            desk.cancel.check()
            arrays[name] = model.embed_audio(altered)
        return {name: array.cpu().numpy() for name, array in arrays.items()}

    identity = {"what": "taking bands out", "edges": list(edges_hz), "changes seed": scores.seed}
    passes = over_batches(desk, checkpoint, scores.segments, weights, identity, compute)
    found.tables["filters"] += _rows(found, {"checkpoint": checkpoint.name, "weights": weights}, passes, edges_hz, scores)


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
    drawn = [torch.randn(waveform.shape[1], generator=torch.Generator().manual_seed(one)) for one in seeds]
    yield NOISE, waveform + level * torch.stack(drawn).to(waveform)
    yield LATER, torch.cat([waveform[:, :1], waveform[:, :-1]], dim=1)


def _rows(found: Findings, model: Row, passes: Mapping[str, ndarray], edges_hz: Sequence[float], scores: PoolScores) -> list[Row]:
    """One row per band, and one for each null."""
    base, midi, names = passes[AS_IT_IS], passes["midi"], band_names(edges_hz)
    draws, before = scores.window_draws, scores.s(base, midi)
    label = f"{model['checkpoint']}, {model['weights']}"
    found.values.append(scores.s_value(f"{label}, {AS_IT_IS}", before))
    changes = (*names, NOISE, LATER)
    distances = [cosine_distance(passes[name], base) for name in changes]
    lost = [cosine_distance(passes[name], midi) - cosine_distance(base, midi) for name in changes]
    apart = mean_value(f"{label}: distance between works", distance_to_others(base, draws.work), draws, None, "", DISTANCE)
    found.values.append(apart)
    arrays = {"array": found.keep("filter", distances), "similarity_array": found.keep("filter_similarity", lost)}
    rows = []
    for number, name in enumerate(changes):
        is_band = number < len(names)
        what = f"{label}, {'without ' if is_band else ''}{name}"
        null = None if name == LATER else float(distances[-1].mean())
        moved = mean_value(f"{what}: distance", distances[number], draws, null, "", DISTANCE)
        drop = scores.drop(what, before, scores.s(passes[name], midi))
        less = mean_value(f"{what}: similarity lost", lost[number], draws, 0.0, "", "mean difference of cosine similarities")
        found.values += [moved, drop]
        place = band_columns(number, names, edges_hz) if is_band else {"band": name, "low_hz": None, "high_hz": None}
        energy = _energy(what, passes["energy"][:, number], distances[number], draws) if is_band else _energy_columns()
        rows.append(
            {**model, **place, **columns(moved), **columns(drop, "drop"), **columns(less, "similarity_lost"), **energy}
            | arrays | {"row": number, "between_works": apart.value}
        )  # fmt: skip
    return rows


def _energy(what: str, share: ndarray, distance: ndarray, draws: WorkDraws) -> Row:
    """Share of the energy, its level below the whole, the fall of the level without it, and distance per decibel of that."""
    part = mean_value(f"{what}: energy", share, draws, None, SHARE, "mean share")
    fall = -np.asarray(power_to_db(1 - share, 1e-12))
    level = float(power_to_db(share.mean(), 0.0)) if share.mean() > 0 else None
    row = _energy_columns() | columns(part, "energy_share") | {"level_db": level, "fall_db": float(fall.mean())}
    if fall.mean() < SMALLEST_LOSS_DB:
        return row
    ratio = ratio_value(f"{what}: distance per dB", distance, fall, draws, "1/dB", "ratio of means")
    return row | columns(ratio, "distance_per_db")


def _energy_columns() -> Row:
    """The columns of `_energy` where there is none."""
    ratios = [f"{name}{end}" for name in ("energy_share", "distance_per_db") for end in ("", "_ci_low", "_ci_high")]
    return dict.fromkeys([*ratios, "level_db", "fall_db"])
