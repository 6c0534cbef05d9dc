"""Layers of complex numbers, which are held as real ones: `(batch, 2, width)`, real parts first.

Source: PHALAR, arXiv 2605.03929. All of them let a phase that all numbers have in common through as it is:
f(e^(iφ) z) = e^(iφ) f(z).
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

SMALLEST_POWER = 1e-6  # added to squared amplitudes before their root
INITIAL_THRESHOLD = -0.01


class ComplexLinear(nn.Module):
    """(A + iB) z without a bias; A and B are the two halves of one real matrix.

    Drawn uniformly as `nn.Linear` is, over √2, so that amplitudes come out as from a real layer.
    """

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.both = nn.Linear(n_in, 2 * n_out, bias=False)
        bound = 1 / math.sqrt(2 * n_in)
        nn.init.uniform_(self.both.weight, -bound, bound)

    def matrix(self) -> Tensor:
        """A + iB, `(out, in)`, complex."""
        return torch.complex(*self.both.weight.chunk(2))

    def forward(self, z: Float[Tensor, "batch parts n_in"]) -> Float[Tensor, "batch parts n_out"]:
        """Re = A Re z − B Im z, Im = A Im z + B Re z."""
        of_a, of_b = self.both(z).chunk(2, dim=-1)
        return torch.stack([of_a[:, 0] - of_b[:, 1], of_a[:, 1] + of_b[:, 0]], dim=1)


class ComplexRMSNorm(nn.Module):
    """z / √(mean |z|² + 1e-6), times a learned real gain per number."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, z: Float[Tensor, "batch parts width"]) -> Float[Tensor, "batch parts width"]:
        """As many numbers."""
        power = z.square().sum(dim=1, keepdim=True).mean(dim=2, keepdim=True)
        return z / (power + SMALLEST_POWER).sqrt() * self.gain


class ModReLU(nn.Module):
    """z · ReLU(|z| + b) / |z|: amplitudes below −b become 0, phases stay; |z|² has 1e-6 added to it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.full((width,), INITIAL_THRESHOLD))

    def forward(self, z: Float[Tensor, "batch parts width"]) -> Float[Tensor, "batch parts width"]:
        """As many numbers."""
        amplitude = (z.square().sum(dim=1, keepdim=True) + SMALLEST_POWER).sqrt()
        return z * ((amplitude + self.threshold).relu() / amplitude)


class ComplexHead(nn.Module):
    """Phasors to an embedding: linear, norm, modReLU, linear; complex dropout before them.

    The embedding is real, `(batch, 2 d)`: d real parts, then d imaginary parts.
    """

    def __init__(self, n_in: int, d: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.layers = nn.Sequential(ComplexLinear(n_in, d), ComplexRMSNorm(d), ModReLU(d), ComplexLinear(d, d))

    def forward(self, phasors: Float[Tensor, "batch parts channels components"]) -> Float[Tensor, "batch width"]:
        """Embeddings of windows."""
        kept = F.dropout(torch.ones_like(phasors[:, :1]), self.dropout, self.training)  # the same of both parts
        return self.layers((phasors * kept).flatten(2)).flatten(1)


class Bilinear(nn.Module):
    """s(x, y) = Re⟨y, W x⟩ of embeddings of length 1, W complex and learned; there is no temperature.

    It is not symmetric; with `hermitian` it is the mean of s(x, y) and s(y, x), which is symmetric: only the Hermitian part of W
    counts then.
    """

    def __init__(self, d: int) -> None:
        super().__init__()
        self.form = ComplexLinear(d, d)

    def forward(self, x: Float[Tensor, "n width"], y: Float[Tensor, "m width"], hermitian: bool = False) -> Float[Tensor, "n m"]:
        """Every row of `x` with every row of `y`."""
        x, y = unit(x), unit(y)
        scores = self.turned(x) @ y.T
        return (scores + x @ self.turned(y).T) / 2 if hermitian else scores

    def turned(self, x: Float[Tensor, "n width"]) -> Float[Tensor, "n width"]:
        """W x."""
        return self.form(x.unflatten(1, (2, -1))).flatten(1)

    def bound(self, hermitian: bool = False) -> float:
        """What no score exceeds, in absolute value: the largest singular value of W, or of its Hermitian part (W + Wᴴ) / 2."""
        matrix = self.form.matrix().detach()
        matrix = (matrix + matrix.mH) / 2 if hermitian else matrix
        return float(torch.linalg.matrix_norm(matrix, 2))


def unit(x: Float[Tensor, "n width"]) -> Float[Tensor, "n width"]:
    """Rows over their length, √(Σ x² + 1e-6)."""
    return x / (x.square().sum(dim=1, keepdim=True) + SMALLEST_POWER).sqrt()
