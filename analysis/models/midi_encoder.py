"""Notes to a pooled vector: pitch, velocity and duration embeddings, four pre-norm transformer blocks, mean over notes.

Onset times are not an input; the model sees the order of the notes only, as in the source (arXiv 2604.10283, appendix B).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor, nn

from analysis.descriptors.d4 import N_STEPS, d4
from analysis.errors import ShapeError
from analysis.models.config import DescriptorValues, ModelConfig
from analysis.models.substitutes import Substitute
from analysis.models.transformer import Block

N_PITCHES = 128
N_VELOCITIES = 128
N_DURATIONS = 32
SHORTEST_S, LONGEST_S = 0.05, 4.0
SAMPLED_NOTES = 96  # of each training window that a shuffled control carries


@dataclass(frozen=True)
class MidiBatch:
    """Notes of several windows, padded to the longest; `mask` is True where there is a note."""

    pitch: Int[Tensor, "batch notes"]
    velocity: Int[Tensor, "batch notes"]
    duration: Int[Tensor, "batch notes"]
    mask: Bool[Tensor, "batch notes"]

    def to(self, device: torch.device | str) -> "MidiBatch":
        """The same on another device."""
        return MidiBatch(*(x.to(device) for x in (self.pitch, self.velocity, self.duration, self.mask)))


def duration_bucket(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """⌊31·ln(d/0.05)/ln 80⌋ with d clamped to 0.05-4 s: 0 to 31.

    >>> duration_bucket(np.array([0.01, 0.05, 4.0, 60.0])).tolist()
    [0, 0, 31, 31]
    """
    clamped = np.clip(seconds, SHORTEST_S, LONGEST_S)
    scaled = 31 * np.log(clamped / SHORTEST_S) / math.log(LONGEST_S / SHORTEST_S)
    return np.floor(scaled + 1e-9).astype(np.int64)  # ln 80 / ln 80 may fall an ulp short of 31


def collate_notes(windows: Sequence[tuple[NDArray, NDArray, NDArray]], max_notes: int = 2048) -> MidiBatch:
    """Pad windows of (pitch, velocity, duration in seconds) to one batch; notes beyond `max_notes` are dropped.

    Raises:
        ShapeError: a window has no notes.
    """
    lengths = [min(len(pitch), max_notes) for pitch, _, _ in windows]
    if not lengths or min(lengths) == 0:
        raise ShapeError(f"Every window needs at least one note; got lengths {lengths}. Leave empty windows out.")
    columns = np.zeros((3, len(windows), max(lengths)), dtype=np.int64)
    for row, (pitch, velocity, duration_s) in enumerate(windows):
        n = lengths[row]
        columns[:, row, :n] = pitch[:n], velocity[:n], duration_bucket(duration_s[:n])
    pitch, velocity, duration = torch.from_numpy(columns)
    mask = torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]
    return MidiBatch(pitch, velocity, duration, mask)


class D4Descriptor(nn.Module):
    """D4, or what a control puts in its place, as a module without weights: a place where it can be read or replaced."""

    def __init__(self, values: DescriptorValues = "real") -> None:
        super().__init__()
        self.given = Substitute(values, SAMPLED_NOTES, N_STEPS, "D4")

    def forward(self, notes: MidiBatch) -> Float[Tensor, "batch notes 4"]:
        """See `masked_d4` and `analysis.models.substitutes`."""
        contents = [notes.pitch, notes.velocity, notes.duration]
        return self.given(masked_d4(notes), notes.mask, contents)


class MidiEncoder(nn.Module):
    """Notes to one vector per window."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        d_model = config.midi_d_model
        self.pitch = nn.Embedding(N_PITCHES, config.d_pitch)
        self.velocity = nn.Embedding(N_VELOCITIES, config.d_velocity)
        self.duration = nn.Embedding(N_DURATIONS, config.d_duration)
        self.input = nn.Linear(d_model, d_model)
        self.input_norm = nn.LayerNorm(d_model)
        if config.d4:
            self.d4 = D4Descriptor(config.descriptor_values)
            self.d4_concat = nn.Linear(d_model + N_STEPS, d_model)
            self.d4_norm = nn.LayerNorm(d_model)
        self.blocks = nn.ModuleList(
            Block(d_model, config.n_heads, config.midi_d_ff, config.dropout, config.attention_dropout, norm_first=True)
            for _ in range(config.midi_n_layers)
        )
        self.dropout = nn.Dropout(config.dropout)
        self.norm = nn.LayerNorm(d_model)

    def tokens(self, notes: MidiBatch) -> Float[Tensor, "batch notes d_model"]:
        """Input of block 1: one token per note."""
        parts = [self.pitch(notes.pitch), self.velocity(notes.velocity), self.duration(notes.duration)]
        x = self.input_norm(self.input(torch.cat(parts, dim=-1)))
        if self.config.d4:
            x = self.d4_norm(self.d4_concat(torch.cat([x, self.d4(notes).to(x.dtype)], dim=-1)))
        return self.dropout(x + sinusoids(x.shape[1], x.shape[2], x.device))

    def hidden_states(self, notes: MidiBatch) -> list[Float[Tensor, "batch notes d_model"]]:
        """Input of block 1, then the output of every block."""
        states = [self.tokens(notes)]
        for block in self.blocks:
            states.append(block(states[-1], notes.mask))
        return states

    def forward(self, notes: MidiBatch) -> Float[Tensor, "batch d_model"]:
        """Mean over the notes of the last block; layer norm after it as in the paper, or before it as in the authors' code."""
        last = self.hidden_states(notes)[-1]
        if self.config.midi_norm == "before mean":
            last = self.norm(last)
        weight = notes.mask[..., None].to(last.dtype)
        mean = (last * weight).sum(dim=1) / weight.sum(dim=1)
        return mean if self.config.midi_norm == "before mean" else self.norm(mean)


def masked_d4(notes: MidiBatch) -> Float[Tensor, "batch notes 4"]:
    """D4 as if each window ended with its last note: padding repeats the last pitch, so the final step is 0."""
    last = notes.pitch.gather(1, notes.mask.sum(dim=1, keepdim=True) - 1)
    return d4(torch.where(notes.mask, notes.pitch, last)) * notes.mask[..., None]


def sinusoids(n_positions: int, d_model: int, device: torch.device) -> Float[Tensor, "positions d_model"]:
    """Fixed positional encoding of Vaswani et al. 2017, section 3.5."""
    position = torch.arange(n_positions, device=device, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, d_model, 2, device=device) * (-math.log(10_000.0) / d_model))
    return torch.stack([(position * rate).sin(), (position * rate).cos()], dim=-1).flatten(1)
