"""Schedules against the published shapes, and by what every schedule must be."""

import math
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import ConfigError
from analysis.training.schedules import SCHEDULES, Schedule


@pytest.mark.parametrize(
    ("schedule", "step", "factor"),
    [
        (Schedule("cosine"), 0, 1.0), (Schedule("cosine"), 50, 0.5), (Schedule("cosine"), 100, 0.0),
        (Schedule("trapezoidal"), 50, 1.0), (Schedule("trapezoidal"), 75, 0.5), (Schedule("trapezoidal"), 100, 0.0),
        (Schedule("trapezoidal", hold=0.8, end="linear"), 80, 1.0), (Schedule("trapezoidal", hold=0.8, end="linear"), 95, 0.25),
        (Schedule("trapezoidal", hold=1.0), 100, 1.0), (Schedule("cosine-tail"), 100, 0.02),
    ],
)  # fmt: skip
def test_closed_forms(schedule: Schedule, step: int, factor: float) -> None:
    assert schedule.factor(step, 101) == pytest.approx(factor, abs=1e-12)


@pytest.mark.parametrize(("epoch", "factor"), [(20, 0.253), (24, 0.100), (30, 0.086), (60, 0.020)])
def test_a_tail_leaves_the_cosine_of_thirty_epochs_where_it_touches_a_tenth(epoch: int, factor: float) -> None:
    per_epoch = 1000
    schedule = Schedule("cosine-tail", warmup=200, reference_steps=30 * per_epoch)
    assert schedule.factor(epoch * per_epoch - 1, 60 * per_epoch) == pytest.approx(factor, abs=2e-3)  # as published, to the digit


@pytest.mark.parametrize(("epoch", "factor"), [(50, 0.067), (60, 0.0)])
def test_a_plain_cosine_ends_at_zero(epoch: int, factor: float) -> None:
    assert Schedule("cosine", warmup=200).factor(epoch * 1000 - 1, 60_000) == pytest.approx(factor, abs=1e-3)


def test_the_tail_begins_without_a_step() -> None:
    schedule = Schedule("cosine-tail", floor=0.25, tail_end=0.05, reference_steps=400)
    touches = 399 * math.acos(2 * 0.25 - 1) / math.pi
    before, after = (schedule.factor(step, 1000) for step in (math.floor(touches), math.ceil(touches)))
    assert before == pytest.approx(0.25, abs=0.005)  # a step of 399 changes a cosine by at most pi / 2 / 399 = 0.004
    assert before > 0.25 > after


@given(
    name=st.sampled_from(SCHEDULES), warmup=st.integers(0, 30), n_steps=st.integers(1, 300), hold=st.floats(0, 1),
    floor=st.floats(0.05, 0.95), reference=st.integers(0, 500),
)  # fmt: skip
def test_after_warm_up_no_schedule_rises(name: str, warmup: int, n_steps: int, hold: float, floor: float, reference: int) -> None:
    schedule = Schedule(name, warmup, floor, floor / 2, reference, hold)
    factors = [schedule.factor(step, n_steps) for step in range(n_steps)]
    assert all(0 <= factor <= 1 for factor in factors)
    falling = factors[warmup:]
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(falling))
    assert factors[:warmup] == sorted(factors[:warmup])


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"name": "step"}, "Unknown schedule 'step': expected one of cosine"),
        ({"end": "round"}, "Unknown end 'round' of a schedule"),
        ({"floor": 0.0}, "floor is 0 and tail_end 0.02; expected 0 < floor < 1"),
        ({"tail_end": 0.2}, "floor is 0.1 and tail_end 0.2; expected"),
        ({"floor": math.nan}, "floor is nan"),
        ({"hold": 1.5}, "hold is 1.5; expected a share from 0 to 1"),
        ({"warmup": -1}, "warmup is -1; expected 0 or more"),
        ({"reference_steps": -1}, "reference_steps is -1; expected 0 or more"),
    ],
)
def test_refusals(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        Schedule(**settings)
