"""What cells of a grid amount to together: a mean with its interval over works and its null."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from analysis.measures.jackknife import jackknife_interval
from analysis.studies.similarity.grids import LayerGrid
from analysis.studies.similarity.windows import WorkShuffles

NULL_LEVEL = 0.95
Columns = tuple[float | None, float | None, float | None, float | None, float | None, bool | None]
NOTHING: Columns = (None, None, None, None, None, None)


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


def mean_of(grid: LayerGrid, works: WorkShuffles, cells: Iterable[Sequence[str]]) -> Estimate | None:
    """The mean over those of the cells, (row, column) each, that are defined; None where none is."""
    places = [(grid.rows.index(row), grid.columns.index(column)) for row, column in cells if grid.defines(row, column)]
    if not places:
        return None
    i, j = (list(side) for side in zip(*places, strict=True))
    return estimate(grid.value[i, j].mean(), grid.without[:, i, j].mean(axis=1), grid.null[:, i, j].mean(axis=1), works)


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
