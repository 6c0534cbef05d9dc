"""How a model is given sound in the study of bands, and with what its embeddings are compared."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from analysis.datasets.segments import Segment
from analysis.models.checkpoint import Checkpoint
from analysis.models.sides import compared_sides, tower_of
from analysis.models.tower import Model, Tower


def hearing_tower(model: Model) -> Tower:
    """The tower that reads sound."""
    return model.towers[tower_of(model, "audio")]


def hearing_rate(checkpoint: Checkpoint) -> int:
    """At how many samples per second it reads sound."""
    return hearing_tower(checkpoint.outline()).input.sample_rate


def sound_of(tower: Tower, segments: Sequence[Segment], device: torch.device) -> Tensor:
    """Windows as a tower hears them, `(windows, samples)`."""
    rate, seconds = tower.input.sample_rate, tower.input.window_s
    return torch.from_numpy(np.stack([segment.waveform(rate, seconds) for segment in segments])).to(device)


def heard(tower: Tower, segments: Sequence[Segment], waveform: Tensor) -> Tensor:
    """Embeddings of sound, of which there may be several for one window: `(sounds, width)`."""
    given = [*segments] if len(segments) == len(waveform) else [segments[0]] * len(waveform)
    return tower(tower.collate(given, waveform).to(waveform.device))


def counterparts(model: Model, segments: Sequence[Segment], device: torch.device) -> Tensor:
    """What the sound of windows is to be like: embeddings of their notes, or of the sound as it is where none are read."""
    sides = compared_sides(model)
    tower = model.towers[tower_of(model, sides[-1])]
    return tower(tower.collate(segments).to(device))
