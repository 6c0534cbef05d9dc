"""Spread over runs and tests between them agree with SciPy, and give the published table from its per-seed values."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from analysis.errors import ConfigError
from analysis.measures.replication import binomial_sd, components, paired, spread, welch
from analysis.published.published import published

SEEDS = (42, 123, 456, 789, 1337)
scores = st.lists(st.floats(0, 100).map(lambda x: round(x, 3)), min_size=2, max_size=8)


def runs(arm: str) -> list[float]:
    by_condition = {one.condition: one.value for one in published("replication", arm)}
    return [by_condition[f"training seed {seed}"] for seed in SEEDS]


@pytest.mark.parametrize(
    ("arm", "mean", "sd"), [("D0", 75.20, 2.29), ("a4r", 80.72, 1.88), ("d4-a4r", 81.16, 2.47), ("d4a4", 84.04, 2.72)]
)
def test_published_means(arm: str, mean: float, sd: float) -> None:
    found = spread(runs(arm))
    assert found.n == 5
    assert found.mean == pytest.approx(mean, abs=0.005)
    assert found.sd == pytest.approx(sd, abs=0.005)
    assert (found.low, found.high) == (min(runs(arm)), max(runs(arm)))


@pytest.mark.parametrize(
    ("first", "second", "t", "p"),
    [
        ("d4a4", "D0", 5.55, 0.0006), ("a4r", "D0", 4.16, 0.003), ("d4-a4r", "D0", 3.95, 0.004),
        ("d4a4", "a4r", None, 0.059), ("d4a4", "d4-a4r", None, 0.118), ("d4-a4r", "a4r", None, 0.76),
    ],
)  # fmt: skip
def test_published_seeds_apart(first: str, second: str, t: float | None, p: float) -> None:
    found = welch(runs(first), runs(second))
    assert found.p == pytest.approx(p, abs=0.0006 if p < 0.2 else 0.005)
    assert t is None or found.t == pytest.approx(t, abs=0.005)


@pytest.mark.parametrize(
    ("first", "second", "difference", "t", "p"),
    [
        ("d4a4", "D0", 8.84, 10.10, 0.0005), ("d4a4", "a4r", 3.32, None, 0.0248), ("d4a4", "d4-a4r", 2.88, None, 0.0122),
        ("d4-a4r", "a4r", 0.44, None, 0.69),
    ],
)  # fmt: skip
def test_published_seeds_in_pairs(first: str, second: str, difference: float, t: float | None, p: float) -> None:
    """The authors drew the pool with the training seed, so that runs of one seed share it."""
    found = paired(dict(zip(SEEDS, runs(first), strict=True)), dict(zip(SEEDS, runs(second), strict=True)))
    assert found is not None
    assert (found.n, found.df, found.difference) == (5, 4, pytest.approx(difference))
    assert found.p == pytest.approx(p, abs=0.00006 if p < 0.1 else 0.005)
    assert t is None or found.t == pytest.approx(t, abs=0.005)
    expected = stats.ttest_rel(runs(first), runs(second))
    interval = expected.confidence_interval(0.95)
    assert (found.t, found.p) == pytest.approx(tuple(expected))
    assert found.ci == pytest.approx((interval.low, interval.high))


def test_published_seeds_are_alike_over_arms() -> None:
    """Seeds differ more than chance lets them where arms are told apart: two-way analysis of variance, F(4, 12) = 7.29."""
    table = np.array([runs(arm) for arm in ("D0", "a4r", "d4-a4r", "d4a4")])
    left = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    ratio = (4 * table.mean(axis=0).var(ddof=1)) / ((left**2).sum() / 12)
    assert ratio == pytest.approx(7.29, abs=0.005)
    assert stats.f.sf(ratio, 4, 12) == pytest.approx(0.003, abs=0.0005)


def test_published_effect_size() -> None:
    assert welch(runs("d4a4"), runs("D0")).cohen_d == pytest.approx(3.5, abs=0.05)
    assert welch(runs("d4a4"), runs("D0")).difference == pytest.approx(8.84)


def test_five_evaluations_of_one_checkpoint_scatter_as_far_as_five_trainings() -> None:
    evaluated = [one.value for one in published("replication", "d4a4") if one.condition.startswith("evaluation seed")]
    assert spread(evaluated).mean == pytest.approx(84.08)
    assert spread(evaluated).sd == pytest.approx(2.4, abs=0.05)
    assert 100 * binomial_sd(0.84, 500) == pytest.approx(1.6, abs=0.05)


@given(scores, scores)
def test_welch_is_that_of_scipy(first: list[float], second: list[float]) -> None:
    assume(min(np.var(first), np.var(second)) > 1e-3)  # SciPy warns of a side that does not vary
    found, expected = welch(first, second), stats.ttest_ind(first, second, equal_var=False)
    t, p = expected
    interval = expected.confidence_interval(0.95)
    assert (found.t, found.p, found.df) == pytest.approx((t, p, expected.df), rel=1e-6, abs=1e-9)  # pyright: ignore[reportAttributeAccessIssue]
    assert found.ci == pytest.approx((interval.low, interval.high), rel=1e-6, abs=1e-6)
    back = welch(second, first)
    assert (back.difference, back.p) == pytest.approx((-found.difference, found.p))


@given(scores)
def test_paired_is_that_of_scipy(first: list[float]) -> None:
    rng = np.random.default_rng(len(first))
    second = [one + rng.normal() for one in first]
    found = paired(dict(enumerate(first)), {**dict(enumerate(second)), 99: 3.0})
    t, p = stats.ttest_rel(first, second)
    assert found is not None
    assert (found.t, found.p, found.n) == pytest.approx((t, p, len(first)), rel=1e-6)
    assert found.df == len(first) - 1


@given(scores, st.floats(-50, 50))
def test_a_shift_of_all_runs_moves_the_mean_alone(first: list[float], shift: float) -> None:
    before, after = spread(first), spread([one + shift for one in first])
    assert after.mean == pytest.approx(before.mean + shift, abs=1e-9)
    assert after.sd == pytest.approx(before.sd, abs=1e-6)


def test_intervals_cover_as_often_as_they_say(rng: np.random.Generator) -> None:
    inside = np.zeros(2)
    for _ in range(1000):
        found = spread(rng.normal(80, 2, 5).tolist())
        assert found.mean_ci is not None
        assert found.sd_ci is not None
        inside += [found.mean_ci[0] <= 80 <= found.mean_ci[1], found.sd_ci[0] <= 2 <= found.sd_ci[1]]
    assert inside / 1000 == pytest.approx([0.95, 0.95], abs=0.03)


def test_what_cannot_be_told_is_none() -> None:
    alone = spread([80.0])
    assert (alone.n, alone.mean, alone.sd, alone.mean_ci, alone.sd_ci) == (1, 80.0, None, None, None)
    two = spread([0.75, 0.95])  # Student's interval would reach from -42 to 212 %
    assert (two.mean, two.low, two.high, two.mean_ci, two.sd_ci) == (pytest.approx(0.85), 0.75, 0.95, None, None)
    assert spread([0.75, 0.85, 0.95]).mean_ci is not None
    same = welch([80.0, 80.0], [70.0, 70.0])
    assert (same.difference, same.ci, same.t, same.p, same.cohen_d) == (10.0, (10.0, 10.0), None, None, None)
    one_side = welch([0.0, 1.0], [1.0, 1.0])
    assert (one_side.t, one_side.df) == pytest.approx((-1.0, 1.0))
    assert paired({1: 80.0, 2: 81.0}, {2: 79.0, 3: 80.0}) is None


def test_components_of_a_table_that_is_a_sum() -> None:
    rows, columns = np.array([1.0, 2.0, 6.0]), np.array([0.0, 3.0])
    found = components(rows[:, None] + columns[None])
    assert (found.training, found.evaluation, found.residual) == pytest.approx((np.var(rows, ddof=1), 4.5, 0.0))


def test_components_are_found_again(rng: np.random.Generator) -> None:
    found = []
    for _ in range(400):
        training, evaluation, residual = 3 * rng.normal(size=(6, 1)), 2 * rng.normal(size=(1, 5)), rng.normal(size=(6, 5))
        one = components(training + evaluation + residual)
        found.append([one.training, one.evaluation, one.residual])
    assert np.mean(found, axis=0) == pytest.approx([9, 4, 1], rel=0.15)


def test_a_component_that_is_not_there_is_about_zero_and_may_fall_below(rng: np.random.Generator) -> None:
    found = [components(rng.normal(size=(4, 5))).training for _ in range(300)]
    assert np.mean(found) == pytest.approx(0, abs=0.05)
    assert min(found) < 0


def test_messages() -> None:
    with pytest.raises(ConfigError, match=r"Expected 2 or more finite scores; got \[80.0\]"):
        welch([80.0], [70.0, 71.0])
    with pytest.raises(ConfigError, match=r"Expected 1 or more finite scores; got \[\]"):
        spread([])
    with pytest.raises(ConfigError, match="finite scores"):
        spread([1.0, float("nan")])
    with pytest.raises(ConfigError, match=r"2 × 2 scores or more; got shape \(1, 3\)"):
        components(np.ones((1, 3)))
