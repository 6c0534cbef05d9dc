"""How widely attention is spread.

A row p of an attention pattern has the entropy H = −Σₖ pₖ log₂ pₖ bits and the effective number of tokens 2ᴴ (the perplexity of
the row; Jelinek et al. 1977): 1 when one key takes everything, the number of keys when all take the same.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from analysis.errors import ShapeError

ROW_SUM_TOLERANCE = 1e-3


def attention_entropy(pattern: Float[Tensor, "*rows keys"]) -> Float[Tensor, "*rows"]:
    """Entropy of every row in bits, between 0 and log₂ of the number of keys; it ignores which keys are attended to.

    Raises:
        ShapeError: there is no key, or a row is not a distribution (negative, or not summing to 1).

    >>> attention_entropy(torch.tensor([[0.25, 0.25, 0.25, 0.25], [0.0, 1.0, 0.0, 0.0]])).tolist()
    [2.0, 0.0]
    """
    if not pattern.numel():
        raise ShapeError(f"The entropy of attention needs at least one query and one key; got shape {tuple(pattern.shape)}.")
    entropy = torch.special.entr(pattern).sum(dim=-1).div(math.log(2))  # −∞ where a share is negative
    sums = pattern.sum(dim=-1)
    if not bool(((sums - 1).abs() <= ROW_SUM_TOLERANCE).all()) or not bool(entropy.isfinite().all()):
        worst = float(sums.flatten()[(sums - 1).abs().argmax()])
        raise ShapeError(f"Every row of attention must be non-negative and sum to 1; got a row that sums to {worst:g}.")
    return entropy.clamp(0.0, math.log2(pattern.shape[-1]))


def effective_tokens(pattern: Float[Tensor, "*rows keys"]) -> Float[Tensor, "*rows"]:
    """Effective number of keys that every query attends to, 2 to the power of the entropy; from 1 to the number of keys.

    Raises:
        ShapeError: as `attention_entropy`.

    >>> effective_tokens(torch.tensor([0.5, 0.5, 0.0])).item()
    2.0
    """
    return attention_entropy(pattern).exp2()
