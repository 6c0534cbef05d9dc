"""From one row per token to one row per window."""

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from analysis.errors import ConfigError
from analysis.models.poolings import BOTH, CLASS_POOLINGS, CLASS_TOKEN, MEAN, chunks_of, grid_poolings


def mean_over_tokens(
    activations: Float[Tensor, "batch tokens d_model"], mask: Bool[Tensor, "batch tokens"] | None = None
) -> Float[Tensor, "batch d_model"]:
    """Mean over the tokens where `mask` is True, or over all of them without a mask; padding never counts.

    >>> import torch
    >>> tokens = torch.tensor([[[1.0], [3.0], [99.0]]])
    >>> mean_over_tokens(tokens, torch.tensor([[True, True, False]])).item()
    2.0
    """
    if mask is None:
        return activations.mean(dim=1)
    weight = mask[..., None].to(activations.dtype)
    return (activations * weight).sum(dim=1) / weight.sum(dim=1)


def pool_tokens(
    tokens: Float[Tensor, "batch tokens d_model"],
    special: int = 0,
    mask: Bool[Tensor, "batch tokens"] | None = None,
    how: str = "",
) -> Float[Tensor, "batch d_model"]:
    """One row per window of tokens of which the first `special` have no time, the first of all being the class token.

    Args:
        tokens: of a layer.
        special: how many of them have no time, see `analysis.models.tower.TokenAxis`; they do not count in the mean.
        mask: True where there is a token.
        how: "mean" over the tokens that have a time (also ""), the "class token", or the average of both.

    Raises:
        ConfigError: there is no such way, or no class token.

    >>> import torch
    >>> tokens = torch.tensor([[[7.0], [1.0], [3.0]]])
    >>> [pool_tokens(tokens, 1, how=how).item() for how in CLASS_POOLINGS]
    [2.0, 7.0, 4.5]
    """
    _check(how, CLASS_POOLINGS if special else (MEAN,))
    if how == CLASS_TOKEN:
        return tokens[:, 0]
    mean = mean_over_tokens(tokens[:, special:], None if mask is None else mask[:, special:])
    return (mean + tokens[:, 0]) / 2 if how == BOTH else mean


def pool_grid(
    tokens: Float[Tensor, "batch tokens d_model"],
    grid: tuple[int, int],
    mask: Bool[Tensor, "batch tokens"] | None = None,
    how: str = "",
) -> Float[Tensor, "batch parts"]:
    """One row per window of tokens on a grid: means of its regions side by side, those of the first moments first.

    Regions are as equal as the grid allows and may share a token at their borders, as in `adaptive_avg_pool2d`.

    Args:
        tokens: of a layer, all bands of one moment after the other.
        grid: moments × bands.
        mask: True where there is a token; a region without one is 0.
        how: one of `grid_poolings`; the mean over all where it is "".

    Raises:
        ConfigError: there is no such way.

    >>> import torch
    >>> tokens = torch.arange(8.0).reshape(1, 8, 1)
    >>> pool_grid(tokens, (4, 2), how="by band").tolist(), pool_grid(tokens, (4, 2), how="by moment").tolist()
    ([[3.0, 4.0]], [[0.5, 2.5, 4.5, 6.5]])
    """
    _check(how, grid_poolings(grid))
    chunks = chunks_of(how, grid)
    if chunks == (1, 1):
        return mean_over_tokens(tokens, mask)
    if mask is None:
        return _regions(tokens, grid, chunks).flatten(1)
    weight = mask[..., None].to(tokens.dtype)
    shares = _regions(weight, grid, chunks)
    return (_regions(tokens * weight, grid, chunks) / shares.where(shares > 0, 1)).flatten(1)


def _regions(tokens: Tensor, grid: tuple[int, int], chunks: tuple[int, int]) -> Tensor:
    """Means of regions, `(batch, regions, d_model)`."""
    image = tokens.unflatten(1, grid).permute(0, 3, 1, 2)
    return F.adaptive_avg_pool2d(image, chunks).flatten(2).transpose(1, 2)


def _check(how: str, offered: tuple[str, ...]) -> None:
    if how not in ("", *offered):
        raise ConfigError(f"There is no pooling {how!r}: expected one of {', '.join(offered)}.")
