"""Rows of the tables of the study `onsets`."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from analysis.rows import Numbers, Row
from analysis.studies.shared_rows import SentenceRow, Weights, WorkWindowRow

Events = Literal["onsets", "chord changes"]


@dataclass(frozen=True)
class EventRow(Row):
    """Events that curves are held against.

    Attributes:
        events: of which kind.
        tolerance_s: how far a peak may be from one that it hits.
        n_windows: with annotations of them.
        n_tested: those of the works on which nothing was chosen.
        n_works: of all these windows.
        n_events: in them.
        reason: why curves are not held against them; "" where they are.
    """

    table: ClassVar[str] = "events"

    events: Events
    tolerance_s: float
    n_windows: int
    n_tested: int
    n_works: int
    n_events: int
    reason: str


@dataclass(frozen=True)
class ScoredRow(Row):
    """A curve against events, in the windows of the works on which its threshold was not chosen.

    Attributes:
        events: of which kind.
        value: F1; its interval by work, and as its null the mean over moves of its peaks along the window.
        n: windows.
        precision: share of peaks that hit.
        recall: share of events that are hit.
        threshold: which peaks count, in standard deviations above their surroundings.
        chosen_value: F1 where the threshold was chosen.
    """

    events: Events
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int
    precision: float
    recall: float
    threshold: float
    chosen_value: float


@dataclass(frozen=True)
class HeadRow(ScoredRow):
    """What the tokens receive from one head.

    Attributes:
        checkpoint: name.
        weights: of the checkpoint, or of its untrained twin.
        tower: its name.
        layer: number of the block, 0 before the first.
        title: of the layer.
        head: from 1.
        sender: which queries attend: "tokens" with a time, or the "class token".
        chosen: whether it is the best of its model where thresholds were chosen.
        partial_value: mean correlation within windows of what is received with events, given log energy; its interval by work,
            its null with events moved along the window. None where it is not defined in any window.
        partial_n: windows in which that is defined.
    """

    table: ClassVar[str] = "heads"

    checkpoint: str
    weights: Weights
    tower: str
    layer: int
    title: str
    head: int
    sender: str
    chosen: bool
    partial_value: float | None
    partial_low: float | None
    partial_high: float | None
    partial_null: float | None
    partial_n: int

    @property
    def is_twin(self) -> bool:
        """Whether it is about the untrained twin."""
        return self.weights == "untrained"

    @property
    def partial(self) -> Numbers:
        """The correlation given log energy."""
        return Numbers(self.partial_value, self.partial_low, self.partial_high, self.partial_null, self.partial_n)

    @property
    def name(self) -> str:
        """Which head it is, in words."""
        sender = ", from the class token" if self.sender != "tokens" else ""
        return f"{self.title.lower()}, head {self.head}{sender}"


@dataclass(frozen=True)
class CurveRow(ScoredRow):
    """A curve of the sound itself, such as spectral flux; no model is asked."""

    table: ClassVar[str] = "curves"

    curve: str


@dataclass(frozen=True)
class GainRow(Row):
    """By how much the chosen head of a checkpoint is better than something else, on the same windows.

    Attributes:
        checkpoint: name.
        events: of which kind.
        against: "untrained twin", whose own best head it is, or a curve of the sound.
        value: difference in F1; its interval by work.
        null: 0.
        n: windows.
    """

    table: ClassVar[str] = "gains"

    checkpoint: str
    events: Events
    against: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int


ROWS = (EventRow, HeadRow, CurveRow, GainRow, WorkWindowRow, SentenceRow)
