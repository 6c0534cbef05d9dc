"""Kernels: how alike every two examples are to a layer, and what is left of it once it is centred."""

from collections.abc import Sequence

import torch
from jaxtyping import Float32, Float64, Int64
from numpy import ndarray
from torch import Tensor

from analysis.errors import ConfigError, OtoscopeError, ShapeError

MIN_ROWS = 4
ALIKE = 1e-13  # squared norm of what is left of a Gram matrix of trace 1 where all pairs are equally alike
SAFE_NORM, SAFE_SINGLE = 1e70, 1e12  # up to here, and down to the inverse, squares are no trouble in fp64 and fp32
Rows = Tensor | ndarray


class UndefinedError(OtoscopeError):
    """A similarity is not defined for these activations."""


def checked_rows(x: Rows) -> Float64[Tensor, "n d"]:
    """A copy of activations in fp64, on their device if it has fp64.

    Raises:
        ShapeError: not a matrix of at least 4 rows.
        UndefinedError: a number is not finite.
    """
    rows = _checked_matrix(x).to(torch.float64, copy=True)
    if not torch.isfinite(rows.sum()) and not (finite := torch.isfinite(rows).all(dim=1)).all():
        where = int(torch.nonzero(~finite)[0, 0])
        raise UndefinedError(f"Activations hold NaN or infinity, first in row {where}; expected finite numbers. Check the model.")
    return rows


def centred(x: Rows) -> Float64[Tensor, "n d"]:
    """Activations in fp64, of column mean 0 and norm 1.

    Raises:
        ShapeError: not a matrix of at least 4 rows.
        UndefinedError: a number is not finite, or all rows are the same to the rounding of the dtype.
    """
    given = _checked_matrix(x)
    rows, middle, norm = _less_mean(given.to(torch.float64, copy=True))
    if not 1 / SAFE_NORM < norm < SAFE_NORM:  # squares overflow or vanish, or a number is not finite
        rows = checked_rows(given)
        rows /= torch.stack(rows.aminmax()).abs().max().clamp(min=torch.finfo(torch.float64).tiny)
        rows, middle, norm = _less_mean(rows)
    before = torch.hypot(norm, len(rows) ** 0.5 * torch.linalg.vector_norm(middle))
    rounding = torch.finfo(given.dtype if given.is_floating_point() else torch.float64).eps
    if norm <= 4 * rounding * before:
        raise UndefinedError("Activations are the same in every row, so no similarity is defined. Check for a collapsed layer.")
    return rows.div_(norm)


def centred_single(layers: Sequence[Rows], out: Float32[Tensor, "few n d"]) -> None:
    """Put layers of one shape, of fp32 or less, into `out`, of column mean 0 and norm 1 to fp32.

    The mean is taken off twice, as the first time rounding leaves some of it.

    Raises:
        ShapeError, UndefinedError: as `centred`.
    """
    given = [_checked_matrix(x) for x in layers]
    for x, room in zip(given, out, strict=True):
        room.copy_(x)
    shares = out.new_full((len(out), 1, out.shape[1]), 1 / out.shape[1])
    middle = shares @ out
    out -= middle
    out -= shares @ out
    norm = torch.linalg.vector_norm(out, dim=(1, 2), keepdim=True)
    rounding = max(torch.finfo(x.dtype).eps for x in given)
    before = torch.hypot(norm, out.shape[1] ** 0.5 * torch.linalg.vector_norm(middle, dim=(1, 2), keepdim=True))
    if bool(((norm > 1 / SAFE_SINGLE) & (norm < SAFE_SINGLE) & (norm > 8 * rounding * before)).all()):
        out /= norm
        return
    for x, room in zip(given, out, strict=True):
        room.copy_(centred(x))


def participation_ratio(x: Rows) -> float:
    """How many directions the variance fills: (Σλ)² / Σλ² of the covariance, from 1 to the smaller of n − 1 and p.

    Raises:
        ShapeError, UndefinedError: as `centred`.
    """
    rows = centred(x)  # the trace is 1
    smaller = rows.T @ rows if rows.shape[1] < len(rows) else rows @ rows.T
    return float(1 / smaller.square().sum())


def linear_kernel(x: Rows) -> Float64[Tensor, "n n"]:
    """Gram matrix of centred activations, of trace 1.

    Raises:
        ShapeError, UndefinedError: as `centred`.
    """
    rows = centred(x)
    return rows @ rows.T


def rbf_kernel(x: Rows, bandwidth: float = 0.4) -> Float64[Tensor, "n n"]:
    """exp(−d² / (2 t² m)), m the median of all n² squared distances with the zeros of the diagonal, as Kornblith's code has it.

    Raises:
        ConfigError: the bandwidth is not positive.
        ShapeError, UndefinedError: as `centred`; also where more than half of the distances are zero.
    """
    if not bandwidth > 0:
        raise ConfigError(f"The bandwidth is {bandwidth}; expected a positive multiple of the median distance, such as 0.4.")
    rows = centred(x)
    squares = rows.square().sum(dim=1)
    distance = (squares[:, None] + squares - 2 * rows @ rows.T).clamp_(min=0).fill_diagonal_(0)
    flat, half = distance.flatten(), distance.numel() // 2
    median = (flat.kthvalue(half + 1).values + flat.kthvalue(half + distance.numel() % 2).values) / 2
    if median <= 0:
        raise UndefinedError("More than half of the distances are zero, so the RBF kernel has no width. Leave out repeated rows.")
    return torch.exp(distance / (-2 * bandwidth**2 * median))


def prepare(
    kernels: Float64[Tensor, "*layers n n"], batch: Int64[Tensor, " n"] | None = None, *, debiased: bool = True
) -> Float64[Tensor, "*layers n n"]:
    """Centred kernels of norm 1: the sum of the products of two is their CKA, and permuting examples permutes rows and columns.

    Args:
        kernels: symmetric, one per layer.
        batch: of every row, for the minibatch estimate: only pairs within a batch count; batches of fewer than 4 rows do not.
        debiased: U-centred, which leaves out the diagonal (Székely & Rizzo 2014); else centred on both sides.

    Raises:
        ShapeError: fewer than 4 rows.
        UndefinedError: a kernel holds all pairs equally alike.
    """
    centre = u_centred if debiased else double_centred
    if batch is None:
        return _unit(centre(kernels), kernels)
    centre_of_batches = torch.zeros_like(kernels)
    for number in torch.unique(batch):
        rows = torch.nonzero(batch == number)[:, 0]
        if (n := len(rows)) >= MIN_ROWS:
            weight = (n * (n - 3) if debiased else (n - 1) ** 2) ** -0.5
            centre_of_batches[..., rows[:, None], rows] = weight * centre(kernels[..., rows[:, None], rows])
    return _unit(centre_of_batches, kernels)


def u_centred(kernels: Float64[Tensor, "*layers n n"]) -> Float64[Tensor, "*layers n n"]:
    """Zero diagonal, and off it rows and columns that add up to zero.

    Raises:
        ShapeError: fewer than 4 rows.
    """
    n = kernels.shape[-1]
    check_rows(n)
    off = kernels.clone()
    off.diagonal(dim1=-2, dim2=-1).zero_()
    means = off.sum(dim=-1) / (n - 2)
    means -= means.sum(dim=-1, keepdim=True) / (2 * (n - 1))
    off -= means[..., None]
    off -= means[..., None, :]
    off.diagonal(dim1=-2, dim2=-1).zero_()
    return off


def double_centred(kernels: Float64[Tensor, "*layers n n"]) -> Float64[Tensor, "*layers n n"]:
    """Rows and columns that add up to zero, the diagonal included."""
    rows = kernels - kernels.mean(dim=-1, keepdim=True)
    return rows - rows.mean(dim=-2, keepdim=True)


def check_rows(n: int) -> None:
    """Raise ShapeError for fewer than 4 examples."""
    if n < MIN_ROWS:
        raise ShapeError(f"There are {n} examples; expected {MIN_ROWS} or more. Use more windows.")


def check_same_rows(layers: Sequence[Rows]) -> Sequence[Rows]:
    """The layers; raise ShapeError where they are not of the same number of examples."""
    if len(sizes := {len(x) for x in layers}) > 1:
        raise ShapeError(f"Activations have {' and '.join(map(str, sorted(sizes)))} rows; expected the same examples in all.")
    return layers


def _checked_matrix(x: Rows) -> Tensor:
    """The activations, where fp64 can be computed; raise ShapeError where they are not a matrix of 4 rows or more."""
    rows = torch.as_tensor(x).detach()
    if rows.ndim != 2 or not rows.shape[1]:
        raise ShapeError(
            f"Activations have the shape {tuple(rows.shape)}; expected (examples, features). Average over tokens first."
        )
    check_rows(len(rows))
    return rows.cpu() if rows.device.type == "mps" else rows


def _less_mean(rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Rows less their mean, in place, the mean, and the norm of what is left."""
    middle = rows.mean(dim=0)
    rows -= middle
    return rows, middle, torch.linalg.vector_norm(rows)


def _unit(matrices: Tensor, kernels: Tensor) -> Tensor:
    norm = torch.linalg.matrix_norm(matrices, keepdim=True)
    if (norm.square() <= ALIKE * torch.linalg.matrix_norm(kernels, keepdim=True).square()).any():
        raise UndefinedError("All pairs of examples are equally alike, so there is no structure to compare.")
    return matrices / norm
