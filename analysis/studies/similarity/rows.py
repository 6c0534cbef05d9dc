"""Rows of the tables of this study."""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from analysis.numbers import WHAT, Value
from analysis.rows import Row
from analysis.studies.shared_rows import SentenceRow, WorkWindowRow

Weights = Literal["trained", "untrained"]
Side = Literal["audio", "midi"]
MEAN, LAST, EMBEDDINGS, INPUTS = "mean over blocks", "last blocks", "embeddings", "inputs alone"
SAME_LAYER = "same block, mean"
OTHER_BLOCKS, FIRST_TO_LAST = "mean over different blocks", "first and last block"
INPUT_TO_EMBEDDING = "input and embedding"
AUDIO_WITH_MIDI = "audio, midi"
Sides = tuple[str, Side, str, Side, Weights, str, str, int, int, float | None, float | None]  # the first columns of a `CellRow`


class Compared(NamedTuple):
    """Two sides that are compared, of one checkpoint or of two."""

    first: str
    first_side: Side
    second: str
    second_side: Side


@dataclass(frozen=True)
class PairRow(Row):
    """Which sides are compared, and with which weights."""

    first: str
    first_side: Side
    second: str
    second_side: Side
    weights: Weights

    @property
    def compared(self) -> Compared:
        """Which sides of which checkpoints."""
        return Compared(self.first, self.first_side, self.second, self.second_side)


@dataclass(frozen=True)
class CellRow(PairRow):
    """A layer beside another one; `p` and `q` are their widths, `first_pr` and `second_pr` their participation ratios."""

    table: ClassVar[str] = "cells"

    first_layer: str
    second_layer: str
    p: int
    q: int
    first_pr: float | None
    second_pr: float | None
    estimator: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    null_high: float | None
    inside_null: bool | None
    gaussian_null: float | None
    n: int
    reason: str

    @property
    def of_blocks(self) -> bool:
        """Whether both layers are outputs of blocks."""
        return self.first_layer.isdigit() and self.second_layer.isdigit()


@dataclass(frozen=True)
class GridRow(PairRow):
    """The layers that are compared, and the arrays that lead from a cell to its windows and works; None where none is kept."""

    table: ClassVar[str] = "grids"
    array_columns: ClassVar[tuple[str, ...]] = ("contributions", "without_work")

    estimator: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    contributions: str | None
    without_work: str | None


@dataclass(frozen=True)
class SummaryRow(Row):
    """A mean over `cells` of `of_cells` cells; `what` says over which."""

    table: ClassVar[str] = "summary"

    first: str
    second: str
    sides: str
    weights: Weights
    estimator: str
    what: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    null_high: float | None
    inside_null: bool | None
    n: int
    works: int
    cells: int
    of_cells: int

    @property
    def within(self) -> bool:
        """Whether audio and MIDI of one checkpoint are compared, or where it has one side alone the layers of that."""
        return self.first == self.second and (self.sides == AUDIO_WITH_MIDI or self.alone)

    @property
    def alone(self) -> bool:
        """Whether different layers of the only side of a checkpoint are compared."""
        return self.what in (OTHER_BLOCKS, FIRST_TO_LAST, INPUT_TO_EMBEDDING)

    @property
    def number(self) -> Value:
        """The mean with its control."""
        whose = {"checkpoint": self.first} if self.first == self.second else {"first": self.first, "other": self.second}
        key = {**whose, "weights": self.weights, "sides": self.sides, "cells": self.what, WHAT: self.estimator}
        return Value(key, self.value, self.ci_low, self.ci_high, self.n, self.null, "", self.estimator)


@dataclass(frozen=True)
class DifferenceRow(Row):
    """What the mean over blocks of one model has above that of another."""

    table: ClassVar[str] = "differences"

    first: str
    first_weights: Weights
    second: str
    second_weights: Weights
    estimator: str
    value: float
    ci_low: float | None
    ci_high: float | None
    null: float
    n: int

    @property
    def number(self) -> Value:
        """The difference with its control."""
        weights, other = self.first_weights, self.second_weights
        whose = {"checkpoint": self.first} if self.first == self.second else {"first": self.first, "second": self.second}
        key = {**whose, "weights": weights if weights == other else f"{weights} minus {other}", "cells": MEAN}
        numbers = self.value, self.ci_low, self.ci_high, self.n, self.null
        return Value({**key, WHAT: f"difference in {self.estimator}"}, *numbers, "", f"difference of {self.estimator}")


@dataclass(frozen=True)
class MeanRow(Row):
    """The mean over blocks of a trained checkpoint; in the array that mean, then the same without each work, (1 + works,)."""

    table: ClassVar[str] = "means"
    array_columns: ClassVar[tuple[str, ...]] = ("array",)

    checkpoint: str
    estimator: str
    array: str


@dataclass(frozen=True)
class LayerRow(Row):
    """How wide a layer is, and over how many directions its variance is spread; None where it does not vary."""

    table: ClassVar[str] = "layers"

    checkpoint: str
    weights: Weights
    side: Side
    layer: str
    p: int
    participation_ratio: float | None

    def beside(self, other: "LayerRow") -> Sides:
        """The first columns of a cell whose row is this layer and whose column is the other one."""
        whose = self.checkpoint, self.side, other.checkpoint, other.side, self.weights
        return *whose, self.layer, other.layer, self.p, other.p, self.participation_ratio, other.participation_ratio


@dataclass(frozen=True)
class MeasureRow(Row):
    """What is known of a measure."""

    table: ClassVar[str] = "measures"

    name: str
    estimator: str
    low: float
    high: float
    min_n: int
    larger_is_more_alike: bool
    invariances: tuple[str, ...]
    reference: str


@dataclass(frozen=True)
class WorkRow(Row):
    """How many windows are of a work."""

    table: ClassVar[str] = "works"

    work: str
    n: int


ROWS = (SummaryRow, DifferenceRow, CellRow, GridRow, MeanRow, LayerRow, MeasureRow, WorkRow, WorkWindowRow, SentenceRow)
