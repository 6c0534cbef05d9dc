"""Cells of time and frequency as tokens, one of them a frame with all its bins."""

from jaxtyping import Float
from torch import Tensor


def to_tokens(cells: Float[Tensor, "batch channels bins frames"]) -> Float[Tensor, "batch frames width"]:
    """A token per frame.

    >>> import torch
    >>> to_tokens(torch.zeros(2, 8, 96, 501)).shape
    torch.Size([2, 501, 768])
    """
    return cells.permute(0, 3, 2, 1).flatten(2)


def to_cells(tokens: Float[Tensor, "batch frames width"], n_bins: int) -> Float[Tensor, "batch channels bins frames"]:
    """The way back from `to_tokens`."""
    return tokens.unflatten(2, (n_bins, -1)).permute(0, 3, 2, 1).contiguous()
