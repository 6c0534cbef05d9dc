"""A grid as rows: each number with its controls or why there is none, and what leads from it to its sounds."""

from itertools import product

import numpy as np
from numpy import ndarray

from analysis.measures.cka import gaussian_null
from analysis.studies.similarity.estimates import columns_of, mean_of
from analysis.studies.similarity.grids import LayerGrid
from analysis.studies.similarity.layers import Layers, Stack
from analysis.studies.similarity.rows import CellRow, GridRow
from analysis.studies.similarity.windows import WorkShuffles

GAUSSIAN = "biased CKA"


def grid_row(pair: tuple[Stack, Stack], grid: LayerGrid, number: int, arrays: dict[str, ndarray]) -> GridRow:
    """What leads from a cell to its sounds: the share of every window, and the cell without each work, added to `arrays`."""
    names = (None, None)
    if grid.contributions is not None:
        shares, without = names = f"contributions.{number}", f"without_work.{number}"
        arrays[shares] = grid.contributions
        arrays[without] = np.moveaxis(grid.without, 0, -1).astype(np.float32)
    first, second = pair
    sides = first.checkpoint, first.side, second.checkpoint, second.side
    return GridRow(*sides, first.weights, grid.measure, tuple(grid.rows), tuple(grid.columns), *names)


def cell_rows(pair: tuple[Stack, Stack], grid: LayerGrid, works: WorkShuffles, layers: Layers) -> list[CellRow]:
    """One row per pair of layers of two stacks, whether their similarity is defined or not."""
    rows, n, (first, second) = [], len(works.of_window), pair
    for row, column in product(first.layers, second.layers):
        x, y = layers[*first.key, row], layers[*second.key, column]
        p, q = x.participation_ratio, y.participation_ratio
        gaussian = gaussian_null(n, p, q) if grid.measure == GAUSSIAN and p and q else None
        why = grid.reasons.get((0, row)) or grid.reasons.get((1, column)) or ""
        numbers = columns_of(mean_of(grid, works, [(row, column)]))
        rows.append(CellRow(*x.beside(y), grid.measure, *numbers, gaussian, n, why))
    return rows
