"""Pools: their kinds, and what happens when there are too few segments."""

from pathlib import Path

import numpy as np
import pytest

from analysis.datasets.piece import Piece
from analysis.datasets.pools import build_pools
from analysis.datasets.segments import Segment
from analysis.errors import CorpusError


def make_segments(composers: int = 3, works: int = 2, windows: int = 20) -> list[Segment]:
    pieces = [
        Piece(f"{c}-{w}", f"c{c}", "", f"g{c}-{w}", "test", 60.0, Path("a.wav"), Path("a.mid"))
        for c in range(composers)
        for w in range(works)
    ]
    return [Segment(piece, float(start)) for piece in pieces for start in range(windows)]


@pytest.mark.parametrize("no_overlap", [False, True])
def test_kinds_are_what_they_say(no_overlap: bool) -> None:
    segments = make_segments()
    pools = build_pools(segments, n_queries=30, pool_size=32, n_same_piece=10, n_same_composer=6, no_overlap=no_overlap)
    assert np.array_equal(pools.candidates[:, 0], pools.query)
    for row, kinds in zip(pools.candidates, pools.kind, strict=True):
        assert len(set(row.tolist())) == 32
        assert np.bincount(kinds).tolist() == [1, 10, 6, 15]
        mine = segments[row[0]]
        for other, kind in zip([segments[i] for i in row[1:]], kinds[1:], strict=True):
            same = other.piece.group == mine.piece.group, other.piece.composer == mine.piece.composer
            assert same == {1: (True, True), 2: (False, True), 3: (False, False)}[int(kind)]
            assert not (no_overlap and kind == 1 and abs(other.start_s - mine.start_s) < 4)


def test_missing_kinds_are_filled_from_random() -> None:
    pools = build_pools(make_segments(works=1), n_queries=5, pool_size=32, n_same_piece=8, n_same_composer=4)
    assert np.bincount(pools.kind[0], minlength=4).tolist() == [1, 8, 0, 23]


def test_same_seed_same_pools() -> None:
    one, two = (build_pools(make_segments(), n_queries=5, pool_size=8, n_same_piece=2, n_same_composer=2) for _ in "ab")
    assert np.array_equal(one.candidates, two.candidates)


def test_too_few_segments() -> None:
    with pytest.raises(CorpusError, match="There are 120 segments"):
        build_pools(make_segments())
