"""The rows of the tables of this study."""

from dataclasses import dataclass
from typing import ClassVar

from analysis.rows import Row
from analysis.studies.shared_rows import SentenceRow, Weights, WindowRow

CANONICAL = "canonical"  # the pool of the headline


@dataclass(frozen=True)
class RanksRow(Row):
    """Where the ranks of a model on a pool are.

    Attributes:
        checkpoint: its name.
        weights: of the checkpoint, or of its untrained twin.
        pool: the name of the pool.
        array: ranks of the matches, (2, queries): audio to MIDI, MIDI to audio.
        instead: for every query the wrong MIDI window that is nearest to its audio.
    """

    table: ClassVar[str] = "ranks"
    array_columns: ClassVar[tuple[str, ...]] = ("array", "instead")

    checkpoint: str
    weights: Weights
    pool: str
    array: str
    instead: str


@dataclass(frozen=True)
class SearchedPoolRow(Row):
    """A pool, and its number in the names of the arrays of queries, candidates and kinds."""

    table: ClassVar[str] = "pools"

    pool: str
    array: int


@dataclass(frozen=True)
class PairRow(Row):
    """Difference in S of two trained checkpoints on the same queries.

    Attributes:
        pool: the name of the pool.
        first: the checkpoint whose S the other is taken from.
        second: the other.
        difference: S of the first minus S of the second, a part of 1.
        ci_low: lower end of its interval over works; None without one.
        ci_high: its upper end.
        p: of a paired permutation by work, not corrected.
        n: queries.
    """

    table: ClassVar[str] = "pairs"

    pool: str
    first: str
    second: str
    difference: float
    ci_low: float | None
    ci_high: float | None
    p: float
    n: int

    def other(self, name: str) -> str:
        """With whom one of the two is compared."""
        return self.second if self.first == name else self.first


ROWS = (RanksRow, SearchedPoolRow, WindowRow, PairRow, SentenceRow)
