"""Which patches of a grid are masked: at random, in blocks, or in stripes of time and of frequency; and when which is drawn.

Source: the released code of arXiv 2606.25713, whose numbers these are. What is drawn is ours: NumPy's generators, and a stripe as
wide in seconds as there, whatever a patch is.
"""

import math
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch
from jaxtyping import Bool, Int
from numpy import ndarray
from torch import Tensor

from analysis.errors import ConfigError, ShapeError
from analysis.models.pupujepa.config import PupuConfig

Strategy = Literal["random", "blocks", "stripes"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
RATIO = 0.8
MOST_ATTEMPTS = 150
BLOCK_SHARE = (0.01, 0.05)  # of the grid
TALL, WIDE = (2.0, 5.0), (0.2, 0.5)  # patches in time over patches in frequency; either is as likely
STRIPE_S = 1.6  # the longest stripe of time; a stripe of frequency is one band
Grid = tuple[int, int]


class Masks(NamedTuple):
    """Numbers of the patches of every window of a batch; every window has as many of either.

    Attributes:
        visible: what the student is given.
        masked: what the teacher is given, and what is predicted.
    """

    visible: Int[Tensor, "batch visible"]
    masked: Int[Tensor, "batch masked"]

    def to(self, device: torch.device | str) -> "Masks":
        """The same on another device."""
        return Masks(self.visible.to(device), self.masked.to(device))


def mask_probabilities(share: float, start: float, end: float) -> tuple[float, float, float]:
    """How likely every strategy is when a share of all steps is done: "random" alone up to `start`, all alike from `end`.

    >>> mask_probabilities(0.0, 0.1, 0.3), [round(p, 3) for p in mask_probabilities(0.2, 0.1, 0.3)]
    ((1.0, 0.0, 0.0), [0.667, 0.167, 0.167])
    """
    ramp = float(share >= end) if end <= start else min(max((share - start) / (end - start), 0.0), 1.0)
    each = ramp / len(STRATEGIES)
    return 1.0 - 2 * each, each, each


def n_masked(strategy: str, grid: Grid, ratio: float = RATIO) -> int:
    """How many patches are masked: the source counts what is kept where it masks at random, else what is masked.

    >>> n_masked("random", (256, 8)), n_masked("blocks", (256, 8))
    (1639, 1638)
    """
    n = grid[0] * grid[1]
    return n - int(n * (1 - ratio)) if strategy == "random" else int(n * ratio)


def draw_mask(
    strategy: str, grid: Grid, rng: np.random.Generator, *, ratio: float = RATIO, stripe: int = 40
) -> Bool[ndarray, "times bands"]:
    """True where a patch is masked.

    Blocks have 1 to 5 % of the grid, and are 2 to 5 times as long in time as in frequency or the other way about; stripes are 1
    to `stripe` moments in all bands, or one band at all moments, as likely as there are moments and bands. They are drawn until
    the next would mask too many, or 150 times; the rest is masked at random, so that the count is exact.

    Raises:
        ConfigError: there is no such strategy, or nothing would stay visible, or nothing be masked.
    """
    if strategy not in STRATEGIES:
        raise ConfigError(f"There is no masking {strategy!r}: expected one of {', '.join(STRATEGIES)}.")
    wanted, mask = n_masked(strategy, grid, ratio), np.zeros(grid, bool)
    if not 0 < wanted < mask.size:
        raise ConfigError(f"A ratio of {ratio:g} masks {wanted} of {mask.size} patches; expected some, and some visible.")
    for _ in range(0 if strategy == "random" else MOST_ATTEMPTS):
        left = wanted - int(mask.sum())
        part = _block(grid, left, rng) if strategy == "blocks" else _stripe(grid, left, stripe, rng)
        if left == 0 or np.count_nonzero(~mask[part]) > left:
            break
        mask[part] = True
    visible = np.flatnonzero(~mask)
    mask.flat[rng.permutation(visible)[: wanted - int(mask.sum())]] = True
    return mask


def stripe_of(config: PupuConfig) -> int:
    """The longest stripe of time in patches.

    >>> from analysis.models.pupujepa.config import PAPER
    >>> stripe_of(PAPER)
    40
    """
    return max(1, round(STRIPE_S / config.patch_s))


def masks_of(masks: Bool[ndarray, "batch times bands"]) -> Masks:
    """Numbers of visible and masked patches, in the order of the tokens.

    Raises:
        ShapeError: windows have different numbers of masked patches, or all or none.
    """
    flat = masks.reshape(len(masks), -1)
    counts = flat.sum(axis=1)
    if counts.min() != counts.max() or not 0 < counts[0] < flat.shape[1]:
        got = f"from {counts.min()} to {counts.max()} of {flat.shape[1]} patches are masked"
        raise ShapeError(f"{got}; expected the same number in every window of a batch, some masked and some visible.")
    visible, masked = (torch.from_numpy(np.nonzero(which)[1].reshape(len(masks), -1).astype(np.int64)) for which in (~flat, flat))
    return Masks(visible, masked)


def _block(grid: Grid, left: int, rng: np.random.Generator) -> tuple[slice, slice]:
    """A rectangle of at most about `left` patches."""
    least, most = TALL if rng.random() < 0.5 else WIDE
    longer = math.sqrt(rng.uniform(least, most))
    side = math.sqrt(min(rng.uniform(*BLOCK_SHARE) * grid[0] * grid[1], left))
    return _somewhere(grid, (int(side * longer), int(side / longer)), rng)


def _stripe(grid: Grid, left: int, stripe: int, rng: np.random.Generator) -> tuple[slice, slice]:
    """All bands of some moments, or a band at all moments."""
    if rng.random() < grid[0] / (grid[0] + grid[1]):
        return _somewhere(grid, (min(int(rng.integers(1, stripe + 1)), left // grid[1]), grid[1]), rng)
    return _somewhere(grid, (grid[0], 1), rng)


def _somewhere(grid: Grid, spans: tuple[int, int], rng: np.random.Generator) -> tuple[slice, slice]:
    """A rectangle of these sides, at least 1 and at most those of the grid."""
    sides = [max(1, min(span, n)) for span, n in zip(spans, grid, strict=True)]
    starts = [int(rng.integers(0, n - side + 1)) for side, n in zip(sides, grid, strict=True)]
    (time, band), (long, high) = starts, sides
    return slice(time, time + long), slice(band, band + high)
