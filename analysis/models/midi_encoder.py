"""Notes to a pooled vector: pitch, velocity and duration embeddings, four pre-norm transformer blocks, mean over notes.

Onset times are not an input; the model sees the order of the notes only, as in the source (arXiv 2604.10283, appendix B).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor, nn

from analysis.errors import ShapeError
from analysis.models.config import ModelConfig
from analysis.models.injections.places import Both, given, hidden_states, last
from analysis.models.transformer import Block, sinusoids

N_PITCHES = 128
N_VELOCITIES = 128
N_DURATIONS = 32
SHORTEST_S, LONGEST_S = 0.05, 4.0


@dataclass(frozen=True)
class MidiBatch:
    """Notes of several windows, padded to the longest.

    Attributes:
        pitch, velocity, duration: MIDI numbers, and buckets of `duration_bucket`.
        mask: True where there is a note.
        onset_s: in seconds from the window's start, for axes alone: no encoder reads it. None where nobody asked for it.
        waveform: of the same windows, where the arm gives the MIDI side a descriptor of it.
    """

    pitch: Int[Tensor, "batch notes"]
    velocity: Int[Tensor, "batch notes"]
    duration: Int[Tensor, "batch notes"]
    mask: Bool[Tensor, "batch notes"]
    onset_s: Float[NDArray[np.float64], "batch notes"] | None = None
    waveform: Float[Tensor, "batch samples"] | None = None

    def to(self, device: torch.device | str) -> "MidiBatch":
        """The same on another device."""
        pitch, velocity, duration, mask = (x.to(device) for x in (self.pitch, self.velocity, self.duration, self.mask))
        waveform = None if self.waveform is None else self.waveform.to(device)
        return MidiBatch(pitch, velocity, duration, mask, self.onset_s, waveform)


def duration_bucket(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """⌊31·ln(d/0.05)/ln 80⌋ with d clamped to 0.05-4 s: 0 to 31.

    >>> duration_bucket(np.array([0.01, 0.05, 4.0, 60.0])).tolist()
    [0, 0, 31, 31]
    """
    clamped = np.clip(seconds, SHORTEST_S, LONGEST_S)
    scaled = 31 * np.log(clamped / SHORTEST_S) / math.log(LONGEST_S / SHORTEST_S)
    return np.floor(scaled + 1e-9).astype(np.int64)  # ln 80 / ln 80 may fall an ulp short of 31


def collate_notes(
    windows: Sequence[tuple[NDArray, NDArray, NDArray]], max_notes: int = 2048, onsets_s: Sequence[NDArray] | None = None
) -> MidiBatch:
    """Pad windows of (pitch, velocity, duration in seconds) to one batch; notes beyond `max_notes` are dropped.

    Onsets in seconds from each window's start are kept beside them: what began before is at 0, padding is where the last note is.

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
    return MidiBatch(pitch, velocity, duration, mask, None if onsets_s is None else _padded_onsets(onsets_s, lengths))


def _padded_onsets(onsets_s: Sequence[NDArray], lengths: Sequence[int]) -> NDArray[np.float64]:
    kept = [np.maximum(onsets[:n], 0.0) for onsets, n in zip(onsets_s, lengths, strict=True)]
    return np.stack([np.pad(row, (0, max(lengths) - len(row)), mode="edge") for row in kept]).astype(np.float64)


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
        self.given = given(self, "midi", config)
        self.blocks = nn.ModuleList(
            Block(d_model, config.n_heads, config.midi_d_ff, config.dropout, config.attention_dropout, norm_first=True)
            for _ in range(config.midi_n_layers)
        )
        self.dropout = nn.Dropout(config.dropout)
        self.norm = nn.LayerNorm(d_model)

    def tokens(self, notes: MidiBatch, waveform: Tensor | None = None) -> Float[Tensor, "batch notes d_model"]:
        """Input of block 1: one token per note.

        Args:
            notes: of windows.
            waveform: of the same windows, `(batch, samples)`, where the arm gives this side a descriptor of it.
        """
        return next(self._states(notes, waveform))

    def hidden_states(self, notes: MidiBatch, waveform: Tensor | None = None) -> list[Float[Tensor, "batch notes d_model"]]:
        """Input of block 1, then the output of every layer."""
        return list(self._states(notes, waveform))

    def forward(self, notes: MidiBatch, waveform: Tensor | None = None) -> Float[Tensor, "batch d_model"]:
        """Mean over the notes of the last layer; layer norm after it as in the paper, or before it as in the authors' code."""
        last_state = last(self._states(notes, waveform))
        if self.config.midi_norm == "before mean":
            last_state = self.norm(last_state)
        weight = notes.mask[..., None].to(last_state.dtype)
        mean = (last_state * weight).sum(dim=1) / weight.sum(dim=1)
        return mean if self.config.midi_norm == "before mean" else self.norm(mean)

    def _states(self, notes: MidiBatch, waveform: Tensor | None) -> Iterator[Tensor]:
        parts = [self.pitch(notes.pitch), self.velocity(notes.velocity), self.duration(notes.duration)]
        x = self.input_norm(self.input(torch.cat(parts, dim=-1)))
        window = notes if waveform is None else Both(waveform, notes)
        return hidden_states(self.given, self.blocks, x, window, self._placed, notes.mask)

    def _placed(self, x: Tensor) -> Tensor:
        return self.dropout(x + sinusoids(x.shape[1], x.shape[2], x.device))
