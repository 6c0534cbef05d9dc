"""The mel spectrogram that a PupuJEPA reads in patches."""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor, nn

from analysis.descriptors.log_mel import triangular_filters
from analysis.errors import ShapeError
from analysis.models.pupujepa.config import PupuConfig

LINEAR_HZ, MELS_OF_IT, LOG_STEP = 1000.0, 15.0, np.log(6.4) / 27.0  # the scale is linear below, a logarithm above
SMALLEST, WITHIN_ROOT = 1e-5, 1e-9  # magnitude of a band; power that is added within the root


def slaney_to_hz(mel: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
    """Frequency in Hz of places on Slaney's mel scale: 200/3 · m below 1 kHz (m = 15), from there 1 kHz · 6.4^((m − 15) / 27).

    >>> slaney_to_hz(np.array([0.0, 15.0, 42.0])).tolist()
    [0.0, 1000.0, 6400.0]
    """
    above = LINEAR_HZ * np.exp(LOG_STEP * (np.maximum(mel, MELS_OF_IT) - MELS_OF_IT))
    return np.where(mel < MELS_OF_IT, mel * LINEAR_HZ / MELS_OF_IT, above)


def mel_edges_hz(config: PupuConfig, at: Float[ndarray, " n"]) -> Float[ndarray, " n"]:
    """Frequencies of places counted in bands: 0 and n_mels + 1 are the ends of the scale, i + 1 is the centre of band i."""
    highest_hz = config.sample_rate / 2
    highest = highest_hz * MELS_OF_IT / LINEAR_HZ
    if highest_hz > LINEAR_HZ:
        highest = MELS_OF_IT + np.log(highest_hz / LINEAR_HZ) / LOG_STEP
    return slaney_to_hz(at * highest / (config.n_mels + 1))


def bands_of_patches(config: PupuConfig) -> Float[ndarray, "bands 2"]:
    """Lowest and highest frequency in Hz of the patches of one moment, meeting half-way between the centres of neighbours."""
    between = np.arange(0, config.n_mels + 1, config.patch_mels, dtype=np.float64) + 0.5
    between[0], between[-1] = 0, config.n_mels + 1
    edges_hz = mel_edges_hz(config, between)
    edges_hz[-1] = config.sample_rate / 2
    return np.stack([edges_hz[:-1], edges_hz[1:]], axis=1)


class MelImage(nn.Module):
    """Logarithms of mel bands, shifted and scaled by the constants of the source; nothing in it is trained and nothing is saved.

    A window is continued as in a mirror by (n_fft − hop) / 2 samples, so that frame i has its centre at (i + ½) hops; magnitude
    √(|STFT|² + 1e-9) under a Hann window, summed in triangles of equal area on Slaney's mel scale; ln, not below ln 1e-5;
    (x − centre) / spread.
    """

    window: Tensor
    filters: Tensor

    def __init__(self, config: PupuConfig) -> None:
        super().__init__()
        self.config = config
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(config.n_fft) / config.n_fft)
        edges_hz = mel_edges_hz(config, np.arange(config.n_mels + 2, dtype=np.float64))
        filters = triangular_filters(edges_hz, config.sample_rate, config.n_fft)
        self.register_buffer("window", torch.from_numpy(hann.astype(np.float32)), persistent=False)
        self.register_buffer("filters", torch.from_numpy(filters), persistent=False)

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch frames bands"]:
        """Frames of windows, in fp32 whatever is around.

        Raises:
            ShapeError: the windows have another length than the model was built for.
        """
        config = self.config
        if waveform.shape[-1] != config.n_samples:
            expected = f"{config.n_samples:,} samples ({config.window_s:g} s)"
            raise ShapeError(f"PupuJEPA reads windows of {expected}; got shape {tuple(waveform.shape)}. Cut or pad them.")
        with torch.autocast(waveform.device.type, enabled=False):
            padded = F.pad(waveform.float(), (config.padding, config.padding), mode="reflect")
            spectrum = torch.stft(padded, config.n_fft, config.hop_length, window=self.window, center=False, return_complex=True)
            magnitude = (spectrum.real.square() + spectrum.imag.square() + WITHIN_ROOT).sqrt()
            logarithm = (self.filters @ magnitude).clamp(min=SMALLEST).log()
            return ((logarithm - config.centre) / config.spread).transpose(1, 2)
