"""Curves over windows: what the tokens of a model receive, head by head, and what the sound alone shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float64, Shaped
from numpy import ndarray

from analysis.datasets.segments import Segment
from analysis.descriptors.chroma import onset_strength
from analysis.descriptors.log_mel import log_mel
from analysis.measures.events import Peaks, find_peaks
from analysis.models.checkpoint import Checkpoint
from analysis.models.tower import Model
from analysis.readings.reader import Reader
from analysis.readings.received import received_attention
from analysis.readings.study_run import StudyRun, Weights
from analysis.studies.onsets.events import EventKind
from analysis.units import db_to_amplitude, power_to_db

FLUX, ENERGY = "spectral flux", "energy"
TIMES, SHARE, BETWEEN = "times", "share", "|"


class Where(NamedTuple):
    """Of which tower and layer, and from which queries."""

    tower: str
    layer: int
    title: str
    sender: str


@dataclass(frozen=True, eq=False)
class HeadCurves:
    """What moments receive from the heads of one layer: times in seconds from the start of every window."""

    where: Where
    times_s: Float64[ndarray, "windows moments"]
    share: Shaped[ndarray, "windows heads moments"]


@dataclass(frozen=True, eq=False)
class Sound:
    """Windows as they sound: spectral flux and level in dB in frames of 20 ms at 24 kHz."""

    times_s: Float64[ndarray, " frames"]
    flux: Float64[ndarray, "windows frames"]
    energy: Float64[ndarray, "windows frames"]

    @property
    def curves(self) -> Mapping[str, Float64[ndarray, "windows frames"]]:
        """By name."""
        return {FLUX: self.flux, ENERGY: self.energy}


def read_sound(study_run: StudyRun, segments: Sequence[Segment]) -> Sound:
    """Flux and level of windows at the rate of the corpus.

    Raises:
        AudioError: a recording cannot be read.
        Cancelled: somebody asked to stop.
    """
    flux: list[ndarray] = []
    energy: list[ndarray] = []
    times_s = np.zeros(0)
    rate = study_run.corpus.sample_rate
    for number, segment in enumerate(segments):
        study_run.step(number, len(segments), "sound of windows")
        frames_s, decibel = log_mel(segment.waveform(rate), rate)
        times_s = frames_s.astype(np.float64)
        flux.append(onset_strength(decibel).astype(np.float64))
        energy.append(np.asarray(power_to_db((db_to_amplitude(decibel.astype(np.float64)) ** 2).sum(axis=0))))
    return Sound(times_s, np.stack(flux), np.stack(energy))


def read_curves(study_run: StudyRun, checkpoint: Checkpoint, weights: Weights, segments: Sequence[Segment]) -> list[HeadCurves]:
    """What every moment receives from every head of every tower that reads sound and attends, layer by layer.

    Raises:
        CheckpointError, CorpusError, OutOfMemoryError, Cancelled: as `Reader.arrays`.
    """
    arrays = Reader(study_run, checkpoint, weights).arrays(
        segments, {"what": "attention received"}, _received, "attention of heads"
    )
    curves = []
    for name, share in arrays.items():
        what, tower, layer, title, sender = name.split(BETWEEN)
        if what == SHARE:
            times_s = arrays[BETWEEN.join((TIMES, tower, layer, title, sender))]
            curves.append(HeadCurves(Where(tower, int(layer), title, sender), times_s, share))
    return curves


def peaks_of(curves: Float[ndarray, "curves moments"], times_s: Float64[ndarray, " moments"], kind: EventKind) -> list[Peaks]:
    """Peaks of several curves of one window, as a kind of events asks for."""
    return [find_peaks(curve, times_s, apart_s=kind.apart_s, around_s=kind.around_s) for curve in curves]


@torch.no_grad()
def _received(model: Model, segments: Sequence[Segment]) -> dict[str, ndarray]:
    """One row per window of what moments receive and of their times, by `what|tower|layer|title|sender`."""
    arrays: dict[str, ndarray] = {}
    device = next(model.parameters()).device
    for name, tower in model.towers.items():
        if tower.modality != "audio" or not tower.attends:
            continue
        batch = tower.collate(segments).to(device)
        for received in received_attention(tower, batch, len(segments)):
            attention = received.attention
            where = (name, str(attention.layer), attention.title.replace(BETWEEN, " "), received.sender)
            arrays[BETWEEN.join((SHARE, *where))] = received.share.astype(np.float32)
            arrays[BETWEEN.join((TIMES, *where))] = received.times_s.copy()
    return arrays
