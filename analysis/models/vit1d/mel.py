"""The mel spectrogram that a ViT-1D reads, one token a frame."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from analysis.descriptors.log_mel import mel_filters
from analysis.errors import ShapeError
from analysis.models.vit1d.config import VitConfig
from analysis.units import SMALLEST_POWER


class MelFrames(nn.Module):
    """Levels in mel bands, shifted and scaled by constants; nothing in it is trained and nothing is saved.

    Power of centred frames under a Hann window, |STFT|² / Σ window², summed in triangles of equal area on the mel scale of
    O'Shaughnessy; level 10 · log10 in dB, not below the loudest cell of the window less `range_db`; (level − centre) / spread.
    """

    window: Tensor
    filters: Tensor

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        self.config = config
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(config.n_fft) / config.n_fft)
        filters = mel_filters(config.sample_rate, config.n_fft, config.n_mels)
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
            raise ShapeError(f"ViT-1D reads windows of {expected}; got shape {tuple(waveform.shape)}. Cut or pad them.")
        with torch.autocast(waveform.device.type, enabled=False):
            spectrum = torch.stft(
                waveform.float(), config.n_fft, config.hop_length, window=self.window, center=True, return_complex=True
            )
            power = spectrum.abs().square() / self.window.square().sum()
            level_db = 10 * (self.filters @ power).clamp(min=SMALLEST_POWER).log10()
            level_db = level_db.maximum(level_db.amax(dim=(1, 2), keepdim=True) - config.range_db)
            return ((level_db - config.centre_db) / config.spread_db).transpose(1, 2)
