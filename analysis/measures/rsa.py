"""Representational similarity analysis (RSA): do two layers order pairs of examples alike?

A representational dissimilarity matrix (RDM) holds a distance for every pair of examples; two RDMs are compared by the ranks of
their entries above the diagonal (Kriegeskorte et al. 2008; Nili et al. 2014). Rows are not centred by column: the origin matters.

There is no noise ceiling. It is the similarity that repeated measurements of one representation have with each other; for
networks these are trainings of one arm from several seeds, and a checkpoint is one of them.
"""

from typing import Literal

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from analysis.errors import ShapeError
from analysis.measures.kernels import Rows, UndefinedError, check_rows, checked_rows

Rdm = Literal["cosine", "correlation"]
Comparison = Literal["Spearman", "rho-a"]
TIE_DECIMALS = 13  # distances closer than rounding in fp64 are ties
LARGEST_INTEGER = 2**62


def rsa(x: Rows, y: Rows, *, rdm: Rdm = "correlation", comparison: Comparison = "rho-a") -> float:
    """Rank correlation of the RDMs of activations `(n, p)` and `(n, q)`, from −1 to 1.

    Spearman divides by the spread of the ranks, so that ties count for nothing; ρ_a = 12 xᵀy / (m³ − m) − 3 (m + 1) / (m − 1)
    (x, y ranks of m pairs) is what is expected where ties are broken at random, and never favours a layer with ties.

    Raises:
        ShapeError: fewer than 4 rows, or not as many in both.
        UndefinedError: NaN, a row without direction, or all pairs equally far.
    """
    if len(x) != len(y):
        raise ShapeError(f"Activations have {len(x)} and {len(y)} rows; expected the same examples in both.")
    distance = cosine_rdm if rdm == "cosine" else correlation_rdm
    first, second = (prepare_ranks(dense_ranks(distance(rows))[None], comparison=comparison) for rows in (x, y))
    return float((first * second).sum())


def cosine_rdm(x: Rows) -> Float64[Tensor, "n n"]:
    """1 − cosine similarity of every two rows.

    Raises:
        ShapeError: fewer than 4 rows.
        UndefinedError: NaN, or a row of zeros.
    """
    rows = checked_rows(x)
    return _one_minus_cosine(rows, rows.abs().max(dim=1).values, "zero")


def correlation_rdm(x: Rows) -> Float64[Tensor, "n n"]:
    """1 − Pearson correlation over features of every two rows.

    Raises:
        ShapeError: fewer than 4 rows.
        UndefinedError: NaN, or a row in which all features are the same.
    """
    rows = checked_rows(x)
    largest = rows.abs().max(dim=1).values
    return _one_minus_cosine(rows - rows.mean(dim=1, keepdim=True), largest, "the same in all features")


def dense_ranks(rdm: Float64[Tensor, "n n"]) -> Int64[Tensor, "n n"]:
    """Place of every distance among the different distances above the diagonal, from 1; the diagonal is 0."""
    n = len(rdm)
    above, beside = torch.triu_indices(n, n, 1, device=rdm.device)
    where = above * n + beside
    scaled = (rdm.flatten().index_select(0, where) * 10**TIE_DECIMALS).round_()
    if scaled.abs().amax() < LARGEST_INTEGER:
        scaled = scaled.to(torch.int64)  # which are sorted in a third of the time
    distances, order = torch.sort(scaled)
    rank = torch.ones_like(order)
    rank[1:] += torch.cumsum(distances[1:] != distances[:-1], 0)
    places = torch.zeros(n * n, dtype=torch.int64, device=rdm.device)
    places.scatter_(0, where, torch.empty_like(rank).scatter_(0, order, rank))
    return places.view(n, n) + places.view(n, n).T


def prepare_ranks(
    places: Int64[Tensor, "layers n n"], _batch: Tensor | None = None, *, comparison: Comparison = "rho-a"
) -> Float64[Tensor, "layers n n"]:
    """Centred ranks of all pairs, ties averaged, so scaled that the sum of the products of two is their rank correlation.

    `places` are those of `dense_ranks`, or rows and columns of them: the order among what is left is not lost.

    Raises:
        ShapeError: fewer than 4 examples.
        UndefinedError: all pairs of a layer are equally far.
    """
    n = places.shape[-1]
    check_rows(n)
    m = n * (n - 1) // 2
    stack = torch.empty(places.shape, dtype=torch.float64, device=places.device)
    for layer, out in zip(places, stack, strict=True):
        counts = torch.bincount(layer.flatten())
        counts[0] -= n  # the diagonal
        times = counts // 2
        rank = (torch.cumsum(times, 0) - times).to(torch.float64) + (times + 1) / 2 - (m + 1) / 2
        torch.index_select(rank, 0, layer.flatten(), out=out.view(-1))
        out.fill_diagonal_(0)
        if not (spread := out.square().sum()) > 0:
            raise UndefinedError("All pairs of examples are equally far, so their order cannot be compared.")
        out /= spread.sqrt() if comparison == "Spearman" else ((m**3 - m) / 6) ** 0.5
    return stack


def _one_minus_cosine(rows: Tensor, largest: Tensor, empty: str) -> Float64[Tensor, "n n"]:
    norms = torch.linalg.vector_norm(rows, dim=1)
    if (flat := norms <= 4 * torch.finfo(torch.float64).eps * largest * rows.shape[1] ** 0.5).any():
        where = int(torch.nonzero(flat)[0, 0])
        raise UndefinedError(f"Row {where} is {empty}, so its angle to others is not defined. Leave it out or compare by CKA.")
    unit = rows / norms[:, None]
    return (1 - unit @ unit.T).fill_diagonal_(0)
