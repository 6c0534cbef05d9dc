"""What a model does with one recording: attention, hidden states and descriptors, window by window."""

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from analysis.datasets.audio import Waveform
from analysis.descriptors.a4 import A4_EDGES_HZ, HOP_LENGTH, a4
from analysis.errors import ShapeError
from analysis.models.dual_encoder import DualEncoder


@dataclass(frozen=True)
class ClipAnalysis:
    """One forward pass over all windows; patterns are computed when asked for, one window and layer at a time."""

    model: DualEncoder
    duration_s: float
    states: list[Tensor]
    a4_values: Float[ndarray, "bands frames"]
    band_edges_hz: tuple[float, ...] = A4_EDGES_HZ
    _received: dict[int, Float[ndarray, "windows keys"]] = field(default_factory=dict, compare=False)

    @property
    def window_s(self) -> float:
        """Length of one window in seconds; the last window is padded with silence."""
        return self.model.config.window_s

    @property
    def n_windows(self) -> int:
        """Windows side by side that cover the clip."""
        return self.states[0].shape[0]

    @property
    def n_layers(self) -> int:
        """Transformer blocks of the audio encoder."""
        return self.model.config.audio_n_layers

    @property
    def n_heads(self) -> int:
        """Heads of each block."""
        return self.model.config.n_heads

    @property
    def query_kind(self) -> str:
        """What a token of the transformer stands for."""
        return "A4 token" if self.model.config.a4_mechanism == "reverse" else "CNN token"

    key_kind = query_kind

    @property
    def query_times_s(self) -> Float[ndarray, " tokens"]:
        """Centres of the tokens within a window."""
        n = self.states[0].shape[1]
        if self.query_kind == "A4 token":
            return np.arange(n) * HOP_LENGTH / self.model.config.sample_rate
        return (np.arange(n) + 0.5) * self.window_s / n

    key_times_s = query_times_s

    @torch.no_grad()
    def attention(self, window: int, layer: int, head: int | None) -> Float[ndarray, "queries keys"]:
        """Attention pattern of a window (from 0), layer (from 1) and head (from 1; None = mean over heads).

        Raises:
            ShapeError: there is no such window, layer or head.
        """
        limits = (
            ("window", window, 0, self.n_windows - 1),
            ("layer", layer, 1, self.n_layers),
            ("head", head or 1, 1, self.n_heads),
        )
        for name, value, low, high in limits:
            if not low <= value <= high:
                raise ShapeError(f"There is no {name} {value}: expected {low} to {high}.")
        block = self.model.audio.blocks[layer - 1]
        pattern = block.pattern(self.states[layer - 1][window : window + 1])[0]  # pyright: ignore[reportCallIssue]
        return (pattern.mean(dim=0) if head is None else pattern[head - 1]).numpy()

    def received(self, layer: int) -> tuple[Float[ndarray, " times"], Float[ndarray, " times"]]:
        """Attention received by each token, mean over heads and queries (share of 1 within its window), over the clip."""
        if layer not in self._received:
            shares = [self.attention(window, layer, None).mean(axis=0) for window in range(self.n_windows)]
            self._received[layer] = np.stack(shares)
        return self._clip_times(), self._received[layer].ravel()[self._inside()]

    def self_similarity(self, layer: int, max_side: int = 512) -> tuple[Float[ndarray, " cells"], Float[ndarray, "cells cells"]]:
        """Cosine similarity between moments of the clip after block `layer` (0 = its input), tokens averaged into cells.

        Cells are as few tokens as keep the matrix at most `max_side` wide.
        """
        tokens = self.states[layer].flatten(0, 1).numpy()[self._inside()]
        times = self._clip_times()
        per_cell = -(-len(tokens) // max_side)
        starts = np.arange(0, len(tokens), per_cell)
        sizes = np.diff(np.append(starts, len(tokens)))
        cells = np.add.reduceat(tokens, starts, axis=0) / sizes[:, None]
        norms = np.linalg.norm(cells, axis=1, keepdims=True)
        if not norms.all():
            raise ShapeError("A token is exactly zero, so its cosine similarity is undefined. Choose another layer.")
        unit = cells / norms
        return np.add.reduceat(times, starts) / sizes, unit @ unit.T

    @property
    def a4(self) -> tuple[Float[ndarray, " frames"], Float[ndarray, "bands frames"]]:
        """Frame times in seconds and A4 of the whole clip (standard deviations)."""
        return np.arange(self.a4_values.shape[1]) * HOP_LENGTH / self.model.config.sample_rate, self.a4_values

    def _all_times(self) -> Float[ndarray, " tokens"]:
        starts = np.arange(self.n_windows)[:, None] * self.window_s
        return (starts + self.query_times_s).ravel()

    def _inside(self) -> ndarray:
        return self._all_times() <= self.duration_s

    def _clip_times(self) -> Float[ndarray, " times"]:
        return self._all_times()[self._inside()]


@torch.no_grad()
def analyse_clip(model: DualEncoder, waveform: Waveform) -> ClipAnalysis:
    """Run the audio encoder over a recording in windows side by side.

    Raises:
        ShapeError: the recording is not at the model's sample rate.
    """
    config = model.config
    if waveform.sample_rate != config.sample_rate:
        raise ShapeError(f"The model hears {config.sample_rate} Hz; got {waveform.sample_rate} Hz. Resample on loading.")
    n_windows = max(1, -(-len(waveform.samples) // config.n_samples))
    padded = np.zeros(n_windows * config.n_samples, dtype=np.float32)
    padded[: len(waveform.samples)] = waveform.samples
    windows = torch.from_numpy(padded.reshape(n_windows, -1))
    batches = [model.audio.hidden_states(batch) for batch in windows.split(16)]
    states = [torch.cat(parts) for parts in zip(*batches, strict=True)]
    descriptor = a4(torch.from_numpy(waveform.samples)[None], config.sample_rate)[0].T.numpy()
    return ClipAnalysis(model, waveform.duration_s, states, descriptor)
