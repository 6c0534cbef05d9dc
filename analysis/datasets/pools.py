"""Retrieval pools: for every query the right answer among wrong ones of graded difficulty."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Shaped
from numpy.typing import NDArray

from analysis.datasets.piece import UNKNOWN_COMPOSER
from analysis.datasets.segments import Segment
from analysis.errors import CorpusError
from analysis.seeding import numpy_generator

POSITIVE, SAME_PIECE, SAME_COMPOSER, RANDOM = range(4)


class PoolSizes(NamedTuple):
    """How many queries a pool has, how many candidates each, and how many of these are hard, as `build_pools` takes them."""

    n_queries: int
    pool_size: int
    n_same_piece: int
    n_same_composer: int


@dataclass(frozen=True)
class Pools:
    """Indices into the segments the pools were built from.

    `query` has shape `(q,)`; `candidates` `(q, pool)`, the positive, which is the query's own segment, in column 0;
    `kind` the same shape: 0 positive, 1 same piece, 2 same composer, 3 random.
    """

    query: NDArray[np.int64]
    candidates: NDArray[np.int64]
    kind: NDArray[np.int8]


def size_words(pool_size: int) -> str:
    """Size of a pool as it stands beside S.

    >>> size_words(256)
    '256 candidates'
    """
    return f"{pool_size:,} candidates"


@dataclass(frozen=True)
class _Table:
    group: Shaped[np.ndarray, " segments"]
    composer: Shaped[np.ndarray, " segments"]
    piece: Shaped[np.ndarray, " segments"]
    start_s: Float64[np.ndarray, " segments"]
    duration_s: Float64[np.ndarray, " segments"]


def build_pools(
    segments: Sequence[Segment],
    *,
    n_queries: int = 500,
    pool_size: int = 256,
    n_same_piece: int = 64,
    n_same_composer: int = 32,
    seed: int = 42,
    no_overlap: bool = False,
) -> Pools:
    """Draw queries and their candidates, none twice within a pool.

    Same piece means the same group, same composer another group of that composer, random one of another or an unknown
    composer. Where one of the first two has too few segments, random ones take their places. With `no_overlap`, a
    same-piece candidate of the same recording begins at least a window (4 s, if not said otherwise) from the positive.

    Raises:
        CorpusError: there are too few segments, or the pool is too small for the negatives asked for.
    """
    if pool_size <= n_same_piece + n_same_composer:
        raise CorpusError(
            f"A pool of {pool_size} has no room for 1 positive, {n_same_piece} same-piece and {n_same_composer} "
            "same-composer candidates. Make the pool larger."
        )
    if len(segments) < max(n_queries, pool_size):
        raise CorpusError(
            f"There are {len(segments)} segments; expected {max(n_queries, pool_size)} or more for {n_queries} queries "
            f"and pools of {pool_size}. Use more pieces, fewer queries or smaller pools."
        )
    pieces = [segment.piece for segment in segments]
    table = _Table(
        np.array([piece.group for piece in pieces]),
        np.array([piece.composer for piece in pieces]),
        np.array([piece.piece_id for piece in pieces]),
        np.array([segment.start_s for segment in segments]),
        np.array([segment.duration_s for segment in segments]),
    )
    query = np.sort(numpy_generator(seed, "queries").choice(len(segments), n_queries, replace=False)).astype(np.int64)
    candidates = np.empty((n_queries, pool_size), np.int64)
    kind = np.empty((n_queries, pool_size), np.int8)
    for row, positive in enumerate(query):
        rng = numpy_generator(seed, "pool", row)
        wanted = (n_same_piece, n_same_composer)
        candidates[row], kind[row] = _pool(table, int(positive), wanted, pool_size, no_overlap, rng)
    return Pools(query, candidates, kind)


def _pool(
    table: _Table, positive: int, wanted: tuple[int, int], pool_size: int, no_overlap: bool, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """One row: candidates and their kinds."""
    same_group = table.group == table.group[positive]
    same_composer = (table.composer == table.composer[positive]) & (table.composer != UNKNOWN_COMPOSER)
    piece_mask = same_group & (np.arange(len(same_group)) != positive)
    if no_overlap:
        near = np.abs(table.start_s - table.start_s[positive]) < table.duration_s[positive]
        piece_mask &= ~(near & (table.piece == table.piece[positive]))
    parts = [np.array([positive])]
    for mask, n_wanted in zip((piece_mask, same_composer & ~same_group), wanted, strict=True):
        choices = np.flatnonzero(mask)
        parts.append(rng.choice(choices, min(n_wanted, len(choices)), replace=False))
    others = np.flatnonzero(~same_composer & ~same_group)
    n_random = pool_size - sum(map(len, parts))
    if len(others) < n_random:
        composer = str(table.composer[positive])
        known = composer != UNKNOWN_COMPOSER
        raise CorpusError(
            f"There are {len(others)} segments of other works{f' by other composers than {composer}' if known else ''}; expected "
            f"at least {n_random} for a pool of {pool_size}. Use more {'composers' if known else 'works'} or smaller pools."
        )
    parts.append(rng.choice(others, n_random, replace=False))
    kinds = np.repeat(np.arange(4, dtype=np.int8), [len(part) for part in parts])
    return np.concatenate(parts).astype(np.int64), kinds
