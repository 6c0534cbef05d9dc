"""From one row per token to one row per window."""

from jaxtyping import Bool, Float
from torch import Tensor

from analysis.errors import ConfigError
from analysis.models.poolings import BOTH, CLASS_TOKEN, MEAN, POOLINGS


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
    >>> [pool_tokens(tokens, 1, how=how).item() for how in POOLINGS]
    [2.0, 7.0, 4.5]
    """
    offered = POOLINGS if special else (MEAN,)
    if how not in ("", *offered):
        raise ConfigError(f"There is no pooling {how!r}: expected one of {', '.join(offered)}.")
    if how == CLASS_TOKEN:
        return tokens[:, 0]
    mean = mean_over_tokens(tokens[:, special:], None if mask is None else mask[:, special:])
    return (mean + tokens[:, 0]) / 2 if how == BOTH else mean
