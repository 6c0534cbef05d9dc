"""A second opinion: attribution of the similarity between a window's audio and its own notes to the bands of the sound (Captum).

Of a model that reads sound alone it is the similarity with the sound as it is.

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
from analysis.descriptors.filters import split_bands
from analysis.measures.resampling import WorkDraws
from analysis.models.checkpoint import Checkpoint
from analysis.models.tower import Model as AnyModel
from analysis.numbers import Value
from analysis.readings.altered import over_batches
from analysis.readings.embeddings import Weights
from analysis.readings.study_run import StudyRun
from analysis.rows import columns
from analysis.studies.bands.hearing import counterparts, heard, hearing_tower, sound_of
from analysis.studies.bands.rows import AgreementRow, AttributionRow, ConvergenceRow
from analysis.studies.bands.tables import Findings, Model, bands_between, mean_value

GONE_DB = -60.0
N_STEPS, STEPS_AT_ONCE = 32, 8
GRADIENTS, ABLATION, OCCLUSION = "integrated gradients", "feature ablation", "occlusion of two neighbours"
METHODS = (GRADIENTS, ABLATION, OCCLUSION)
DELTA, CHANGE, STOPPED = "delta", "change", "band-stop"


def attribute(
    findings: Findings,
    study_run: StudyRun,
    checkpoint: Checkpoint,
    weights: Weights,
    segments: Sequence[Segment],
    edges_hz: Sequence[float],
    seed: int,
) -> None:
    """Add rows of attribution, agreement and convergence, and arrays `attribution.*` (bands, windows).

    Raises:
        OutOfMemoryError: not even one window fits.
        Cancelled: somebody asked to stop.
    """
    if not segments:
        return

    def compute(model: AnyModel, part: Sequence[Segment]) -> dict[str, ndarray]:
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        windows = [_attribute_one(model, segment, edges_hz, study_run) for segment in part]
        return {name: np.stack([window[name] for window in windows]) for name in windows[0]}

    identity = {"what": "attributing to bands", "edges": list(edges_hz), "steps": N_STEPS}
    passes = over_batches(study_run, checkpoint, segments, weights, identity, compute)
    model, draws = Model(checkpoint.name, weights), WorkDraws(np.array([segment.piece.group for segment in segments]), seed)
    _add_attributions(findings, model, passes, draws, edges_hz)
    _add_agreement(findings, model, passes, draws)


def _attribute_one(model: AnyModel, segment: Segment, edges_hz: Sequence[float], study_run: StudyRun) -> dict[str, ndarray]:
    """Attributions `(bands,)` of one window, convergence delta and the change that the gradients are to add up to."""
    from captum.attr import FeatureAblation, IntegratedGradients, Occlusion

    tower = hearing_tower(model)
    waveform = sound_of(tower, [segment], study_run.device)
    parts = split_bands(waveform, edges_hz, tower.input.sample_rate)[0]
    with torch.no_grad():
        other = counterparts(model, [segment], study_run.device)

    def similarity_of(sound: Tensor) -> Tensor:
        return F.cosine_similarity(heard(tower, [segment], sound), other)

    def similarity(gains_db: Tensor) -> Tensor:
        study_run.cancel.check()
        return similarity_of(parts[0] + parts[-1] + 10 ** (gains_db / 20) @ parts[1:-1])

    recorded = torch.zeros(1, len(edges_hz) - 1, device=study_run.device)
    gone = torch.full_like(recorded, GONE_DB)
    gradients, delta = IntegratedGradients(similarity).attribute(
        recorded, gone, n_steps=N_STEPS, internal_batch_size=STEPS_AT_ONCE, return_convergence_delta=True
    )
    with torch.no_grad():
        ablated = FeatureAblation(similarity).attribute(recorded, gone)
        occluded = Occlusion(similarity).attribute(recorded, (min(2, recorded.shape[1]),), baselines=gone)
        change = similarity(recorded) - similarity(gone)
        stopped = torch.cat([similarity(recorded) - similarity_of(waveform - part) for part in parts[1:-1]])
    rows = {GRADIENTS: gradients[0], ABLATION: ablated[0], OCCLUSION: occluded[0], STOPPED: stopped}
    return {name: row.detach().cpu().numpy() for name, row in (rows | {DELTA: delta[0], CHANGE: change[0]}).items()}


def _add_attributions(
    findings: Findings, model: Model, passes: dict[str, ndarray], draws: WorkDraws, edges_hz: Sequence[float]
) -> None:
    for method in METHODS:
        array = findings.keep("attribution", list(passes[method].T))
        for number, band in enumerate(bands_between(edges_hz)):
            key = {**model._asdict(), "method": method, "band": band.band, "what": "attribution"}
            value = mean_value(key, passes[method][:, number], draws, 0.0, "", method)
            row = AttributionRow(*model, method, *band, **columns(value), array=array, row=number)
            findings.attribution.append(row)


def _add_agreement(findings: Findings, model: Model, passes: dict[str, ndarray], draws: WorkDraws) -> None:
    """How far the methods agree, and how well the gradients add up."""
    for first, second in ((GRADIENTS, ABLATION), (OCCLUSION, ABLATION), (ABLATION, STOPPED)):
        pairs = [_rank_correlation(a, b) for a, b in zip(passes[first], passes[second], strict=True)]
        key = {**model._asdict(), "method": first, "other": second, "what": "agreement"}
        value = Value(key, None, None, None, len(pairs), 0.0, "", "mean rank correlation over bands")
        if all(pair is not None for pair in pairs):
            value = mean_value(key, np.array(pairs, np.float64), draws, 0.0, "", value.estimator)
        findings.values.append(value)
        findings.agreement.append(AgreementRow(*model, first, second, **columns(value)))
    relative = np.abs(passes[DELTA]) / np.maximum(np.abs(passes[CHANGE]), 1e-6)
    key = {**model._asdict(), "what": "convergence delta"}
    value = mean_value(key, relative, draws, 0.0, "", "mean of |delta| / |change|")
    findings.values.append(value)
    largest, mean_change = float(relative.max()), float(passes[CHANGE].mean())
    row = ConvergenceRow(*model, **columns(value), largest=largest, steps=N_STEPS, mean_change=mean_change)
    findings.convergence.append(row)


def _rank_correlation(first: ndarray, other: ndarray) -> float | None:
    """Spearman's; None where one side is constant or there is a single band."""
    from scipy.stats import spearmanr

    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(other) == 0:
        return None
    return float(np.asarray(spearmanr(first, other))[0])
