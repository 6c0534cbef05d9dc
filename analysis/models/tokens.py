"""What the tokens of an audio encoder stand for, and when."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.descriptors.descriptor import Axis
from analysis.descriptors.registry import find_descriptor
from analysis.models.config import ModelConfig, Side
from analysis.models.injections.registry import find_injection

CROSS = 0  # the layer of the attention between CNN frames and descriptor


@dataclass(frozen=True)
class Grid:
    """The two axes of an attention pattern: kind of token and times of their centres in seconds from the window's start."""

    query_kind: str
    key_kind: str
    query_times_s: Float[ndarray, " queries"]
    key_times_s: Float[ndarray, " keys"]


def grids(config: ModelConfig) -> dict[int, Grid]:
    """Axes of every layer's attention: 0 is that between CNN frames and descriptor, where there is one; blocks count from 1."""
    tokens, descriptor, stream = audio_axes(config)
    blocks = {layer: _grid(stream, stream) for layer in range(1, config.audio_n_layers + 1)}
    if descriptor is None or config.audio_entry is None:
        return blocks
    crossing = find_injection(config.audio_entry.injection).crossing(tokens, descriptor)
    return blocks if crossing is None else {CROSS: _grid(*crossing), **blocks}


def audio_axes(config: ModelConfig) -> tuple[Axis, Axis | None, Axis]:
    """Positions of the CNN frames, of the descriptor (None without one), and of what goes through the blocks."""
    tokens, entry = cnn_axis(config), config.audio_entry
    if entry is None:
        return tokens, None, tokens
    descriptor = find_descriptor(entry.descriptor).axis(config.n_samples, config.sample_rate)
    return tokens, descriptor, find_injection(entry.injection).stream(tokens, descriptor)


def layer_title(layer: int, config: ModelConfig, side: Side = "audio") -> str:
    """A layer as a person calls it.

    >>> from analysis.models.arms import build_config
    >>> layer_title(0, build_config("a4r", "small")), layer_title(2, build_config("D0", "small"))
    ('A4 cross-attention', 'Layer 2')
    """
    return crossing_name(config, side) if layer == CROSS else f"Layer {layer}"


def crossing_name(config: ModelConfig, side: Side = "audio") -> str:
    """The attention between the tokens of a side and its descriptor as a person calls it."""
    entry = config.entry(side)
    return f"{entry.descriptor} cross-attention" if entry else "cross-attention"


def cnn_axis(config: ModelConfig) -> Axis:
    """The CNN tokens: centres of their receptive fields, none before 0, and how much sound one sees before any attention."""
    hop, length, centre = 1, 1, 0.0
    for kernel, stride, padding in zip(config.conv_kernels, config.conv_strides, config.conv_paddings, strict=True):
        centre += ((kernel - 1) / 2 - padding) * hop
        length += (kernel - 1) * hop
        hop *= stride
    times_s = np.maximum(np.arange(config.n_audio_tokens) * hop + centre, 0.0) / config.sample_rate
    return Axis("CNN", "CNN frame", times_s, length / config.sample_rate)


def _grid(query: Axis, key: Axis) -> Grid:
    return Grid(query.token, key.token, *(np.zeros(0) if axis.times_s is None else axis.times_s for axis in (query, key)))
