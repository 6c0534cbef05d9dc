"""What a pool is, in numbers and in words, so that no S stands without it.

The canonical pool is that of arXiv 2604.10283, appendix D: 500 queries among 256 candidates, of which 64 are of the same work
and 32 of other works by the same composer; a work or a composer that has fewer windows leaves places to random ones.
"""

from analysis.datasets.pools import size_words
from analysis.numbers import Value
from analysis.results import Result
from analysis.studies.pools.rows import PoolRow

N_QUERIES, POOL_SIZE, N_SAME_PIECE, N_SAME_COMPOSER = 500, 256, 64, 32
CEILING = 0.99
WHY_BELOW = (
    "Chance of S is what random order gives on average; as S is the smaller of two directions, that lies below 10 / candidates."
)


def at_ceiling(score: Value) -> bool:
    """Whether S has hardly any room above it, so that harm shows late; unknown S has no ceiling."""
    return score.value is not None and score.value >= CEILING


def pools_of(result: Result) -> tuple[PoolRow, ...]:
    """The pools in which S was searched; none where the result describes none."""
    return result.rows(PoolRow) if result.holds(PoolRow) else ()


def pool_of(result: Result, part: str = "S") -> str:
    """The pool in which S was searched, as it stands beside S; empty where the result does not tell.

    >>> row = PoolRow("S", 500, 256, 64.0, 32.0, 1555, 24, 0.034, True, "256 candidates, 64 of the same work", "S is …")
    >>> pool_of(Result("transposition", {}, "Headline.", (), {"pools": [row.record()]}, {}, {}))
    '256 candidates, 64 of the same work'
    """
    if pools := pools_of(result):
        return next((row.short for row in pools if row.part == part), "")
    sizes = {array.shape[1] for name, array in result.arrays.items() if name.split(".")[0] == "candidates" and array.ndim == 2}
    return size_words(sizes.pop()) if len(sizes) == 1 else ""
