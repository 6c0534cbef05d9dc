"""What is recorded about a pool that was searched: its sizes, chance, and whether it is the canonical one."""

from dataclasses import replace

from analysis.datasets.pools import SAME_COMPOSER, SAME_PIECE, size_words
from analysis.studies.pools.rows import PoolRow
from analysis.studies.pools.scores import PoolScores
from analysis.studies.pools.words import N_QUERIES, N_SAME_COMPOSER, N_SAME_PIECE, POOL_SIZE

NEARLY = 0.97  # of the hard candidates must be there on average: short works and lonely composers lack some


def pool_row(scores: PoolScores, part: str) -> PoolRow:
    """What is recorded about a pool.

    Args:
        scores: the pool.
        part: what is searched in it, as it begins a sentence, such as "S".
    """
    n_queries, pool_size = scores.pool.candidates.shape
    same_piece, same_composer = (
        float((scores.pool.kind == kind).sum(axis=1).mean()) for kind in (SAME_PIECE, SAME_COMPOSER)
    )  # fmt: skip
    row = PoolRow(
        part=part, n_queries=n_queries, pool_size=pool_size, n_same_piece=same_piece, n_same_composer=same_composer,
        n_windows=len(scores.segments), n_works=len({segment.piece.group for segment in scores.segments}), chance=scores.chance,
        canonical=_is_canonical(n_queries, pool_size, same_piece, same_composer),
        short=f"{size_words(pool_size)}, {same_piece:.0f} of the same work", sentence="",
    )  # fmt: skip
    return replace(row, sentence=_sentence(row))


def _is_canonical(n_queries: int, pool_size: int, same_piece: float, same_composer: float) -> bool:
    sizes = (n_queries, pool_size) == (N_QUERIES, POOL_SIZE)
    hard = ((same_piece, N_SAME_PIECE), (same_composer, N_SAME_COMPOSER))
    return sizes and all(NEARLY * wanted <= actual <= wanted for actual, wanted in hard)


def _sentence(row: PoolRow) -> str:
    """Which pool that is, and whether its numbers may stand beside published ones.

    Where the canonical pool may not be had, nothing of S that is measured instead stands beside what was measured in it.
    """
    which = "the canonical pool" if row.canonical else "a pool that is not the canonical pool"
    sentence = (
        f"{row.part} is searched in {which}: {row.n_queries:,} queries among {row.short} and "
        f"{row.n_same_composer:.0f} of the same composer, drawn from {row.n_windows:,} windows of {row.n_works} works; "
        f"chance {100 * row.chance:.1f} %."
    )
    if row.canonical:
        return sentence
    return (
        f"{sentence} S, its drop and what is left of it are not comparable with published ones, which are of {N_QUERIES} queries "
        f"among {POOL_SIZE} candidates, {N_SAME_PIECE} of the same work."
    )
