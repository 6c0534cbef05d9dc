"""Rows of the tables of the study `transposition`.

In all of them `checkpoint` and `weights` (of the checkpoint, or of its untrained twin) say of what they are; `value` with its
interval by work (`ci_low`, `ci_high`) and its `null` rests on `n` queries or windows, whose own numbers are in the array `array`.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from analysis.models.config import Side
from analysis.rows import Numbers, Row
from analysis.studies.pools.rows import PoolRow
from analysis.studies.shared_rows import SentenceRow, Weights, WorkWindowRow

Transposed = Literal["MIDI alone", "audio alone", "both", "sound"]
WHAT: dict[Transposed, str] = {
    "MIDI alone": "the MIDI is transposed, the audio is the recording",
    "audio alone": "the audio is rendered from transposed notes, the MIDI stays",
    "both": "the MIDI is transposed and the audio rendered from it",
    "sound": "the audio is rendered from transposed notes, and has to find itself at 0 semitones",
}


@dataclass(frozen=True)
class ModelRow(Row):
    """A row about a checkpoint or its untrained twin."""

    checkpoint: str
    weights: Weights

    @property
    def is_twin(self) -> bool:
        """Whether it is about the untrained twin."""
        return self.weights == "untrained"


@dataclass(frozen=True)
class ScoreRow(ModelRow):
    """S after a transposition beside chance.

    Attributes:
        moved: what is transposed.
        what: the same in a clause.
        semitones: by how many, upwards.
        drop_value: S at 0 semitones minus S, the same queries in both; its interval, and 0 as its null.
        array: ranks of the matches (rows, 2, queries), audio to MIDI and MIDI to audio.
        row: of it.
    """

    table: ClassVar[str] = "scores"
    array_columns: ClassVar[tuple[str, ...]] = ("array",)

    moved: Transposed
    what: str
    semitones: int
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
    row: int

    @property
    def drop(self) -> Numbers:
        """The drop in S."""
        return Numbers(self.drop_value, self.drop_ci_low, self.drop_ci_high, self.drop_null, self.n)


@dataclass(frozen=True)
class RetentionRow(ModelRow):
    """Mean S at +k and −k semitones as a share of S at 0; its null is what chance would leave."""

    table: ClassVar[str] = "retention"

    moved: Transposed
    semitones: int
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int


@dataclass(frozen=True)
class DistanceRow(ModelRow):
    """How far a layer moves, as a share of the distance between windows of different works; without a null.

    Attributes:
        side: which encoder.
        semitones: by how many its input is transposed, upwards.
        tap: where activations are read.
        layer: its name on an axis.
        yardstick: mean cosine distance of windows of different works; None where the layer tells no two windows apart.
        array: distances (rows, taps, windows).
        row: of it.
        tap_row: of it.
    """

    table: ClassVar[str] = "distances"
    array_columns: ClassVar[tuple[str, ...]] = ("array",)

    side: Side
    semitones: int
    tap: str
    layer: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int
    yardstick: float | None
    array: str
    row: int
    tap_row: int


@dataclass(frozen=True)
class DisplacementRow(ModelRow):
    """Whether audio and MIDI embeddings go the same way: mean cosine; its null is that with windows of other works.

    Attributes:
        semitones: by how many both are transposed, upwards.
        above_value: paired difference from windows of other works; its interval, and 0 as its null.
        array: cosines (rows, of the same window and of others, windows).
        row: of it.
    """

    table: ClassVar[str] = "displacements"
    array_columns: ClassVar[tuple[str, ...]] = ("array",)

    semitones: int
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int
    above_value: float | None
    above_ci_low: float | None
    above_ci_high: float | None
    above_null: float | None
    array: str
    row: int

    @property
    def above(self) -> Numbers:
        """The difference from windows of other works."""
        return Numbers(self.above_value, self.above_ci_low, self.above_ci_high, self.above_null, self.n)


@dataclass(frozen=True)
class RangeRow(Row):
    """How much of a shift is not the transposition that it says.

    Attributes:
        semitones: by how many, upwards.
        windows_folded: windows in which notes are folded back by octaves.
        notes_folded: share of all notes.
        n: windows.
    """

    table: ClassVar[str] = "range"

    semitones: int
    windows_folded: int
    notes_folded: float
    n: int


ROWS = (ScoreRow, RetentionRow, DistanceRow, DisplacementRow, RangeRow, WorkWindowRow, PoolRow, SentenceRow)
