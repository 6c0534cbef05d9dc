"""A8: the pitch classes of every frame in which something begins.

Source: Fernández Méndez et al., arXiv 2604.10283, appendix A.2; sizes and constants are those of the authors' code.
"""

import math
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from analysis.descriptors.a4 import frames
from analysis.descriptors.a7 import SMALLEST_SUM, magnitudes
from analysis.descriptors.descriptor import Descriptor, Look

CLASSES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")
LOWEST_HZ = 30.0
C1_HZ = 32.7


def a8(waveform: Float[Tensor, "batch samples"], sample_rate: int) -> Float[Tensor, "batch frames 12"]:
    """Share of each pitch class in frames whose spectrum rises, and zeros in all others; the shares of a frame add to 1.

    |STFT| (Hann window of 2,048, hop 512, centred) summed over the bins of each class round(12 · log₂(f / 32.7 Hz)) mod 12, f
    from 30 Hz; times the flux Σ max(|X_t| − |X_{t−1}|, 0) over all bins (0 in the first frame) divided by its maximum in the
    window; divided by its sum per frame. That last division takes the weight back: in a frame with any flux, however weak, stands
    the plain chroma, so that A8 tells where nothing rises and not how strong an onset is.

    Raises:
        ShapeError: fewer samples than the transform needs.

    >>> a8(torch.zeros(2, 96_000), 24_000).shape
    torch.Size([2, 188, 12])
    """
    with torch.autocast(waveform.device.type, enabled=False):
        spectrum, _ = magnitudes(waveform, sample_rate, "A8")
        classes = (membership(spectrum.shape[1], sample_rate).to(waveform.device) @ spectrum).transpose(1, 2)
        weighted = classes * onset_strength(spectrum)[..., None]
        return weighted / weighted.sum(dim=-1, keepdim=True).clamp_min(SMALLEST_SUM)


def onset_strength(spectrum: Float[Tensor, "batch bins frames"]) -> Float[Tensor, "batch frames"]:
    """Sum of what rises from one frame to the next, as a share of the largest in the window; the first frame has 0."""
    flux = torch.diff(spectrum, dim=2, prepend=spectrum[..., :1]).clamp_min(0).sum(dim=1)
    return flux / flux.amax(dim=1, keepdim=True).clamp_min(SMALLEST_SUM)


def membership(n_bins: int, sample_rate: int) -> Float[Tensor, "12 bins"]:
    """1 where a bin belongs to a pitch class, else 0.

    >>> [int(row.sum()) for row in membership(1025, 24_000)][:3]
    [80, 90, 92]
    """
    hz = torch.arange(n_bins, dtype=torch.float64) * sample_rate / (2 * (n_bins - 1))
    steps = (len(CLASSES) * (hz.clamp_min(LOWEST_HZ) / C1_HZ).log2()).round().remainder(len(CLASSES))
    return ((steps == torch.arange(len(CLASSES))[:, None]) & (hz >= LOWEST_HZ)).float()


def pitch_class(hz: float) -> int:
    """The class of a frequency, 0 for C.

    >>> CLASSES[pitch_class(440.0)]
    'A'
    """
    return round(len(CLASSES) * math.log2(hz / C1_HZ)) % len(CLASSES)


DESCRIPTOR = Descriptor(
    "A8", "audio", len(CLASSES), partial(frames, "A8"), a8, "Fernández Méndez et al., arXiv 2604.10283, appendix A.2",
    Look("pitch classes", CLASSES, "pitch class", "share of the frame", 0.0, 0.5),
    "A8 tells the pitch classes of frames whose spectrum rises anywhere; all other frames are zero. Because the shares of a "
    "frame add to 1, how strongly it rises is lost.",
)  # fmt: skip
