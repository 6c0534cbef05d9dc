"""VICReg between two modalities, and the losses of arms by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import torch
from jaxtyping import Float
from torch import Tensor

from analysis.errors import ConfigError, ShapeError

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


Loss = Callable[[Tensor, Tensor, Tensor], VicregTerms]
THIRD_WEIGHT = 0.3


def triple(audio: Float[Tensor, "batch d"], midi: Float[Tensor, "batch d"], third: Float[Tensor, "batch d"]) -> VicregTerms:
    """Mean of VICReg over all three pairs of audio, MIDI and third tower."""
    return _sum([vicreg(audio, midi), vicreg(audio, third), vicreg(midi, third)], [1 / 3] * 3)


def weighted(audio: Float[Tensor, "batch d"], midi: Float[Tensor, "batch d"], third: Float[Tensor, "batch d"]) -> VicregTerms:
    """VICReg of audio and MIDI + 0.3 · its mean over the two pairs with the third tower."""
    pairs = [vicreg(audio, midi), vicreg(audio, third), vicreg(midi, third)]
    return _sum(pairs, [1.0, THIRD_WEIGHT / 2, THIRD_WEIGHT / 2])


def anchor(audio: Float[Tensor, "batch d"], midi: Float[Tensor, "batch d"], third: Float[Tensor, "batch d"]) -> VicregTerms:
    """Mean of VICReg over the two pairs with the third tower: audio and MIDI meet in it alone."""
    return _sum([vicreg(audio, third), vicreg(midi, third)], [0.5, 0.5])


THIRD_LOSSES: dict[str, Loss] = {"triple": triple, "weighted": weighted, "anchor": anchor}


def loss_of(name: str, audio: Tensor, midi: Tensor, third: Tensor | None) -> VicregTerms:
    """The loss of an arm, by the name in its row.

    Args:
        name: "pair", or one of `THIRD_LOSSES`.
        audio: embeddings of a batch, `(batch, d)`, as are the others.
        midi: of the same windows.
        third: of their descriptors, by the third tower; None without one.

    Raises:
        ConfigError: there is no such loss, or it needs a third tower.
    """
    if name == "pair":
        return vicreg(audio, midi)
    if name not in THIRD_LOSSES:
        raise ConfigError(f"Unknown loss {name!r}: expected one of pair, {', '.join(THIRD_LOSSES)}.")
    if third is None:
        raise ConfigError(f"The loss {name} reads a third tower, and the model has none. Use pair.")
    return THIRD_LOSSES[name](audio, midi, third)


def with_penalty(loss: Float[Tensor, ""], penalty: Tensor | None) -> Float[Tensor, ""]:
    """The loss and what mechanisms add to it."""
    return loss if penalty is None else loss + penalty


def _sum(terms: Sequence[VicregTerms], weights: Sequence[float]) -> VicregTerms:
    """The loss and its terms are linear in those of the pairs."""
    sums = {
        field.name: torch.stack([w * getattr(each, field.name) for each, w in zip(terms, weights, strict=True)]).sum()
        for field in fields(VicregTerms)
    }
    return VicregTerms(**sums)


def variance_term(z: Float[Tensor, "batch d"]) -> Float[Tensor, ""]:
    """Mean over dimensions of ReLU(1 - standard deviation); about 1 when collapsed, 0 when every deviation exceeds 1."""
    return torch.relu(1 - (z.var(dim=0) + 1e-4).sqrt()).mean()


def covariance_term(z: Float[Tensor, "batch d"]) -> Float[Tensor, ""]:
    """Sum of squared off-diagonal covariances over d; 0 when dimensions are uncorrelated."""
    covariance = z.T.cov()
    return (covariance.square().sum() - covariance.diagonal().square().sum()) / z.shape[1]
