"""The row of a pool that was searched."""

from dataclasses import dataclass
from typing import ClassVar

from analysis.rows import Row


@dataclass(frozen=True)
class PoolRow(Row):
    """A pool that was searched.

    Attributes:
        part: what is searched in it, as it begins a sentence, such as "S".
        n_queries: queries.
        pool_size: candidates of every query, the match included.
        n_same_piece: candidates of the same piece, mean over queries.
        n_same_composer: candidates of other works by the same composer, mean over queries.
        n_windows: windows from which the pool was drawn.
        n_works: their works.
        chance: S of a random order.
        canonical: whether it is the canonical pool.
        short: what stands beside an S.
        sentence: which pool that is.
    """

    table: ClassVar[str] = "pools"

    part: str
    n_queries: int
    pool_size: int
    n_same_piece: float
    n_same_composer: float
    n_windows: int
    n_works: int
    chance: float
    canonical: bool
    short: str
    sentence: str
