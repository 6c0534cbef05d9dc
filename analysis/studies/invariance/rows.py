"""Rows of the tables of the study `invariance`."""

from dataclasses import dataclass
from typing import ClassVar

from analysis.models.config import Side
from analysis.rows import Numbers, Row
from analysis.studies.pools.rows import PoolRow
from analysis.studies.shared_rows import SentenceRow, Weights, WorkWindowRow

UNALTERED = "unaltered"


@dataclass(frozen=True)
class ChangeRow(Row):
    """A change that is tried.

    Attributes:
        name: in requests and tables.
        title: as pages write it.
        side: which encoder is given something else.
        unit: of the dose.
        unchanged: the dose that changes nothing; None where that has no number.
        what: a sentence: what is altered, and what is not.
        dose_labels: the doses in the order of an axis, in words.
        twin_doses: doses at which the untrained twin is measured too.
    """

    table: ClassVar[str] = "changes"

    name: str
    title: str
    side: Side
    unit: str
    unchanged: float | None
    what: str
    dose_labels: tuple[str, ...]
    twin_doses: tuple[float, ...]


@dataclass(frozen=True)
class ResponseRow(Row):
    """A model at a dose of a change.

    Attributes:
        checkpoint: name.
        weights: of the checkpoint, or of its untrained twin.
        change: its name.
        side: which encoder is given something else.
        dose: how much, in the unit of the change; None where no number is.
        dose_label: the same in words.
        order: of the dose along the axis.
        compared_with: "unaltered", or the label of the dose with which this one is compared.
        row: of the array.
    """

    checkpoint: str
    weights: Weights
    change: str
    side: Side
    dose: float | None
    dose_label: str
    order: int
    compared_with: str
    row: int

    @property
    def is_twin(self) -> bool:
        """Whether it is about the untrained twin."""
        return self.weights == "untrained"

    def is_change(self, change: ChangeRow) -> bool:
        """Whether anything is changed at its dose of that change."""
        return self.dose is not None and self.dose != change.unchanged


@dataclass(frozen=True)
class ScoreRow(ResponseRow):
    """S at a dose beside chance.

    Attributes:
        value: S; its interval by work. Its null is chance. Of a model that reads sound alone it is how many altered windows find
            themselves as they were, instead of their notes.
        n: queries.
        drop_value: S before minus S at the dose, the same queries in both; its interval, and 0 as its null.
        array: ranks of the matches (rows, 2, queries), audio to MIDI and MIDI to audio.
    """

    table: ClassVar[str] = "scores"
    array_columns: ClassVar[tuple[str, ...]] = ("array",)

    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int
    drop_value: float | None
    drop_ci_low: float | None
    drop_ci_high: float | None
    drop_null: float | None
    array: str

    @property
    def drop(self) -> Numbers:
        """The drop in S."""
        return Numbers(self.drop_value, self.drop_ci_low, self.drop_ci_high, self.drop_null, self.n)


@dataclass(frozen=True)
class DistanceRow(ResponseRow):
    """How far a layer of the changed side moves at a dose.

    Attributes:
        tap: where activations are read.
        layer: its name on an axis.
        value: mean cosine distance as a share of the yardstick; its interval by work. It has no null.
        n: windows.
        yardstick: mean cosine distance of windows of different works; None where the layer tells no two windows apart.
        array: distances (rows, taps, windows).
        tap_row: of the tap in it.
    """

    table: ClassVar[str] = "distances"
    array_columns: ClassVar[tuple[str, ...]] = ("array",)

    tap: str
    layer: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int
    yardstick: float | None
    array: str
    tap_row: int


ROWS = (ChangeRow, ScoreRow, DistanceRow, WorkWindowRow, PoolRow, SentenceRow)
