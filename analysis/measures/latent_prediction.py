"""How well vectors are predicted whose size says nothing, beside the best constant; and how many directions vectors take.

Source of the error: the normalised mean squared error of M2D (Niizumi et al., arXiv 2210.14648).
"""

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

SMALLEST_VARIANCE = 1e-6


def standardised(targets: Float[Tensor, "*some d"]) -> Float[Tensor, "*some d"]:
    """Every vector with mean 0 and variance 1 over its numbers."""
    targets = targets.float()
    return (targets - targets.mean(dim=-1, keepdim=True)) / (targets.var(dim=-1, keepdim=True) + SMALLEST_VARIANCE).sqrt()


def directions(targets: Float[Tensor, "*some d"]) -> Float[Tensor, "*some d"]:
    """Standardised vectors of length 1: all of a target that the error looks at."""
    return F.normalize(standardised(targets), dim=-1)


def cosines(predicted: Float[Tensor, "*some d"], targets: Float[Tensor, "*some d"]) -> Float[Tensor, "*some"]:
    """Cosine of every prediction to its standardised target."""
    return (F.normalize(predicted.float(), dim=-1) * directions(targets)).sum(dim=-1)


def norm_mse(predicted: Float[Tensor, "*some d"], targets: Float[Tensor, "*some d"]) -> Float[Tensor, "*some"]:
    """Squared distance of the directions of a prediction and its standardised target, 2 − 2 cos: 0 where right, 4 at most.

    >>> target = torch.tensor([[1.0, -1.0]])
    >>> norm_mse(target, target).tolist(), [round(x, 3) for x in norm_mse(-target, target).tolist()]
    ([0.0], [4.0])
    """
    return 2 - 2 * cosines(predicted, targets)


def effective_rank(covariance: Float[Tensor, "d d2"]) -> float:
    """How many directions vectors take: exp(−Σ p ln p), p the eigenvalues of their covariance over their sum.

    1 where all lie on a line, or are equal; d where all directions are taken alike. Source: Roy and Vetterli 2007, of
    eigenvalues of the covariance in the place of singular values.

    >>> round(effective_rank(torch.eye(5)), 3), effective_rank(torch.zeros(3, 3))
    (5.0, 1.0)
    """
    values = torch.linalg.eigvalsh(covariance.double()).clamp(min=0)
    if not values.sum() > 0:
        return 1.0
    shares = values / values.sum()
    return float(torch.special.entr(shares).sum().exp())


@dataclass
class Spread:
    """Mean and covariance of vectors that come in parts.

    Attributes:
        n: vectors so far.
        total: their sum, `(d,)`.
        products: sum of their outer products, `(d, d)`.
    """

    n: int = 0
    total: Tensor = field(default_factory=lambda: torch.zeros(()))
    products: Tensor = field(default_factory=lambda: torch.zeros(()))

    def add(self, vectors: Float[Tensor, "n d"]) -> None:
        """Take more of them."""
        rows = vectors.detach().double().cpu()
        self.n += len(rows)
        self.total = self.total + rows.sum(dim=0)
        self.products = self.products + rows.T @ rows

    @property
    def covariance(self) -> Float[Tensor, "d d2"]:
        """Over all vectors so far, divided by their number."""
        mean = self.total / self.n
        return self.products / self.n - mean[:, None] * mean

    @property
    def std(self) -> float:
        """Standard deviation of a dimension over the vectors, on average over dimensions: 0 where all are equal."""
        return float(self.covariance.diagonal().clamp(min=0).sqrt().mean())

    @property
    def rank(self) -> float:
        """`effective_rank` of the covariance."""
        return effective_rank(self.covariance)
