"""A4: how the energy of eight octave bands changes from frame to frame.

Source: Fernández Méndez et al., arXiv 2604.10283, section 3.4.1 and Table 1.
"""

from functools import partial
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from analysis.descriptors.descriptor import Axis, Descriptor, Look
from analysis.errors import ShapeError

N_BANDS = 8
LOWEST_HZ = 46.875  # bin 4 of 2,048 at 24 kHz; Table 1 prints it as 47, and edges so rounded would fall into other bins
A4_EDGES_HZ = tuple(LOWEST_HZ * 2.0**octave for octave in range(N_BANDS + 1))
N_FFT = 2048
HOP_LENGTH = 512
SMALLEST_STD = 1e-8  # the source's clamp: a band that never changes stays 0 rather than becoming NaN


def n_frames(n_samples: int) -> int:
    """Frames of a centred transform, 1 + ⌊samples / 512⌋.

    >>> n_frames(96_000)
    188
    """
    return 1 + n_samples // HOP_LENGTH


def a4(waveform: Float[Tensor, "batch samples"], sample_rate: int) -> Float[Tensor, "batch frames 8"]:
    """Change of each band's level in standard deviations of that band over the clip (no unit).

    log(1 + |STFT|), mean over the bins of each band, difference in time with a zero first frame, z-score per band over time
    (unbiased standard deviation). Every band therefore has mean 0 over time. The bands are octaves from 46.875 Hz; at 24 kHz
    they are the bins [4:8], [8:16], [16:32], [32:64], [64:128], [128:256], [256:512] and [512:1025], the last with the bin at
    half the sample rate. Bands above half of another sample rate stay 0.

    Raises:
        ShapeError: fewer samples than the transform needs.

    >>> a4(torch.randn(2, 96_000), 24_000).shape
    torch.Size([2, 188, 8])
    """
    if waveform.shape[-1] <= N_FFT:
        raise ShapeError(f"A4 needs more than {N_FFT} samples; got shape {tuple(waveform.shape)}. Use a longer clip.")
    window = torch.hann_window(N_FFT, device=waveform.device)
    with torch.autocast(waveform.device.type, enabled=False):  # half precision would move a band by 0.06 of its deviations
        spectrum = torch.stft(waveform.float(), N_FFT, HOP_LENGTH, window=window, center=True, return_complex=True)
        bands = (band_average(sample_rate).to(waveform.device) @ torch.log1p(spectrum.abs())).transpose(1, 2)
        change = torch.diff(bands, dim=1, prepend=bands[:, :1])
        centred = change - change.mean(dim=1, keepdim=True)
        return centred / centred.std(dim=1, keepdim=True).clamp_min(SMALLEST_STD)


def band_average(sample_rate: int) -> Float[Tensor, "8 bins"]:
    """Weights that average the bins of each band; a row of zeros where a band has none.

    >>> [int(row.count_nonzero()) for row in band_average(24_000)]
    [4, 8, 16, 32, 64, 128, 256, 513]
    """
    frequency = torch.arange(N_FFT // 2 + 1, dtype=torch.float64) * sample_rate / N_FFT
    low, high = (torch.tensor(edges, dtype=torch.float64)[:, None] for edges in (A4_EDGES_HZ[:-1], A4_EDGES_HZ[1:]))
    inside = (frequency >= low) & (frequency < high)
    inside[-1] |= frequency == A4_EDGES_HZ[-1]
    return (inside / inside.sum(dim=1, keepdim=True).clamp_min(1)).float()


def frames(name: str, n_samples: int, sample_rate: int) -> Axis:
    """The frames of the transform in a window: where they are centred, and how much sound one of them sees."""
    return Axis(name, f"{name} frame", np.arange(n_frames(n_samples)) * HOP_LENGTH / sample_rate, N_FFT / sample_rate)


DESCRIPTOR = Descriptor(
    "A4", "audio", N_BANDS, partial(frames, "A4"), a4, "Fernández Méndez et al., arXiv 2604.10283, section 3.4.1",
    Look(
        "bands", tuple(f"{low:,.0f}–{high:,.0f} Hz" for low, high in pairwise(A4_EDGES_HZ)), "band edges (Hz)",
        "standard deviations", -3.0, 3.0, A4_EDGES_HZ,
    ),
    "A4 tells how the level of eight octave bands changes. Drawn for a clip, each band has mean 0 and standard deviation 1 over "
    "the clip; the model normalises each window by itself.",
    has_mean_zero=True,
)  # fmt: skip
