"""All layers of one stack against all of another: similarity, its nulls, its interval, and who contributes.

Works on prepared matrices (`kernels.prepare`, `rsa.prepare_ranks`): the similarity of two layers is the sum of their products.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from jaxtyping import Float64, Int64
from numpy import ndarray
from torch import Tensor

from analysis.errors import ShapeError
from analysis.measures.kernels import UndefinedError
from analysis.seeding import numpy_generator

Prepare = Callable[[Tensor, Tensor | None], Tensor]


def grid(first: Float64[Tensor, "a n n"], second: Float64[Tensor, "b n n"]) -> Float64[Tensor, "a b"]:
    """Similarity of every layer of `first` with every layer of `second`: one matrix product."""
    return first.flatten(1) @ second.flatten(1).T


def contributions(first: Float64[Tensor, "a n n"], second: Float64[Tensor, "b n n"]) -> Float64[Tensor, "a b n"]:
    """What the pairs of each example add to a cell; the sum over examples is the cell.

    For debiased CKA this is the part of the example in the numerator of HSIC₁, divided by the denominator of the ratio.
    """
    return torch.einsum("anm,bnm->abn", first, second)


def shuffled_grids(
    first: Tensor, second: Tensor, orders: Int64[ndarray, "k n"], prepare: Prepare | None = None, batch: Tensor | None = None
) -> Iterator[Float64[Tensor, "a b"]]:
    """The grid with examples of `second` in each of the orders, one after the other: draws of the null.

    Args:
        first: prepared.
        second: prepared; with `prepare`, not yet.
        orders: see `shuffles_by_work`.
        prepare: for estimates that depend on which examples are in one batch.
        batch: for `prepare`.
    """
    rows = first.flatten(1)
    for order in torch.from_numpy(orders).to(second.device):
        moved = second.index_select(1, order).index_select(2, order)
        yield rows @ (prepare(moved, batch) if prepare else moved).flatten(1).T


def grids_without_works(
    first: Tensor, second: Tensor, works: Int64[ndarray, " n"], prepare: Prepare, batch: Tensor | None = None
) -> Iterator[Float64[Tensor, "a b"]]:
    """The grid without the examples of each work, one after the other.

    Args:
        first: kernels or places, not prepared.
        second: the same.
        works: number of the work of every example, from 0, each occurring.
        prepare: see above.
        batch: for `prepare`.
    """
    same = first is second
    for number in range(int(works.max()) + 1):
        kept = torch.from_numpy(np.flatnonzero(works != number)).to(first.device)
        left = None if batch is None else batch[kept]
        prepared = prepare(first.index_select(1, kept).index_select(2, kept), left)
        yield grid(prepared, prepared if same else prepare(second.index_select(1, kept).index_select(2, kept), left))


def collect(draws: Iterator[Tensor], shape: tuple[int, int], tick: Callable[[], None]) -> Float64[ndarray, "k a b"]:
    """All draws of a grid; none where one of them is not defined, such as without the only work that differs.

    Args:
        draws: grids, one after the other.
        shape: of each.
        tick: called after each draw; may raise to stop.
    """
    collected: list[ndarray] = []
    try:
        for draw in draws:
            tick()
            collected.append(draw.numpy().astype(np.float64))
    except (UndefinedError, ShapeError):
        collected = []
    return np.stack(collected) if collected else np.empty((0, *shape))


def shuffles_by_work(
    works: Int64[ndarray, " n"], n_shuffles: int, *, seed: int, tick: Callable[[], None] | None = None
) -> Int64[ndarray, "k n"]:
    """Orders that pair the examples of every work with those of a work drawn at random, in their order, each used once.

    Examples of one work are alike on both sides, so that shuffling single examples would make the null too narrow and too low.
    Where works have different numbers of examples, those left over on one side are paired with those left over on the other.
    `tick` is called before each order, so that it can raise.
    """
    members = [np.flatnonzero(works == number) for number in range(int(works.max()) + 1)]
    rng, orders = numpy_generator(seed, "shuffles by work"), np.full((n_shuffles, len(works)), -1)
    for order in orders:
        if tick is not None:
            tick()
        left: list[ndarray] = []
        for index, drawn in enumerate(rng.permutation(len(members))):
            here, there = members[index], members[drawn]
            both = min(len(here), len(there))
            order[here[:both]] = there[:both]
            left.append(there[both:])
        order[order < 0] = np.concatenate(left)
    return orders
