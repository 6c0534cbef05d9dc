"""A9: the just intervals of A7, those that are there in most frames of the window weighted down.

Source: Fernández Méndez et al., arXiv 2604.10283, appendix A.3; sizes and constants are those of the authors' code.
"""

from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from analysis.descriptors.a4 import frames
from analysis.descriptors.a7 import RATIOS, SMALLEST_SUM, activations
from analysis.descriptors.descriptor import Descriptor, Look

THERE = 0.05  # an interval counts as there where its weight is above
SMALLEST_SHARE = 1e-3
LARGEST_IDF = 5.0


def a9(waveform: Float[Tensor, "batch samples"], sample_rate: int) -> Float[Tensor, "batch frames 12"]:
    """Share of each of twelve just intervals, weighted by how rare it is in the window; the shares of a frame add to 1.

    The weights of `analysis.descriptors.a7` before they are divided by their sum, times `rarity` of each interval; divided by
    their sum per frame. An interval that is there in every frame has rarity 0, so that of a sound that never changes only what
    is hardly there is left, made large by the division. Those weights rise with the level, and so does what counts as there.

    Raises:
        ShapeError: fewer samples than the transform needs.

    >>> a9(torch.zeros(2, 96_000), 24_000).shape
    torch.Size([2, 188, 12])
    """
    values = activations(waveform, sample_rate, "A9")
    weighted = values * rarity(values)[:, None]
    return weighted / weighted.sum(dim=-1, keepdim=True).clamp_min(SMALLEST_SUM)


def rarity(values: Float[Tensor, "batch frames intervals"]) -> Float[Tensor, "batch intervals"]:
    """Inverse document frequency ln(1 / (share + 10⁻³)), kept within 0 to 5, of the share of frames with a weight above 0.05.

    >>> rarity(torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])).tolist()
    [[0.0, 5.0]]
    """
    share = (values > THERE).float().mean(dim=1)
    return torch.log(1 / (share + SMALLEST_SHARE)).clamp(0.0, LARGEST_IDF)


DESCRIPTOR = Descriptor(
    "A9", "audio", len(RATIOS), partial(frames, "A9"), a9, "Fernández Méndez et al., arXiv 2604.10283, appendix A.3",
    Look("intervals", tuple(f"{p}/{q}" for p, q in RATIOS), "interval (frequency ratio)", "share of the frame", 0.0, 0.5),
    "A9 tells which of twelve just intervals stand out in a frame; what is there in most frames of the window counts little. "
    "Drawn for a clip, rarity is that within the clip; the model takes it within each window.",
)  # fmt: skip
