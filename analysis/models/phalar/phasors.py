"""Frames to phasors: learned spectral pooling, after PHALAR, arXiv 2605.03929.

A frame is projected to few channels; of every channel the spectrum over time is taken, and its lowest components but that at 0 Hz
are kept, with their phase. Moving everything by τ of N frames in a circle turns component k by −2πkτ/N and changes nothing else.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from analysis.models.phalar.config import PhalarConfig

SMALLEST = 1e-6  # added to the mean amplitude


class SpectralPooling(nn.Module):
    """Frames `(batch, frames, width)` to phasors `(batch, 2, channels, components)`, real parts first.

    r = frames projected without a bias, padded with zeros to `PhalarConfig.least_frames`; R_k = Σ r(n) e^(−2πikn/N) / √N for k
    from 1; R / (mean |R| + 1e-6), the mean over channels and components of a window.
    """

    def __init__(self, config: PhalarConfig) -> None:
        super().__init__()
        self.config = config
        self.projection = nn.Linear(config.n_bins * config.widths[-1], config.lsp_channels, bias=False)
        nn.init.xavier_normal_(self.projection.weight)

    def over_time(self, tokens: Float[Tensor, "batch frames width"]) -> Float[Tensor, "batch channels padded"]:
        """The channels over time that are transformed, with their padding."""
        channels = self.projection(tokens.to(self.projection.weight.dtype)).transpose(1, 2)
        lacking = max(0, self.config.least_frames - channels.shape[-1])
        before = lacking // 2 if self.config.centred else 0
        return F.pad(channels, (before, lacking - before))

    def phasors(self, channels: Float[Tensor, "batch channels padded"]) -> Float[Tensor, "batch parts channels components"]:
        """Of channels over time, real parts, then imaginary parts."""
        spectrum = torch.fft.rfft(channels, norm="ortho")[..., 1 : self.config.n_components + 1]
        spectrum = spectrum / (spectrum.abs().mean(dim=(1, 2), keepdim=True) + SMALLEST)
        return torch.stack([spectrum.real, spectrum.imag], dim=1)

    def forward(self, tokens: Float[Tensor, "batch frames width"]) -> Float[Tensor, "batch parts channels components"]:
        """Phasors of windows, in fp32 at least, whatever is around."""
        with torch.autocast(tokens.device.type, enabled=False):
            return self.phasors(self.over_time(tokens))
