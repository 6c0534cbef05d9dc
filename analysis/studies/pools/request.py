"""What the requests of studies that search a pool have in common."""

from dataclasses import dataclass
from typing import Annotated, TypedDict

from analysis.studies.base.settings import Setting, Split, WindowsPerPiece


class Sizes(TypedDict):
    """Of a pool."""

    n_queries: int
    pool_size: int


class HardSizes(Sizes):
    """Of a pool, with its hard candidates."""

    n_same_piece: int
    n_same_composer: int


@dataclass(frozen=True)
class PoolRequest:
    """The canonical pool: 500 queries among 256 candidates. A study adds its own settings, `seed` the last of them."""

    checkpoints: tuple[str, ...]
    corpus: str = "full"
    split: Split = "test"
    windows_per_piece: WindowsPerPiece = 100
    n_queries: Annotated[int, Setting("Windows that are asked for.", 1, 20_000, label="queries")] = 500
    pool_size: Annotated[int, Setting("Candidates among which each is searched.", 2, 4_096)] = 256

    @property
    def sizes(self) -> Sizes:
        """Queries and candidates, as `redrawn_pools` takes them."""
        return {"n_queries": self.n_queries, "pool_size": self.pool_size}


@dataclass(frozen=True)
class HardPoolRequest(PoolRequest):
    """A pool whose candidates of the same piece and of the same composer are counted."""

    n_same_piece: Annotated[int, Setting("Candidates of the same work, at most.", 0, 4_096, label="of the same work")] = 64
    n_same_composer: Annotated[
        int, Setting("Candidates of other works by the same composer, at most.", 0, 4_096, label="of the same composer")
    ] = 32

    @property
    def sizes(self) -> HardSizes:
        """Queries, candidates and how many of these are hard, as `build_pools` takes them."""
        return {**super().sizes, "n_same_piece": self.n_same_piece, "n_same_composer": self.n_same_composer}


@dataclass(frozen=True)
class StressRequest(HardPoolRequest):
    """The canonical pool from as few windows as fill it: the match and 64 others of its work make 65 windows of every piece.

    That is 1,555 windows of the 24 works of the full corpus; all of them go through the model once for every alteration.
    """

    windows_per_piece: WindowsPerPiece = 65
