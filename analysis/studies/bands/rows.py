"""Rows of the tables of the study `bands`.

In all of them `checkpoint` and `weights` (of the checkpoint, or of its untrained twin) say of what they are, `band`, `low_hz` and
`high_hz` (its edges) which band they are about; `value` with its interval by work (`ci_low`, `ci_high`) and its `null` rests on
`n` windows, whose own numbers are row `row` of the array `array`.
"""

from dataclasses import dataclass
from typing import ClassVar

from analysis.rows import Numbers, Row
from analysis.studies.pools.rows import PoolRow
from analysis.studies.shared_rows import SentenceRow, Weights, WorkWindowRow

LATER = "one sample later"
RANDOM = "random direction"


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
class BandRow(ModelRow):
    """A band that is taken out or shifted, or a control, which has no edges."""

    band: str
    low_hz: float | None
    high_hz: float | None

    @property
    def edges_hz(self) -> tuple[float, float] | None:
        """Both edges of a band; None of a control."""
        return None if self.low_hz is None or self.high_hz is None else (self.low_hz, self.high_hz)


@dataclass(frozen=True)
class FilterRow(BandRow):
    """A model whose sound lacks a band, or is changed as a control.

    Attributes:
        value: mean cosine distance by which the audio embedding moves; its null is that of the sound one sample later, which has
            none itself.
        drop: S as it is minus S without the band, the same queries in both; its interval.
        similarity_lost: what windows lose of the cosine similarity with their own notes; its interval.
        energy_share: of the energy, as a part of 1; its interval. None of a control, as all about energy.
        distance_per_db: distance by fall of the level, in 1/dB; its interval. None where the level hardly falls.
        level_db: of the band below the whole.
        fall_db: of the level without the band.
        similarity_array: as `array`, of the similarities lost.
        between_works: mean cosine distance of windows of different works; None from a single work.
    """

    table: ClassVar[str] = "filters"
    array_columns: ClassVar[tuple[str, ...]] = ("array", "similarity_array")

    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int
    drop: float | None
    drop_ci_low: float | None
    drop_ci_high: float | None
    similarity_lost: float | None
    similarity_lost_ci_low: float | None
    similarity_lost_ci_high: float | None
    energy_share: float | None
    energy_share_ci_low: float | None
    energy_share_ci_high: float | None
    distance_per_db: float | None
    distance_per_db_ci_low: float | None
    distance_per_db_ci_high: float | None
    level_db: float | None
    fall_db: float | None
    array: str
    similarity_array: str
    row: int
    between_works: float | None

    @property
    def distance(self) -> Numbers:
        """How far the embedding moves."""
        return Numbers(self.value, self.ci_low, self.ci_high, self.null, self.n)

    @property
    def share(self) -> Numbers:
        """The same as a part of the distance between works, or as it is where that is not known."""
        return scaled(self.distance, 1 / (self.between_works or 1.0))

    @property
    def s_lost(self) -> Numbers:
        """The drop in S; its null is 0."""
        return Numbers(self.drop, self.drop_ci_low, self.drop_ci_high, 0.0, self.n)

    @property
    def cosine_lost(self) -> Numbers:
        """The similarity lost; its null is 0."""
        return Numbers(self.similarity_lost, self.similarity_lost_ci_low, self.similarity_lost_ci_high, 0.0, self.n)

    @property
    def energy(self) -> Numbers:
        """The share of the energy."""
        return Numbers(self.energy_share, self.energy_share_ci_low, self.energy_share_ci_high, None, self.n)

    @property
    def per_db(self) -> Numbers:
        """The distance per fall of the level."""
        return Numbers(self.distance_per_db, self.distance_per_db_ci_low, self.distance_per_db_ci_high, None, self.n)


@dataclass(frozen=True)
class DoseRow(BandRow):
    """A model with a constant added to a band of its descriptor, or in a random direction over the bands.

    Attributes:
        dose: in standard deviations of the band.
        value: mean cosine distance by which the audio embedding moves; its null is that in a random direction at this dose, which
            has none itself.
        drop: S as it is minus S with the shift, the same queries in both; its interval.
        l2: mean L2 norm of the change of the embedding as it leaves the head; its interval, and its null as that of the distance.
        l2_array: as `array`, of the norms.
    """

    table: ClassVar[str] = "doses"
    array_columns: ClassVar[tuple[str, ...]] = ("array", "l2_array")

    dose: float
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int
    drop: float | None
    drop_ci_low: float | None
    drop_ci_high: float | None
    l2: float | None
    l2_ci_low: float | None
    l2_ci_high: float | None
    l2_null: float | None
    array: str
    l2_array: str
    row: int

    @property
    def distance(self) -> Numbers:
        """How far the embedding moves."""
        return Numbers(self.value, self.ci_low, self.ci_high, self.null, self.n)

    @property
    def s_lost(self) -> Numbers:
        """The drop in S; its null is 0."""
        return Numbers(self.drop, self.drop_ci_low, self.drop_ci_high, 0.0, self.n)

    @property
    def norm(self) -> Numbers:
        """The L2 norm of the change."""
        return Numbers(self.l2, self.l2_ci_low, self.l2_ci_high, self.l2_null, self.n)


@dataclass(frozen=True)
class ReadingRow(ModelRow):
    """How well a band of A4 is read from a layer: mean correlation with a held-out prediction; its null is A4 shifted in time.

    Attributes:
        layer: tap of the layer.
        null_high: 97.5 % of the draws of the null lie below it.
    """

    table: ClassVar[str] = "reading"
    array_columns: ClassVar[tuple[str, ...]] = ("array",)

    layer: str
    band: str
    low_hz: float
    high_hz: float
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int
    null_high: float
    array: str
    row: int


@dataclass(frozen=True)
class AttributionRow(ModelRow):
    """The cosine similarity that a method attributes to a band, mean over windows; its null is 0."""

    table: ClassVar[str] = "attribution"
    array_columns: ClassVar[tuple[str, ...]] = ("array",)

    method: str
    band: str
    low_hz: float
    high_hz: float
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int
    array: str
    row: int


@dataclass(frozen=True)
class AgreementRow(ModelRow):
    """How far two methods of attribution agree: mean rank correlation over bands; None where one of them orders no bands."""

    table: ClassVar[str] = "agreement"

    first: str
    second: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int


@dataclass(frozen=True)
class ConvergenceRow(ModelRow):
    """How well integrated gradients add up: mean of |delta| / |change| over windows; its null is 0.

    Attributes:
        largest: of all windows.
        steps: of the integral.
        mean_change: of the similarity, which gradients are to add up to.
    """

    table: ClassVar[str] = "convergence"

    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int
    largest: float
    steps: int
    mean_change: float

    @property
    def error(self) -> Numbers:
        """The error of the gradients, without a verdict."""
        return Numbers(self.value, self.ci_low, self.ci_high, None, self.n)


@dataclass(frozen=True)
class NoteRow(Row):
    """A sentence about what was not done in a part of the study; of no checkpoint where it holds for all."""

    table: ClassVar[str] = "notes"

    checkpoint: str
    part: str
    note: str


@dataclass(frozen=True)
class PartRow(Row):
    """On which windows, by their number, a part of the study rests."""

    table: ClassVar[str] = "window_of"

    part: str
    windows: tuple[int, ...]


def scaled(numbers: Numbers, factor: float) -> Numbers:
    """A number, its interval and its null in another unit."""
    value, low, high, null = (
        None if number is None else factor * number for number in (numbers.value, numbers.ci_low, numbers.ci_high, numbers.null)
    )
    return Numbers(value, low, high, null, numbers.n)


ROWS = (
    FilterRow, DoseRow, ReadingRow, AttributionRow, AgreementRow, ConvergenceRow, NoteRow, WorkWindowRow, PartRow, PoolRow,
    SentenceRow,
)  # fmt: skip
