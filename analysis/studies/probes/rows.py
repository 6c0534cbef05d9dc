"""Rows of the tables of this study; what is read from the input itself has no checkpoint, and "input" in place of weights."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from analysis.numbers import SHARE, Value
from analysis.rows import Numbers, Row
from analysis.studies.shared_rows import WindowRow

Weights = Literal["trained", "untrained", "input"]
Side = str  # the name of a tower, "audio" or "midi" in a dual encoder
Measure = Literal["R²", "balanced accuracy"]
R2: Measure = "R²"
ACCURACY: Measure = "balanced accuracy"
LINEAR = ("ridge", "logistic regression")
INPUT = "input"
NOBODY = ""  # in place of the checkpoint of an input, which all of them share


class Probe(NamedTuple):
    """What tells probes apart: of what, of which layer, asked which task."""

    checkpoint: str
    weights: Weights
    side: Side
    layer: str
    task: str
    probe: str


def array_of(kind: Literal["errors", "windows"], task: str) -> str:
    """The array of a task: errors `(rows, windows)` of the inputs, or the numbers of the windows that are scored.

    Errors of checkpoints have a number behind that.

    >>> array_of("errors", "note density")
    'errors.note_density'
    """
    return f"{kind}.{task.replace(' ', '_')}"


@dataclass(frozen=True)
class ProbeRow(Row):
    """Of which probe a row is."""

    checkpoint: str
    weights: Weights
    side: Side
    layer: str
    task: str
    probe: str

    @property
    def of(self) -> Probe:
        """What tells probes apart."""
        return Probe(self.checkpoint, self.weights, self.side, self.layer, self.task, self.probe)

    @property
    def is_linear(self) -> bool:
        """Whether it is a linear probe."""
        return self.probe in LINEAR


@dataclass(frozen=True)
class ScoreRow(ProbeRow):
    """A score beside that of shuffled labels; its errors are row `row` of the array `errors`."""

    table: ClassVar[str] = "scores"
    array_columns: ClassVar[tuple[str, ...]] = ("errors",)

    measure: Measure
    value: float | None
    ci_low: float | None
    ci_high: float | None
    shuffled: float | None
    selectivity: float | None
    n: int
    n_works: int
    n_outputs: int
    alpha: float | None
    holds_label: bool
    errors: str
    row: int
    reason: str

    @property
    def null(self) -> float | None:
        """What shuffled labels give; of a regression no less than saying the mean, which gives 0."""
        if self.value is None or self.shuffled is None:
            return None
        return max(0.0, self.shuffled) if self.measure == R2 else self.shuffled

    @property
    def number(self) -> Value:
        """The score with its control."""
        whose = {"checkpoint": self.checkpoint, "weights": self.weights}
        key = {"weights": INPUT, "side": self.side} if self.weights == INPUT else whose
        key |= {"layer": self.layer, "task": self.task} | ({} if self.is_linear else {"probe": self.probe})
        unit, ends = SHARE if self.measure == ACCURACY else "", (self.ci_low, self.ci_high)
        key["what"] = self.measure
        return Value(key, self.value, *ends, self.n, self.null, unit, f"{self.measure}, {self.probe}")


@dataclass(frozen=True)
class MissingRow(Row):
    """A task that could not be asked."""

    table: ClassVar[str] = "missing"

    task: str
    reason: str


@dataclass(frozen=True)
class BestRow(Row):
    """The best layer of a trained checkpoint on a task beside the best one of its untrained twin, and the best input."""

    table: ClassVar[str] = "best"

    task: str
    checkpoint: str
    side: Side
    layer: str
    probe: str
    measure: Measure
    value: float | None
    ci_low: float | None
    ci_high: float | None
    shuffled: float | None
    n: int
    n_works: int
    n_layers: int
    untrained_layer: str | None
    untrained: float | None
    untrained_low: float | None
    untrained_high: float | None
    above_untrained: float | None
    above_untrained_low: float | None
    above_untrained_high: float | None
    input_layer: str | None
    input: float | None
    input_low: float | None
    input_high: float | None
    above_input: float | None
    above_input_low: float | None
    above_input_high: float | None

    @property
    def over_twin(self) -> Numbers:
        """What it has above the untrained twin, the same works drawn for both."""
        return Numbers(self.above_untrained, self.above_untrained_low, self.above_untrained_high, 0.0, self.n)

    @property
    def over_input(self) -> Numbers:
        """What it has above the input, the same works drawn for both."""
        return Numbers(self.above_input, self.above_input_low, self.above_input_high, 0.0, self.n)

    @property
    def margin(self) -> float:
        """Lower end of what it has above the stronger control; −∞ where there is none to compare with."""
        ends = [end for end in (self.above_untrained_low, self.above_input_low) if end is not None]
        return min(ends, default=-math.inf)


@dataclass(frozen=True)
class ConfusionRow(ProbeRow):
    """Windows of a true and a predicted class; `value` is their share of the windows of the true one."""

    table: ClassVar[str] = "confusion"

    true: str
    predicted: str
    n: int
    value: float | None


@dataclass(frozen=True)
class ClassRow(ProbeRow):
    """Share of the windows of a class that is recognised."""

    table: ClassVar[str] = "classes"

    label: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    n: int


@dataclass(frozen=True)
class OutputRow(ProbeRow):
    """R² of one of several numbers of a regression."""

    table: ClassVar[str] = "outputs"

    output: str
    value: float | None
    n: int


ROWS = (ScoreRow, MissingRow, BestRow, ConfusionRow, ClassRow, OutputRow, WindowRow)
