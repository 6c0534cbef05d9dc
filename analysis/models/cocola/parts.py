"""Harmonic and percussive mel spectrograms, which a COCOLA reads as two channels.

Source: Fitzgerald 2010 for the separation by medians, with the soft masks of `librosa.decompose.hpss`, and the mel scale of
Slaney's toolbox as `librosa.filters.mel` has it; sizes are those of COCOLA, arXiv 2404.16969.
"""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32
from numpy import ndarray
from torch import Tensor, nn

from analysis.errors import ShapeError
from analysis.models.cocola.config import CocolaConfig
from analysis.units import SMALLEST_POWER

LINEAR_HZ, BREAK_HZ, LOG_STEP = 200 / 3, 1000.0, np.log(6.4) / 27  # Hz per mel below the break, and log Hz per mel above it


def slaney_hz(mel: ndarray) -> ndarray:
    """Frequencies in Hz of a scale that is linear to 1000 Hz (15 mel) and logarithmic above.

    >>> slaney_hz(np.array([3.0, 15.0, 42.0])).round(6).tolist()
    [200.0, 1000.0, 6400.0]
    """
    break_mel = BREAK_HZ / LINEAR_HZ
    return np.where(mel < break_mel, LINEAR_HZ * mel, BREAK_HZ * np.exp(LOG_STEP * (np.maximum(mel, break_mel) - break_mel)))


def slaney_mel(hz: float) -> float:
    """The way back from `slaney_hz`.

    >>> round(float(slaney_mel(6400.0)), 6)
    42.0
    """
    return hz / LINEAR_HZ if hz < BREAK_HZ else BREAK_HZ / LINEAR_HZ + float(np.log(hz / BREAK_HZ)) / LOG_STEP


def mel_bands(config: CocolaConfig) -> Float32[ndarray, "bands bins"]:
    """Triangles of equal area, of every band over the bins of the transform."""
    ends = slaney_mel(config.f_min_hz), slaney_mel(config.f_max_hz)
    edges_hz = slaney_hz(np.linspace(*ends, config.n_mels + 2))
    bins_hz = np.linspace(0, config.sample_rate / 2, config.n_fft // 2 + 1)
    low, centre, high = edges_hz[:-2, None], edges_hz[1:-1, None], edges_hz[2:, None]
    triangles = np.minimum((bins_hz - low) / (centre - low), (high - bins_hz) / (high - centre))
    return (np.maximum(triangles, 0) * 2 / (high - low)).astype(np.float32)


def medians(cells: Float[Tensor, "bins frames"], length: int, dim: int) -> Float[Tensor, "bins frames"]:
    """Median of so many neighbours of every cell along one direction; at the ends cells are mirrored, the last one included."""
    half = length // 2
    along = cells.movedim(dim, -1)
    mirrored = torch.cat([along[:, :half].flip(1), along, along[:, along.shape[1] - half :].flip(1)], dim=1)
    return mirrored.unfold(1, length, 1).median(dim=-1).values.movedim(-1, dim)


class HarmonicPercussive(nn.Module):
    """Levels of the harmonic and of the percussive part in mel bands; nothing in it is trained and nothing is saved.

    |STFT| of centred frames under a Hann window; H and P its medians along time and along frequency; masks H² / (H² + P²) and
    P² / (H² + P²), one half where both are 0; power of the masked transform summed in bands; 10 · log10 in dB below the loudest
    cell of its part, not below −`range_db`.
    """

    window: Tensor
    filters: Tensor

    def __init__(self, config: CocolaConfig) -> None:
        super().__init__()
        self.config = config
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(config.window_length) / config.window_length)
        self.register_buffer("window", torch.from_numpy(hann.astype(np.float32)), persistent=False)
        self.register_buffer("filters", torch.from_numpy(mel_bands(config)), persistent=False)

    def separated(self, magnitude: Float[Tensor, "bins frames"]) -> Float[Tensor, "parts bins frames"]:
        """Magnitudes of the harmonic and of the percussive part of one window."""
        length = self.config.median_length
        both = torch.stack([medians(magnitude, length, 1), medians(magnitude, length, 0)])
        largest = both.amax(dim=0)
        squares = (both / largest.where(largest > 0, torch.ones_like(largest))).square()
        masks = squares / squares.sum(dim=0).clamp(min=1)
        return magnitude * masks.where(largest > 0, torch.full_like(masks, 0.5))

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch parts bands frames"]:
        """Levels in dB, in fp32 whatever is around.

        Raises:
            ShapeError: the windows are too short for a median.
        """
        config = self.config
        least = max(config.n_fft // 2 + 1, (config.median_length - 1) * config.hop_length)
        if waveform.shape[-1] < least:
            got = f"got shape {tuple(waveform.shape)}"
            raise ShapeError(f"COCOLA reads windows of {least:,} samples or more; {got}. Cut longer ones.")
        with torch.autocast(waveform.device.type, enabled=False):
            spectrum = torch.stft(
                waveform.float(), config.n_fft, config.hop_length, config.window_length, self.window, return_complex=True
            )
            parts = torch.stack([self.separated(magnitude) for magnitude in spectrum.abs()])
            level_db = 10 * (self.filters @ parts.square()).clamp(min=SMALLEST_POWER).log10()
            return F.relu(level_db - level_db.amax(dim=(2, 3), keepdim=True) + config.range_db) - config.range_db
