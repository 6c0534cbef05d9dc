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
from numpy import ndarray

from analysis.datasets.segments import Segment
from analysis.descriptors.a4 import A4_EDGES_HZ, N_BANDS, a4
from analysis.descriptors.filters import band_names
from analysis.measures.resampling import WorkDraws
from analysis.measures.sensitivity import held_out_correlations
from analysis.models.checkpoint import Checkpoint
from analysis.models.dual_encoder import DualEncoder
from analysis.models.taps import capture
from analysis.readings.altered import over_batches
from analysis.readings.embeddings import Weights
from analysis.readings.layer_means import layers_of
from analysis.readings.study_run import Desk
from analysis.seeding import numpy_generator
from analysis.studies.bands.tables import Findings, Row, band_columns, columns, mean_value
from analysis.training.evaluation import waveform_batch

N_FOLDS, N_SHIFTS, SMALLEST_SHIFT = 5, 20, 1 / 8
DESCRIPTOR = "descriptor"
ESTIMATOR = "mean correlation with a held-out ridge prediction"


def read_bands(
    found: Findings, desk: Desk, checkpoint: Checkpoint, weights: Weights, segments: Sequence[Segment], seed: int
) -> None:
    """Add the table "reading", the mean over bands per layer as values, and arrays `reading.*` (rows of a layer, windows).

    Raises:
        OutOfMemoryError: not even one window fits.
        Cancelled: somebody asked to stop.
    """
    if not segments:
        return
    groups = np.array([segment.piece.group for segment in segments])
    if len(set(groups)) < 2:
        found.note(checkpoint.name, "reading", "left out: all windows are of one work, so that none can be held out")
        return

    @torch.no_grad()
    def compute(model: DualEncoder, part: Sequence[Segment]) -> dict[str, ndarray]:
        waveform = waveform_batch(part, model.config.sample_rate).to(desk.device)
        bands = a4(waveform, model.config.sample_rate)
        taps = [tap for tap in layers_of(model, "audio") if not tap.endswith(".embedding")]
        with capture(model, taps) as seen:
            model.embed_audio(waveform)
        states = {tap: F.adaptive_avg_pool1d(seen[tap].mT, bands.shape[1]).mT for tap in taps}
        return {name: array.float().cpu().numpy() for name, array in (states | {DESCRIPTOR: bands}).items()}

    passes = over_batches(desk, checkpoint, segments, weights, {"what": "reading bands"}, compute, keep=False)
    bands, draws, folds = passes.pop(DESCRIPTOR), WorkDraws(groups, seed), _folds(groups, seed)
    told = _with_shifted(bands, seed)
    for layer in list(passes):
        desk.cancel.check()
        model = {"checkpoint": checkpoint.name, "weights": weights, "layer": layer}
        found.tables["reading"] += _rows(found, model, held_out_correlations(passes.pop(layer), told, folds), draws)


def _rows(found: Findings, model: Row, correlations: ndarray, draws: WorkDraws) -> list[Row]:
    """One row per band; the first columns of the correlations are the bands', the rest those of the shifted bands."""
    real, shifted = correlations[:, :N_BANDS], correlations[:, N_BANDS:].reshape(len(correlations), N_SHIFTS, N_BANDS)
    label = f"{model['checkpoint']}, {model['weights']}, {model['layer']}"
    null = float(shifted.mean())
    found.values.append(mean_value(f"{label}: A4 read back, mean of bands", real.mean(axis=1), draws, null, "", ESTIMATOR))
    array, names, rows = found.keep("reading", list(real.T)), band_names(A4_EDGES_HZ), []
    for band in range(N_BANDS):
        value = mean_value(label, real[:, band], draws, float(shifted[:, :, band].mean()), "", ESTIMATOR)
        high = float(np.quantile(shifted[:, :, band].mean(axis=0), 0.975))
        rows.append(
            {**model, **band_columns(band, names, A4_EDGES_HZ), **columns(value), "null_high": high, "array": array, "row": band}
        )  # fmt: skip
    return rows


def _folds(groups: ndarray, seed: int) -> ndarray:
    """A fold per window, whole works dealt in a random order."""
    works, work = np.unique(groups, return_inverse=True)
    place = numpy_generator(seed, "folds of works").permutation(len(works))
    return (place % min(N_FOLDS, len(works)))[work].astype(np.int64)


def _with_shifted(bands: ndarray, seed: int) -> ndarray:
    """The bands, then as many circularly shifted copies of them as `N_SHIFTS`, side by side."""
    n_windows, n_frames, _ = bands.shape
    least = max(1, round(SMALLEST_SHIFT * n_frames))
    steps = numpy_generator(seed, "circular shifts").integers(least, n_frames - least + 1, size=(N_SHIFTS, n_windows))
    copies = [np.stack([np.roll(row, step, axis=0) for row, step in zip(bands, its, strict=True)]) for its in steps]
    return np.concatenate([bands, *copies], axis=2)
