"""Rows of the tables of the study `ablation`."""

from dataclasses import dataclass
from typing import ClassVar

from analysis.rows import Numbers, Row
from analysis.studies.pools.rows import PoolRow
from analysis.studies.shared_rows import SentenceRow, Weights, WindowRow

NOTHING, TOGETHER, AS_IT_IS = "none", " and ", "as it is"


@dataclass(frozen=True)
class AblationRow(Row):
    """A model after a replacement, or as it is.

    Attributes:
        checkpoint: name.
        weights: of the checkpoint, or of its untrained twin.
        input: the descriptor that is replaced, or both; "none" where nothing is.
        kind: what takes its place.
        s: S after the replacement; its interval by work.
        chance: S of a random order.
        reading: where S lies in relation to chance, in words.
        each_way: R@10 of a random order in a single direction.
        value: drop in S by the replacement, the same queries in both; its interval and its null. None where nothing is replaced.
        distance: mean cosine distance by which embeddings move; its interval. None where nothing is replaced.
        n: queries.
        array: ranks of the matches `(2, queries)`, audio to MIDI and MIDI to audio.
        instead: windows ranked highest among the wrong ones `(2, queries)`.
        change: by how many places every match falls `(2, queries)`; None where nothing is replaced.
        moved: cosine distance of every window `(windows,)`; None where nothing is replaced.
        note: why nothing was replaced; empty where something was.
    """

    table: ClassVar[str] = "ablation"
    array_columns: ClassVar[tuple[str, ...]] = ("array", "instead", "change", "moved")

    checkpoint: str
    weights: Weights
    input: str
    kind: str
    s: float
    s_ci_low: float | None
    s_ci_high: float | None
    chance: float
    reading: str
    each_way: float
    value: float | None
    ci_low: float | None
    ci_high: float | None
    null: float | None
    distance: float | None
    distance_ci_low: float | None
    distance_ci_high: float | None
    n: int
    array: str
    instead: str
    change: str | None
    moved: str | None
    note: str

    @property
    def is_twin(self) -> bool:
        """Whether it is of the untrained twin."""
        return self.weights == "untrained"

    @property
    def is_undecided(self) -> bool:
        """Whether the interval of the drop holds 0."""
        return self.ci_low is not None and self.ci_high is not None and self.ci_low <= 0 <= self.ci_high

    @property
    def score(self) -> Numbers:
        """S beside chance."""
        return Numbers(self.s, self.s_ci_low, self.s_ci_high, self.chance, self.n)

    @property
    def drop(self) -> Numbers:
        """What the replacement costs of S."""
        return Numbers(self.value, self.ci_low, self.ci_high, self.null, self.n)

    @property
    def movement(self) -> Numbers:
        """How far embeddings move."""
        return Numbers(self.distance, self.distance_ci_low, self.distance_ci_high, None, self.n)


@dataclass(frozen=True)
class KindRow(Row):
    """What takes the place of a descriptor, and from how many windows it is drawn, in a sentence."""

    table: ClassVar[str] = "kinds"

    kind: str
    what: str


ROWS = (AblationRow, WindowRow, PoolRow, KindRow, SentenceRow)
