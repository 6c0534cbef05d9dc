"""Beats: closed forms of F, CMLt and AMLt, what mir_eval gives where it is installed, and where a map rises."""

import numpy as np
import pytest

from analysis.errors import ShapeError
from analysis.measures.beats import onset_envelope, onset_map, score_beats, variations

BEATS = np.arange(1.0, 21.0, 0.5)


@pytest.mark.parametrize(
    ("found", "f", "cmlt", "amlt"),
    [
        (BEATS, 1.0, 1.0, 1.0),
        (BEATS[::2], 2 / 3, 0.0, 1.0),
        (BEATS[1::2], 2 / 3, 0.0, 1.0),
        (variations(BEATS)[2], 80 / 119, 0.0, 1.0),
        (variations(BEATS)[1], 0.0, 0.0, 1.0),
        (BEATS + 0.06, 1.0, 1.0, 1.0),
        (BEATS[:20], 2 / 3, 0.5, 0.5),
        (np.zeros(0), 0.0, 0.0, 0.0),
        (BEATS[:1], 2 / 41, 0.0, 0.0),
    ],
    ids=["perfect", "half", "half from the second", "double", "off-beat", "late", "the first half", "none", "one"],
)
def test_beats_at_other_levels_of_the_metre_count_for_amlt_alone(found: np.ndarray, f: float, cmlt: float, amlt: float) -> None:
    assert score_beats(BEATS, found) == pytest.approx((f, cmlt, amlt))


def test_phase_and_interval_may_differ_by_less_than_175_thousandths() -> None:
    for moved, share in ((0.08, 1.0), (0.095, 0.0)):
        assert score_beats(BEATS, BEATS + moved).cmlt == share
    assert score_beats(BEATS[:3], BEATS[0] + np.arange(3) * 0.5 * 1.1).cmlt == pytest.approx(2 / 3)  # the third is 0.1 s late


def test_scores_are_those_of_mir_eval() -> None:
    beat = pytest.importorskip("mir_eval").beat
    rng = np.random.default_rng(5)
    for _ in range(50):
        annotated = np.cumsum(rng.uniform(0.3, 0.7, 30))
        found = np.sort(variations(annotated)[rng.integers(5)] + rng.normal(0, 0.04, 1))
        found = found[rng.uniform(size=len(found)) < 0.9]
        _, cmlt, _, amlt = beat.continuity(annotated, found)
        assert score_beats(annotated, found) == pytest.approx((beat.f_measure(annotated, found), cmlt, amlt))


def test_a_map_rises_where_several_neighbours_do() -> None:
    scores = np.zeros((9, 60))
    scores[3:6, 20:24] = 1.0  # three tempi begin to be alike at once
    scores[8, 40] = 1.0  # one alone
    rises = onset_map(scores)
    assert set(zip(*np.nonzero(rises), strict=True)) == {(row, moment) for row in (3, 4, 5) for moment in (19, 20)}
    np.testing.assert_array_equal(rises[rises > 0], 1.0)
    assert np.flatnonzero(onset_envelope(scores)).tolist() == [19, 20]
    assert not onset_map(np.ones((4, 10))).any()


def test_a_map_of_two_moments_is_refused() -> None:
    with pytest.raises(ShapeError, match="3 or more moments; got the shape"):
        onset_map(np.zeros((4, 2)))
