"""Large attention patterns as pictures: an overview of block means, and true values of a part."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.errors import ShapeError
from analysis.models.tokens import Grid

MAX_SIDE = 512


@dataclass(frozen=True)
class View:
    """A picture of a pattern: each cell is the mean of `tokens_per_cell` (queries, keys); at the far edges of what is left."""

    values: Float[ndarray, "rows columns"]
    query_times_s: Float[ndarray, " rows"]
    key_times_s: Float[ndarray, " columns"]
    tokens_per_cell: tuple[int, int]


def view(
    pattern: Float[ndarray, "queries keys"],
    grid: Grid,
    query_span_s: tuple[float, float] | None = None,
    key_span_s: tuple[float, float] | None = None,
    max_side: int = MAX_SIDE,
) -> View:
    """The part of a pattern whose tokens lie in both spans (ends included), as few tokens per cell as `max_side` allows.

    Raises:
        ShapeError: no token lies in a span.
    """
    rows = _inside(grid.query_times_s, query_span_s, grid.query_kind)
    columns = _inside(grid.key_times_s, key_span_s, grid.key_kind)
    part = pattern[rows, columns]
    per_row, per_column = (-(-side // max_side) for side in part.shape)
    return View(
        means(means(part, per_row, 0), per_column, 1),
        means(grid.query_times_s[rows], per_row),
        means(grid.key_times_s[columns], per_column),
        (per_row, per_column),
    )


def means(values: Float[ndarray, "*shape"], size: int, axis: int = 0) -> Float[ndarray, "*smaller"]:
    """Means of runs of `size` neighbours along one axis; the last run may be shorter.

    >>> means(np.array([1.0, 3.0, 5.0]), 2).tolist()
    [2.0, 5.0]
    """
    if size <= 1:
        return values
    starts = np.arange(0, values.shape[axis], size)
    shape = [1] * values.ndim
    shape[axis] = len(starts)
    sizes = np.diff(np.append(starts, values.shape[axis])).reshape(shape)
    return (np.add.reduceat(values, starts, axis=axis, dtype=np.float64) / sizes).astype(values.dtype)


def _inside(times_s: Float[ndarray, " tokens"], span_s: tuple[float, float] | None, kind: str) -> slice:
    low, high = span_s or (-np.inf, np.inf)
    inside = np.flatnonzero((times_s >= low) & (times_s <= high))
    if not len(inside):
        raise ShapeError(f"No {kind} lies between {low:g} s and {high:g} s. Choose a wider part of the window.")
    return slice(int(inside[0]), int(inside[-1]) + 1)
