"""What can be put in the place of a descriptor, so that what it carried is gone: zero, noise, another order, another's, a mean.

Every function treats each window by itself: rows of a batch neither see each other nor the length to which they are padded.
Positions from `lengths` on are padding and stay as they are.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from analysis.errors import ShapeError


def zero(descriptor: Float[Tensor, "batch positions features"]) -> Float[Tensor, "batch positions features"]:
    """Nothing at all; for A4, whose bands have mean 0 over time, that is also its mean over time."""
    return torch.zeros_like(descriptor)


def noise(
    descriptor: Float[Tensor, "batch positions features"], seeds: Sequence[int], lengths: Sequence[int] | None = None
) -> Float[Tensor, "batch positions features"]:
    """White Gaussian noise that has, in every window, the mean and the standard deviation over time of each feature.

    Args:
        descriptor: of every window.
        seeds: one per window, below 2⁶³.
        lengths: positions of every window that are not padding; None for all.

    Raises:
        ShapeError: not one seed or length per window.
    """
    changed = descriptor.clone()
    for row, length, generator in _windows(descriptor, seeds, lengths):
        own = descriptor[row, :length].float()
        drawn = torch.randn(own.shape, generator=generator).to(own.device)
        drawn = drawn - drawn.mean(dim=0)
        spread = drawn.std(dim=0, correction=0).clamp_min(torch.finfo(torch.float32).tiny)
        changed[row, :length] = (own.mean(dim=0) + drawn / spread * own.std(dim=0, correction=0)).to(descriptor.dtype)
    return changed


def noise_like(
    descriptor: Float[Tensor, "batch positions features"],
    average: Float[Tensor, " _"],
    spread: Float[Tensor, " _"],
    seeds: Sequence[int],
    lengths: Sequence[int] | None = None,
) -> Float[Tensor, "batch positions features"]:
    """White Gaussian noise of which each feature has a given mean and standard deviation, whatever the window had.

    Args:
        descriptor: of every window.
        average: mean of each feature.
        spread: standard deviation of each feature.
        seeds: one per window, below 2⁶³.
        lengths: positions of every window that are not padding; None for all.

    Raises:
        ShapeError: not one mean and standard deviation per feature, or not one seed or length per window.
    """
    if len(average) != descriptor.shape[2] or len(spread) != descriptor.shape[2]:
        got = f"{len(average)} means and {len(spread)} standard deviations"
        raise ShapeError(f"There are {got}; expected one per feature, {descriptor.shape[2]}.")
    changed = descriptor.clone()
    for row, length, generator in _windows(descriptor, seeds, lengths):
        drawn = torch.randn((length, descriptor.shape[2]), generator=generator)
        changed[row, :length] = (average.cpu() + spread.cpu() * drawn).to(descriptor)
    return changed


def shuffle(
    descriptor: Float[Tensor, "batch positions features"], seeds: Sequence[int], lengths: Sequence[int] | None = None
) -> Float[Tensor, "batch positions features"]:
    """The same rows of features at other times of the same window.

    Args:
        descriptor: of every window.
        seeds: one per window, below 2⁶³.
        lengths: positions of every window that are not padding; None for all.

    Raises:
        ShapeError: not one seed or length per window.
    """
    changed = descriptor.clone()
    for row, length, generator in _windows(descriptor, seeds, lengths):
        changed[row, :length] = descriptor[row, torch.randperm(length, generator=generator).to(descriptor.device)]
    return changed


def exchange(
    descriptor: Float[Tensor, "batch positions features"],
    others: Sequence[Float[Tensor, "_ features"]],
    lengths: Sequence[int] | None = None,
) -> Float[Tensor, "batch positions features"]:
    """The descriptor of another window, from its beginning; it begins again where it is the shorter one.

    Args:
        descriptor: of every window.
        others: what each window gets, `(its own positions, features)`, without padding.
        lengths: positions of every window that are not padding; None for all.

    Raises:
        ShapeError: not one other or length per window, or an empty one.
    """
    changed = descriptor.clone()
    for row, length, _ in _windows(descriptor, [0] * len(others), lengths):
        if not len(others[row]):
            raise ShapeError(f"Window {row} would get a descriptor without a position; expected at least one.")
        changed[row, :length] = others[row][torch.arange(length) % len(others[row])].to(descriptor)
    return changed


def mean(
    descriptor: Float[Tensor, "batch positions features"], average: Float[Tensor, "#positions features"]
) -> Float[Tensor, "batch positions features"]:
    """One average for every window, per position and feature or per feature."""
    return average.to(descriptor).expand_as(descriptor).clone()


def shift_band(
    descriptor: Float[Tensor, "batch positions features"], band: int, sigmas: float
) -> Float[Tensor, "batch positions features"]:
    """One feature plus a constant; A4 is in standard deviations, so that is its unit.

    A band of A4 has mean 0 by construction: any constant shift takes it where no recording is (off the manifold).
    """
    changed = descriptor.clone()
    changed[..., band] += sigmas
    return changed


def spread_over_bands(
    descriptor: Float[Tensor, "batch positions features"], seeds: Sequence[int], sigmas: float
) -> Float[Tensor, "batch positions features"]:
    """As far away as `shift_band` (the same Euclidean norm), along all features in one random direction per window.

    The direction is isotropic and the shift constant over positions: like that of one band, it does not average out over time.

    Raises:
        ShapeError: not one seed per window.
    """
    changed = descriptor.clone()
    for row, _, generator in _windows(descriptor, seeds, None):
        drawn = torch.randn(descriptor.shape[2], generator=generator)
        changed[row] += (abs(sigmas) * drawn / drawn.norm()).to(descriptor)
    return changed


def _windows(descriptor: Tensor, seeds: Sequence[int], lengths: Sequence[int] | None) -> list[tuple[int, int, torch.Generator]]:
    """Row, length and generator of every window."""
    n_windows, n_positions = descriptor.shape[:2]
    lengths = [n_positions] * n_windows if lengths is None else lengths
    if len(seeds) != n_windows or len(lengths) != n_windows:
        raise ShapeError(f"There are {len(seeds)} seeds and {len(lengths)} lengths; expected one per window, {n_windows}.")
    if wrong := [length for length in lengths if not 1 <= length <= n_positions]:
        raise ShapeError(f"A window has {wrong[0]} positions; expected 1 to {n_positions}.")
    return [(row, lengths[row], torch.Generator().manual_seed(seeds[row])) for row in range(n_windows)]
