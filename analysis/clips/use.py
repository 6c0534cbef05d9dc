"""What a model does with one recording: attention, hidden states and descriptors, window by window.

One pass keeps sums only. A window's pattern is computed again when it is asked for, so memory does not grow with the clip.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from analysis.clips.attention_span import AttentionSpan, LayerUse, join, use_of
from analysis.clips.pyramid import MAX_SIDE, View, means, view
from analysis.datasets.audio import Waveform
from analysis.descriptors.descriptor import Descriptor
from analysis.descriptors.registry import find_descriptor
from analysis.errors import CheckpointError, ShapeError
from analysis.models.config import ModelConfig
from analysis.models.dual_encoder import DualEncoder
from analysis.models.patterns import AttentionInput, read_attention
from analysis.models.taps import own_hooks
from analysis.models.tokens import Grid, grids

Progress = Callable[[int, int], None]
Check = Callable[[], None]
OTHERWISE_DRAWN = "A4"
TOKENS_AT_ONCE = 2400  # one window at paper scale, twelve of the small one


@dataclass(frozen=True)
class ClipUse:
    """What the attention of a model did over a whole clip, and its hidden states as means over cells; no model is kept."""

    config: ModelConfig
    duration_s: float
    layers: dict[int, LayerUse]
    cells: Float[ndarray, "states cells d_model"]
    tokens_per_cell: int
    seconds: float
    device: str = "cpu"

    @cached_property
    def grids(self) -> dict[int, Grid]:
        """Axes of every layer's attention; 0 is that between CNN frames and descriptor, where there is one."""
        return grids(self.config)

    def received(self, layer: int, head: int | None = None) -> tuple[Float[ndarray, " times"], Float[ndarray, " times"]]:
        """Attention received by each key, mean over queries (share of 1 within its window), over the clip.

        Raises:
            ShapeError: there is no such layer.
        """
        check_place(layer=(layer, min(self.layers), max(self.layers)))
        share = self.layers[layer].share(head)
        times = clip_times_s(self.grids[layer].key_times_s, len(share), self.config.window_s)
        return times[times < self.duration_s], share.ravel()[times < self.duration_s]

    def spread(self, layer: int, head: int | None = None) -> AttentionSpan:
        """How widely queries spread their attention.

        Raises:
            ShapeError: there is no such layer.
        """
        check_place(layer=(layer, min(self.layers), max(self.layers)))
        return self.layers[layer].spread(head)

    def self_similarity(self, layer: int) -> tuple[Float[ndarray, " cells"], Float[ndarray, "cells cells"]]:
        """Cosine similarity between moments of the clip after block `layer` (0 = its input), tokens averaged into cells.

        Cells are as few tokens as keep the matrix at most 512 wide.

        Raises:
            ShapeError: there is no such layer, or a cell is exactly zero.
        """
        check_place(layer=(layer, 0, len(self.cells) - 1))
        stream = self.grids[1].query_times_s
        times = clip_times_s(stream, n_windows(self.config, self.duration_s), self.config.window_s)
        norms = np.linalg.norm(self.cells[layer], axis=1, keepdims=True)
        if not norms.all():
            raise ShapeError("A token is exactly zero, so its cosine similarity is undefined. Choose another layer.")
        unit = self.cells[layer] / norms
        return means(times[times < self.duration_s], self.tokens_per_cell), unit @ unit.T


@dataclass(frozen=True)
class ClipAnalysis:
    """One forward pass over all windows; patterns are computed when asked for, one window and layer at a time."""

    model: DualEncoder
    use: ClipUse
    descriptor: Descriptor
    descriptor_values: Float[ndarray, "features frames"]
    windows: Float[Tensor, "windows samples"]
    _read: dict[int, dict[int, AttentionInput]] = field(default_factory=dict, compare=False, repr=False)
    _shown: dict[tuple[int, int, int | None], Float[ndarray, "queries keys"]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def window_s(self) -> float:
        """Length of one window in seconds; the last window is padded with silence."""
        return self.model.config.window_s

    @property
    def n_windows(self) -> int:
        """Windows side by side that cover the clip."""
        return len(self.windows)

    @property
    def layers(self) -> list[int]:
        """Layers whose attention can be shown: 0 is that between CNN frames and descriptor, where there is one."""
        return list(self.use.layers)

    @property
    def n_heads(self) -> int:
        """Heads of each layer."""
        return self.model.config.n_heads

    def grid(self, layer: int) -> Grid:
        """Kinds and times of the queries and keys of a layer.

        Raises:
            ShapeError: there is no such layer.
        """
        check_place(layer=(layer, min(self.layers), max(self.layers)))
        return self.use.grids[layer]

    @torch.no_grad()
    def attention(self, window: int, layer: int, head: int | None) -> Float[ndarray, "queries keys"]:
        """Attention pattern of a window (from 0), layer (0 = cross-attention) and head (from 1; None = mean over heads).

        Raises:
            ShapeError: there is no such window, layer or head.
        """
        check_place(
            window=(window, 0, self.n_windows - 1),
            layer=(layer, min(self.layers), max(self.layers)),
            head=(1 if head is None else head, 1, self.n_heads),
        )
        key = (window, layer, head)
        if (stored := self._shown.get(key)) is not None:
            return stored
        read = self._read.get(window)
        if read is None:
            _, read = read_attention(self.model.audio, self.windows[window : window + 1].to(_device(self.model)))
            self._read.clear()  # one window at a time: at paper scale it is 100 MB
            self._read[window] = read
        pattern = read[layer].pattern(None if head is None else head - 1)[0].cpu().numpy()
        pattern.flags.writeable = False  # it is kept, so that zooming does not compute it again
        self._shown.clear()
        self._shown[key] = pattern
        return pattern

    def attention_view(
        self,
        window: int,
        layer: int,
        head: int | None,
        query_span_s: tuple[float, float] | None = None,
        key_span_s: tuple[float, float] | None = None,
    ) -> View:
        """A picture of a pattern of at most 512 × 512 cells; spans are seconds from the window's start.

        Raises:
            ShapeError: there is no such window, layer or head, or no token in a span.
        """
        return view(self.attention(window, layer, head), self.grid(layer), query_span_s, key_span_s)

    @property
    def described(self) -> tuple[Float[ndarray, " frames"], Float[ndarray, "features frames"]]:
        """Frame times in seconds and the descriptor of the whole clip, in its unit."""
        config, n_windows = self.model.config, len(self.windows)
        times_s = self.descriptor.axis(n_windows * config.n_samples, config.sample_rate).times_s
        return (np.zeros(0) if times_s is None else times_s)[: self.descriptor_values.shape[1]], self.descriptor_values


def n_windows(config: ModelConfig, duration_s: float) -> int:
    """Windows side by side that cover a clip, at least one."""
    return max(1, -(-round(duration_s * config.sample_rate) // config.n_samples))


def clip_times_s(times_s: Float[ndarray, " tokens"], windows: int, window_s: float) -> Float[ndarray, " times"]:
    """Times within a window, repeated for each window, in seconds from the start of the clip."""
    return (np.arange(windows)[:, None] * window_s + times_s).ravel()


def check_place(**places: tuple[int, int, int]) -> None:
    """Refuse a (value, lowest, highest) that lies outside.

    Raises:
        ShapeError: a value lies outside.
    """
    for name, (value, low, high) in places.items():
        if not low <= value <= high:
            raise ShapeError(f"There is no {name} {value}: expected {low} to {high}.")


def analyse_clip(model: DualEncoder, waveform: Waveform, progress: Progress | None = None) -> ClipAnalysis:
    """Run the audio encoder over a recording in windows side by side; `progress` is told (windows done, windows in all).

    Raises:
        ShapeError: the recording is not at the model's sample rate.
    """
    return open_analysis(model, waveform, measure_use(model, waveform, progress))


def open_analysis(model: DualEncoder, waveform: Waveform, use: ClipUse) -> ClipAnalysis:
    """What is left to do where the use of attention over a recording is known already: windows and descriptor.

    Raises:
        ShapeError: the recording is not at the model's sample rate.
    """
    windows = _windows(model.config, waveform)
    descriptor = drawn_descriptor(model.config)
    values = descriptor.compute(torch.from_numpy(waveform.samples)[None], model.config.sample_rate)[0].T.numpy()
    return ClipAnalysis(model, use, descriptor, values, windows)


def drawn_descriptor(config: ModelConfig) -> Descriptor:
    """What is drawn of a recording: the descriptor of the audio side, or the bands of A4 where it has none."""
    return find_descriptor(config.audio_entry.descriptor if config.audio_entry else OTHERWISE_DRAWN)


@torch.no_grad()
def measure_use(model: DualEncoder, waveform: Waveform, progress: Progress | None = None, check: Check | None = None) -> ClipUse:
    """Attention received, its spread and averaged hidden states of every layer, in one pass.

    Args:
        model: whose audio encoder reads.
        waveform: at the model's sample rate.
        progress: told (windows done, windows in all).
        check: called before every module and every block of a pattern, so that it can raise: a window may take seconds.

    Raises:
        ShapeError: the recording is not at the model's sample rate.
        CheckpointError: a hidden state is not finite.
    """
    began = time.perf_counter()
    windows, config = _windows(model.config, waveform), model.config
    axes = grids(config)
    n_tokens = len(axes[1].query_times_s)
    times = clip_times_s(axes[1].query_times_s, len(windows), config.window_s)
    n_inside = int((times < waveform.duration_s).sum())
    per_cell = -(-n_inside // MAX_SIDE)
    cells = torch.zeros(config.audio_n_layers + 1, -(-n_inside // per_cell), config.audio_d_model)
    parts: dict[int, list[LayerUse]] = {layer: [] for layer in axes}
    done = 0
    for batch in windows.split(max(1, TOKENS_AT_ONCE // config.n_audio_tokens)):
        states, read = _read_checked(model, batch, check)
        _add_cells(cells, states, slice(done * n_tokens, n_inside), per_cell)
        starts = (done + torch.arange(len(batch)))[:, None] * config.window_s
        for layer, given in read.items():
            inside = starts + torch.from_numpy(axes[layer].query_times_s) < waveform.duration_s
            parts[layer].append(use_of(given, inside.to(given.query.device), check))
        done += len(batch)
        if progress is not None:
            progress(done, len(windows))
    layers = {layer: join(uses) for layer, uses in parts.items()}
    sizes = torch.full((cells.shape[1], 1), per_cell)
    sizes[-1] = n_inside - (cells.shape[1] - 1) * per_cell
    if not cells.isfinite().all():
        raise CheckpointError("What this checkpoint computes from the recording is not finite; it cannot be examined.")
    seconds = time.perf_counter() - began
    return ClipUse(config, waveform.duration_s, layers, (cells / sizes).numpy(), per_cell, seconds, str(_device(model)))


def _read_checked(
    model: DualEncoder, batch: Float[Tensor, "windows samples"], check: Check | None
) -> tuple[list[Tensor], dict[int, AttentionInput]]:
    modules = model.audio.modules() if check is not None else ()
    with own_hooks(before=[(module, lambda *_: check()) for module in modules]):  # pyright: ignore[reportOptionalCall]
        return read_attention(model.audio, batch.to(_device(model)))


def _add_cells(cells: Tensor, states: list[Tensor], window: slice, per_cell: int) -> None:
    """Add tokens, the first of which is number `place.start` of the clip, to their cells; from `place.stop` on is padding."""
    for total, state in zip(cells, states, strict=True):
        tokens = state.flatten(0, 1)[: window.stop - window.start].cpu()
        total.index_add_(0, (window.start + torch.arange(len(tokens))) // per_cell, tokens)


def _windows(config: ModelConfig, waveform: Waveform) -> Float[Tensor, "windows samples"]:
    if waveform.sample_rate != config.sample_rate:
        raise ShapeError(f"The model hears {config.sample_rate} Hz; got {waveform.sample_rate} Hz. Resample on loading.")
    padded = np.zeros(n_windows(config, waveform.duration_s) * config.n_samples, dtype=np.float32)
    padded[: len(waveform.samples)] = waveform.samples
    return torch.from_numpy(padded.reshape(-1, config.n_samples))


def _device(model: DualEncoder) -> torch.device:
    return next(model.parameters()).device
