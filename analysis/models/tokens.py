"""What the tokens of an audio encoder stand for, and when."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.descriptors.a4 import HOP_LENGTH, N_FFT, n_frames
from analysis.models.config import ModelConfig
from analysis.models.patterns import CROSS

CNN, A4 = "CNN token", "A4 token"


@dataclass(frozen=True)
class Grid:
    """The two axes of an attention pattern: kind of token and times of their centres in seconds from the window's start."""

    query_kind: str
    key_kind: str
    query_times_s: Float[ndarray, " queries"]
    key_times_s: Float[ndarray, " keys"]


def grids(config: ModelConfig) -> dict[int, Grid]:
    """Axes of every layer's attention: 0 is the cross-attention with A4, where there is one; blocks count from 1."""
    times = {CNN: cnn_times_s(config), A4: np.arange(n_frames(config.n_samples)) * HOP_LENGTH / config.sample_rate}
    pairs = {"cross": (CNN, A4), "reverse": (A4, CNN)}
    stream = A4 if config.a4_mechanism == "reverse" else CNN
    kinds = {layer: (stream, stream) for layer in range(1, config.audio_n_layers + 1)}
    if config.a4_mechanism in pairs:
        kinds = {CROSS: pairs[config.a4_mechanism], **kinds}
    return {layer: Grid(query, key, times[query], times[key]) for layer, (query, key) in kinds.items()}


def layer_name(layer: int) -> str:
    """A layer as a person calls it.

    >>> layer_name(0), layer_name(2)
    ('A4 cross-attention', 'Layer 2')
    """
    return "A4 cross-attention" if layer == CROSS else f"Layer {layer}"


def cnn_times_s(config: ModelConfig) -> Float[ndarray, " tokens"]:
    """Centres of the receptive fields of the CNN tokens, none before 0."""
    hop, centre = 1, 0.0
    for kernel, stride, padding in zip(config.conv_kernels, config.conv_strides, config.conv_paddings, strict=True):
        centre += ((kernel - 1) / 2 - padding) * hop
        hop *= stride
    return np.maximum(np.arange(config.n_audio_tokens) * hop + centre, 0.0) / config.sample_rate


def receptive_field_s(config: ModelConfig, kind: str) -> float:
    """How much sound one token sees before any attention."""
    hop, length = 1, 1
    for kernel, stride in zip(config.conv_kernels, config.conv_strides, strict=True):
        length += (kernel - 1) * hop
        hop *= stride
    return (N_FFT if kind == A4 else length) / config.sample_rate
