"""Grids of layers: sums, shuffles that keep works together, intervals that cover."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import ndarray

from analysis.errors import Cancelled
from analysis.measures.cka import linear_cka
from analysis.measures.jackknife import jackknife_interval
from analysis.measures.layer_grids import (
    contributions,
    grid,
    grids_without_works,
    shuffled_grids,
    shuffles_by_work,
)
from analysis.measures.registry import MEASURES, Measure

EVERY = pytest.mark.parametrize("one", MEASURES.values(), ids=MEASURES)
WORKS = np.repeat([0, 1, 2, 3, 4], [6, 3, 6, 5, 4])


def layers(seed: int, n: int, widths: tuple[int, ...]) -> list[ndarray]:
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n, 2))
    return [shared @ rng.standard_normal((2, width)) + rng.standard_normal((n, width)) + 1 for width in widths]


def matrices(one: Measure, sides: list[ndarray]) -> torch.Tensor:
    return torch.stack([one.matrix(side) for side in sides])


@EVERY
def test_every_cell_is_the_measure_of_its_layers_and_the_sum_of_its_clips(one: Measure) -> None:
    first, second = layers(0, 24, (3, 9)), layers(0, 24, (4, 5, 30))
    batch = one.batches(24, 0)
    a, b = (one.prepare(matrices(one, side), batch) for side in (first, second))
    cells = grid(a, b)
    for i, x in enumerate(first):
        for j, y in enumerate(second):
            assert float(cells[i, j]) == pytest.approx(one(x, y), abs=1e-10)
    shares = contributions(a, b)
    assert shares.shape == (2, 3, 24)
    assert torch.allclose(shares.sum(dim=2), cells, atol=1e-12)


@EVERY
def test_shuffled_and_left_out_are_as_if_computed_from_the_rows(one: Measure) -> None:
    first, second = layers(1, 24, (3, 9)), layers(2, 24, (4, 5))
    batch = one.batches(24, 0)
    k, m = matrices(one, first), matrices(one, second)
    orders = shuffles_by_work(WORKS, 3, seed=1)
    a, b = one.prepare(k, batch), one.prepare(m, batch)
    draws = shuffled_grids(a, m, orders, one.prepare, batch) if one.batch_size else shuffled_grids(a, b, orders)
    for order, draw in zip(orders, draws, strict=True):
        assert float(draw[1, 0]) == pytest.approx(one(first[1], second[0][order]), abs=1e-10)
    if one.batch_size or "RBF" in one.name:
        return  # batches and the width of the kernel stay those of all rows
    for number, left in enumerate(grids_without_works(k, m, WORKS, one.prepare)):
        kept = number != WORKS
        assert float(left[1, 0]) == pytest.approx(one(first[1][kept], second[0][kept]), abs=1e-10)


@settings(max_examples=30)
@given(st.lists(st.integers(1, 6), min_size=2, max_size=6), st.integers(0, 1000))
def test_shuffles_use_every_example_once_and_keep_works_together(sizes: list[int], seed: int) -> None:
    works = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    for order in shuffles_by_work(works, 4, seed=seed):
        assert sorted(order) == list(range(len(works)))
        if len(set(sizes)) == 1:
            for number in range(len(sizes)):
                assert len(set(works[order[works == number]])) == 1
                assert (np.diff(order[works == number]) > 0).all()
    assert np.array_equal(shuffles_by_work(works, 4, seed=seed), shuffles_by_work(works, 4, seed=seed))


def test_shuffling_can_be_stopped_before_each_order() -> None:
    asked: list[int] = []

    def stop() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        shuffles_by_work(WORKS, 5, seed=1, tick=stop)
    assert len(asked) == 3


def test_every_work_is_paired_with_every_other_alike_often() -> None:
    works = np.repeat(np.arange(5), 3)
    met = np.zeros((5, 5))
    for order in shuffles_by_work(works, 1000, seed=2):
        met[works[::3], works[order[::3]]] += 1
    assert met.sum() == 5000
    assert np.abs(met - 200).max() < 4.5 * 200**0.5


def clustered(rng: np.random.Generator, n_works: int, n_each: int, shared: float) -> list[ndarray]:
    """Two sides with effects of works, which share a part."""

    def part(width: int) -> ndarray:
        return (rng.standard_normal((n_works, 1, width)) + rng.standard_normal((n_works, n_each, width))).reshape(-1, width)

    common = part(4)
    return [np.hstack([shared * common, (1 - shared) * part(12)]) for _ in range(2)]


def test_works_that_are_alike_inside_need_a_null_by_works() -> None:
    """Nothing is shared, and yet debiased CKA is not 0, because windows of one work are alike on both sides."""
    one, works, found = MEASURES["debiased CKA"], np.repeat(np.arange(12), 8), []
    for seed in range(6):
        x, y = clustered(np.random.default_rng(seed), 12, 8, 0)
        a, b = (one.prepare(one.matrix(side)[None], None) for side in (x, y))
        by_work = [float(draw) for draw in shuffled_grids(a, b, shuffles_by_work(works, 60, seed=0))]
        singly = np.stack([np.random.default_rng(number).permutation(96) for number in range(60)])
        by_window = [float(draw) for draw in shuffled_grids(a, b, singly)]
        found.append((float(grid(a, b)), np.quantile(by_work, 0.95), np.quantile(by_window, 0.95)))
    values, high, too_low = np.array(found).T
    assert np.mean(values > too_low) == 1
    assert np.mean(values > high) < 0.4


@pytest.mark.parametrize("shared", [0.4, 0.7])
def test_the_interval_holds_the_expected_value(shared: float) -> None:
    one, works = MEASURES["debiased CKA"], np.repeat(np.arange(15), 4)
    values, intervals = [], []
    for seed in range(60):
        x, y = clustered(np.random.default_rng(seed), 15, 4, shared)
        k, m = (one.matrix(side)[None] for side in (x, y))
        values.append(float(grid(one.prepare(k, None), one.prepare(m, None))))
        without = np.array([float(draw) for draw in grids_without_works(k, m, works, one.prepare)])
        intervals.append(jackknife_interval(values[-1], without, np.bincount(works)))
    low, high = np.array(intervals).T
    expected = np.mean(values)
    assert 0.87 <= np.mean((low <= expected) & (expected <= high)) <= 1
    assert 0.85 < np.mean(high - low) / 2 / (2.14 * np.std(values)) < 1.7  # the jackknife errs on the wide side


def test_a_bootstrap_would_not_do() -> None:
    """Rows drawn twice raise debiased CKA: the draws lie above the value, so an interval from them is off centre."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 60, 40))
    draws = [linear_cka(x[rows], y[rows]) for rows in rng.integers(60, size=(40, 60))]
    assert np.mean(draws) > linear_cka(x, y) + 0.2


def test_equal_works_give_the_textbook_jackknife() -> None:
    without = np.array([0.4, 0.5, 0.45, 0.6])
    low, high = jackknife_interval(0.5, without, np.full(4, 3), bounded=False) or (0.0, 0.0)
    error = np.sqrt(3 / 4 * np.sum((without - without.mean()) ** 2))
    assert (high - low) / 2 == pytest.approx(3.182446 * error, rel=1e-6)
    assert (high + low) / 2 == pytest.approx(0.5)


def test_intervals_end_at_one_and_need_three_works() -> None:
    assert jackknife_interval(0.5, np.array([0.4, 0.6]), np.array([3, 3])) is None
    assert jackknife_interval(1.0, np.array([1.0, 1.0, 1.0]), np.array([3, 3, 3])) == (1, 1)
    low, high = jackknife_interval(0.97, np.array([0.99, 0.9, 0.97]), np.array([3, 4, 5])) or (0.0, 0.0)
    assert -1 < low < 0.97 < high < 1
