"""How well each band of A4 can be read from each layer, moment by moment.

Averaged over time every band of A4 is 0, so that nothing can be correlated with it. Here the tokens of a window (averaged onto
A4's frames where there are more of them) predict its bands linearly, by a regression that has not seen the work. The null shifts
A4 circularly in time by at least an eighth of the window and is fitted anew. A4 is computed from the sound for every arm, whether
the model is given it or not.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from analysis.datasets.segments import Segment
from analysis.descriptors.a4 import A4_EDGES_HZ, a4
from analysis.measures.resampling import WorkDraws
from analysis.measures.sensitivity import held_out_correlations
from analysis.models.checkpoint import Checkpoint
from analysis.models.taps import capture
from analysis.models.tower import Model as AnyModel
from analysis.models.tower import TokenAxis
from analysis.readings.altered import over_batches
from analysis.readings.embeddings import Weights
from analysis.readings.layer_means import layers_of
from analysis.readings.study_run import StudyRun
from analysis.rows import columns
from analysis.seeding import numpy_generator
from analysis.studies.bands.hearing import hearing_rate, hearing_tower, sound_of
from analysis.studies.bands.rows import ReadingRow
from analysis.studies.bands.tables import Findings, Model, bands_between, mean_value

N_FOLDS, N_SHIFTS, SMALLEST_SHIFT = 5, 20, 1 / 8
DESCRIPTOR = "descriptor"
ESTIMATOR = "mean correlation with a held-out ridge prediction"


def read_bands(
    findings: Findings, study_run: StudyRun, checkpoint: Checkpoint, weights: Weights, segments: Sequence[Segment], seed: int
) -> None:
    """Add rows of reading, the mean over bands per layer as values, and arrays `reading.*` (rows of a layer, windows).

    Raises:
        OutOfMemoryError: not even one window fits.
        Cancelled: somebody asked to stop.
    """
    if not segments:
        return
    groups = np.array([segment.piece.group for segment in segments])
    if len(set(groups)) < 2:
        findings.note(checkpoint.name, "reading", "left out: all windows are of one work, so that none can be held out")
        return

    n_bands = sum(low < hearing_rate(checkpoint) / 2 for low in A4_EDGES_HZ[:-1])  # others are 0 at all times

    @torch.no_grad()
    def compute(model: AnyModel, part: Sequence[Segment]) -> dict[str, ndarray]:
        tower = hearing_tower(model)
        waveform = sound_of(tower, part, study_run.device)
        bands = a4(waveform, tower.input.sample_rate)[..., :n_bands]
        batch = tower.collate(part, waveform)
        axes = {tap: axis for tap in layers_of(model, tower.name) if (axis := tower.axis(tap, batch)) is not None}
        with capture(model, list(axes)) as seen:
            tower(batch)
        states = {tap: F.adaptive_avg_pool1d(over_time(seen[tap], axis).mT, bands.shape[1]).mT for tap, axis in axes.items()}
        return {name: array.float().cpu().numpy() for name, array in (states | {DESCRIPTOR: bands}).items()}

    passes = over_batches(study_run, checkpoint, segments, weights, {"what": "reading bands"}, compute, keep=False)
    bands, draws, folds = passes.pop(DESCRIPTOR), WorkDraws(groups, seed), _folds(groups, seed)
    targets = _with_shifted(bands, seed)
    for layer in list(passes):
        study_run.cancel.check()
        correlations = held_out_correlations(passes.pop(layer), targets, folds)
        findings.reading += _rows(findings, Model(checkpoint.name, weights), layer, correlations, draws)


def over_time(tokens: Float[Tensor, "batch tokens d"], axis: TokenAxis) -> Float[Tensor, "batch times d"]:
    """Tokens that have a time, in its order; those of one time are averaged, such as the bands of a grid."""
    tokens = tokens[:, axis.special :]
    times, number = np.unique(axis.times_s, return_inverse=True)
    if np.array_equal(times, axis.times_s):
        return tokens
    summed = tokens.new_zeros(len(tokens), len(times), tokens.shape[2])
    summed.index_add_(1, torch.from_numpy(number.ravel()).to(tokens.device), tokens)
    return summed / torch.from_numpy(np.bincount(number.ravel())).to(summed)[:, None]


def _rows(findings: Findings, model: Model, layer: str, correlations: ndarray, draws: WorkDraws) -> list[ReadingRow]:
    """One row per band; the first columns of the correlations are the bands', the rest those of the shifted bands."""
    n_bands = correlations.shape[1] // (1 + N_SHIFTS)
    real, shifted = correlations[:, :n_bands], correlations[:, n_bands:].reshape(len(correlations), N_SHIFTS, n_bands)
    key = {**model._asdict(), "layer": layer}
    of_bands = {**key, "what": "A4 read back, mean of bands"}
    findings.values.append(mean_value(of_bands, real.mean(axis=1), draws, float(shifted.mean()), "", ESTIMATOR))
    array, rows = findings.keep("reading", list(real.T)), []
    for number, band in enumerate(bands_between(A4_EDGES_HZ)[:n_bands]):
        where = {**key, "band": band.band, "what": "A4 read back"}
        value = mean_value(where, real[:, number], draws, float(shifted[:, :, number].mean()), "", ESTIMATOR)
        high = float(np.quantile(shifted[:, :, number].mean(axis=0), 0.975))
        rows.append(ReadingRow(*model, layer, *band, **columns(value), null_high=high, array=array, row=number))
    return rows


def _folds(groups: ndarray, seed: int) -> ndarray:
    """A fold per window, whole works dealt in a random order."""
    works, work = np.unique(groups, return_inverse=True)
    shuffled = numpy_generator(seed, "folds of works").permutation(len(works))
    return (shuffled % min(N_FOLDS, len(works)))[work].astype(np.int64)


def _with_shifted(bands: ndarray, seed: int) -> ndarray:
    """The bands, then as many circularly shifted copies of them as `N_SHIFTS`, side by side."""
    n_windows, n_frames, _ = bands.shape
    least = max(1, round(SMALLEST_SHIFT * n_frames))
    steps = numpy_generator(seed, "circular shifts").integers(least, n_frames - least + 1, size=(N_SHIFTS, n_windows))
    copies = [np.stack([np.roll(row, step, axis=0) for row, step in zip(bands, row_steps, strict=True)]) for row_steps in steps]
    return np.concatenate([bands, *copies], axis=2)
