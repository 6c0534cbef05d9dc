"""Two stacks by every measure: a cell for each pair of layers, and what leads from it to its sounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from numpy import ndarray

from analysis.measures.registry import Measure
from analysis.readings.embeddings import Weights
from analysis.readings.study_run import StudyRun
from analysis.studies.similarity.cells import cell_rows, grid_row
from analysis.studies.similarity.grids import LayerGrid, compare
from analysis.studies.similarity.layers import Layers, Stack, by_place
from analysis.studies.similarity.outliers import WITHOUT_LARGEST, outlier_rows
from analysis.studies.similarity.plan import Comparison, Parts, Plan, StackKey
from analysis.studies.similarity.rows import CellRow, GridRow, LayerRow
from analysis.studies.similarity.windows import WorkShuffles

Pair = tuple[Stack, Stack]


@dataclass
class Gathered:
    """What is gathered on the way: rows, arrays that rows name, and the grids of which means are made."""

    cells: list[CellRow] = field(default_factory=list)
    grids: list[GridRow] = field(default_factory=list)
    arrays: dict[str, ndarray] = field(default_factory=dict)
    within: dict[tuple[str, Weights, str], LayerGrid] = field(default_factory=dict)
    across: list[tuple[Pair, LayerGrid]] = field(default_factory=list)


def compare_all(
    parts: Parts, plan: Plan, stacks: Mapping[StackKey, Stack], widths: Sequence[LayerRow], works: WorkShuffles
) -> Gathered:
    """Every pair of a plan with both kinds of weights.

    Args:
        parts: of the progress.
        plan: what is compared.
        stacks: all that it names.
        widths: of every layer of these.
        works: of the windows.

    Raises:
        Cancelled: somebody asked to stop.
    """
    gathered, layers = Gathered(), by_place(widths)
    for part, comparison in zip(parts.comparisons, plan.comparisons, strict=True):
        _compare_pair(part, comparison, stacks, plan.chosen, layers, works, gathered)
    return gathered


def _compare_pair(
    study_run: StudyRun,
    comparison: Comparison,
    stacks: Mapping[StackKey, Stack],
    chosen: Measure,
    layers: Layers,
    works: WorkShuffles,
    gathered: Gathered,
) -> None:
    """Gather the cells of two stacks."""
    pair = first, second = stacks[comparison.first], stacks[comparison.second]
    names = [measure.name for measure in comparison.measures] + [WITHOUT_LARGEST] * comparison.within
    what = f"{first.checkpoint} {first.side} with {second.checkpoint} {second.side}, {first.weights}"
    ticks = [partial(study_run.step, number, len(names), f"{what}: {name}") for number, name in enumerate(names)]
    for measure, tick in zip(comparison.measures, ticks, strict=False):
        is_chosen = measure is chosen
        grid = compare(first, second, measure, works, tick, behind=is_chosen)
        if is_chosen:
            gathered.grids.append(grid_row(pair, grid, len(gathered.grids), gathered.arrays))
        if comparison.within:
            gathered.within[first.checkpoint, first.weights, measure.name] = grid
        elif is_chosen:
            gathered.across.append((pair, grid))
        gathered.cells += cell_rows(pair, grid, works, layers)
    if comparison.within:
        gathered.cells += outlier_rows(first, second, layers, ticks[-1])
