"""Rows of the tables of the study `tokens`; what is read from the sound itself has no checkpoint, and "input" as weights."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from analysis.numbers import SHARE, Value
from analysis.rows import Numbers, Row
from analysis.studies.shared_rows import SentenceRow, WorkWindowRow

Weights = Literal["trained", "untrained", "input"]
Measure = Literal["R²", "accuracy", "F1"]
R2: Measure = "R²"
ACCURACY: Measure = "accuracy"
F1: Measure = "F1"
INPUT: Weights = "input"


@dataclass(frozen=True)
class TokenTaskRow(Row):
    """What tokens are asked.

    Attributes:
        task: its name.
        measure: of how well it is read.
        n_moments: with a label.
        n_windows: of these.
        n_works: of these.
        n_outputs: numbers or classes.
        reason: why it is not asked; "" where it is.
    """

    table: ClassVar[str] = "token_tasks"

    task: str
    measure: Measure
    n_moments: int
    n_windows: int
    n_works: int
    n_outputs: int
    reason: str


@dataclass(frozen=True)
class TokenScoreRow(Row):
    """What a linear probe reads from the tokens of one layer, of works to which it was not fitted.

    Attributes:
        checkpoint: name; "" of the sound itself.
        weights: of the checkpoint, of its untrained twin, or "input".
        tower: its name; "" of the sound itself.
        layer: as an axis calls it, or which quantity of the sound.
        order: of the layer, from 0.
        task: what is asked.
        measure: of how well it is read.
        value: the score; its interval by work.
        shuffled: the same with labels of other works.
        selectivity: the score minus that.
        chance: what can be had without any token: 0 for the mean of all moments, the most frequent class, or F1 of peaks that
            are moved in time.
        n: moments.
        n_works: on which the score rests.
        penalty: of the ridge regression, median over folds.
    """

    table: ClassVar[str] = "token_scores"

    checkpoint: str
    weights: Weights
    tower: str
    layer: str
    order: int
    task: str
    measure: Measure
    value: float | None
    ci_low: float | None
    ci_high: float | None
    shuffled: float | None
    selectivity: float | None
    chance: float
    n: int
    n_works: int
    penalty: float

    @property
    def null(self) -> float | None:
        """Nothing read: shuffled labels, or what can be had without tokens, whichever is higher."""
        return self.chance if self.shuffled is None else max(self.chance, self.shuffled)

    @property
    def number(self) -> Value:
        """The score with its control."""
        whose = {"checkpoint": self.checkpoint} if self.checkpoint else {}
        key = {**whose, "weights": self.weights, "layer": f"{self.tower} {self.layer}".strip(), "task": self.task}
        unit, ends = SHARE if self.measure == ACCURACY else "", (self.ci_low, self.ci_high)
        return Value({**key, "what": self.measure}, self.value, *ends, self.n, self.null, unit, f"{self.measure}, ridge")


@dataclass(frozen=True)
class TokenBestRow(Row):
    """The layer of a trained tower from which a task is read best, beside the best of its untrained twin and of the sound.

    Attributes:
        task, measure: what is asked, and of how well it is read.
        checkpoint, tower, layer: of which tokens.
        value: the score; its interval by work.
        null: nothing read, as in the table of scores.
        n, n_works: moments and works.
        twin_layer, twin: the layer of the untrained twin with the highest score; its interval by work.
        above_twin: what the trained layer has above that, the same works drawn for both.
        input, input_value: the quantity of the sound with the highest score; its interval by work.
        above_input: what the trained layer has above that, the same works drawn for both.
    """

    table: ClassVar[str] = "token_best"

    task: str
    measure: Measure
    checkpoint: str
    tower: str
    layer: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int
    n_works: int
    twin_layer: str
    twin: float | None
    twin_low: float | None
    twin_high: float | None
    above_twin: float | None
    above_twin_low: float | None
    above_twin_high: float | None
    input: str
    input_value: float | None
    input_low: float | None
    input_high: float | None
    above_input: float | None
    above_input_low: float | None
    above_input_high: float | None

    @property
    def of_twin(self) -> Numbers:
        """The best layer of the untrained twin."""
        return Numbers(self.twin, self.twin_low, self.twin_high, self.null, self.n)

    @property
    def over_twin(self) -> Numbers:
        """What it has above the untrained twin."""
        return Numbers(self.above_twin, self.above_twin_low, self.above_twin_high, 0.0, self.n)

    @property
    def over_input(self) -> Numbers:
        """What it has above the sound itself."""
        return Numbers(self.above_input, self.above_input_low, self.above_input_high, 0.0, self.n)

    @property
    def is_read(self) -> bool:
        """Whether it is told from nothing read; without an interval the score alone decides."""
        low = self.value if self.ci_low is None else self.ci_low
        return low is not None and self.null is not None and low > self.null

    @property
    def margin(self) -> float:
        """Lower end of what it has above the stronger control; −∞ where that is not known."""
        ends = [end for end in (self.above_twin_low, self.above_input_low) if end is not None]
        return min(ends, default=-math.inf)


ROWS = (TokenTaskRow, TokenScoreRow, TokenBestRow, WorkWindowRow, SentenceRow)
