"""The time left, from completed pieces alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.jobs.progress import Pace, Progress


def test_nothing_is_foreseen_from_one_report() -> None:
    assert Pace().update(3, 10, "x", now=100.0) == Progress(3, 10, "x", None, 100.0)


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 50), st.floats(0.01, 1000.0))
def test_an_even_pace_is_foreseen_exactly(before: int, done: int, left: int, seconds_each: float) -> None:
    """Pieces that were there before the first report take no time and foretell none."""
    pace, total = Pace(), before + done + left
    pace.update(before, total, "x", now=5.0)
    progress = pace.update(before + done, total, "x", now=5.0 + done * seconds_each)
    assert progress.eta_s == pytest.approx(left * seconds_each, rel=1e-9)


def test_the_time_left_goes_down_between_pieces_but_not_below_zero() -> None:
    pace = Pace()
    pace.update(0, 10, "a", now=0.0)
    progress = pace.update(5, 10, "b", now=10.0)
    assert progress.eta_s == 10.0
    assert progress.aged(14.0).eta_s == 6.0
    assert progress.aged(99.0).eta_s == 0.0
    same = pace.update(5, 10, "c", now=13.0)
    assert (same.done, same.what, same.eta_s) == (5, "c", 7.0)
    assert pace.update(6, 10, "d", now=18.0).eta_s == pytest.approx(12.0)


@pytest.mark.parametrize("second", [(1, 300), (0, 24)])
def test_another_phase_begins_anew(second: tuple[int, int]) -> None:
    pace = Pace()
    pace.update(0, 24, "render", now=0.0)
    pace.update(20, 24, "render", now=100.0)
    assert pace.update(*second, "train", now=101.0).eta_s is None
    after = pace.update(second[0] + 1, second[1], "train", now=103.0)
    assert after.eta_s == pytest.approx(2.0 * (second[1] - second[0] - 1))


def test_more_pieces_than_announced_leave_no_negative_time() -> None:
    pace = Pace()
    pace.update(0, 2, "x", now=0.0)
    assert pace.update(3, 2, "x", now=3.0).eta_s == 0.0
