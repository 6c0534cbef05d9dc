"""Rows of the tables of this study."""

from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from analysis.numbers import SHARE, WHAT, Value
from analysis.rows import Row
from analysis.studies.shared_rows import SentenceRow

Weights = Literal["trained", "untrained"]
Side = Literal["audio", "midi"]
SpaceName = Literal["joint", "audio", "midi"]
Kind = Literal["matched", "other works", "same work"]
Quality = Literal["trustworthiness", "neighbours kept", "variance kept"]
ESTIMATORS: dict[Quality, tuple[str, str]] = {  # unit and formula
    "trustworthiness": ("", "mean trustworthiness at k = {k}"),
    "neighbours kept": (SHARE, "share of {k} nearest neighbours"),
    "variance kept": (SHARE, "share of variance on two axes"),
}
PCA = "PCA"
Number = tuple[float | None, float | None, float | None, float | None]  # with both ends of its interval and its null


class Model(NamedTuple):
    """A checkpoint with one kind of weights."""

    checkpoint: str
    weights: Weights

    @property
    def key(self) -> dict[str, str]:
        """Of its values."""
        return {"checkpoint": self.checkpoint, "weights": self.weights}


@dataclass(frozen=True)
class ModelRow(Row):
    """Of which checkpoint a row is, and with which weights."""

    checkpoint: str
    weights: Weights

    @property
    def model(self) -> Model:
        """Both."""
        return Model(self.checkpoint, self.weights)


@dataclass(frozen=True)
class MeasureRow(ModelRow):
    """One number of the two modalities with its control; `p` of a test, `note` where it could not be computed."""

    table: ClassVar[str] = "measures"

    measure: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int
    unit: str
    p: float | None
    note: str


@dataclass(frozen=True)
class ProjectionRow(ModelRow):
    """A map of one space with what it keeps of it, the first map of a method being `first`.

    Arrays of a map hold its sides, one or both, `(sides, windows)`: `array` its points, `trust` and `kept` what every point adds
    to trustworthiness and neighbours kept, `displaced` how far it lies from where the first map has it; the first map has none.
    """

    table: ClassVar[str] = "projections"
    array_columns: ClassVar[tuple[str, ...]] = ("array", "trust", "kept", "displaced")

    method: str
    seed: int
    first: bool
    start: str
    array: str
    trust: str
    kept: str
    displaced: str | None
    space: SpaceName
    n: int
    k: int
    note: str
    perplexity: float | None
    n_neighbors: int | None
    trustworthiness: float | None
    trustworthiness_ci_low: float | None
    trustworthiness_ci_high: float | None
    trustworthiness_null: float | None
    neighbours_kept: float | None
    neighbours_kept_ci_low: float | None
    neighbours_kept_ci_high: float | None
    neighbours_kept_null: float | None
    moved: float | None
    variance_kept: float | None
    variance_kept_ci_low: float | None
    variance_kept_ci_high: float | None
    variance_kept_null: float | None

    @property
    def qualities(self) -> tuple[Quality, ...]:
        """What of its space is measured: how much of the variance is left only where axes have one."""
        return tuple(quality for quality in ESTIMATORS if quality != "variance kept" or self.method == PCA)

    def quality(self, what: Quality) -> Value:
        """How much of a space is left in the map, beside a map at random."""
        trust = self.trustworthiness, self.trustworthiness_ci_low, self.trustworthiness_ci_high, self.trustworthiness_null
        kept = self.neighbours_kept, self.neighbours_kept_ci_low, self.neighbours_kept_ci_high, self.neighbours_kept_null
        variance = self.variance_kept, self.variance_kept_ci_low, self.variance_kept_ci_high, self.variance_kept_null
        numbers: dict[Quality, Number] = {"trustworthiness": trust, "neighbours kept": kept, "variance kept": variance}
        value, low, high, null = numbers[what]
        side = {} if self.space == "joint" else {"side": self.space}
        key = {**self.model.key, "method": self.method, **side, WHAT: what}
        unit, estimator = ESTIMATORS[what]
        return Value(key, value, low, high, self.n, null, unit, estimator.format(k=self.k))


@dataclass(frozen=True)
class VarianceRow(ModelRow):
    """Share of the variance of a space on one of its principal axes, the first being 1."""

    table: ClassVar[str] = "variance"

    space: SpaceName
    axis: int
    share: float


@dataclass(frozen=True)
class CosineRow(ModelRow):
    """Mean and quantiles of the cosines of one kind of pairs."""

    table: ClassVar[str] = "cosines"

    kind: Kind
    mean: float
    q05: float
    q25: float
    median: float
    q75: float
    q95: float
    pairs: int


@dataclass(frozen=True)
class BinRow(ModelRow):
    """One bar of the histogram of these cosines."""

    table: ClassVar[str] = "histograms"

    kind: Kind
    bin: int
    bin_low: float
    bin_high: float
    share: float
    pairs: int

    @property
    def key(self) -> tuple[Weights, Kind, int]:
        """What tells bars of one checkpoint apart."""
        return self.weights, self.kind, self.bin


@dataclass(frozen=True)
class ExampleRow(ModelRow):
    """A pair of windows of a bar: the number of its audio and that of its MIDI."""

    table: ClassVar[str] = "examples"

    kind: Kind
    bin: int
    audio: int
    midi: int
    cosine: float

    @property
    def key(self) -> tuple[Weights, Kind, int]:
        """Of which bar."""
        return self.weights, self.kind, self.bin


@dataclass(frozen=True)
class SpaceRow(ModelRow):
    """Whether audio and MIDI share one space, and which arrays hold what every window adds to the numbers of a model.

    Attributes:
        joint: whether they do; only then there are the arrays that compare one side with the other.
        shared: share of its neighbours that audio and MIDI of a window have in common, (windows,); None of sound alone.
        cosine: of its audio and its MIDI, (windows,).
        gap: its part of the gap between the modalities, (windows,).
        rival: the nearest window of another work, (2, windows): MIDI to its audio, audio to its MIDI; None of one work.
    """

    table: ClassVar[str] = "spaces"
    array_columns: ClassVar[tuple[str, ...]] = ("shared", "cosine", "gap", "rival")

    joint: bool
    shared: str | None
    cosine: str | None
    gap: str | None
    rival: str | None


@dataclass(frozen=True)
class DescribedWindowRow(Row):
    """A window with its number and what is known of it, to colour and to find it by."""

    table: ClassVar[str] = "windows"

    window: int
    piece: str
    title: str
    start_s: float
    composer: str
    work: str
    split: str
    note_density_per_s: float
    mean_pitch: float
    mean_velocity: float
    loudness_db: float
    spectral_centroid_hz: float | None


ROWS = (
    MeasureRow, ProjectionRow, VarianceRow, CosineRow, BinRow, ExampleRow, SpaceRow, DescribedWindowRow, SentenceRow,
)  # fmt: skip
