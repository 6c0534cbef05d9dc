"""Two stacks by every measure: a cell for each pair of layers, and what leads from it to its sounds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy import ndarray

from analysis.measures.cka import gaussian_null
from analysis.measures.registry import MEASURES, Measure
from analysis.readings.embeddings import Weights
from analysis.readings.study_run import StudyRun
from analysis.studies.similarity.grids import (
    WITHOUT_LARGEST,
    LayerGrid,
    Tick,
    Width,
    WorkShuffles,
    columns_of,
    compare,
    without_largest,
)
from analysis.studies.similarity.layers import Stack, StackKey
from analysis.studies.similarity.rows import CellRow, Compared, GridRow

ACROSS_MEASURES = ("debiased CKA", "biased CKA")
GAUSSIAN = "biased CKA"
Pair = tuple[Stack, Stack]
Sizes = Mapping[StackKey, Mapping[str, Width]]


@dataclass
class Gathered:
    """What is gathered on the way."""

    works: WorkShuffles
    cells: list[CellRow] = field(default_factory=list)
    grids: list[GridRow] = field(default_factory=list)
    arrays: dict[str, ndarray] = field(default_factory=dict)
    within: dict[tuple[str, Weights, str], LayerGrid] = field(default_factory=dict)
    across: list[tuple[Pair, LayerGrid]] = field(default_factory=list)


def compare_pair(study_run: StudyRun, pair: Pair, sizes: Sizes, chosen: Measure, seed: int, gathered: Gathered) -> None:
    """Gather the cells of two stacks: by all measures of audio with MIDI of a model, else by CKA and the chosen one.

    Raises:
        Cancelled: somebody asked to stop.
    """
    first, second = pair
    within = first.checkpoint == second.checkpoint and first.side != second.side
    names = tuple(MEASURES) if within else tuple(dict.fromkeys((*ACROSS_MEASURES, chosen.name)))
    what = f"{first.checkpoint} {first.side} with {second.checkpoint} {second.side}, {first.weights}"
    for step, name in enumerate(names):
        tick = _ticker(study_run, step, len(names) + within, f"{what}: {name}")
        grid = compare(first, second, MEASURES[name], gathered.works, seed, tick, behind=name == chosen.name)
        gathered.cells += _cell_rows(pair, grid, gathered.works, sizes)
        if within:
            gathered.within[first.checkpoint, first.weights, name] = grid
        if name == chosen.name:
            _keep_behind(pair, grid, gathered)
            if not within:
                gathered.across.append((pair, grid))
    if within:
        tick = _ticker(study_run, len(names), len(names) + 1, f"{what}: {WITHOUT_LARGEST}")
        gathered.cells += _outlier_rows(pair, sizes, tick)


def _ticker(study_run: StudyRun, done: int, total: int, what: str) -> Tick:
    return lambda: study_run.step(done, total, what)


def _keep_behind(pair: Pair, grid: LayerGrid, gathered: Gathered) -> None:
    """What leads from a cell to its sounds: the share of every window, and the cell without each work."""
    number, names = len(gathered.grids), (None, None)
    if grid.contributions is not None:
        shares, without = names = f"contributions.{number}", f"without_work.{number}"
        gathered.arrays[shares] = grid.contributions
        gathered.arrays[without] = np.moveaxis(grid.without, 0, -1).astype(np.float32)
    gathered.grids.append(GridRow(*_compared(pair), pair[0].weights, grid.measure, tuple(grid.rows), tuple(grid.columns), *names))


def _compared(pair: Pair) -> Compared:
    first, second = pair
    return Compared(first.checkpoint, first.side, second.checkpoint, second.side)


def _cell_rows(pair: Pair, grid: LayerGrid, works: WorkShuffles, sizes: Sizes) -> list[CellRow]:
    rows, n, (first, second) = [], len(works.of_window), pair
    for row, column in product(first.layers, second.layers):
        (p, p_ratio), (q, q_ratio) = sizes[first.key][row], sizes[second.key][column]
        numbers = columns_of(grid.estimate(works, [row], [column]))
        gaussian = gaussian_null(n, p_ratio, q_ratio) if grid.measure == GAUSSIAN and p_ratio and q_ratio else None
        why = grid.reasons.get((0, row)) or grid.reasons.get((1, column)) or ""
        rows.append(CellRow(
            *_compared(pair), first.weights, row, column, p, q, p_ratio, q_ratio, grid.measure, *numbers, gaussian, n, why,
        ))  # fmt: skip
    return rows


def _outlier_rows(pair: Pair, sizes: Sizes, tick: Tick) -> list[CellRow]:
    rows, (first, second) = [], pair
    for (row, column), (value, n, why) in without_largest(first, second, tick).items():
        (p, p_ratio), (q, q_ratio) = sizes[first.key][row], sizes[second.key][column]
        rows.append(CellRow(
            *_compared(pair), first.weights, row, column, p, q, p_ratio, q_ratio, WITHOUT_LARGEST,
            value, None, None, None, None, None, gaussian_null=None, n=n, reason=why,
        ))  # fmt: skip
    return rows
