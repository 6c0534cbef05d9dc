"""Second views lie where they may, batches are of as many works as there are, and whoever knows the recording finds the view."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from analysis.datasets.piece import Piece
from analysis.datasets.pools import build_pools
from analysis.datasets.segments import Segment
from analysis.measures.retrieval import chance_of_s
from analysis.models.vit1d.config import SCALES
from analysis.models.vit1d.encoder import outline
from analysis.models.vit1d.tower import VitTower
from analysis.training.evaluation import fit_pool, score_pool
from analysis.training.views import DIRECTIONS, VIEWS, embed_views, second_view, spread_over_works
from analysis.training.work_counts import read_counts

NOWHERE = Path("nowhere")


def piece(duration_s: float = 60.0, number: int = 0, work: int | None = None) -> Piece:
    group = f"work {number if work is None else work}"
    return Piece(f"piece {number}", "unknown", "title", group, "train", duration_s, NOWHERE, NOWHERE)


def starts(segment: Segment, largest_gap_s: float, n: int = 400) -> np.ndarray:
    rng = np.random.default_rng(7)
    views = [second_view(segment, largest_gap_s, rng) for _ in range(n)]
    assert {(view.piece, view.duration_s) for view in views} == {(segment.piece, segment.duration_s)}
    return np.array([view.start_s for view in views])


def test_a_second_view_is_on_either_side_with_at_most_the_gap_between() -> None:
    found = starts(Segment(piece(), 30.0), 8.0)
    before, after = found[found < 30], found[found > 30]
    assert before.min() >= 18
    assert before.max() <= 26
    assert after.min() >= 34
    assert after.max() <= 42
    assert 0.4 < len(before) / len(found) < 0.6
    assert np.ptp(before) > 7
    assert np.ptp(after) > 7


@pytest.mark.parametrize(("start_s", "low", "high"), [(0.0, 4.0, 12.0), (2.0, 6.0, 14.0), (56.0, 44.0, 52.0)])
def test_at_an_end_it_is_on_the_side_that_has_room(start_s: float, low: float, high: float) -> None:
    found = starts(Segment(piece(), start_s), 8.0)
    assert low <= found.min() < low + 0.5
    assert high - 0.5 < found.max() <= high


def test_sides_count_by_their_room() -> None:
    """2 s of room before and 8 s after: one in five is before."""
    found = starts(Segment(piece(), 6.0), 8.0)
    assert 0.13 < (found < 6).mean() < 0.27


def test_without_a_gap_it_touches_the_window() -> None:
    assert set(starts(Segment(piece(), 30.0), 0.0, 40)) <= {26.0, 34.0}


@pytest.mark.parametrize("duration_s", [4.0, 5.0, 7.5])
def test_a_recording_without_room_gives_what_it_has(duration_s: float) -> None:
    found = starts(Segment(piece(duration_s), 0.0), 8.0)
    assert found.min() >= 0
    assert found.max() <= duration_s - 4


def test_a_batch_is_of_as_many_works_as_there_are() -> None:
    """Five works, one of them in two takes."""
    pieces = [piece(number=number, work=min(number, 4)) for number in range(6)]
    segments = [Segment(one, float(start)) for one in pieces for start in range(20)]
    for n, most in ((5, 1), (10, 2), (13, 3)):
        chosen = spread_over_works(segments, n, np.random.default_rng(n))
        works = [segment.piece.group for segment in chosen]
        assert len(chosen) == len(set(chosen)) == n
        assert len(set(works)) == 5
        assert max(works.count(work) for work in works) == most
    first, again, other = (spread_over_works(segments, 5, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again != other


class Known(VitTower):
    """A tower that says which piece it hears, or nothing at all."""

    def __init__(self, knows: bool) -> None:
        super().__init__(outline(SCALES["tiny"]))
        self.knows = knows

    def collate(self, segments: Any, content: Any = None) -> Any:
        rows = [[float(segment.piece.piece_id.split()[1]), 1.0, segment.start_s] for segment in segments]
        batch = torch.tensor(rows)
        return SimpleNamespace(to=lambda device: batch)

    def __call__(self, batch: Any) -> Tensor:
        angle = batch[:, 0] if self.knows else 0 * batch[:, 0]
        return torch.stack([angle.cos(), angle.sin()], dim=1)


@pytest.mark.parametrize("knows", [True, False])
def test_the_view_is_found_by_whoever_knows_the_recording(knows: bool) -> None:
    segments = [Segment(piece(number=number), float(start)) for number in range(60) for start in (8, 30)]
    model = SimpleNamespace(towers={"audio": Known(knows)}, training=False, eval=lambda: None, train=lambda _: None)
    first, second = embed_views(model, "audio", segments, 8.0, device=torch.device("cpu"), batch_size=7)
    again = embed_views(model, "audio", segments[3:5], 8.0, device=torch.device("cpu"))
    np.testing.assert_allclose(second[3:5], again[1], atol=1e-6)  # in another batch a row may end in other bits
    pool = fit_pool(segments, n_queries=100, pool_size=64, same_piece=False)
    assert (pool.pool_size, pool.n_same_piece) == (64, 0)
    pools = build_pools(segments, **pool._asdict())
    scores = score_pool(first, second, segments, pools)
    record = scores.record(DIRECTIONS)
    assert set(DIRECTIONS) < set(record)
    counts = read_counts({"trained": {VIEWS: record}})
    assert counts is not None
    assert counts.s == scores.s
    assert (counts.counts.queries.sum(), counts.counts.hits.sum()) == (100, 200 if knows else 0)
    assert scores.chance == pytest.approx(chance_of_s(100, 64))
    works = np.array([segment.piece.group for segment in segments])
    assert (works[pools.candidates[:, 1:]] != works[pools.candidates[:, :1]]).all()
    assert scores.s == (1.0 if knows else 0.0)  # ties count as misses


def test_a_second_view_does_not_depend_on_what_else_is_asked_for() -> None:
    one = Segment(piece(), 30.0)
    assert second_view(one, 8.0, np.random.default_rng(3)) == second_view(replace(one), 8.0, np.random.default_rng(3))
