"""What the similarities of layers amount to: means over blocks with their controls, and differences of these."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.readings.embeddings import Weights
from analysis.studies.similarity.estimates import Columns, columns_of, estimate, mean_of
from analysis.studies.similarity.grids import LayerGrid
from analysis.studies.similarity.layers import EMBEDDING, INPUT, Stack
from analysis.studies.similarity.rows import (
    EMBEDDINGS,
    FIRST_TO_LAST,
    INPUT_TO_EMBEDDING,
    INPUTS,
    LAST,
    MEAN,
    OTHER_BLOCKS,
    SAME_LAYER,
    DifferenceRow,
    MeanRow,
    SummaryRow,
)
from analysis.studies.similarity.windows import WorkShuffles

TRAINED: Weights = "trained"
TWIN: Weights = "untrained"
Within = Mapping[tuple[str, Weights, str], LayerGrid]  # by checkpoint, weights and measure
MeanColumns = tuple[*Columns, int, int, int, int]


def summarise(within: Within, across: Sequence[tuple[tuple[Stack, Stack], LayerGrid]], works: WorkShuffles) -> list[SummaryRow]:
    """One row per checkpoint or two, weights, measure and what is averaged."""
    summary = list[SummaryRow]()
    for (name, weights, estimator), grid in within.items():
        for what, cells in _parts(grid).items():
            whose = name, name, grid.sides, weights, estimator, what
            summary.append(SummaryRow(*whose, *_mean_columns(grid, works, cells)))
    for (first, second), grid in across:
        both = first.blocks, second.blocks
        for what, cells in ((SAME_LAYER, list(zip(*both, strict=False))), (MEAN, list(product(*both)))):
            whose = first.checkpoint, second.checkpoint, f"{first.side}, {second.side}", first.weights, grid.measure, what
            summary.append(SummaryRow(*whose, *_mean_columns(grid, works, cells)))
    return summary


def _parts(grid: LayerGrid) -> dict[str, list[tuple[str, str]]]:
    """Which cells are averaged, by what that is called."""
    lost = [[label for side, label in grid.reasons if side == number] for number in (0, 1)]
    both = ((grid.rows, lost[0]), (grid.columns, lost[1]))
    rows, columns = (sorted((label for label in (*kept, *gone) if label.isdigit()), key=int) for kept, gone in both)
    if grid.of_itself:
        others = [(row, column) for row, column in product(rows, columns) if row != column]
        ends = [(rows[0], columns[-1])] if others else []
        return {OTHER_BLOCKS: others, FIRST_TO_LAST: ends, INPUT_TO_EMBEDDING: [(INPUT, EMBEDDING)]}
    blocks, last = list(product(rows, columns)), list(product(rows[-1:], columns[-1:]))
    return {MEAN: blocks, LAST: last, EMBEDDINGS: [(EMBEDDING, EMBEDDING)], INPUTS: [(INPUT, INPUT)]}


def _mean_columns(grid: LayerGrid, works: WorkShuffles, cells: Sequence[tuple[str, str]]) -> MeanColumns:
    """The last columns of a row of the summary."""
    n_defined = sum(grid.defines(*cell) for cell in cells)
    return *columns_of(mean_of(grid, works, cells)), len(works.of_window), len(works.names), n_defined, len(cells)


def gains(within: Within, works: WorkShuffles, measure: str) -> list[DifferenceRow]:
    """What the mean over blocks of every checkpoint has above that of its untrained twin; nothing where one is not defined."""
    rows = []
    for name in dict.fromkeys(name for name, _, _ in within):
        mean, less = (mean_over_blocks(within[name, weights, measure]) for weights in (TRAINED, TWIN))
        if mean is not None and less is not None:
            rows.append(_difference((name, TRAINED), (name, TWIN), mean, less, works, measure))
    return rows


def means(within: Within, measure: str) -> tuple[list[MeanRow], dict[str, ndarray]]:
    """Means over blocks of the trained checkpoints that have one, of which differences are made."""
    rows, arrays = list[MeanRow](), dict[str, ndarray]()
    for (name, weights, estimator), grid in within.items():
        if (weights, estimator) == (TRAINED, measure) and (mean := mean_over_blocks(grid)) is not None:
            rows.append(MeanRow(name, measure, array := f"mean.{len(rows)}"))
            arrays[array] = mean
    return rows, arrays


def differences(
    means: Mapping[str, ndarray], pairs: Iterable[Sequence[str]], works: WorkShuffles, measure: str
) -> Iterator[DifferenceRow]:
    """Differences of the mean over blocks of two trained checkpoints, where both have one."""
    for first, second in pairs:
        if first in means and second in means:
            yield _difference((first, TRAINED), (second, TRAINED), means[first], means[second], works, measure)


def _difference(
    first: tuple[str, Weights], second: tuple[str, Weights], mean: ndarray, less: ndarray, works: WorkShuffles, measure: str
) -> DifferenceRow:
    both = mean[1:] - less[1:] if len(mean) == len(less) else mean[:0]
    gain = estimate(float(mean[0]) - float(less[0]), both, mean[:0], works, bounded=False)
    return DifferenceRow(*first, *second, measure, gain.value, gain.ci_low, gain.ci_high, 0.0, len(works.of_window))


def mean_over_blocks(grid: LayerGrid) -> Float[ndarray, " k"] | None:
    """The mean over pairs of blocks and then, where that can be computed, the same without each work; None without blocks.

    Among the layers of one side a block is not compared with itself.
    """
    rows, columns = ([number for number, label in enumerate(side) if label.isdigit()] for side in (grid.rows, grid.columns))
    value, without = grid.value[rows][:, columns], grid.without[:, rows][:, :, columns]
    if grid.of_itself:
        others = np.array([[grid.rows[row] != grid.columns[column] for column in columns] for row in rows], bool)
        value, without = value[others.reshape(value.shape)], without[:, others.reshape(value.shape)]
    if not value.size:
        return None
    return np.append(value.mean(), without.mean(axis=tuple(range(1, without.ndim)))).astype(np.float64)
