"""A second opinion: attribution of the similarity between a window's audio and its own notes to the bands of the sound (Captum).

The sound is a sum of bands with gains in decibels: 0 dB as recorded, −60 dB as good as gone. In decibels, because nearly all that
a network with normalised layers does on a straight way from silence happens at its very beginning. What lies outside the bands
stays.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy import ndarray
from torch import Tensor

from analysis.datasets.segments import Segment
from analysis.descriptors.filters import band_names, split_bands
from analysis.measures.resampling import WorkDraws
from analysis.models.checkpoint import Checkpoint
from analysis.models.dual_encoder import DualEncoder
from analysis.numbers import Value
from analysis.readings.altered import over_batches
from analysis.readings.embeddings import Weights
from analysis.readings.study_run import Desk
from analysis.studies.bands.tables import Findings, Row, band_columns, columns, mean_value
from analysis.training.evaluation import note_batch, waveform_batch

GONE_DB = -60.0
N_STEPS, STEPS_AT_ONCE = 32, 8
GRADIENTS, ABLATION, OCCLUSION = "integrated gradients", "feature ablation", "occlusion of two neighbours"
METHODS = (GRADIENTS, ABLATION, OCCLUSION)
DELTA, CHANGE, STOPPED = "delta", "change", "band-stop"


def attribute(
    found: Findings,
    desk: Desk,
    checkpoint: Checkpoint,
    weights: Weights,
    segments: Sequence[Segment],
    edges_hz: Sequence[float],
    seed: int,
) -> None:
    """Add the tables "attribution", "agreement" and "convergence", and arrays `attribution.*` (bands, windows).

    Raises:
        OutOfMemoryError: not even one window fits.
        Cancelled: somebody asked to stop.
    """
    if not segments:
        return

    def compute(model: DualEncoder, part: Sequence[Segment]) -> dict[str, ndarray]:
        model.requires_grad_(False)
        windows = [_attribute_one(model, segment, edges_hz, desk) for segment in part]
        return {name: np.stack([one[name] for one in windows]) for name in windows[0]}

    identity = {"what": "attributing to bands", "edges": list(edges_hz), "steps": N_STEPS}
    passes = over_batches(desk, checkpoint, segments, weights, identity, compute)
    _tabulate(found, {"checkpoint": checkpoint.name, "weights": weights}, passes, segments, edges_hz, seed)


def _attribute_one(model: DualEncoder, segment: Segment, edges_hz: Sequence[float], desk: Desk) -> dict[str, ndarray]:
    """Attributions `(bands,)` of one window, convergence delta and the change that the gradients are to add up to."""
    from captum.attr import FeatureAblation, IntegratedGradients, Occlusion

    sample_rate = model.config.sample_rate
    waveform = waveform_batch([segment], sample_rate).to(desk.device)
    parts = split_bands(waveform, edges_hz, sample_rate)[0]
    with torch.no_grad():
        notes = model.embed_midi(note_batch([segment], model.config.max_notes).to(desk.device))

    def similarity(gains_db: Tensor) -> Tensor:
        desk.cancel.check()
        sound = parts[0] + parts[-1] + 10 ** (gains_db / 20) @ parts[1:-1]
        return F.cosine_similarity(model.embed_audio(sound), notes)

    recorded = torch.zeros(1, len(edges_hz) - 1, device=desk.device)
    gone = torch.full_like(recorded, GONE_DB)
    gradients, delta = IntegratedGradients(similarity).attribute(
        recorded, gone, n_steps=N_STEPS, internal_batch_size=STEPS_AT_ONCE, return_convergence_delta=True
    )
    with torch.no_grad():
        ablated = FeatureAblation(similarity).attribute(recorded, gone)
        occluded = Occlusion(similarity).attribute(recorded, (min(2, recorded.shape[1]),), baselines=gone)
        change = similarity(recorded) - similarity(gone)
        stopped = torch.cat([similarity(recorded) - _without(model, waveform, part, notes) for part in parts[1:-1]])
    rows = {GRADIENTS: gradients[0], ABLATION: ablated[0], OCCLUSION: occluded[0], STOPPED: stopped}
    return {name: row.detach().cpu().numpy() for name, row in (rows | {DELTA: delta[0], CHANGE: change[0]}).items()}


def _without(model: DualEncoder, waveform: Tensor, part: Tensor, notes: Tensor) -> Tensor:
    return F.cosine_similarity(model.embed_audio(waveform - part), notes)


def _tabulate(
    found: Findings, model: Row, passes: dict[str, ndarray], segments: Sequence[Segment], edges_hz: Sequence[float], seed: int
) -> None:
    draws, names = WorkDraws(np.array([segment.piece.group for segment in segments]), seed), band_names(edges_hz)
    label = f"{model['checkpoint']}, {model['weights']}"
    for method in METHODS:
        array = found.keep("attribution", list(passes[method].T))
        for band in range(len(names)):
            value = mean_value(label, passes[method][:, band], draws, 0.0, "", method)
            place = band_columns(band, names, edges_hz)
            row = {**model, "method": method, **place, **columns(value), "array": array, "row": band}
            found.tables["attribution"].append(row)
    for first, second in ((GRADIENTS, ABLATION), (OCCLUSION, ABLATION), (ABLATION, STOPPED)):
        pairs = [_rank_correlation(a, b) for a, b in zip(passes[first], passes[second], strict=True)]
        name = f"{label}, {first} and {second}: agreement"
        value = Value(name, None, None, None, len(pairs), 0.0, "", "mean rank correlation over bands")
        if all(one is not None for one in pairs):
            value = mean_value(name, np.array(pairs, np.float64), draws, 0.0, "", value.estimator)
        found.values.append(value)
        found.tables["agreement"].append({**model, "first": first, "second": second, **columns(value)})
    relative = np.abs(passes[DELTA]) / np.maximum(np.abs(passes[CHANGE]), 1e-6)
    value = mean_value(f"{label}: convergence delta", relative, draws, 0.0, "", "mean of |delta| / |change|")
    found.values.append(value)
    told = {"largest": float(relative.max()), "steps": N_STEPS, "mean_change": float(passes[CHANGE].mean())}
    found.tables["convergence"].append({**model, **columns(value), **told})


def _rank_correlation(one: ndarray, other: ndarray) -> float | None:
    """Spearman's; None where one side is constant or there is a single band."""
    from scipy.stats import spearmanr

    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(np.asarray(spearmanr(one, other))[0])
