"""Events: peaks, joining, and hits as the largest assignment; F1 of curves chosen on half of the works."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from analysis.errors import ShapeError
from analysis.measures.event_scores import THRESHOLDS, is_tested, score_events
from analysis.measures.events import Peaks, count_hits, f1, find_peaks, join_events
from analysis.measures.partial import partial_correlations

TIMES_S = np.arange(100) * 0.04
times = st.lists(st.floats(0.0, 3.0, allow_nan=False), max_size=12).map(lambda of: np.sort(np.array(of)))


@given(times, times, st.sampled_from([0.05, 0.5]))
def test_hits_are_the_largest_assignment(reference: np.ndarray, estimate: np.ndarray, tolerance: float) -> None:
    """mir_eval's definition: a maximum matching of the graph of pairs that are near enough."""
    near = np.abs(reference[:, None] - estimate) <= tolerance + 1e-9
    expected = 0
    if near.size:
        expected = int((maximum_bipartite_matching(csr_matrix(near), perm_type="column") >= 0).sum())
    assert count_hits(reference, estimate, tolerance) == expected
    assert count_hits(estimate, reference, tolerance) == expected


def test_peaks_are_the_largest_around_them() -> None:
    curve = np.zeros(100)
    curve[[10, 12, 50, 80]] = [1.0, 2.0, 3.0, 1.0]
    peaks = find_peaks(curve, TIMES_S, apart_s=0.1, around_s=1.0)
    assert peaks.times_s.tolist() == TIMES_S[[12, 50, 80]].tolist()
    assert peaks.heights.argmax() == 1
    assert peaks.above(float(peaks.heights[1])).tolist() == [TIMES_S[50]]
    assert len(find_peaks(np.ones(100), TIMES_S, apart_s=0.1, around_s=1.0).times_s) == 0
    flat = find_peaks(np.r_[np.zeros(40), np.ones(20), np.zeros(40)], TIMES_S, apart_s=0.1, around_s=1.0)
    assert flat.times_s.tolist() == [TIMES_S[40]]  # the first of equals
    with pytest.raises(ShapeError, match="as many times as values"):
        find_peaks(curve, TIMES_S[1:], apart_s=0.1, around_s=1.0)


def test_a_slope_is_no_height() -> None:
    """A curve that rises over the window has the peaks of the curve without the rise."""
    rng = np.random.default_rng(0)
    curve = rng.standard_normal(100)
    plain, rising = (find_peaks(curve + slope * TIMES_S, TIMES_S, apart_s=0.04, around_s=0.4) for slope in (0.0, 0.2))
    inner = slice(2, -2)
    assert np.allclose(plain.times_s[inner], rising.times_s[inner])
    assert np.abs(plain.heights[inner] - rising.heights[inner]).max() < 0.2


def test_notes_of_a_chord_are_one_event() -> None:
    assert join_events(np.array([1.0, 0.02, 0.0]), 0.03).tolist() == [0.01, 1.0]
    assert join_events(np.zeros(0), 0.03).tolist() == []


def peaks_at(times_s: np.ndarray, height: float = 2.0) -> Peaks:
    return Peaks(np.sort(times_s), np.full(len(times_s), height))


def test_the_curve_that_follows_events_is_chosen_and_its_null_is_low() -> None:
    rng = np.random.default_rng(1)
    events = [np.sort(rng.uniform(0, 4, 6 + number % 5)) for number in range(24)]
    peaks = [
        [peaks_at(rng.uniform(0, 4, 8)), peaks_at(of + rng.uniform(-0.04, 0.04, len(of))), peaks_at(of + 0.2)] for of in events
    ]
    groups = np.repeat([f"w{n}" for n in range(8)], 3)
    scores = score_events(peaks, events, groups, tolerance_s=0.05, window_s=4.0, seed=0)
    assert scores.best == 1
    assert scores.f1[1] > 0.95 > 0.5 > scores.f1[0]
    assert (scores.null_f1 < 0.35).all()
    assert abs(scores.null_f1[1] - scores.f1[0]) < 0.2  # what is moved is as good as what was drawn at random
    assert len(scores.references) == 12  # half of the works
    assert scores.groups.tolist() == groups[is_tested(groups, 0)].tolist()


def test_thresholds_are_chosen_where_they_are_not_tested() -> None:
    rng = np.random.default_rng(2)
    events = [np.sort(rng.uniform(0, 4, 6)) for _ in range(12)]
    peaks = []
    for of in events:
        noise, heights = rng.uniform(0, 4, 20), np.r_[np.full(6, 1.7), np.full(20, 1.2)]
        order = np.argsort(moments := np.r_[of, noise])
        peaks.append([Peaks(moments[order], heights[order])])
    scores = score_events(peaks, events, np.arange(12), tolerance_s=0.05, window_s=4.0, seed=3)
    assert scores.thresholds.tolist() == [1.5]
    assert 1.5 in THRESHOLDS
    assert scores.f1[0] == 1.0
    assert scores.precision[0] == scores.recall[0] == 1.0


def test_f1_needs_two_works_and_the_same_windows() -> None:
    one = [[peaks_at(np.array([1.0]))]]
    with pytest.raises(ShapeError, match="single work"):
        score_events(one * 2, [np.zeros(1)] * 2, np.array(["a", "a"]), tolerance_s=0.05, window_s=4.0, seed=0)
    with pytest.raises(ShapeError, match="Windows differ"):
        score_events(one, [np.zeros(1)] * 2, np.array(["a", "b"]), tolerance_s=0.05, window_s=4.0, seed=0)
    assert f1(np.array([0]), np.array([0]), np.array([0])).tolist() == [0.0]


def test_a_partial_correlation_is_that_of_residuals() -> None:
    rng = np.random.default_rng(4)
    control, marks = rng.standard_normal((2, 200))
    marks += control
    curves = np.stack([control + 0.1 * rng.standard_normal(200), marks + control, rng.standard_normal(200)])
    found = partial_correlations(curves, marks, control)
    r_xy, r_xz = (np.corrcoef(curve, other)[0, 1] for other in (marks, control) for curve in curves[:1])
    r_yz = np.corrcoef(marks, control)[0, 1]
    assert found[0] == pytest.approx((r_xy - r_xz * r_yz) / np.sqrt((1 - r_xz**2) * (1 - r_yz**2)))
    assert found[1] == pytest.approx(1.0, abs=0.02)
    assert abs(found[2]) < 0.2
    assert np.isnan(partial_correlations(curves, np.zeros(200), control)).all()
    with pytest.raises(ShapeError, match="same moments"):
        partial_correlations(curves, marks[1:], control)
