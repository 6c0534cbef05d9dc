"""VICReg between two modalities."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from analysis.errors import ShapeError

INVARIANCE, VARIANCE, COVARIANCE = 10.0, 10.0, 1.0


@dataclass(frozen=True)
class VicregTerms:
    """The loss and its three unweighted terms."""

    total: Tensor
    invariance: Tensor
    variance: Tensor
    covariance: Tensor


def vicreg(audio: Float[Tensor, "batch d"], midi: Float[Tensor, "batch d"]) -> VicregTerms:
    """10·MSE + 10·Σ mean ReLU(1 - √(var + 1e-4)) + 1·Σ Σ_{i≠j} C_ij²/d, sums over both modalities.

    Source: Bardes et al. 2022, equations 1-6, with the weights of arXiv 2604.10283.

    Raises:
        ShapeError: shapes differ, or fewer than two rows.
    """
    if audio.shape != midi.shape or len(audio) < 2:
        raise ShapeError(f"VICReg needs two equal batches of at least 2 rows; got {tuple(audio.shape)}, {tuple(midi.shape)}.")
    audio, midi = audio.float(), midi.float()
    invariance = (audio - midi).square().mean()
    variance = variance_term(audio) + variance_term(midi)
    covariance = covariance_term(audio) + covariance_term(midi)
    total = INVARIANCE * invariance + VARIANCE * variance + COVARIANCE * covariance
    return VicregTerms(total, invariance, variance, covariance)


def variance_term(z: Float[Tensor, "batch d"]) -> Float[Tensor, ""]:
    """Mean over dimensions of ReLU(1 - standard deviation); about 1 when collapsed, 0 when every deviation exceeds 1."""
    return torch.relu(1 - (z.var(dim=0) + 1e-4).sqrt()).mean()


def covariance_term(z: Float[Tensor, "batch d"]) -> Float[Tensor, ""]:
    """Sum of squared off-diagonal covariances over d; 0 when dimensions are uncorrelated."""
    covariance = z.T.cov()
    return (covariance.square().sum() - covariance.diagonal().square().sum()) / z.shape[1]
