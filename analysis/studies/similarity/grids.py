"""All layers of one stack against all of another by one measure: values, intervals over works, and nulls."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int64
from numpy import ndarray
from torch import Tensor

from analysis.errors import OtoscopeError, ShapeError
from analysis.measures.cka import cka_without_largest
from analysis.measures.kernels import UndefinedError, participation_ratio
from analysis.measures.layer_grids import contributions, grid, grids_without_works, jackknife_interval, shuffled_grids
from analysis.measures.registry import Measure
from analysis.studies.similarity.layers import Stack

OUTLIER_SHARE = 0.01
WITHOUT_LARGEST = "debiased CKA without the largest 1 %"
NULL_LEVEL = 0.95
Tick = Callable[[], None]
Columns = tuple[float | None, float | None, float | None, float | None, float | None, bool | None]
NOTHING: Columns = (None, None, None, None, None, None)


@dataclass(frozen=True)
class WorkShuffles:
    """Which window is of which work, and the orders in which works are shuffled (none where there is one work)."""

    names: tuple[str, ...]
    of_window: Int64[ndarray, " n"]
    orders: Int64[ndarray, "k n"]

    @property
    def sizes(self) -> Int64[ndarray, " works"]:
        """Windows of each."""
        return np.bincount(self.of_window, minlength=len(self.names))


@dataclass(frozen=True)
class Estimate:
    """A similarity with its interval over works and its null; None for what could not be computed."""

    value: float
    ci_low: float | None
    ci_high: float | None
    null: float | None
    null_high: float | None

    @property
    def inside_null(self) -> bool | None:
        """Whether 5 % or more of the shuffled pairs reach it."""
        return None if self.null_high is None else self.value <= self.null_high

    @property
    def columns(self) -> Columns:
        """As columns of a row."""
        return self.value, self.ci_low, self.ci_high, self.null, self.null_high, self.inside_null


@dataclass(frozen=True, eq=False)
class LayerGrid:
    """Similarity of every layer of one stack with every layer of another, as far as it is defined.

    Attributes:
        measure: name.
        rows: labels of the first stack's layers that can be compared, in order.
        columns: those of the second.
        reasons: (0 or 1, label) → why a layer cannot be compared.
        value: `(rows, columns)`.
        without: the same without each work, `(works, rows, columns)`; empty where that cannot be computed.
        null: the same with works shuffled, `(shuffles, rows, columns)`.
        contributions: of every window, `(rows, columns, windows)`; None if not asked for.
    """

    measure: str
    rows: list[str]
    columns: list[str]
    reasons: Mapping[tuple[int, str], str]
    value: Float[ndarray, "a b"]
    without: Float[ndarray, "works a b"]
    null: Float[ndarray, "k a b"]
    contributions: Float[ndarray, "a b n"] | None

    def estimate(self, works: WorkShuffles, rows: list[str], columns: list[str], *, paired: bool = False) -> Estimate | None:
        """The mean over cells: of every row with every column, or, `paired`, of the first with the first and so on.

        None where no such cell is defined.
        """
        asked = zip(rows, columns, strict=False) if paired else ((row, column) for row in rows for column in columns)
        cells = [(self.rows.index(row), self.columns.index(column)) for row, column in asked if self.defines(row, column)]
        if not cells:
            return None
        i, j = (list(side) for side in zip(*cells, strict=True))
        return estimate(self.value[i, j].mean(), self.without[:, i, j].mean(axis=1), self.null[:, i, j].mean(axis=1), works)

    def defines(self, row: str, column: str) -> bool:
        """Whether there is such a cell."""
        return row in self.rows and column in self.columns


def columns_of(estimate: Estimate | None) -> Columns:
    """Columns of a row; all of them None where nothing was estimated."""
    return NOTHING if estimate is None else estimate.columns


def estimate(value: float, without: ndarray, null: ndarray, works: WorkShuffles, *, bounded: bool = True) -> Estimate:
    """One similarity from its values without each work and with works shuffled; either may be empty."""
    interval = jackknife_interval(float(value), without, works.sizes, bounded=bounded) if len(without) else None
    low, high = interval or (None, None)
    if not len(null):
        return Estimate(float(value), low, high, None, None)
    return Estimate(float(value), low, high, float(null.mean()), float(np.quantile(null, NULL_LEVEL)))


def compare(
    first: Stack, second: Stack, measure: Measure, works: WorkShuffles, seed: int, tick: Tick, *, behind: bool = False
) -> LayerGrid:
    """Compare all layers of two stacks.

    Args:
        first: its layers are rows.
        second: its layers are columns.
        measure: by what.
        works: of the windows.
        seed: deals batches.
        tick: called between pieces of work; may raise to stop.
        behind: whether the contribution of every window is wanted.

    Raises:
        ShapeError: fewer than 4 windows.
    """
    batch = measure.batches(len(works.of_window), seed)
    (rows, left), (columns, right) = (_matrices(stack, measure, batch, tick) for stack in (first, second))
    reasons = {(side, label): why for side, lost in enumerate((left, right)) for label, why in lost.items()}
    if not rows or not columns:
        empty = np.empty((0, len(rows), len(columns)))
        return LayerGrid(measure.name, list(rows), list(columns), reasons, np.empty(empty.shape[1:]), empty, empty, None)
    row_stack, other = torch.stack(list(rows.values())), torch.stack(list(columns.values()))
    a, b = measure.prepare(row_stack, batch), measure.prepare(other, batch)
    shape = (0, len(rows), len(columns))
    without = _collected(grids_without_works(row_stack, other, works.of_window, measure.prepare, batch), shape, tick)
    if batch is None:
        draws = shuffled_grids(a.float(), b.float(), works.orders)
    else:
        draws = shuffled_grids(a, other, works.orders, measure.prepare, batch)
    null = _collected(draws, shape, tick)
    shares = contributions(a, b).to(torch.float32).numpy() if behind else None
    return LayerGrid(measure.name, list(rows), list(columns), reasons, grid(a, b).numpy(), without, null, shares)


def _matrices(stack: Stack, measure: Measure, batch: Tensor | None, tick: Tick) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The matrix over windows of every layer that can be compared, and why others cannot."""
    matrices: dict[str, Tensor] = {}
    lost: dict[str, str] = {}
    for label, rows in stack.layers.items():
        tick()
        try:
            matrix = measure.matrix(rows)
            measure.prepare(matrix[None], batch)
            matrices[label] = matrix
        except UndefinedError as error:
            lost[label] = str(error)
    return matrices, lost


def _collected(draws: Iterator[Tensor], empty: tuple[int, ...], tick: Tick) -> ndarray:
    """All draws; none where one of them is not defined, such as without the only work that differs."""
    collected: list[ndarray] = []
    try:
        for draw in draws:
            tick()
            collected.append(draw.numpy().astype(np.float64))
    except (UndefinedError, ShapeError):
        return np.empty(empty)
    return np.stack(collected) if collected else np.empty(empty)


class Trimmed(NamedTuple):
    """Debiased CKA without the windows of largest norm, how many are left, and why there is no number."""

    value: float | None
    n: int
    reason: str


def without_largest(first: Stack, second: Stack, tick: Tick) -> dict[tuple[str, str], Trimmed]:
    """Debiased CKA of every pair of layers without the windows of largest norm."""
    cells: dict[tuple[str, str], Trimmed] = {}
    for row, x in first.layers.items():
        for column, y in second.layers.items():
            tick()
            try:
                value, n = cka_without_largest(x, y, share=OUTLIER_SHARE)
                cells[row, column] = Trimmed(value, n, "")
            except OtoscopeError as error:
                cells[row, column] = Trimmed(None, 0, str(error))
    return cells


class Width(NamedTuple):
    """Width and participation ratio of a layer; None where it does not vary."""

    p: int
    ratio: float | None


def widths(stack: Stack) -> dict[str, Width]:
    """How wide every layer is."""
    layers: dict[str, Width] = {}
    for label, rows in stack.layers.items():
        try:
            layers[label] = Width(rows.shape[1], participation_ratio(rows))
        except UndefinedError:
            layers[label] = Width(rows.shape[1], None)
    return layers
