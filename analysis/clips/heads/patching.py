"""Activations of one window put into another, layer by layer and moment by moment: where a difference is carried.

The effect of a patch is how far the embedding moves from the target to the source, (e_p − e_t)·(e_s − e_t) / ‖e_s − e_t‖²: 0 as
in the target, 1 as in the source. To put what is as written into what was changed is denoising: a large effect says that this
cell is enough to restore. The other way round is noising: a large effect says that this cell is needed. One window is read at a
time, so that equal activations give equal embeddings to the last bit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float64, Int64
from numpy import ndarray
from torch import Tensor

from analysis.errors import ShapeError
from analysis.models.taps import capture, intervene
from analysis.models.tower import Batch, Model, TokenAxis, Tower

Direction = Literal["denoising", "noising"]
N_SEGMENTS = 8


@dataclass(frozen=True, eq=False)
class PatchGrid:
    """Effects of patches.

    Attributes:
        direction: "denoising" where the source is as written, "noising" where the target is.
        taps: whose activations were exchanged, in the order of computing.
        segments: spans of the columns in seconds from the window's start; that of special tokens, if there are any, is the first
            and (0, 0).
        special: whether the first column is that of special tokens.
        effect: of every cell; not below 0 or above 1 by necessity.
        full: of all tokens at a tap, special ones included.
        apart: ‖e_s − e_t‖ / ‖e_t‖; 0 where the embeddings are equal, and then every effect is 0.
    """

    direction: Direction
    taps: tuple[str, ...]
    segments: tuple[tuple[float, float], ...]
    special: bool
    effect: Float64[ndarray, "taps segments"]
    full: Float64[ndarray, " taps"]
    apart: float

    def notice(self, layers: Sequence[str]) -> str:
        """What is to be known where not everything that differs goes through the tokens; "" where it does.

        Args:
            layers: what the taps are called.
        """
        if self.apart == 0:
            return "Both windows have the same embedding, so there is nothing to move."
        short = [layer for layer, full in zip(layers, self.full, strict=True) if full != 1]
        if not short:
            return ""
        return f"All tokens of {', '.join(short)} together do not make the target the source: something else enters behind them."


def patch_grid(
    model: Model,
    tower: str,
    source: Batch,
    target: Batch,
    *,
    direction: Direction,
    n_segments: int = N_SEGMENTS,
    check: Callable[[], None] | None = None,
) -> PatchGrid:
    """Effects of all patches of a grid of input and blocks × spans of time.

    Args:
        model: in evaluation.
        tower: name of the one that is read.
        source: one window, whose activations are put in.
        target: one window of the same tokens, which is read.
        direction: which of them is as written; it changes nothing but the name.
        n_segments: spans of equal length.
        check: called before every pass, so that it can raise.

    Raises:
        ShapeError: there is more than one window, or the tokens of both are not the same.
    """
    reader = model.towers[tower]
    taps = tuple(tap.name for tap in reader.taps() if tap.kind in ("input", "block"))
    axes = [_axis(reader, tap, source, target) for tap in taps]
    cells = [segment_tokens(axis, reader.input.window_s, n_segments) for axis in axes]
    given, reached = _read(model, reader, source, taps)
    own, start = _read(model, reader, target, taps)
    _check_one(given, own, taps)

    def effect_of(tap: str, tokens: Int64[ndarray, " tokens"]) -> float:
        if check is not None:
            check()
        index = torch.from_numpy(tokens).to(own[tap].device)
        if torch.equal(own[tap][:, index], given[tap][:, index]):
            return 0.0  # nothing is exchanged
        patched = own[tap].index_copy(1, index, given[tap][:, index])
        with torch.no_grad(), intervene(model, tap, lambda _: patched):
            return moved(reader(target), start, reached)

    effects = np.array([[effect_of(tap, tokens) for tokens in of_tap] for tap, of_tap in zip(taps, cells, strict=True)])
    full = np.array([effect_of(tap, np.arange(axis.n)) for tap, axis in zip(taps, axes, strict=True)])
    special = axes[0].special > 0
    edges = np.linspace(0.0, reader.input.window_s, n_segments + 1).tolist()
    spans = [(0.0, 0.0)] * special + list(pairwise(edges))
    return PatchGrid(direction, taps, tuple(spans), special, effects, full, float((reached - start).norm() / start.norm()))


def patch_both_ways(
    model: Model,
    tower: str,
    plain: Batch,
    changed: Batch,
    *,
    n_segments: int = N_SEGMENTS,
    check: Callable[[], None] | None = None,
) -> tuple[PatchGrid, PatchGrid]:
    """Denoising (what is as written into what was changed), then noising (the other way round); see `patch_grid`."""
    return (
        patch_grid(model, tower, plain, changed, direction="denoising", n_segments=n_segments, check=check),
        patch_grid(model, tower, changed, plain, direction="noising", n_segments=n_segments, check=check),
    )


def moved(patched: Tensor, target: Tensor, source: Tensor) -> float:
    """How far an embedding has moved from that of the target to that of the source, along the line between them.

    0 where it is that of the target, 1 where it is that of the source, both exactly; 0 where these two are equal.

    >>> moved(torch.tensor([1.0, 5.0]), torch.zeros(2), torch.tensor([4.0, 0.0]))
    0.25
    """
    way = (source - target).double().flatten()
    gone = (patched - target).double().flatten()
    length = float(way @ way)
    return float(gone @ way) / length if length > 0 else 0.0


def segment_tokens(axis: TokenAxis, window_s: float, n_segments: int) -> list[Int64[ndarray, " tokens"]]:
    """Tokens of every span of a window of equal length, special ones as a span of their own before them if there are any.

    >>> [tokens.tolist() for tokens in segment_tokens(TokenAxis("frame", np.array([0.5, 1.5, 2.5]), special=1), 4.0, 2)]
    [[0], [1, 2], [3]]
    """
    times_s = np.atleast_2d(axis.times_s)[0]
    span = np.clip((times_s * n_segments / window_s).astype(np.int64), 0, n_segments - 1)
    timed = [axis.special + np.flatnonzero(span == number) for number in range(n_segments)]
    return [np.arange(axis.special), *timed] if axis.special else timed


def _axis(tower: Tower, tap: str, source: Batch, target: Batch) -> TokenAxis:
    """Positions of the tokens, known to be as many in both windows."""
    axes = [tower.axis(tap, batch) for batch in (source, target)]
    if axes[0] is None or axes[1] is None or axes[0].n != axes[1].n:
        numbers = " and ".join("none" if axis is None else f"{axis.n:,}" for axis in axes)
        raise ShapeError(f"Patching needs the same tokens in both windows; got {numbers} at {tap}. Choose another pair.")
    return axes[1]


def _read(model: Model, tower: Tower, batch: Batch, taps: Sequence[str]) -> tuple[dict[str, Tensor], Tensor]:
    with torch.no_grad(), capture(model, taps) as seen:
        embedding = tower(batch)
    return {tap: activation.clone() for tap, activation in seen.items()}, embedding


def _check_one(given: dict[str, Tensor], own: dict[str, Tensor], taps: Sequence[str]) -> None:
    for tap in taps:
        if given[tap].shape != own[tap].shape or len(own[tap]) != 1:
            got = f"{tuple(given[tap].shape)} and {tuple(own[tap].shape)}"
            raise ShapeError(f"Patching reads one window of the same tokens on either side; got {got} at {tap}.")
