"""Ridge probes: scikit-learn's numbers, closed forms, planted and absent effects, no leak between works."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ortho_group
from sklearn.linear_model import Ridge

from analysis.errors import CorpusError, ShapeError
from analysis.measures.probe_scores import (
    balanced_accuracy_draws,
    confusion_by_work,
    r2_draws,
    recall_draws,
    score_interval,
    shuffle_between_works,
)
from analysis.measures.probes import ALPHAS, Fold, deal_works, fold_of, nested_folds, ridge_map, ridge_probes, stack_layers
from analysis.measures.resampling import PROBES, WorkDraws, interval_over_works

N_WORKS, PER_WORK = 12, 8
GROUPS = [f"work {i // PER_WORK:02d}" for i in range(N_WORKS * PER_WORK)]


def layers_of_noise(rng: np.random.Generator, widths: Sequence[int] = (6, 9)) -> list[np.ndarray]:
    return [rng.normal(3.0, 1 + np.arange(width), (len(GROUPS), width)) for width in widths]


def score(layers: Sequence[np.ndarray], targets: np.ndarray, groups: Sequence[str] = GROUPS) -> np.ndarray:
    folds = nested_folds(groups, seed=0)
    found = ridge_probes(stack_layers(layers), targets, np.zeros(targets.shape[1], np.int64), folds)
    works = WorkDraws(np.array(groups), 0, PROBES, 5)
    return r2_draws(targets, found.predictions.numpy(), works)[0][:, 0]


def scikit_learn(features: np.ndarray, targets: np.ndarray, folds: Sequence[Fold]) -> tuple[np.ndarray, list[float]]:
    """The same nested search, one ridge at a time; the penalty is in units of the mean variance of the fitted features."""

    def fitted(rows: np.ndarray, alpha: float) -> Ridge:
        scale = np.sqrt(features[rows].var(axis=0).mean())
        return Ridge(alpha * scale**2, solver="svd").fit(features[rows], targets[rows])

    predictions, alphas = np.zeros_like(targets), []
    for fold in folds:
        errors = dict.fromkeys(ALPHAS, 0.0)
        for alpha in ALPHAS:
            for number in set(fold.inner):
                out, rest = fold.fit[fold.inner == number], fold.fit[fold.inner != number]
                errors[alpha] = errors[alpha] + ((fitted(rest, alpha).predict(features[out]) - targets[out]) ** 2).sum(axis=0)
        spread = ((targets[fold.fit] - targets[fold.fit].mean(axis=0)) ** 2).sum(axis=0)
        best = max(ALPHAS, key=lambda alpha: float(np.mean(1 - errors[alpha] / spread)))
        predictions[fold.score] = fitted(fold.fit, best).predict(features[fold.score])
        alphas.append(best)
    return predictions, alphas


@pytest.mark.parametrize("width", [6, 150])  # narrower and wider than there are rows
def test_weights_and_bias_read_what_the_probe_predicts(rng: np.random.Generator, width: int) -> None:
    (features,) = layers_of_noise(rng, (width,))
    targets = features[:, :2] @ rng.normal(size=(2, 3)) + rng.normal(0, 0.5, (len(features), 3))
    half = np.arange(len(GROUPS)) < len(GROUPS) // 2
    fold = fold_of(np.flatnonzero(half), np.flatnonzero(~half), np.array(GROUPS), seed=0)
    ridge = ridge_probes(stack_layers([features]), targets, np.zeros(3, np.int64), [fold])
    weights, bias = ridge_map(features, targets, fold.fit, float(ridge.alphas[0, 0, 0]))
    expected = ridge.predictions[0, fold.score].numpy()
    np.testing.assert_allclose(features[fold.score] @ weights + bias, expected, rtol=1e-7, atol=1e-8)


def test_weights_of_what_is_not_finite_are_refused() -> None:
    with pytest.raises(ShapeError, match="needs finite features and targets"):
        ridge_map(np.full((4, 2), np.nan), np.ones((4, 1)), np.arange(4), 1.0)


def test_predictions_and_penalties_are_those_of_scikit_learn(rng: np.random.Generator) -> None:
    layers = layers_of_noise(rng)
    one = layers[0] @ rng.normal(size=(6, 3)) + 20 * rng.normal(size=(len(GROUPS), 3))
    other = layers[1] @ rng.normal(size=(9, 2)) + rng.normal(size=(len(GROUPS), 2))
    folds = nested_folds(GROUPS, seed=3)
    task_of = np.array([0, 0, 0, 1, 1])
    found = ridge_probes(stack_layers(layers), np.concatenate([one, other], axis=1), task_of, folds)
    for number, targets in enumerate((one, other)):
        for layer, features in enumerate(layers):
            predictions, alphas = scikit_learn(features, targets, folds)
            np.testing.assert_allclose(found.predictions[layer][:, task_of == number], predictions, rtol=1e-8, atol=1e-8)
            assert found.alphas[:, layer, number].tolist() == alphas


def test_more_features_than_rows_change_nothing(rng: np.random.Generator) -> None:
    features = rng.normal(size=(len(GROUPS), 150))
    targets, folds = features[:, :2] + 0.1, nested_folds(GROUPS, seed=3)
    found = ridge_probes(stack_layers([features, features[:, :3]]), targets, np.zeros(2, np.int64), folds)
    predictions, alphas = scikit_learn(features, targets, folds)
    np.testing.assert_allclose(found.predictions[0], predictions, rtol=1e-8, atol=1e-8)
    assert found.alphas[:, 0, 0].tolist() == alphas


def test_a_target_planted_in_one_layer_is_found_there_only(rng: np.random.Generator) -> None:
    layers = layers_of_noise(rng, (6, 6, 6))
    found = score(layers, layers[1] @ rng.normal(size=(6, 2)))
    assert found[1] > 0.999
    assert max(found[0], found[2]) < 0.1


def test_independent_and_shuffled_labels_are_not_found(rng: np.random.Generator) -> None:
    layers = layers_of_noise(rng, (20,))
    assert score(layers, rng.normal(size=(len(GROUPS), 4)))[0] < 0.05
    planted = layers[0] @ rng.normal(size=(20, 4))
    assert score(layers, planted)[0] > 0.99
    assert score(layers, planted[shuffle_between_works(GROUPS, seed=1)])[0] < 0.05


def test_a_label_of_the_work_is_not_found_from_who_the_work_is(rng: np.random.Generator) -> None:
    """Features that name the work predict the label of its other windows perfectly, but no other work's."""
    names = np.repeat(np.eye(N_WORKS), PER_WORK, axis=0)
    label = np.repeat(rng.normal(size=N_WORKS), PER_WORK)[:, None]
    by_window = [str(row) for row in range(len(GROUPS))]
    assert score([names], label, by_window)[0] > 0.99
    assert score([names], label)[0] <= 1e-6


@settings(max_examples=15)
@given(st.integers(0, 2**31), st.floats(-50, 50), st.floats(0.01, 100))
def test_rotation_shift_and_scale_of_the_features_change_no_prediction(seed: int, shift: float, factor: float) -> None:
    rng = np.random.default_rng(seed)
    groups = [f"{i // 4}" for i in range(24)]
    features, targets = rng.normal(size=(24, 5)) * np.arange(1, 6), rng.normal(size=(24, 2))
    turned = factor * features @ ortho_group.rvs(5, random_state=rng) + shift
    folds, task = nested_folds(groups, seed=0), np.zeros(2, np.int64)
    one, other = (ridge_probes(stack_layers([layer]), targets, task, folds) for layer in (features, turned))
    assert np.array_equal(one.alphas, other.alphas)
    np.testing.assert_allclose(one.predictions, other.predictions, atol=1e-7)


def test_nothing_of_scored_rows_reaches_the_predictions_of_their_fold_mates(rng: np.random.Generator) -> None:
    features, targets = layers_of_noise(rng, (6,))[0], rng.normal(size=(len(GROUPS), 1))
    folds, task = nested_folds(GROUPS, seed=0)[:1], np.zeros(1, np.int64)
    before = ridge_probes(stack_layers([features]), targets, task, folds).predictions[0]
    changed, labels = features.copy(), targets.copy()
    first, rest = folds[0].score[0], folds[0].score[1:]
    changed[first], labels[folds[0].score] = 1e3, 1e3
    after = ridge_probes(stack_layers([changed]), labels, task, folds).predictions[0]
    np.testing.assert_allclose(after[rest], before[rest], atol=1e-7)


def test_constant_layers_and_constant_targets(rng: np.random.Generator) -> None:
    targets = np.stack([rng.normal(size=len(GROUPS)), np.full(len(GROUPS), 0.1)], axis=1)
    folds = nested_folds(GROUPS, seed=0)
    found = ridge_probes(stack_layers([np.full((len(GROUPS), 3), 0.3)]), targets, np.arange(2), folds)
    assert bool(found.predictions.isfinite().all())
    works = WorkDraws(np.array(GROUPS), 0, PROBES, 5)
    assert score_interval(r2_draws(targets[:, 1:], found.predictions[:, :, 1:].numpy(), works)[0][0], works) == (None, None, None)


def test_folds_hold_whole_works_and_spread_composers() -> None:
    spread = [f"composer {i // (2 * PER_WORK)}" for i in range(len(GROUPS))]
    folds = nested_folds(GROUPS, n_outer=5, n_inner=3, seed=1, spread=spread)
    names = np.array(GROUPS)
    assert sorted(np.concatenate([fold.score for fold in folds]).tolist()) == list(range(len(GROUPS)))
    for fold in folds:
        assert not set(names[fold.fit]) & set(names[fold.score])
        assert all(len(set(fold.inner[names[fold.fit] == work])) == 1 for work in set(names[fold.fit]))
        assert set(np.array(spread)[fold.score]) <= set(np.array(spread)[fold.fit])  # both works of none are scored together


def test_what_cannot_be_probed_is_said(rng: np.random.Generator) -> None:
    with pytest.raises(CorpusError, match="windows of 3 works or more; got 2"):
        nested_folds(["a", "a", "b"], seed=0)
    with pytest.raises(CorpusError, match="2 works and 2 folds or more; got 3 and 1"):
        deal_works(["a", "b", "c"], 1, seed=0)
    with pytest.raises(ShapeError, match=r"Layer 1 of shape \(4, 2\) has a feature that is not finite"):
        stack_layers([np.zeros((4, 2)), np.full((4, 2), np.nan)])
    with pytest.raises(ShapeError, match="layers with the same rows"):
        stack_layers([np.zeros((4, 2)), np.zeros((5, 2))])
    folds, task = nested_folds(GROUPS, seed=0), np.zeros(1, np.int64)
    with pytest.raises(ShapeError, match=r"Targets need 96 rows of finite numbers; got shape \(96, 1\)"):
        ridge_probes(stack_layers(layers_of_noise(rng)), np.full((96, 1), np.nan), task, folds)


def test_draws_are_what_a_bootstrap_computes_row_by_row(rng: np.random.Generator) -> None:
    groups = np.repeat(["a", "b", "c", "d"], [3, 5, 4, 6])
    works = WorkDraws(groups, 0, PROBES, 20)
    targets, predicted = rng.normal(size=(18, 2)), rng.normal(size=(1, 18, 2))
    labels, guesses = rng.integers(0, 3, 18), rng.integers(0, 3, 18)
    confusion = confusion_by_work(labels, guesses, 3, works)
    r2, accuracy, recall = r2_draws(targets, predicted, works)[0][0], balanced_accuracy_draws(confusion, works), None
    recall = recall_draws(confusion, works)
    for number, counts in enumerate(works.counts_after_all.astype(int)):
        rows = np.concatenate([np.tile(np.flatnonzero(groups == work), n) for work, n in zip("abcd", counts, strict=True)])
        errors = ((targets - predicted[0])[rows] ** 2).sum(axis=0) / ((targets[rows] - targets.mean(axis=0)) ** 2).sum(axis=0)
        assert r2[number] == pytest.approx(np.mean(1 - errors))
        its = [np.mean(guesses[rows][labels[rows] == one] == one) for one in np.unique(labels[rows])]
        assert accuracy[number] == pytest.approx(np.mean(its))
        assert recall[number][np.isfinite(recall[number])] == pytest.approx(its)


def test_the_interval_of_a_score_holds_it_although_nearly_all_draws_are_lower(rng: np.random.Generator) -> None:
    """Outputs each of which stands in one of 12 works alone, such as rare pitches."""
    groups, home = np.repeat([f"work {number:02d}" for number in range(12)], 4), rng.integers(0, 12, 40)
    works = WorkDraws(groups, 0, PROBES)
    targets = np.where(np.repeat(np.arange(12), 4)[:, None] == home, rng.uniform(0.5, 1.0, (48, 40)), 0.0)
    predicted = 0.8 * targets + 0.1 * rng.random((48, 40))
    draws = r2_draws(targets, predicted[None], works)[0][0]
    plain = interval_over_works(draws[1:], 12)
    assert np.median(draws[1:]) < draws[0] - 0.1
    assert plain[1] < draws[0]  # which percentiles alone would not hold
    value, low, high = score_interval(draws, works)
    assert value == draws[0]
    assert low is not None
    assert high is not None
    assert low < draws[0] < high
    assert high - low == pytest.approx(plain[1] - plain[0])


@given(st.lists(st.floats(-5, 1), min_size=2, max_size=30), st.booleans())
def test_an_interval_holds_its_number_and_stays_in_its_range(draws: list[float], is_bounded: bool) -> None:
    works = WorkDraws(np.array(["a", "b", "c"]), 0, PROBES, 1)
    value, low, high = score_interval(np.array(draws), works, highest=1.0 if is_bounded else np.inf)
    assert value is not None
    assert low is not None
    assert high is not None
    assert low <= value <= high
    assert not is_bounded or high <= 1


def test_unbiased_draws_have_their_percentile_interval() -> None:
    works = WorkDraws(np.array([f"{number:03d}" for number in range(200)]), 0, PROBES, 1)
    draws = np.concatenate([[0.5], 0.5 + np.linspace(-0.2, 0.2, 1001)])
    assert score_interval(draws, works) == pytest.approx((0.5, *interval_over_works(draws[1:], 200)))
    assert score_interval(draws, works, lowest=0.4, highest=0.6) == (0.5, 0.4, 0.6)
    assert score_interval(np.array([0.5, np.nan]), works) == (0.5, None, None)


def test_labels_go_to_other_works_as_they_are() -> None:
    groups = ["a", "a", "a", "b", "c", "c"]
    for number in range(5):
        shuffled = np.array(groups)[shuffle_between_works(groups, seed=0, number=number)]
        assert all(one != other for one, other in zip(groups, shuffled, strict=True))
        assert all(len(set(shuffled[np.array(groups) == work])) == 1 for work in "abc")
