"""Two stacks without the windows that lie farthest out, which may carry a cell by themselves."""

from collections.abc import Callable
from typing import NamedTuple

from analysis.errors import OtoscopeError
from analysis.measures.cka import cka_without_largest
from analysis.studies.similarity.layers import Layers, Stack
from analysis.studies.similarity.rows import CellRow

OUTLIER_SHARE = 0.01
WITHOUT_LARGEST = "debiased CKA without the largest 1 %"


def outlier_rows(first: Stack, second: Stack, layers: Layers, tick: Callable[[], None]) -> list[CellRow]:
    """One row per pair of layers of two stacks; neither interval nor null is made of what is left."""
    rows, nothing = list[CellRow](), (None, None, None, None, None)
    for (row, column), (value, n, why) in without_largest(first, second, tick).items():
        sides = layers[*first.key, row].beside(layers[*second.key, column])
        rows.append(CellRow(*sides, WITHOUT_LARGEST, value, *nothing, gaussian_null=None, n=n, reason=why))
    return rows


class Trimmed(NamedTuple):
    """Debiased CKA without the windows of largest norm, how many are left, and why there is no number."""

    value: float | None
    n: int
    reason: str


def without_largest(first: Stack, second: Stack, tick: Callable[[], None]) -> dict[tuple[str, str], Trimmed]:
    """Debiased CKA of every pair of layers without the windows of largest norm; `tick` is called before each."""
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
