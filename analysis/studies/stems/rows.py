"""The rows of the tables of this study."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from analysis.rows import Row
from analysis.studies.shared_rows import SentenceRow, WorkWindowRow

Negatives = Literal["other works", "same work too"]
OTHER_WORKS: Negatives = "other works"
HARD: Negatives = "same work too"
NEGATIVES: tuple[Negatives, ...] = (OTHER_WORKS, HARD)
CANDIDATES = (8, 16, 64)
BASELINE, NOBODY = "log-mel", ""  # weights and checkpoint of what looks at the spectrum alone


@dataclass(frozen=True)
class AccuracyRow(Row):
    """How often a model picks the stems of the anchor's own window among a number of candidates.

    Attributes:
        checkpoint: its name; "" for the baseline.
        weights: "trained", "untrained", or "log-mel" for the baseline.
        negatives: where the wrong candidates are from.
        candidates: how many there are, the right one among them.
        value: share of anchors, the mean of all partitions.
        ci_low: lower end of its interval over works; None without one.
        ci_high: its upper end.
        null: 1 / candidates.
        sd: standard deviation of the share from partition to partition.
        n: windows.
        score: how anchor and candidate are compared, in words.
        right: share of partitions in which the anchor of a window found its own, (windows,).
        chosen: window whose stems were chosen in the first partition, (windows,).
    """

    table: ClassVar[str] = "accuracies"
    array_columns: ClassVar[tuple[str, ...]] = ("right", "chosen")

    checkpoint: str
    weights: str
    negatives: str
    candidates: int
    value: float
    ci_low: float | None
    ci_high: float | None
    null: float
    sd: float
    n: int
    score: str
    right: str
    chosen: str


@dataclass(frozen=True)
class StemRow(Row):
    """A stem of a recording; the bit of its number stands for it in the arrays `anchor` and `positive`.

    Attributes:
        piece: the recording.
        number: of the stem among those of the recording.
        name: by which the recording knows it.
        title: what people call it.
    """

    table: ClassVar[str] = "stems"

    piece: str
    number: int
    name: str
    title: str


@dataclass(frozen=True)
class MaterialRow(Row):
    """What the questions are made of, and what was left out.

    Attributes:
        windows: in which two or more stems sound.
        works: of which they are.
        partitions: drawn of the stems of every window.
        silent_stems: of all windows that were looked at.
        too_quiet: windows left out because fewer than two stems sound in them.
        without: recordings left out because they have fewer than two stems.
        of_same_work: mean number of wrong candidates of the same work among the hard ones, at the largest number of candidates.
    """

    table: ClassVar[str] = "material"

    windows: int
    works: int
    partitions: int
    silent_stems: int
    too_quiet: int
    without: int
    of_same_work: float


ROWS = (AccuracyRow, WorkWindowRow, StemRow, MaterialRow, SentenceRow)
