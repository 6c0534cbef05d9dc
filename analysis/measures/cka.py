"""Centred kernel alignment (CKA): how alike two sets of activations of the same examples are.

Linear CKA is the cosine between two centred Gram matrices (Kornblith et al. 2019). Where features are not few beside examples,
the biased estimate is large for independent data too (Murphy et al. 2024), so the debiased one is the default. It can be
negative, and is left so. Rows are examples; they are centred in fp64 before anything else, whatever their dtype.

What follows is in fp64, but for linear Gram matrices of activations that are fp32 or less themselves: these are in fp32 and
their products are summed in fp64, which takes half as long. Centred, an entry is wrong by about 2⁻²⁴ of the norms of its rows;
as errors of entries have either sign, CKA is wrong by less than 10⁻⁵ as long as the norm of a U-centred Gram matrix is above
1/100 of its trace. Where it is not, all is computed again in fp64.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import Literal

import torch
from jaxtyping import Float, Float32, Float64
from torch import Tensor

from analysis.measures.batches import deal_batches
from analysis.measures.kernels import (
    ALIKE,
    Rows,
    UndefinedError,
    centred,
    centred_single,
    check_same_rows,
    prepare,
    rbf_kernel,
)

HELD_ROWS, FINE_ROWS, BLOCK_ROWS, TOGETHER = 512, 64, 128, 4
SINGLE_ENOUGH = 1e-4  # squared norm of U-centred Gram matrices of trace 1: above it, fp32 is
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
    first, second = (prepare(rbf_kernel(rows, bandwidth)[None], debiased=debiased) for rows in check_same_rows([x, y]))
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
        first: activations `(n, p)` of each layer, p may differ; on any device, one for all. Where all are fp32 or less, the
            result is that of fp64 to 10⁻⁵; give fp64 for more.
        second: the same, n as in `first`.
        debiased: whether by U-statistics.
        form: through features (XᵀY) or examples (XXᵀ), which give the same; "auto" takes what costs less.

    Raises:
        ShapeError, UndefinedError: as `linear_cka`.
    """
    if _single_will_do(first, second, len(first[0]), form):
        rows = check_same_rows(first if first is second else [*first, *second])
        sums = _gram_products(_in_turn(rows), len(rows), debiased)
        if sums.diagonal().min() > SINGLE_ENOUGH:
            return _ratio(*_sides(sums, len(first), same=first is second))
    return _ratio(*_products(*_centred_layers(first, second), debiased=debiased, form=form))


def minibatch_cka_matrix(
    first: Sequence[Rows], second: Sequence[Rows], *, batch_size: int = 256, seed: int = 0, debiased: bool = True
) -> Float64[Tensor, "first second"]:
    """`minibatch_cka` of every layer of `first` with every layer of `second`.

    Raises:
        ConfigError, ShapeError, UndefinedError: as `minibatch_cka`.
    """
    rows = check_same_rows(first if first is second else [*first, *second])
    batch = deal_batches(len(rows[0]), batch_size, seed)
    if _single_will_do(first, second, int(torch.bincount(batch).max()), "auto"):
        left = [x for few in _in_turn(rows) for x in few.clone()]
        other = left if first is second else left[len(first) :]
        products, traces = _sums_over_batches(
            left[: len(first)] if other is not left else left, other, batch, debiased, "examples"
        )
        if min((own / trace).min() for own, trace in zip(products[1:], traces, strict=True)) > SINGLE_ENOUGH:
            return _ratio(*products)
    return _ratio(*_sums_over_batches(*_centred_layers(first, second), batch, debiased, "auto")[0])


def cka_without_largest(x: Rows, y: Rows, *, share: float = 0.01, debiased: bool = True) -> tuple[float, int]:
    """Linear CKA without the rows of largest norm, once centred, and how many rows are left.

    A few rows far out can decide CKA (Davari et al. 2022): if this differs much from `linear_cka`, they do. Of either side the
    largest `share` of rows is left out, rounded up.

    Raises:
        ShapeError, UndefinedError: as `linear_cka`, of the rows that are left.
    """
    left, other = (centred(side) for side in check_same_rows([x, y]))
    n, n_out = len(left), math.ceil(share * len(left))
    largest = [torch.linalg.vector_norm(side, dim=1).topk(n_out).indices for side in (left, other)]
    kept = torch.ones(n, dtype=torch.bool, device=left.device)
    kept[torch.cat(largest)] = False
    return linear_cka(left[kept], other[kept], debiased=debiased), int(kept.sum())


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


def _sums_over_batches(
    first: list[Tensor], second: list[Tensor], batch: Tensor, debiased: bool, form: Form
) -> tuple[Triple, tuple[Tensor, Tensor]]:
    """HSIC of all pairs, of the first with themselves and of the second, added over batches; and the squares of the traces."""
    sums: list[Tensor] = []
    for number in range(int(batch.max()) + 1):
        rows = torch.nonzero(batch == number)[:, 0].to(first[0].device)
        left = [x[rows] - x[rows].mean(dim=0) for x in first]
        other = left if first is second else [x[rows] - x[rows].mean(dim=0) for x in second]
        traces = [torch.stack([x.square().sum(dtype=torch.float64).square() for x in side]) for side in (left, other)]
        weight = 1 / (len(rows) * (len(rows) - 3)) if debiased else 1 / (len(rows) - 1) ** 2
        scaled = [weight * part for part in (*_products(left, other, debiased=debiased, form=form), *traces)]
        sums = [total + part for total, part in zip(sums, scaled, strict=True)] if sums else scaled
    return (sums[0], sums[1], sums[2]), (sums[3], sums[4])


def _centred_layers(first: Sequence[Rows], second: Sequence[Rows]) -> tuple[list[Tensor], list[Tensor]]:
    """Both, the same list twice if they were."""
    if first is second:
        left = [centred(x) for x in check_same_rows(first)]
        return left, left
    both = [centred(x) for x in check_same_rows([*first, *second])]
    return both[: len(first)], both[len(first) :]


def _in_turn(layers: Sequence[Rows]) -> Iterator[Float32[Tensor, "few n p"]]:
    """Centred in fp32, a few of one width together; where rows are few, the next take their place in memory."""
    room: Tensor | None = None
    for width, group in groupby(layers, key=lambda x: x.shape[-1]):
        run = [torch.as_tensor(x) for x in group]
        for few in (run[start : start + TOGETHER] for start in range(0, len(run), TOGETHER)):
            shape = (len(few), len(few[0]), width)
            if room is None or shape[1] > HELD_ROWS or room.shape != shape:
                room = torch.empty(shape, device="cpu" if few[0].device.type == "mps" else few[0].device)
            centred_single(few, room)
            yield room


def _single_will_do(first: Sequence[Rows], second: Sequence[Rows], n: int, form: Form) -> bool:
    """Whether all activations are fp32 or less, products of fp32 are not rounded further, and n rows go through examples."""
    dtypes = {torch.as_tensor(x).dtype for x in [*first, *second]}
    if not all(dtype.is_floating_point and dtype.itemsize <= 4 for dtype in dtypes):
        return False
    if torch.get_float32_matmul_precision() != "highest":
        return False
    p, q = ([x.shape[-1] for x in side] for side in (first, second))
    return _form(n, (p, q), first is second, form) == "examples"


def _form(n: int, widths: tuple[list[int], list[int]], same: bool, form: Form) -> Form:
    """The form that takes fewer products, unless one is asked for."""
    if form != "auto":
        return form
    p, q = widths
    own = [] if same else q
    through_features = n * (sum(p) * sum(q) + sum(width**2 for width in p + own))
    through_examples = n * n * (sum(p + own) / 2 + len(p) * len(q))
    return "features" if through_features < through_examples else "examples"


def _ratio(cross: Tensor, left: Tensor, other: Tensor) -> Float64[Tensor, "first second"]:
    if min(left.min(), other.min()) <= ALIKE:  # of kernels of trace 1
        raise UndefinedError("All pairs of examples are equally alike, so there is no structure to compare.")
    return cross / (left[:, None] * other).sqrt()


def _products(first: list[Tensor], second: list[Tensor], *, debiased: bool, form: Form) -> Triple:
    """Inner products of centred Gram matrices: each of `first` with each of `second`, and each of both with itself."""
    p, q = ([x.shape[1] for x in side] for side in (first, second))
    if _form(len(first[0]), (p, q), first is second, form) == "features":
        return _through_features(first, second, debiased)
    layers = first if first is second else [*first, *second]
    sums = _gram_products((x[None] for x in layers), len(layers), debiased)
    return _sides(sums, len(first), same=first is second)


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


def _sides(sums: Tensor, n_first: int, *, same: bool) -> Triple:
    """Parts of the inner products of all layers, of which the first are those of `first`."""
    own, split = sums.diagonal(), 0 if same else n_first
    return sums[:n_first, split:], own[:n_first], own[split:]


def _gram_products(layers: Iterable[Float[Tensor, "few n _"]], n_layers: int, debiased: bool) -> Float64[Tensor, "layers layers"]:
    """Inner products of the Gram matrices of all layers, from their blocks of rows right of the diagonal.

    Few rows: all blocks are held, and a layer is done with before the next is asked for. Many: all layers are, and one block.
    """
    first, layers = (head := next(rest := iter(layers))), chain([head], rest)
    n, sums, diagonals = first.shape[1], first.new_zeros(n_layers, n_layers, dtype=torch.float64), []
    held = n <= HELD_ROWS
    size = FINE_ROWS if held else BLOCK_ROWS
    layers, starts = layers if held else list(layers), range(0, n, size)
    for some in [list(starts)] if held else [[start] for start in starts]:
        blocks, done = [first.new_empty(n_layers, min(size, n - start), n - start) for start in some], 0
        for few in layers:
            for start, block in zip(some, blocks, strict=True):
                torch.bmm(few[:, start : start + size], few[:, start:].mT, out=block[done : done + len(few)])
            done += len(few)
        for block in blocks:
            diagonals.append(block.diagonal(dim1=1, dim2=2).to(torch.float64, copy=True))
            block[:, :, : block.shape[1]].triu_(1)
            each = block.transpose(0, 1)  # by rows, so that sums in fp32 are short
            sums += 2 * torch.bmm(each, each.mT).sum(dim=0, dtype=torch.float64)
    rows = torch.cat(diagonals, dim=1)
    if not debiased:
        return sums + rows @ rows.T
    # U-centring afterwards: without its diagonal, a row of a centred Gram matrix adds up to minus what was there
    totals = rows.sum(dim=1)
    return sums + torch.outer(totals, totals) / ((n - 1) * (n - 2)) - 2 / (n - 2) * rows @ rows.T
