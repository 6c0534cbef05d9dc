"""Rows of the tables of the study `structure`."""

from dataclasses import dataclass
from typing import ClassVar

from analysis.rows import Numbers, Row
from analysis.studies.shared_rows import SentenceRow, Weights, WorkWindowRow


@dataclass(frozen=True)
class CorrelationRow(Row):
    """The self-similarity of a layer beside that of a quantity of the sound.

    Attributes:
        checkpoint: name.
        weights: of the checkpoint, or of its untrained twin.
        tower: its name.
        layer: as an axis calls it.
        reference: the quantity of the sound.
        value: mean ρ_a over windows; its interval by work, and as its null the mean with the reference moved in time.
        n: windows.
        gain_value: the trained layer minus that of the untrained twin, on the same windows; None of the twin itself.
    """

    checkpoint: str
    weights: Weights
    tower: str
    layer: str
    reference: str
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int
    gain_value: float | None
    gain_low: float | None
    gain_high: float | None

    @property
    def gain(self) -> Numbers:
        """What training added."""
        return Numbers(self.gain_value, self.gain_low, self.gain_high, 0.0, self.n)


@dataclass(frozen=True)
class LayerRow(CorrelationRow):
    """A layer among all of its tower, `order` counted from 0."""

    table: ClassVar[str] = "layers"

    order: int

    @property
    def is_twin(self) -> bool:
        """Whether it is about the untrained twin."""
        return self.weights == "untrained"


@dataclass(frozen=True)
class ChosenRow(CorrelationRow):
    """The layer and the reference with the highest ρ_a on half of the works, over the windows of the other half; the twin at the
    same layer and reference.
    """

    table: ClassVar[str] = "chosen"


@dataclass(frozen=True)
class ChangeKindRow(Row):
    """Changes against which novelty is held.

    Attributes:
        changes: of what.
        tolerance_s: how far a peak of novelty may be from one that it hits.
        n_pieces: with annotations.
        n_works: of these.
        n_changes: in what is read of them.
        reason: why novelty is not held against them; "" where it is.
    """

    table: ClassVar[str] = "change_kinds"

    changes: str
    tolerance_s: float
    n_pieces: int
    n_works: int
    n_changes: int
    reason: str


@dataclass(frozen=True)
class NoveltyRow(Row):
    """Peaks of novelty against changes, on works on which the threshold was not chosen.

    Attributes:
        changes: of what.
        tolerance_s: how far a peak may be from a change that it hits.
        value: F1; its interval by work, and as its null the mean over moves of the peaks along the piece.
        n: pieces.
        precision: share of peaks that hit.
        recall: share of changes that are hit.
    """

    changes: str
    tolerance_s: float
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    n: int
    precision: float
    recall: float


@dataclass(frozen=True)
class LayerNoveltyRow(NoveltyRow):
    """Novelty of a layer."""

    table: ClassVar[str] = "novelty"

    checkpoint: str
    weights: Weights
    tower: str
    layer: str
    order: int

    @property
    def is_twin(self) -> bool:
        """Whether it is about the untrained twin."""
        return self.weights == "untrained"


@dataclass(frozen=True)
class ReferenceNoveltyRow(NoveltyRow):
    """Novelty of a quantity of the sound; no model is asked."""

    table: ClassVar[str] = "reference_novelty"

    reference: str


ROWS = (LayerRow, ChosenRow, ChangeKindRow, LayerNoveltyRow, ReferenceNoveltyRow, WorkWindowRow, SentenceRow)
