"""All layers of one stack against all of another by one measure: values, the same without each work, and nulls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from analysis.measures.layer_grids import collect, contributions, grid, grids_without_works, shuffled_grids
from analysis.measures.registry import Measure
from analysis.studies.similarity.layers import Stack
from analysis.studies.similarity.rows import AUDIO_WITH_MIDI
from analysis.studies.similarity.windows import WorkShuffles

Tick = Callable[[], None]


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
        sides: of rows and of columns, such as "audio, midi".
    """

    measure: str
    rows: list[str]
    columns: list[str]
    reasons: Mapping[tuple[int, str], str]
    value: Float[ndarray, "a b"]
    without: Float[ndarray, "works a b"]
    null: Float[ndarray, "k a b"]
    contributions: Float[ndarray, "a b n"] | None
    sides: str = AUDIO_WITH_MIDI

    def defines(self, row: str, column: str) -> bool:
        """Whether there is such a cell."""
        return row in self.rows and column in self.columns

    @property
    def of_itself(self) -> bool:
        """Whether rows and columns are layers of one side."""
        first, second = self.sides.split(", ")
        return first == second


def compare(first: Stack, second: Stack, measure: Measure, works: WorkShuffles, tick: Tick, *, behind: bool = False) -> LayerGrid:
    """Compare all layers of two stacks.

    Args:
        first: its layers are rows.
        second: its layers are columns.
        measure: by what.
        works: of the windows.
        tick: called between pieces of work; may raise to stop.
        behind: whether the contribution of every window is wanted.

    Raises:
        ShapeError: fewer than 4 windows.
    """
    both = [measure.matrices(stack.layers, len(works.of_window), works.seed, tick) for stack in (first, second)]
    (rows, columns), batch = (side.defined for side in both), both[0].batch
    reasons = {(number, label): why for number, side in enumerate(both) for label, why in side.reasons.items()}
    sides = f"{first.side}, {second.side}"
    if not rows or not columns:
        empty = np.empty((0, len(rows), len(columns)))
        return LayerGrid(measure.name, list(rows), list(columns), reasons, np.empty(empty.shape[1:]), empty, empty, None, sides)
    row_stack, other = torch.stack(list(rows.values())), torch.stack(list(columns.values()))
    a, b = measure.prepare(row_stack, batch), measure.prepare(other, batch)
    shape = len(rows), len(columns)
    without = collect(grids_without_works(row_stack, other, works.of_window, measure.prepare, batch), shape, tick)
    if batch is None:
        draws = shuffled_grids(a.float(), b.float(), works.orders)
    else:
        draws = shuffled_grids(a, other, works.orders, measure.prepare, batch)
    null = collect(draws, shape, tick)
    shares = contributions(a, b).to(torch.float32).numpy() if behind else None
    return LayerGrid(measure.name, list(rows), list(columns), reasons, grid(a, b).numpy(), without, null, shares, sides)
