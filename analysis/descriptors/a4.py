"""A4: how the energy of eight frequency bands changes from frame to frame.

Source: Fernández Méndez et al., arXiv 2604.10283, section 3. The band edges are not given there; these are ours.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from analysis.errors import ShapeError

A4_EDGES_HZ = (20.0, 60.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 12000.0)
N_BANDS = len(A4_EDGES_HZ) - 1
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
    (unbiased standard deviation). Every band therefore has mean 0 over time.

    Raises:
        ShapeError: fewer samples than the transform needs.

    >>> a4(torch.randn(2, 96_000), 24_000).shape
    torch.Size([2, 188, 8])
    """
    if waveform.shape[-1] <= N_FFT:
        raise ShapeError(f"A4 needs more than {N_FFT} samples; got shape {tuple(waveform.shape)}. Use a longer clip.")
    window = torch.hann_window(N_FFT, device=waveform.device)
    spectrum = torch.stft(waveform.float(), N_FFT, HOP_LENGTH, window=window, center=True, return_complex=True)
    level = torch.log1p(spectrum.abs())
    bands = (_band_average(sample_rate, level.device) @ level).transpose(1, 2)
    change = torch.diff(bands, dim=1, prepend=bands[:, :1])
    centred = change - change.mean(dim=1, keepdim=True)
    return centred / centred.std(dim=1, keepdim=True).clamp_min(SMALLEST_STD)


def _band_average(sample_rate: int, device: torch.device) -> Float[Tensor, "8 bins"]:
    frequency = torch.linspace(0, sample_rate / 2, N_FFT // 2 + 1, device=device)
    low, high = (torch.tensor(edges, device=device)[:, None] for edges in (A4_EDGES_HZ[:-1], A4_EDGES_HZ[1:]))
    inside = ((frequency >= low) & (frequency < high)).float()
    return inside / inside.sum(dim=1, keepdim=True).clamp_min(1.0)
