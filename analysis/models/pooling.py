"""From one row per token to one row per window."""

from jaxtyping import Bool, Float
from torch import Tensor


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
