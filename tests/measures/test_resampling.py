"""Works are drawn, not examples: every draw against one drawn work by work, how often intervals hold, what is not defined."""

import numpy as np
import pytest

from analysis.measures.resampling import PROBES, WorkDraws, interval_over_works
from analysis.seeding import numpy_generator
from tests.reference.resampling_literal import bootstrap_by_work

GROUPS = np.array(list("aabbbbcddd"))


@pytest.mark.parametrize("n_works", [1, 2, 3, 8, 24])
def test_draws_are_those_of_works_drawn_one_after_the_other(n_works: int) -> None:
    """Stored intervals and cards rest on these draws."""
    rng = numpy_generator(5, "bootstrap by piece")
    drawn = [np.bincount(rng.integers(n_works, size=n_works), minlength=n_works) for _ in range(50)]
    assert WorkDraws(np.arange(n_works), 5, n_resamples=50).counts.tolist() == np.array(drawn).tolist()


def test_draws_for_probes_are_their_own() -> None:
    one, other = WorkDraws(GROUPS, 5, PROBES, 50), WorkDraws(GROUPS, 5, n_resamples=50)
    assert one.counts.sum(axis=1).tolist() == other.counts.sum(axis=1).tolist() == [4] * 50
    assert one.counts.tolist() != other.counts.tolist()
    assert one.counts_after_all[0].tolist() == [1] * 4
    assert one.counts_after_all[1:].tolist() == one.counts.tolist()
    assert one.all_only.counts_after_all.tolist() == [[1] * 4]


def test_intervals_of_means_and_quotients_are_those_of_the_bootstrap(rng: np.random.Generator) -> None:
    values, below = rng.standard_normal(10), rng.random(10)
    draws = WorkDraws(GROUPS, 5, n_resamples=300)
    slow = bootstrap_by_work(GROUPS, lambda index: float(values[index].mean()), n_resamples=300, seed=5)
    assert draws.interval(draws.means(values)) == pytest.approx(slow)
    slow = bootstrap_by_work(GROUPS, lambda index: float(values[index].sum() / below[index].sum()), n_resamples=300, seed=5)
    assert draws.interval(draws.ratios(values, below)) == pytest.approx(slow)
    assert draws.interval(draws.ratios(values, np.zeros(10))) == (None, None)


def test_shares_of_queries_are_equal_to_the_last_bit(rng: np.random.Generator) -> None:
    hits = rng.integers(2, size=10) == 1
    slow = bootstrap_by_work(GROUPS, lambda index: float(hits[index].mean()), seed=5)
    draws = WorkDraws(GROUPS, 5)
    assert draws.interval(draws.means(hits)) == slow


def test_two_works_give_no_interval_and_three_do() -> None:
    values, groups = np.repeat([0.0, 1.0, 2.0], 100), np.repeat(["a", "b", "c"], 100)
    two, three = WorkDraws(groups[:200], 0), WorkDraws(groups, 0)
    assert two.interval(two.means(values[:200])) == (None, None)
    assert three.interval(three.means(values)) == (0.0, 2.0)
    with pytest.raises(ValueError, match="needs at least 3, got 2"):
        interval_over_works(np.arange(5.0), 2)


def test_draws_without_a_number_are_left_out_unless_they_are_the_most() -> None:
    draws = WorkDraws(GROUPS, 0)
    some = np.where(np.arange(1000) % 2, np.arange(1000.0), np.nan)
    assert draws.interval(some) == interval_over_works(np.arange(1.0, 1000.0, 2), 4)
    some[1] = np.nan
    assert draws.interval(some) == (None, None)
    assert draws.interval(np.empty(0)) == (None, None)


@pytest.mark.parametrize("n_works", [6, 8, 24])
def test_intervals_hold_the_mean_as_often_as_they_say(n_works: int) -> None:
    """Plain percentiles of 8 works hold it 87 times in 100."""
    draws = WorkDraws(np.arange(n_works), seed=5, n_resamples=4000)
    tries = np.random.default_rng(5).standard_normal((1000, n_works))
    ends = np.array([draws.interval(draws.means(of_works)) for of_works in tries])
    assert 0.92 <= np.mean((ends[:, 0] <= 0) & (ends[:, 1] >= 0)) <= 0.98


def test_the_seed_decides(rng: np.random.Generator) -> None:
    values, groups = rng.random(100), np.repeat(np.arange(20), 5)
    ends = [draws.interval(draws.means(values)) for draws in (WorkDraws(groups, seed) for seed in (3, 3, 4))]
    assert ends[0] == ends[1] != ends[2]
    assert ends[0][0] < values.mean() < ends[0][1]


def test_the_order_and_the_names_of_works_do_not_matter_to_sums() -> None:
    draws = WorkDraws(np.array(["z", "a", "z", "m"]), 0)
    assert (draws.names.tolist(), draws.work.tolist(), draws.sizes.tolist()) == (["a", "m", "z"], [2, 0, 2, 1], [1, 1, 2])
    assert draws.sums(np.array([[1, 10], [2, 20], [4, 40], [8, 80]])).tolist() == [[2, 20], [8, 80], [5, 50]]
