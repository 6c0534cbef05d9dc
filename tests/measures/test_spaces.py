"""Spaces: closed forms, references, invariances, and how often a gap is seen where there is none."""

import itertools

import numpy as np
import pytest
import sklearn.manifold
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from analysis.errors import ShapeError
from analysis.measures import spaces
from analysis.measures.resampling import WorkDraws


def rows(seed: int, n: int = 24, d: int = 7) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


def turned(seed: int, d: int = 7) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]


def works(n_works: int = 6, per: int = 4, seed: int = 0, n_resamples: int = 200) -> WorkDraws:
    return WorkDraws(np.repeat([f"work {i}" for i in range(n_works)], per), seed, n_resamples=n_resamples)


def test_neighbours_are_those_of_scikit_learn_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    points, steps = rows(0, 50), []
    expected = NearestNeighbors(n_neighbors=5).fit(points).kneighbors(return_distance=False)
    assert np.array_equal(spaces.nearest(points, 5), expected)
    monkeypatch.setattr(spaces, "BLOCK_ROWS", 7)
    assert np.array_equal(spaces.nearest(points, 5, lambda: steps.append(1)), expected)
    assert len(steps) == 8


@pytest.mark.parametrize(("n", "k"), [(50, 5), (50, 24), (11, 3), (5, 2)])
def test_trustworthiness_is_that_of_scikit_learn(n: int, k: int) -> None:
    space, drawn = rows(1, n), rows(2, n, 2)
    found, _ = spaces.trustworthiness(space, spaces.nearest(drawn, k))
    assert found.mean() == pytest.approx(sklearn.manifold.trustworthiness(space, drawn, n_neighbors=k))
    with pytest.raises(ShapeError, match=f"is defined for 1 to {(n - 1) // 2} neighbours; got {n // 2 + 1}"):
        spaces.trustworthiness(space, spaces.nearest(drawn, n // 2 + 1))


@given(st.integers(0, 10_000), st.floats(0.1, 10))
@settings(max_examples=30, deadline=None)
def test_a_map_that_keeps_distances_is_trusted_entirely(seed: int, scale: float) -> None:
    flat = rows(seed, d=2)
    space = scale * np.pad(flat, ((0, 0), (0, 5))) @ turned(seed) + 3
    near = spaces.nearest(flat, 5)
    assert spaces.trustworthiness(space, near)[0].tolist() == [1.0] * 24
    assert spaces.shared_neighbours(near, spaces.nearest(space, 5)).tolist() == [1.0] * 24


def test_maps_at_random_have_the_values_of_chance() -> None:
    space, trust, kept, null = rows(0, 60), [], [], 0.0
    near = spaces.nearest(space, 6)
    for seed in range(1, 61):
        drawn = spaces.nearest(rows(seed, 60, 2), 6)
        found, null = spaces.trustworthiness(space, drawn)
        trust.append(found.mean())
        kept.append(spaces.shared_neighbours(near, drawn).mean())
    assert np.mean(trust) == pytest.approx(null, abs=0.004)
    assert np.mean(kept) == pytest.approx(6 / 59, abs=0.006)


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_a_common_rotation_changes_nothing(seed: int) -> None:
    audio, midi, turn, its = rows(seed), rows(seed + 1), turned(seed), works()
    assert spaces.modality_gap(audio @ turn, midi @ turn) == pytest.approx(spaces.modality_gap(audio, midi))
    assert spaces.gap_interval(audio @ turn, midi @ turn, its) == pytest.approx(spaces.gap_interval(audio, midi, its))
    assert spaces.exchanged_gap(audio @ turn, midi @ turn, its) == pytest.approx(spaces.exchanged_gap(audio, midi, its))
    assert spaces.gap_shares(audio @ turn, midi @ turn) == pytest.approx(spaces.gap_shares(audio, midi))
    assert spaces.gap_shares(audio, midi).mean() == pytest.approx(spaces.modality_gap(audio, midi))


@given(st.integers(0, 10_000), st.floats(0.01, 100))
@settings(max_examples=20, deadline=None)
def test_equal_modalities_have_no_gap(seed: int, scale: float) -> None:
    audio = rows(seed)
    assert spaces.modality_gap(audio, scale * audio) == pytest.approx(0, abs=1e-12)
    assert spaces.gap_interval(audio, audio, works()) == (0.0, 0.0)
    assert spaces.exchanged_gap(audio, audio, works()) == (0.0, 1.0)
    assert not spaces.gap_shares(audio, audio).any()


def test_opposite_modalities_are_two_apart_and_the_exchange_is_counted_exactly() -> None:
    """Of the exchanges of 4 works, the gap is 2 · |sum of 4 signs| / 4: on average 0.75, and 2 in one of 8."""
    audio = np.tile([[1.0, 0.0]], (8, 1))
    its = works(4, 2)
    assert spaces.modality_gap(audio, -3 * audio) == pytest.approx(2)
    null, p = spaces.exchanged_gap(audio, -audio, its)
    sums = [abs(sum(signs)) for signs in itertools.product((-1, 1), repeat=4)]
    assert null == pytest.approx(2 * np.mean(sums) / 4, abs=0.03)
    assert p == pytest.approx(1 / 8, abs=0.02)


@pytest.mark.parametrize(("shift", "seen"), [(0.0, 0), (6.0, 40)])
def test_a_gap_is_seen_where_there_is_one_and_hardly_where_there_is_none(shift: float, seen: int) -> None:
    """Windows of a work are alike in what sets audio apart from MIDI, so that windows are not independent."""
    significant = inside = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        base, its = rng.standard_normal((48, 32)), works(12, 4, seed)
        audio, midi = (base + rng.standard_normal((12, 32))[its.work] + rng.standard_normal((48, 32)) for _ in "ab")
        audio[:, 0] += shift
        ends, (null, p) = spaces.gap_interval(audio, midi, its), spaces.exchanged_gap(audio, midi, its)
        assert ends[0] is not None
        assert ends[1] is not None
        assert ends[0] <= spaces.modality_gap(audio, midi) <= ends[1]
        significant, inside = significant + (p < 0.05), inside + (ends[0] <= null <= ends[1])
    assert abs(significant - seen) <= 6
    assert abs(40 - inside - seen) <= 6


def test_a_gap_in_one_work_has_no_interval() -> None:
    assert spaces.gap_interval(rows(0, 2), rows(1, 2), WorkDraws(np.array(["a", "a"]), 0)) == (None, None)


def test_the_area_under_the_curve_is_that_of_scikit_learn_also_in_every_draw() -> None:
    groups = np.repeat(np.arange(5), [2, 3, 1, 4, 2])
    its = WorkDraws(groups, 1, n_resamples=60)
    cosine = np.round(rows(0, 12, 12), 1)  # with ties
    other = groups[:, None] != groups[None, :]
    counts = spaces.wins(cosine, other, its)
    answers = np.r_[np.ones(12), np.zeros(other.sum())]
    assert spaces.auc(*counts, its) == pytest.approx(roc_auc_score(answers, np.r_[np.diag(cosine), cosine[other]]))
    draws = spaces.auc_draws(*counts, its)
    for times, found in zip(its.counts, draws, strict=True):
        index = np.repeat(np.arange(12), times[groups].astype(int))
        drawn = cosine[np.ix_(index, index)][other[np.ix_(index, index)]]
        if not len(drawn):
            assert np.isnan(found)
            continue
        scores = np.r_[np.diag(cosine)[index], drawn]
        assert found == pytest.approx(roc_auc_score(np.r_[np.ones(len(index)), np.zeros(len(drawn))], scores))


def test_windows_of_a_work_drawn_twice_are_paired_with_their_own_twice() -> None:
    groups = np.repeat(np.arange(3), 3)
    its, cosine = WorkDraws(groups, 2, n_resamples=40), rows(4, 9, 9)
    same = (groups[:, None] == groups[None, :]) & ~np.eye(9, dtype=bool)
    draws = spaces.auc_draws(*spaces.wins(cosine, same, its), its)
    for times, found in zip(its.counts, draws, strict=True):
        parts = [work for work in range(3) for _ in range(int(times[work]))]
        matched = np.concatenate([np.diag(cosine)[groups == work] for work in parts])
        own = np.concatenate([cosine[np.ix_(groups == work, groups == work)][~np.eye(3, dtype=bool)] for work in parts])
        answers = np.r_[np.ones(len(matched)), np.zeros(len(own))]
        assert found == pytest.approx(roc_auc_score(answers, np.r_[matched, own]))


@given(st.integers(0, 10_000), st.booleans())
@settings(max_examples=20, deadline=None)
def test_the_area_is_one_where_matched_pairs_are_always_closer(seed: int, closer: bool) -> None:
    its, cosine = works(), np.random.default_rng(seed).uniform(-0.4, 0.4, (24, 24))
    np.fill_diagonal(cosine, np.diag(cosine) + (1 if closer else -1))
    counts = spaces.wins(cosine, its.work[:, None] != its.work[None, :], its)
    assert spaces.auc(*counts, its) == float(closer)
    assert its.interval(spaces.auc_draws(*counts, its)) == (float(closer), float(closer))


def test_one_work_has_nothing_to_compare_with() -> None:
    its = WorkDraws(np.array(["a", "a", "a"]), 0, n_resamples=20)
    counts = spaces.wins(rows(0, 3, 3), np.zeros((3, 3), bool), its)
    assert spaces.auc(*counts, its) is None
    assert its.interval(spaces.auc_draws(*counts, its)) == (None, None)
