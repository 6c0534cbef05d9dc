"""The rows of the tables of this study."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from analysis.rows import Row
from analysis.studies.shared_rows import SentenceRow, Weights, WindowRow

Kind = Literal["real − control", "control − baseline"]
REAL: Kind = "real − control"
CAPACITY: Kind = "control − baseline"


@dataclass(frozen=True)
class RanksRow(Row):
    """Which arrays hold what a model ranked.

    Attributes:
        checkpoint: its name.
        weights: of the checkpoint, or of its untrained twin.
        array: ranks of the matches, (2, queries): audio to MIDI, MIDI to audio.
        instead: the windows ranked highest among the wrong ones, (2, queries).
    """

    table: ClassVar[str] = "ranks"
    array_columns: ClassVar[tuple[str, ...]] = ("array", "instead")

    checkpoint: str
    weights: Weights
    array: str
    instead: str


@dataclass(frozen=True)
class ScoreRow(Row):
    """S of a model.

    Attributes:
        checkpoint: its name.
        arm: its arm; of a control the arm that it controls.
        values: what is given to the descriptor: real, or of a control what stands in its stead.
        weights: of the checkpoint, or of its untrained twin.
        training_seed: None where it is not recorded.
        value: S, a part of 1.
        ci_low: lower end of its interval over works; None without one.
        ci_high: its upper end.
        null: chance.
        n: queries.
    """

    table: ClassVar[str] = "scores"

    checkpoint: str
    arm: str
    values: str
    weights: Weights
    training_seed: int | None
    value: float
    ci_low: float | None
    ci_high: float | None
    null: float
    n: int


@dataclass(frozen=True)
class DifferenceRow(Row):
    """S of the first minus S of the second on the same queries.

    Attributes:
        kind: a real arm minus its control, or a control minus the baseline.
        arm: the real arm.
        control: what its control is given.
        first: a checkpoint.
        second: the one whose S is taken from that of the first.
        weights: of both checkpoints, or of their untrained twins.
        value: the difference, a part of 1.
        ci_low: lower end of its interval over works; None without one.
        ci_high: its upper end.
        null: no difference.
        p: of a paired permutation by work, not corrected; None from a single work.
        n: queries.
        n_works: their works.
        training_seed: of both; None where it is not recorded.
        array: queries that the first alone finds (1), or the second alone (-1), (2, queries).
    """

    table: ClassVar[str] = "differences"
    array_columns: ClassVar[tuple[str, ...]] = ("array",)

    kind: Kind
    arm: str
    control: str
    first: str
    second: str
    weights: Weights
    value: float
    ci_low: float | None
    ci_high: float | None
    null: float
    p: float | None
    n: int
    n_works: int
    training_seed: int | None
    array: str

    @property
    def pair(self) -> tuple[Kind, str, str]:
        """What is compared, whatever the weights."""
        return self.kind, self.first, self.second


@dataclass(frozen=True)
class MissingRow(Row):
    """A checkpoint that is not paired as it should be, in a sentence; `controllable` where there is something to control."""

    table: ClassVar[str] = "missing"
    concluded: ClassVar[bool] = True

    checkpoint: str
    arm: str
    controllable: bool
    text: str


ROWS = (RanksRow, ScoreRow, DifferenceRow, MissingRow, SentenceRow, WindowRow)
