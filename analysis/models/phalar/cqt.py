"""The constant-Q transform that a PHALAR reads."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor, nn

from analysis.errors import ShapeError
from analysis.models.phalar.config import PhalarConfig

SMALLEST_POWER = 1e-20  # an amplitude of 1e-10, as in the source


class Kernels(NamedTuple):
    """Of neighbouring bins, an octave or less, laid over whole hops.

    Attributes:
        half_hops: hops to either side of the middle of a frame.
        weights: real parts of all bins, then imaginary parts, `(2 bins, hop, 2 half_hops)`.
    """

    half_hops: int
    weights: Float[ndarray, "parts hop taps"]


@lru_cache(maxsize=4)
def octaves_of(config: PhalarConfig) -> tuple[Kernels, ...]:
    """Kernels of all bins, an octave at a time, from the lowest."""
    numbers = range(config.n_bins)
    step = config.bins_per_octave
    return tuple(_octave(config, numbers[start : start + step]) for start in range(0, config.n_bins, step))


def kernel(config: PhalarConfig, number: int) -> ndarray:
    """Of one bin, complex `(samples,)`: √l · w(n) · e^(2πi f n / rate) / Σ w, n = 0 in the middle, w a Hann window of l samples.

    Its amplitude is that of `librosa.cqt`; the length l is a whole number, as in nnAudio's CQT1992v2.
    """
    length, frequency_hz = config.kernel_lengths[number], config.frequencies_hz[number]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    offsets = np.arange(length) - (length + 1) // 2
    return np.sqrt(length) * window / window.sum() * np.exp(2j * np.pi * frequency_hz * offsets / config.sample_rate)


def _octave(config: PhalarConfig, numbers: range) -> Kernels:
    half_hops = config.half_hops(numbers[0])
    rows = np.zeros((len(numbers), 2 * half_hops * config.hop_length), complex)
    for row, number in zip(rows, numbers, strict=True):
        length = config.kernel_lengths[number]
        start = half_hops * config.hop_length - (length + 1) // 2
        row[start : start + length] = kernel(config, number)
    parts = np.concatenate([np.real(rows), np.imag(rows)]).reshape(2 * len(numbers), 2 * half_hops, config.hop_length)
    return Kernels(half_hops, parts.transpose(0, 2, 1).astype(np.float32))


class ConstantQ(nn.Module):
    """Levels in bins of constant quality, scaled to about 0 to 1; nothing in it is trained and nothing is saved.

    |Σ x(n + t · hop) · conj(kernel(n))| of frames that are centred at every hop, the sound mirrored at both ends; level
    20 · log10 in dB, not below the loudest cell of the window less `range_db`; (level + range) / range. It can be differentiated.

    A hop of samples is treated as so many numbers of one moment, and kernels of an octave are as long as its longest, so that the
    transform is a sum of products of matrices, one for every hop of a kernel; no accelerator shortens the numbers of these.
    """

    def __init__(self, config: PhalarConfig) -> None:
        super().__init__()
        self.config = config
        self.half_hops: list[int] = []
        for number, octave in enumerate(octaves_of(config)):
            self.half_hops.append(octave.half_hops)
            self.register_buffer(f"octave_{number}", torch.from_numpy(octave.weights), persistent=False)

    def power(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch bins frames"]:
        """Squared amplitudes.

        Raises:
            ShapeError: the windows are shorter than half the longest kernel.
        """
        config, reach = self.config, max(self.half_hops)
        if waveform.shape[-1] < config.least_samples:
            expected = f"{config.least_samples:,} samples or more ({config.least_samples / config.sample_rate:.2f} s)"
            raise ShapeError(f"PHALAR reads windows of {expected}; got shape {tuple(waveform.shape)}. Cut longer ones.")
        border = reach * config.hop_length
        mirrored = F.pad(waveform[:, None], (border, border), mode="reflect")[:, 0]
        n_hops = waveform.shape[-1] // config.hop_length + 2 * reach
        hops = mirrored[:, : n_hops * config.hop_length].unflatten(1, (n_hops, config.hop_length)).transpose(1, 2).contiguous()
        n_frames = n_hops - 2 * reach + 1
        parts = []
        for number, half in enumerate(self.half_hops):
            weights, start = self.get_buffer(f"octave_{number}").to(hops.dtype), reach - half
            products = (weights[..., tap] @ hops[..., start + tap : start + tap + n_frames] for tap in range(2 * half))
            parts.append(sum(products, start=hops.new_zeros(())).unflatten(1, (2, -1)).square().sum(dim=1))
        return torch.cat(parts, dim=1)

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch bins frames"]:
        """Scaled levels, in fp32 at least, whatever is around.

        Raises:
            ShapeError: the windows are shorter than half the longest kernel.
        """
        range_db = self.config.range_db
        with torch.autocast(waveform.device.type, enabled=False):
            exact = waveform if waveform.dtype == torch.float64 else waveform.float()
            level_db = 10 * self.power(exact).clamp(min=SMALLEST_POWER).log10()
            level_db = level_db.maximum(level_db.amax(dim=(1, 2), keepdim=True) - range_db)
            return (level_db + range_db) / range_db
