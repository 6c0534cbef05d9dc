"""A7: which just intervals the strongest partials of a frame form with each other.

Source: Fernández Méndez et al., arXiv 2604.10283, appendix A.1; sizes and constants are those of the authors' code.
"""

import math
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from analysis.descriptors.a4 import HOP_LENGTH, N_FFT, frames
from analysis.descriptors.descriptor import Descriptor, Look
from analysis.errors import ShapeError

RATIOS = ((1, 1), (16, 15), (9, 8), (6, 5), (5, 4), (4, 3), (7, 5), (3, 2), (8, 5), (5, 3), (7, 4), (15, 8))
N_PEAKS = 8
LOWEST_HZ = 50.0
WIDTH_OCTAVES = 0.02  # of the Gaussian around every ratio: 24 cents
SMALLEST_PRODUCT = SMALLEST_SUM = 1e-8


def a7(waveform: Float[Tensor, "batch samples"], sample_rate: int) -> Float[Tensor, "batch frames 12"]:
    """Share of each of twelve just intervals among the pairs of a frame's eight largest bins; the shares of a frame add to 1.

    |STFT| (Hann window of 2,048, hop 512, centred) without what lies below 50 Hz; the eight largest bins with frequencies f and
    magnitudes m; for the 28 pairs with f_i < f_j the interval r = log₂(f_j / f_i) mod 1 in octaves. A pair adds
    √(m_i m_j + 10⁻⁸) · exp(−d² / (2 · 0.02²)) to every interval, d being the distance from r to it around the octave. In the
    source a bin without magnitude takes part by its 10⁻⁸; here it does not, so that silence gives zeros and not what ties decide.

    Raises:
        ShapeError: fewer samples than the transform needs.

    >>> a7(torch.randn(2, 96_000), 24_000).shape
    torch.Size([2, 188, 12])
    """
    values = activations(waveform, sample_rate, "A7")
    return values / values.sum(dim=-1, keepdim=True).clamp_min(SMALLEST_SUM)


def activations(waveform: Float[Tensor, "batch samples"], sample_rate: int, name: str) -> Float[Tensor, "batch frames 12"]:
    """Weight of every interval in every frame, not yet divided by its sum: it rises with the level.

    Args:
        waveform: mono.
        sample_rate: in Hz.
        name: of the descriptor, for the error.

    Raises:
        ShapeError: fewer samples than the transform needs.
    """
    with torch.autocast(waveform.device.type, enabled=False):
        spectrum, hz = magnitudes(waveform, sample_rate, name)
        magnitude, bins = (spectrum * (hz >= LOWEST_HZ)[:, None]).transpose(1, 2).topk(N_PEAKS, dim=-1)
        bins, order = bins.sort(dim=-1)
        return intervals(hz[bins].clamp_min(LOWEST_HZ), magnitude.gather(-1, order))


def magnitudes(
    waveform: Float[Tensor, "batch samples"], sample_rate: int, name: str
) -> tuple[Float[Tensor, "batch bins frames"], Float[Tensor, " bins"]]:
    """|STFT| (Hann window of 2,048, hop 512, centred), and the frequency of every bin in Hz.

    Raises:
        ShapeError: fewer samples than the transform needs.
    """
    if waveform.shape[-1] <= N_FFT:
        raise ShapeError(f"{name} needs more than {N_FFT} samples; got shape {tuple(waveform.shape)}. Use a longer clip.")
    window = torch.hann_window(N_FFT, device=waveform.device)
    spectrum = torch.stft(waveform.float(), N_FFT, HOP_LENGTH, window=window, center=True, return_complex=True).abs()
    return spectrum, torch.arange(N_FFT // 2 + 1, device=waveform.device) * (sample_rate / N_FFT)


def intervals(hz: Float[Tensor, "*frames peaks"], magnitude: Float[Tensor, "*frames peaks"]) -> Float[Tensor, "*frames 12"]:
    """Weight of every interval among the pairs of partials, rising in frequency; not yet divided by its sum.

    >>> triad = intervals(torch.tensor([400.0, 500.0, 600.0]), torch.ones(3))
    >>> [f"{p}/{q}" for (p, q), weight in zip(RATIOS, triad.tolist()) if weight > 0.9]
    ['6/5', '5/4', '3/2']
    """
    first, second = torch.triu_indices(hz.shape[-1], hz.shape[-1], offset=1, device=hz.device)
    octaves = (hz[..., second] / hz[..., first]).log2().remainder(1.0)
    product = magnitude[..., first] * magnitude[..., second]
    weight = (product + SMALLEST_PRODUCT).sqrt() * (product > 0)
    centres = torch.tensor([math.log2(p / q) for p, q in RATIOS], device=hz.device)
    apart = (octaves[..., None] - centres).abs()
    apart = torch.minimum(apart, 1 - apart)
    return (weight[..., None] * torch.exp(-0.5 * (apart / WIDTH_OCTAVES) ** 2)).sum(dim=-2)


DESCRIPTOR = Descriptor(
    "A7", "audio", len(RATIOS), partial(frames, "A7"), a7, "Fernández Méndez et al., arXiv 2604.10283, appendix A.1",
    Look("intervals", tuple(f"{p}/{q}" for p, q in RATIOS), "interval (frequency ratio)", "share of the frame", 0.0, 0.5),
    "A7 tells which of twelve just intervals the eight strongest bins of a frame form with each other; the shares of a frame add "
    "to 1. Neighbouring bins of one partial count as a unison.",
)  # fmt: skip
