"""Centred kernel alignment (CKA): how alike two sets of activations of the same examples are.

Linear CKA is the cosine between two centred Gram matrices (Kornblith et al. 2019). Where features are not few beside examples,
the biased estimate is large for independent data too (Murphy et al. 2024), so the debiased one is the default. It can be
negative, and is left so. Rows are examples; they are centred in fp64 before anything else, whatever their dtype.
"""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from analysis.errors import ConfigError
from analysis.measures.kernels import ALIKE, MIN_ROWS, Rows, UndefinedError, centred, check_same_rows, prepare, rbf_kernel
from analysis.seeding import torch_generator

BLOCK_ROWS = 128
RBF_BANDWIDTHS = (0.2, 0.4, 0.8)
Form = Literal["auto", "features", "examples"]
Triple = tuple[Tensor, Tensor, Tensor]


def linear_cka(x: Rows, y: Rows, *, debiased: bool = True) -> float:
    """Linear CKA of activations `(n, p)` and `(n, q)`: 1 for the same up to rotation and scale.

    ‖XᵀY‖² / (‖XᵀX‖ ‖YᵀY‖), columns centred; debiased: the ratio of the U-statistics HSIC₁ (Song et al. 2012).

    Raises:
        ShapeError: fewer than 4 rows, or not as many in both.
        UndefinedError: NaN, or rows that are all the same.
    """
    return float(cka_matrix([x], [y], debiased=debiased)[0, 0])


def rbf_cka(x: Rows, y: Rows, *, bandwidth: float = 0.4, debiased: bool = True) -> float:
    """CKA with the kernel exp(−d² / (2σ²)), σ = `bandwidth` × median distance; Kornblith et al. publish the biased one.

    Raises:
        ShapeError, UndefinedError: as `linear_cka`; also if more than half of the distances are zero.
    """
    first, second = (prepare(rbf_kernel(one, bandwidth)[None], debiased=debiased) for one in check_same_rows([x, y]))
    return float((first * second).sum())


def minibatch_cka(x: Rows, y: Rows, *, batch_size: int = 256, seed: int = 0, debiased: bool = True) -> float:
    """Linear CKA from batches: HSIC₁ is averaged over them before the ratio is formed (Nguyen et al. 2021, eq. 3).

    Rows are dealt by `deal_batches`, so that any n will do and none is left out. But for noise, the ratio of unbiased averages
    does not depend on the size of the batches; averages of biased HSIC, or of ratios, do.

    Raises:
        ConfigError: batches of fewer than 4 rows are asked for.
        ShapeError, UndefinedError: as `linear_cka`.
    """
    return float(minibatch_cka_matrix([x], [y], batch_size=batch_size, seed=seed, debiased=debiased)[0, 0])


def cka_matrix(
    first: Sequence[Rows], second: Sequence[Rows], *, debiased: bool = True, form: Form = "auto"
) -> Float64[Tensor, "first second"]:
    """Linear CKA of every layer of `first` with every layer of `second`, from one pass.

    Args:
        first: activations `(n, p)` of each layer, p may differ; on any device, one for all.
        second: the same, n as in `first`.
        debiased: whether by U-statistics.
        form: through features (XᵀY) or examples (XXᵀ), which give the same; "auto" takes what costs less.

    Raises:
        ShapeError, UndefinedError: as `linear_cka`.
    """
    one, other = _centred_layers(first, second)
    return _ratio(*_products(one, other, debiased=debiased, form=form))


def minibatch_cka_matrix(
    first: Sequence[Rows], second: Sequence[Rows], *, batch_size: int = 256, seed: int = 0, debiased: bool = True
) -> Float64[Tensor, "first second"]:
    """`minibatch_cka` of every layer of `first` with every layer of `second`.

    Raises:
        ConfigError, ShapeError, UndefinedError: as `minibatch_cka`.
    """
    one, other = _centred_layers(first, second)
    batch = deal_batches(len(one[0]), batch_size, seed).to(one[0].device)
    sums: list[Tensor] = []
    for number in range(int(batch.max()) + 1):
        rows = torch.nonzero(batch == number)[:, 0]
        parts = [[x[rows] - x[rows].mean(dim=0) for x in layers] for layers in (one, other)]
        products = _products(parts[0], parts[0] if one is other else parts[1], debiased=debiased, form="auto")
        weight = 1 / (len(rows) * (len(rows) - 3)) if debiased else 1 / (len(rows) - 1) ** 2
        scaled = [weight * product for product in products]
        sums = [total + product for total, product in zip(sums, scaled, strict=True)] if sums else scaled
    return _ratio(sums[0], sums[1], sums[2])


def cka_without_largest(x: Rows, y: Rows, *, share: float = 0.01, debiased: bool = True) -> tuple[float, int]:
    """Linear CKA without the rows of largest norm, once centred, and how many rows are left.

    A few rows far out can decide CKA (Davari et al. 2022): if this differs much from `linear_cka`, they do. Of either side the
    largest `share` of rows is left out, rounded up.

    Raises:
        ShapeError, UndefinedError: as `linear_cka`, of the rows that are left.
    """
    one, other = (centred(side) for side in check_same_rows([x, y]))
    n, n_out = len(one), math.ceil(share * len(one))
    largest = [torch.linalg.vector_norm(side, dim=1).topk(n_out).indices for side in (one, other)]
    kept = torch.ones(n, dtype=torch.bool, device=one.device)
    kept[torch.cat(largest)] = False
    return linear_cka(one[kept], other[kept], debiased=debiased), int(kept.sum())


def deal_batches(n: int, batch_size: int, seed: int) -> Int64[Tensor, " n"]:
    """Number of the batch of every row: shuffled, in as few batches of at most `batch_size` as there must be, of equal size ± 1.

    Raises:
        ConfigError: `batch_size` is below 4.
    """
    if batch_size < MIN_ROWS:
        raise ConfigError(f"batch_size is {batch_size}; expected {MIN_ROWS} or more, as the debiased estimate needs.")
    n_batches = min(-(-n // batch_size), max(1, n // MIN_ROWS))
    return (torch.arange(n) % n_batches)[torch.randperm(n, generator=torch_generator(seed, "batches of rows"))]


def gaussian_null(n: int, p: float, q: float) -> float:
    """Biased linear CKA of independent Gaussian data, on average: √(pq / ((p + n)(q + n))) (Murphy et al. 2024).

    Args:
        n: rows.
        p: features of one, or its participation ratio where they are not alike in all directions.
        q: of the other.

    >>> round(gaussian_null(500, 1024, 512), 3)
    0.583
    """
    return (p * q / ((p + n) * (q + n))) ** 0.5


def _centred_layers(first: Sequence[Rows], second: Sequence[Rows]) -> tuple[list[Tensor], list[Tensor]]:
    """Both, the same list twice if they were."""
    if first is second:
        one = [centred(x) for x in check_same_rows(first)]
        return one, one
    both = [centred(x) for x in check_same_rows([*first, *second])]
    return both[: len(first)], both[len(first) :]


def _ratio(cross: Tensor, one: Tensor, other: Tensor) -> Float64[Tensor, "first second"]:
    if min(one.min(), other.min()) <= ALIKE:  # of kernels of trace 1
        raise UndefinedError("All pairs of examples are equally alike, so there is no structure to compare.")
    return cross / (one[:, None] * other).sqrt()


def _products(first: list[Tensor], second: list[Tensor], *, debiased: bool, form: Form) -> Triple:
    """Inner products of centred Gram matrices: each of `first` with each of `second`, and each of both with itself."""
    n, p, q = len(first[0]), [x.shape[1] for x in first], [y.shape[1] for y in second]
    own = [] if first is second else q
    through_features = n * (sum(p) * sum(q) + sum(width**2 for width in p + own))
    through_examples = n * n * (sum(p + own) / 2 + len(p) * len(q))
    if form == "features" or (form == "auto" and through_features < through_examples):
        return _through_features(first, second, debiased)
    return _through_examples(first, second, debiased)


def _through_features(first: list[Tensor], second: list[Tensor], debiased: bool) -> Triple:
    n = len(first[0])

    def inner(x: Tensor, y: Tensor) -> Tensor:
        product = (x.T @ y).square().sum()
        if not debiased:
            return product
        r, s = x.square().sum(dim=1), y.square().sum(dim=1)
        return product - n / (n - 2) * (r @ s) + r.sum() * s.sum() / ((n - 1) * (n - 2))

    cross = torch.stack([torch.stack([inner(x, y) for y in second]) for x in first])
    own = torch.stack([inner(x, x) for x in first])
    return cross, own, own if first is second else torch.stack([inner(y, y) for y in second])


def _through_examples(first: list[Tensor], second: list[Tensor], debiased: bool) -> Triple:
    """Rows of all Gram matrices by blocks, right of the diagonal only, so that memory is that of a block."""
    n, layers = len(first[0]), first if first is second else [*first, *second]
    sums = torch.zeros(len(layers), len(layers), dtype=torch.float64, device=layers[0].device)
    for start in range(0, n, BLOCK_ROWS):
        stop = min(start + BLOCK_ROWS, n)
        blocks = torch.empty(len(layers), stop - start, n - start, dtype=torch.float64, device=sums.device)
        for x, block in zip(layers, blocks, strict=True):
            torch.mm(x[start:stop], x[start:].T, out=block)
        if debiased:
            blocks.diagonal(dim1=1, dim2=2).zero_()
        every, square = blocks.flatten(1), blocks[:, :, : stop - start].flatten(1)
        sums += 2 * every @ every.T - square @ square.T
    if debiased:  # U-centring afterwards: without its diagonal, a row of a centred Gram matrix adds up to minus what was there
        rows = torch.stack([x.square().sum(dim=1) for x in layers])
        totals = rows.sum(dim=1)
        sums += torch.outer(totals, totals) / ((n - 1) * (n - 2)) - 2 / (n - 2) * rows @ rows.T
    own, split = sums.diagonal(), 0 if first is second else len(first)
    return sums[: len(first), split:], own[: len(first)], own[split:]
