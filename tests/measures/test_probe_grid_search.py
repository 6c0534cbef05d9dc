"""Why predicted classes are not all those of a grid search by scikit-learn: only where penalties are as good as each other."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score

from analysis.measures.probe_logistic import CS, logistic_probes
from analysis.measures.probes import Fold, nested_folds, stack_layers

WORKS, WINDOWS, CLASSES, WIDTH = 24, 8, 4, 40
NEAR = 4  # windows that a solver that goes on may decide otherwise
WORK = np.arange(WORKS * WINDOWS) // WINDOWS
LABELS = WORK % CLASSES


def drawn(seed: int) -> tuple[np.ndarray, list[Fold]]:
    """Windows of works of composers, none of which is easy to tell, in features whose spectrum decays; and folds."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(WORKS, 10))[WORK] + rng.normal(size=(len(WORK), 10)) + rng.normal(size=(CLASSES, 10))[LABELS]
    noise = rng.normal(size=(len(WORK), WIDTH)) * np.logspace(0, -2, WIDTH)
    folds = nested_folds([f"work {i}" for i in WORK], seed=seed, spread=[f"composer {i}" for i in LABELS], n_outer=4)
    return np.tanh(latent @ rng.normal(size=(10, WIDTH))) + noise, folds


def fitted(features: np.ndarray, rows: np.ndarray, c: float) -> tuple[LogisticRegression, float]:
    scale = float(np.sqrt(features[rows].var(axis=0).mean()))
    model = LogisticRegression(C=c, class_weight="balanced", tol=1e-9, max_iter=10_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at the end of its digits it says that it cannot go on
        return model.fit(features[rows] / scale, LABELS[rows]), scale


def inner_scores(features: np.ndarray, fold: Fold) -> dict[float, float]:
    """Balanced accuracy of every C over the inner folds."""
    scores = {}
    for c in CS:
        found = np.zeros(len(fold.fit), np.int64)
        for number in np.unique(fold.inner):
            model, scale = fitted(features, fold.fit[fold.inner != number], c)
            found[fold.inner == number] = model.predict(features[fold.fit[fold.inner == number]] / scale)
        scores[c] = float(balanced_accuracy_score(LABELS[fold.fit], found))
    return scores


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_predicted_classes_are_those_of_a_grid_search_but_for_penalties_that_tie(seed: int) -> None:
    features, folds = drawn(seed)
    found = logistic_probes(stack_layers([features]), LABELS[None], CLASSES, folds)
    predicted = found.log_probabilities[0, 0].argmax(dim=-1).numpy()
    for number, fold in enumerate(folds):
        c, scores = float(found.cs[number, 0]), inner_scores(features, fold)
        window = 1 / (CLASSES * np.bincount(LABELS[fold.fit]).min())
        assert scores[c] >= max(scores.values()) - NEAR * window - 1e-12
        model, scale = fitted(features, fold.fit, c)  # of the same penalty: converged, classes are the same
        logits = np.sort(model.decision_function(features[fold.score] / scale), axis=1)
        decided = logits[:, -1] - logits[:, -2] > 1e-3 * np.ptp(logits)
        assert decided.mean() > 0.95
        assert np.array_equal(predicted[fold.score][decided], model.predict(features[fold.score] / scale)[decided])


def test_a_solver_that_goes_on_chooses_what_a_grid_search_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.measures.probe_logistic.COARSE", 1e-6)
    monkeypatch.setattr("analysis.measures.probe_logistic.COARSE_STEPS", 1000)
    features, folds = drawn(0)
    found = logistic_probes(stack_layers([features]), LABELS[None], CLASSES, folds)
    for number, fold in enumerate(folds):
        scores = inner_scores(features, fold)
        assert scores[float(found.cs[number, 0])] == pytest.approx(max(scores.values()), abs=1e-12)
