"""Logistic probes end where scikit-learn does; the MLP probe finds what no linear probe can."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from analysis.errors import CorpusError, ShapeError
from analysis.measures.probe_logistic import fit_logistic, log_probabilities, logistic_probes, make_problems
from analysis.measures.probe_mlp import mlp_probe
from analysis.measures.probe_scores import shuffle_between_works
from analysis.measures.probes import nested_folds, stack_layers

GROUPS = [f"work {i // 10:02d}" for i in range(120)]
LABELS = np.arange(120) // 10 % 3


def features(rng: np.random.Generator, strength: float, d: int = 7) -> np.ndarray:
    return strength * rng.normal(size=(3, d))[LABELS] + rng.normal(2.0, 0.2 + np.arange(d), (len(LABELS), d))


def objective(weights: np.ndarray, bias: np.ndarray, x: np.ndarray, y: np.ndarray, c: float) -> float:
    """scikit-learn's, with balanced classes, per unit of weight."""
    logits = x @ weights + bias
    logits = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    each = len(y) / (len(np.unique(y)) * np.bincount(y, minlength=weights.shape[1])[y])
    return float((-(each * logits[np.arange(len(y)), y]).sum() + 0.5 / c * (weights**2).sum()) / each.sum())


@pytest.mark.parametrize("c", [0.001, 0.1, 10.0])
def test_the_optimum_is_that_of_scikit_learn(rng: np.random.Generator, c: float) -> None:
    layers = [features(rng, 1.0), features(rng, 0.3, 4)]
    block, rows = stack_layers(layers), np.r_[0:35, 50:120]
    labels = torch.from_numpy(LABELS)
    problems = make_problems(block, [(labels, rows), (labels, np.arange(60))], 3, [[c, 1.0], [c, 1.0]])
    weights, bias = fit_logistic(block.features, problems, tolerance=1e-9)
    found = log_probabilities(block.features, weights, bias).argmax(dim=-1)
    for layer, d in enumerate((7, 4)):
        scaled = block.features[layer, :, :d].numpy() / block.scales(rows)[layer].item()
        theirs = LogisticRegression(C=c, class_weight="balanced", tol=1e-10, max_iter=5000).fit(scaled[rows], LABELS[rows])
        mine = weights[layer, 0, :d].numpy() * block.scales(rows)[layer].item()
        got = objective(mine, bias[layer, 0].numpy(), scaled[rows], LABELS[rows], c)
        best = objective(theirs.coef_.T, theirs.intercept_, scaled[rows], LABELS[rows], c)
        assert abs(got - best) < 1e-6
        first, second = np.sort(theirs.decision_function(scaled), axis=1).T[:-3:-1]
        decided = first - second > 1e-3 * np.max(first - second)  # nearer to the border a rounding decides
        assert decided.mean() > 0.95
        assert np.array_equal(found[layer, 0][decided], theirs.predict(scaled)[decided])


def test_planted_classes_are_found_in_their_layer_and_not_where_they_are_shuffled(rng: np.random.Generator) -> None:
    block = stack_layers([features(rng, 0.0), features(rng, 8.0)])
    labellings = np.stack([LABELS, LABELS[shuffle_between_works(GROUPS, seed=0)]])
    found = logistic_probes(block, labellings, 3, nested_folds(GROUPS, seed=0, spread=[str(one) for one in LABELS]))
    right = (found.log_probabilities.argmax(dim=-1).numpy() == labellings[:, None]).mean(axis=-1)
    assert right[0, 1] > 0.95
    assert right[0, 0] < 0.55
    assert right[1].max() < 0.6
    assert found.cs.shape == (5, 2)


def test_the_name_of_a_work_does_not_tell_its_composer() -> None:
    names = np.repeat(np.eye(12), 10, axis=0)
    found = logistic_probes(stack_layers([names]), LABELS[None], 3, nested_folds(GROUPS, seed=0))
    assert (found.log_probabilities[0, 0].argmax(dim=-1).numpy() == LABELS).mean() <= 0.5


def test_a_class_that_is_not_fitted_is_never_predicted(rng: np.random.Generator) -> None:
    block = stack_layers([features(rng, 1.0)])
    rows = np.flatnonzero(LABELS != 1)
    problems = make_problems(
        block, [(torch.from_numpy(LABELS), rows), (torch.from_numpy(LABELS), np.arange(10))], 3, [[1.0, 1.0]]
    )
    logs = log_probabilities(block.features, *fit_logistic(block.features, problems))
    assert bool(logs.isfinite().all())
    assert set(logs[0, 0].argmax(dim=-1).tolist()) == {0, 2}
    assert set(logs[0, 1].argmax(dim=-1).tolist()) == {0}
    with pytest.raises(CorpusError, match="needs 2 classes or more; got 1"):
        logistic_probes(block, np.zeros((1, 120), np.int64), 1, nested_folds(GROUPS, seed=0))


def test_the_mlp_finds_a_product_and_a_parity_and_nothing_in_noise(rng: np.random.Generator) -> None:
    groups = [f"{i // 20}" for i in range(400)]
    x = rng.normal(size=(400, 3))
    targets, folds = np.stack([x[:, 0] * x[:, 1], rng.normal(size=400)], axis=1), nested_folds(groups, n_outer=2, seed=0)
    product = mlp_probe(x, targets[:, :1], folds, seed=0, rates=(1e-2, 1e-3), epochs=40)
    noise = mlp_probe(x, targets[:, 1:], folds, seed=0, rates=(1e-3,), epochs=5)
    parity = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    classes = mlp_probe(x, parity, folds, n_classes=2, seed=0, rates=(1e-2,), epochs=25)
    assert 1 - np.mean((product.predictions - targets[:, :1]) ** 2) / targets[:, 0].var() > 0.8
    assert 1 - np.mean((noise.predictions - targets[:, 1:]) ** 2) / targets[:, 1].var() < 0.1
    assert (classes.predictions.argmax(axis=1) == parity).mean() > 0.85
    linear = logistic_probes(stack_layers([x]), parity[None], 2, folds).log_probabilities[0, 0].argmax(dim=-1).numpy()
    assert (linear == parity).mean() < 0.65
    assert len(product.rates) == 2


def test_the_mlp_repeats_itself_and_sees_nothing_of_scored_rows(rng: np.random.Generator) -> None:
    groups = [f"{i // 10}" for i in range(60)]
    x, y, folds = rng.normal(size=(60, 4)), rng.normal(size=(60, 2)), nested_folds(groups, n_outer=2, seed=0)[:1]
    one = mlp_probe(x, y, folds, seed=1, rates=(1e-3,), epochs=3).predictions
    labels = y.copy()
    labels[folds[0].score] = 100.0
    assert np.array_equal(one, mlp_probe(x, labels, folds, seed=1, rates=(1e-3,), epochs=3).predictions)
    assert not np.array_equal(one, mlp_probe(x, y, folds, seed=2, rates=(1e-3,), epochs=3).predictions)
    with pytest.raises(ShapeError, match=r"Features of shape \(60, 4\) are not all finite"):
        mlp_probe(np.full_like(x, np.inf), y, folds, seed=1)
