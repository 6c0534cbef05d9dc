"""Rows of the tables of the study `beats`."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from analysis.measures.beats import BeatScores
from analysis.rows import Row
from analysis.studies.shared_rows import SentenceRow, WorkWindowRow

Weights = Literal["trained", "untrained", "librosa"]
Measure = Literal["F", "CMLt", "AMLt"]
MEASURES: tuple[Measure, ...] = ("F", "CMLt", "AMLt")
TWIN: Weights = "untrained"
LIBRARY: Weights = "librosa"
NOBODY = ""  # checkpoint of what is no model


@dataclass(frozen=True)
class MaterialRow(Row):
    """What was listened to, and with which templates.

    Attributes:
        recordings: with annotated beats, long enough.
        works: of which they are.
        unannotated: recordings left out because their beats are not annotated.
        too_short: left out because they are shorter than a window and what follows, or have fewer than two beats there.
        stride_s: from one window to the next.
        slowest_bpm, fastest_bpm, step_bpm: of the templates.
    """

    table: ClassVar[str] = "material"

    recordings: int
    works: int
    unannotated: int
    too_short: int
    stride_s: float
    slowest_bpm: float
    fastest_bpm: float
    step_bpm: float


@dataclass(frozen=True)
class StretchRow(WorkWindowRow):
    """The part of a recording in which beats were looked for; its first window begins at `start_s`.

    Attributes:
        seconds: in which windows begin, and beats count.
        annotated: seconds from `start_s` at which beats are annotated, (beats,).
    """

    array_columns: ClassVar[tuple[str, ...]] = ("annotated",)

    seconds: float
    annotated: str


@dataclass(frozen=True)
class TrackRow(Row):
    """Beats that were found in one recording.

    Attributes:
        checkpoint: its name; "" where no model was asked.
        weights: "trained", "untrained", or "librosa" for its beat tracker on the sound.
        piece: the recording.
        f, cmlt, amlt: against annotated beats, see `analysis.measures.beats`.
        moved_f, moved_cmlt, moved_amlt: the same of beats moved in time, mean over moves.
        template_bpm: tempo of the template that is most like some window; None where there are no templates.
        tracked_bpm: tempo of the beat tracker.
        beats: seconds from the start of the part at which beats were found, (beats,).
        map: similarity of every template with every window, (tempi, moments); "" where it is not kept.
        envelope: the onset envelope made of it, (moments,); "" where there is none.
    """

    table: ClassVar[str] = "tracks"
    array_columns: ClassVar[tuple[str, ...]] = ("beats", "map", "envelope")

    checkpoint: str
    weights: Weights
    piece: str
    f: float
    cmlt: float
    amlt: float
    moved_f: float
    moved_cmlt: float
    moved_amlt: float
    template_bpm: float | None
    tracked_bpm: float
    beats: str
    map: str
    envelope: str

    @property
    def scores(self) -> BeatScores:
        """Of the beats as they were found."""
        return BeatScores(self.f, self.cmlt, self.amlt)

    @property
    def moved(self) -> BeatScores:
        """Of the beats moved in time."""
        return BeatScores(self.moved_f, self.moved_cmlt, self.moved_amlt)

    @property
    def is_twin(self) -> bool:
        """Whether it is about the untrained twin."""
        return self.weights == TWIN


@dataclass(frozen=True)
class ScoreRow(Row):
    """One measure of all recordings.

    Attributes:
        checkpoint: its name; "" where no model was asked.
        weights: as of `TrackRow`.
        measure: which.
        value: mean over recordings; its interval by work, its null with beats moved in time.
        n: recordings.
        score: how windows and templates are compared, in words; "" where they are not.
    """

    table: ClassVar[str] = "scores"

    checkpoint: str
    weights: Weights
    measure: Measure
    value: float
    ci_low: float | None
    ci_high: float | None
    null: float
    n: int
    score: str

    @property
    def is_twin(self) -> bool:
        """Whether it is about the untrained twin."""
        return self.weights == TWIN


@dataclass(frozen=True)
class GainRow(Row):
    """By how much a checkpoint is better than something else on the same recordings.

    Attributes:
        checkpoint: its name.
        measure: which.
        against: "untrained" twin, "librosa", or "moved in time".
        value: difference; its interval by work.
        null: 0.
        n: recordings.
    """

    table: ClassVar[str] = "gains"

    checkpoint: str
    measure: Measure
    against: str
    value: float
    ci_low: float | None
    ci_high: float | None
    null: float
    n: int


ROWS = (MaterialRow, StretchRow, TrackRow, ScoreRow, GainRow, SentenceRow)
