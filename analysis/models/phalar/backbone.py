"""Convolutions along frequency, along time and at every cell, one after the other; every stage halves the frames.

Source: PHALAR, arXiv 2605.03929, with the sizes of the authors' code. Kernels of the two directions are 3 long; a branch is group
norm of every channel by itself, convolution, SiLU, convolution of single cells, and a scale per channel that begins at 0.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from analysis.models.cells import to_cells, to_tokens

KERNEL = 3


class Scale(nn.Module):
    """A learned factor per channel, 0 at first, so that an untrained branch adds nothing."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.zeros(channels))

    def forward(self, cells: Float[Tensor, "batch channels bins frames"]) -> Float[Tensor, "batch channels bins frames"]:
        """Cells times the factor of their channel."""
        return cells * self.factor[:, None, None]


def branch(channels: int, inner: int, kernel: tuple[int, int], dropout: float) -> nn.Sequential:
    """What one direction adds to `(batch, channels, bins, frames)`.

    Args:
        channels: in and out.
        inner: between the two convolutions.
        kernel: bins × frames of the first; the second has one cell.
        dropout: of whole channels.
    """
    first = nn.Conv2d(channels, inner, kernel, padding=(kernel[0] // 2, kernel[1] // 2))
    last = nn.Conv2d(inner, channels, 1, bias=False)
    nn.init.kaiming_normal_(first.weight, nonlinearity="relu")
    nn.init.zeros_(first.get_parameter("bias"))
    nn.init.xavier_normal_(last.weight)
    return nn.Sequential(nn.GroupNorm(channels, channels), first, nn.SiLU(), last, Scale(channels), nn.Dropout2d(dropout))


class SeparableBlock(nn.Module):
    """Adds what the frequency direction, the time direction and single cells give, in this order."""

    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__()
        self.frequency = branch(channels, channels, (KERNEL, 1), dropout)
        self.time = branch(channels, channels, (1, KERNEL), dropout)
        self.cell = branch(channels, 2 * channels, (1, 1), dropout)

    def forward(self, cells: Float[Tensor, "batch channels bins frames"]) -> Float[Tensor, "batch channels bins frames"]:
        """As many channels, bins and frames."""
        for part in (self.frequency, self.time, self.cell):
            cells = cells + part(cells)
        return cells


class Stage(nn.Module):
    """A block, a convolution of stride 2 along time to more channels, and a block; tokens in, half as many tokens out.

    A token is a frame: its bins from low to high, the channels of each side by side.
    """

    def __init__(self, channels: int, channels_out: int, n_bins: int, dropout: float) -> None:
        super().__init__()
        self.n_bins = n_bins
        self.before = SeparableBlock(channels, dropout)
        self.halving = nn.Conv2d(channels, channels_out, (1, KERNEL), stride=(1, 2), padding=(0, KERNEL // 2), bias=False)
        self.after = SeparableBlock(channels_out, dropout)
        nn.init.xavier_normal_(self.halving.weight)

    def forward(self, tokens: Float[Tensor, "batch frames width"]) -> Float[Tensor, "batch halved wider"]:
        """Tokens of the next stage."""
        return to_tokens(self.after(self.halving(self.before(to_cells(tokens, self.n_bins)))))


class First(nn.Module):
    """Levels to the tokens of stage 1: every cell by itself to so many channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.cells = nn.Conv2d(1, channels, 1, bias=False)
        nn.init.xavier_normal_(self.cells.weight)

    def forward(self, levels: Float[Tensor, "batch bins frames"]) -> Float[Tensor, "batch frames width"]:
        """Tokens of stage 1."""
        return to_tokens(self.cells(levels[:, None]))
