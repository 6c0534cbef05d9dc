"""VICReg between two modalities, the losses of arms by name, NT-Xent between two views, and the choice among a batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
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


@dataclass(frozen=True)
class NtXentTerms:
    """The loss, and what it is made of.

    Attributes:
        total: the loss in nats.
        accuracy: share of the queries whose own view is the most similar of all candidates.
        pair: mean cosine of the two views of a pair.
        others: mean cosine of views of different pairs.
    """

    total: Tensor
    accuracy: float
    pair: float
    others: float


def nt_xent(first: Float[Tensor, "batch d"], second: Float[Tensor, "batch d"], temperature: float) -> NtXentTerms:
    """Mean over all 2B views q of −log[exp(s(q, q′)/t) / Σ_{k≠q} exp(s(q, k)/t)], s the cosine and q′ the other view of q.

    Every view is a query once, so both directions count alike; its candidates are the 2B − 1 other views. Where all embeddings
    are equal the loss is log(2B − 1).

    Source: Chen et al. 2020 (SimCLR), equation 1.

    Raises:
        ShapeError: shapes differ, or fewer than two rows.
        ConfigError: the temperature is not above 0.
    """
    if first.shape != second.shape or len(first) < 2:
        raise ShapeError(f"NT-Xent needs two equal batches of at least 2 rows; got {tuple(first.shape)}, {tuple(second.shape)}.")
    if not temperature > 0:
        raise ConfigError(f"The temperature of NT-Xent is {temperature}; expected a number above 0.")
    n = len(first)
    views = F.normalize(torch.cat([first, second]).float(), dim=1)
    cosines = views @ views.T
    own = torch.eye(2 * n, dtype=torch.bool, device=views.device)
    match = torch.arange(2 * n, device=views.device).roll(n)
    logits = (cosines / temperature).masked_fill(own, float("-inf"))
    pair = cosines.diagonal(n)
    others = (cosines.sum() - cosines.diagonal().sum() - 2 * pair.sum()) / (4 * n * (n - 1))
    accuracy = (logits.argmax(dim=1) == match).float().mean()
    return NtXentTerms(F.cross_entropy(logits, match), accuracy.item(), pair.mean().item(), others.item())


@dataclass(frozen=True)
class ChoiceTerms:
    """The loss, and how often the own positive is chosen.

    Attributes:
        total: the loss in nats.
        accuracy: share of the anchors that score their own positive highest of all; chance is 1 / batch.
    """

    total: Tensor
    accuracy: float


def choice_loss(scores: Float[Tensor, "anchors positives"], target: float = 1.0) -> ChoiceTerms:
    """Mean over anchors i of −Σ_j t_ij log softmax_j(s_ij), t = `target` where j = i and (1 − target) / (B − 1) elsewhere.

    That is cross-entropy with a label smoothing of B (1 − target) / (B − 1). Where all scores are equal the loss is log B.

    Args:
        scores: of every anchor with every positive; its own is on the diagonal.
        target: share of the own positive.

    Raises:
        ShapeError: there are fewer than two rows, or not as many columns.
        ConfigError: the target is below 1 / B or above 1.
    """
    n = len(scores)
    if n < 2 or scores.shape != (n, n):
        raise ShapeError(f"A choice among a batch needs a square of at least 2 rows; got {tuple(scores.shape)}. Score all pairs.")
    if not 1 / n <= target <= 1:
        raise ConfigError(f"The target of the own positive is {target}; expected a number from {1 / n:g} to 1.")
    own = torch.arange(n, device=scores.device)
    total = F.cross_entropy(scores.float(), own, label_smoothing=n * (1 - target) / (n - 1))
    return ChoiceTerms(total, (scores.argmax(dim=1) == own).float().mean().item())
