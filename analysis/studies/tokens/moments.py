"""Moments of windows, the token that is nearest to each, and what the sound is at these moments.

All models and the sound itself are asked about the same moments, so that labels, folds and draws of works are the same for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64
from numpy import ndarray

from analysis.datasets.segments import Segment
from analysis.descriptors.chroma import chroma
from analysis.descriptors.log_mel import log_mel
from analysis.errors import CheckpointError
from analysis.measures.geometry import unit_rows
from analysis.measures.head_templates import nearest
from analysis.models.checkpoint import Checkpoint
from analysis.models.taps import capture
from analysis.models.tower import LAYERS, Model
from analysis.readings.embeddings import spread
from analysis.readings.reader import Reader
from analysis.readings.self_similarity import averaged
from analysis.readings.stretch import for_tower
from analysis.readings.study_run import StudyRun, Weights

STEP_S = 0.1
MOST_MOMENTS = 4_000
SOUNDS = ("chroma", "log-mel")
BETWEEN = "|"


@dataclass(frozen=True, eq=False)
class Moments:
    """Windows, and the same moments in each of them: the middles of steps of 0.1 s.

    Attributes:
        segments: windows.
        times_s: seconds from the start of every window.
    """

    segments: Sequence[Segment]
    times_s: Float64[ndarray, " moments"]

    @property
    def n(self) -> int:
        """Moments of all windows."""
        return len(self.segments) * len(self.times_s)

    @property
    def groups(self) -> ndarray:
        """The work of every moment, window by window."""
        return np.repeat(np.array([segment.piece.group for segment in self.segments]), len(self.times_s))

    @property
    def composers(self) -> ndarray:
        """The composer of every moment, window by window."""
        return np.repeat(np.array([segment.piece.composer for segment in self.segments]), len(self.times_s))


@dataclass(frozen=True)
class TokenLayer:
    """Of which tower a layer is, and what an axis calls it."""

    tower: str
    title: str


def moments_of(segments: Sequence[Segment], stretch_s: float) -> Moments:
    """Moments of windows as far as all models hear them; of more than 4,000 moments whole windows are left out, evenly spread.

    >>> moments_of([], 0.3).times_s.round(2).tolist()
    [0.05, 0.15, 0.25]
    """
    times_s = (np.arange(int(stretch_s / STEP_S + 1e-9)) + 0.5) * STEP_S
    return Moments(spread(segments, max(1, MOST_MOMENTS // len(times_s))), times_s)


def sound_at(study_run: StudyRun, moments: Moments) -> dict[str, Float64[ndarray, "moments _"]]:
    """The frame nearest to every moment (20 ms apart at 24 kHz): 12 pitch classes, of length 1 together, and 128 mel bands in dB.

    Raises:
        AudioError: a recording cannot be read.
        Cancelled: somebody asked to stop.
    """
    rate, parts = study_run.corpus.sample_rate, []
    for number, segment in enumerate(moments.segments):
        study_run.step(number, len(moments.segments), "sound of windows")
        samples = segment.waveform(rate)
        frames_s, decibel = log_mel(samples, rate)
        near = nearest(frames_s.astype(np.float64), moments.times_s)
        parts.append((unit_rows(chroma(samples, rate)[:, near].T), decibel[:, near].T))
    both = (np.concatenate(rows).astype(np.float64) for rows in zip(*parts, strict=True))
    return dict(zip(SOUNDS, both, strict=True))


def tokens_at(
    study_run: StudyRun, checkpoint: Checkpoint, weights: Weights, moments: Moments
) -> dict[TokenLayer, Float[ndarray, "moments width"]]:
    """The token nearest to every moment, at every layer of every tower that reads sound; tokens of one time as their mean.

    Raises:
        CheckpointError: no layer has tokens with times, or an activation is not finite.
        CorpusError, OutOfMemoryError, Cancelled: as `Reader.arrays`.
    """

    def compute(model: Model, segments: Sequence[Segment]) -> dict[str, ndarray]:
        rows: dict[str, ndarray] = {}
        for name, tower in model.towers.items():
            if tower.modality == "audio":
                rows |= _of_tower(model, name, for_tower(segments, tower, study_run.stretch_s), moments.times_s)
        return rows

    identity = {"what": "tokens at moments", "n": len(moments.times_s)}
    arrays = Reader(study_run, checkpoint, weights, keep=False).arrays(moments.segments, identity, compute, "tokens at moments")
    if not arrays:
        raise CheckpointError(f"{checkpoint.name} has no layer with tokens that have times. Choose another checkpoint.")
    return {TokenLayer(*name.split(BETWEEN)): rows.reshape(moments.n, -1) for name, rows in arrays.items()}


@torch.no_grad()
def _of_tower(model: Model, name: str, segments: Sequence[Segment], times_s: ndarray) -> dict[str, ndarray]:
    """By `tower|layer` one row per window: its moments by the numbers of a token."""
    tower = model.towers[name]
    batch = tower.collate(segments).to(next(model.parameters()).device)
    axes = {tap: axis for tap in tower.taps() if tap.kind in LAYERS and (axis := tower.axis(tap.name, batch)) is not None}
    with capture(model, [tap.name for tap in axes]) as seen:
        tower(batch)
    rows: dict[str, ndarray] = {}
    for tap, axis in axes.items():
        tokens = seen[tap.name][:, axis.special :].float().cpu().numpy()
        centres = np.broadcast_to(axis.times_s, tokens.shape[:2])
        title = tap.title.replace(BETWEEN, " ")
        rows[f"{name}{BETWEEN}{title}"] = np.stack([_at(*window, times_s) for window in zip(centres, tokens, strict=True)])
    return rows


def _at(centres_s: ndarray, tokens: ndarray, times_s: ndarray) -> ndarray:
    """The tokens of one window that are nearest to some moments."""
    rising_s, rows = averaged(centres_s, tokens, len(tokens))
    return rows[nearest(rising_s, times_s)].astype(np.float32)
