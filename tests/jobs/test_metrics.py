"""Series of numbers stay short, keep their ends and hold finite numbers alone."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.jobs.metrics import MOST_NAMES, Series, finite
from analysis.run import ignore


@given(st.integers(2, 40), st.integers(1, 500))
def test_a_series_keeps_its_ends_and_even_steps_between_them(most: int, count: int) -> None:
    series = Series(most)
    for step in range(count):
        series.add(step, float(step))
    steps = [point.step for point in series.points()]
    assert len(steps) <= most
    assert (steps[0], steps[-1]) == (0, count - 1)
    assert len({after - before for before, after in pairwise(steps[:-1])}) <= 1
    assert [point.value for point in series.points()] == steps


def test_a_series_with_room_keeps_everything() -> None:
    series = Series(10)
    for step in (100, 200, 700):
        series.add(step, step / 2)
    assert series.points() == ((100, 50.0), (200, 100.0), (700, 350.0))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_dropped_and_told_once(value: float) -> None:
    heard: list[object] = []
    told: list[str] = []
    report = finite(lambda step, values: heard.append((step, values)), told.append)
    report(1, {"loss": value, "S": 0.5})
    report(2, {"loss": value})
    report(3, {"loss": 2.0})
    assert heard == [(1, {"S": 0.5}), (3, {"loss": 2.0})]
    assert told == [f"loss is {value} at step 1 and has no place in its series, nor has any later number that is not finite."]


def test_a_job_reports_a_few_series_and_no_words() -> None:
    report = finite(ignore, ignore)
    report(0, {f"number {n}": 1.0 for n in range(MOST_NAMES)})
    report(1, {"number 0": 2.0})
    with pytest.raises(ValueError, match="up to 32 series, got 33 names"):
        report(2, {"one more": 1.0})
