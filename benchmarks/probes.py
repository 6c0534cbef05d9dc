"""All layers and all tasks together against a scikit-learn loop over layers, tasks, folds and penalties, on the same arrays.

    python benchmarks/probes.py [--works 35] [--windows 20] [--layers 6] [--width 192]

Both choose penalties on the same inner folds by the same score. Prints seconds (of the clock, and of the processor, which other
work on the machine disturbs less), their ratio, and how far the predictions are apart. Arrays are drawn at random with a spectrum
that decays as that of activations does.
"""

import argparse
import os
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy import ndarray

from analysis.measures.probe_logistic import CS, logistic_probes
from analysis.measures.probes import ALPHAS, Fold, nested_folds, ridge_probes, stack_layers

TASKS = {"pitch": 60, "intervals": 25, "chroma": 12, "audio chroma": 12, "centroid": 1, "density": 1, "velocity": 1}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, default in (("works", 35), ("windows", 20), ("layers", 6), ("width", 192), ("classes", 11)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    n = options.works * options.windows
    work = np.arange(n) // options.windows
    composer = work % options.classes
    own = (rng.normal(size=(size, 10)) for size in (options.works, n, options.classes))
    latent = sum(part[index] for part, index in zip(own, (work, np.arange(n), composer), strict=True))
    decay = np.logspace(0, -2, options.width)
    layers = [
        np.tanh(latent @ rng.normal(size=(10, options.width))) + rng.normal(size=(n, options.width)) * decay
        for _ in range(options.layers)
    ]
    targets = {name: latent @ rng.normal(size=(10, size)) + rng.normal(size=(n, size)) for name, size in TASKS.items()}
    folds = nested_folds([f"work {i}" for i in work], seed=0, spread=[f"composer {i}" for i in composer])
    ours, ours_s = timed(lambda: together(layers, targets, composer, options.classes, folds))
    theirs, theirs_s = timed(lambda: one_by_one(layers, targets, composer, folds))
    print(f"{n} windows, {options.layers} layers of {options.width}, {len(TASKS)} regressions, 1 classification; ", end="")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for number, kind in enumerate(("regressions", "classification")):
        (clock, cpu), (their_clock, their_cpu) = ours_s[number], theirs_s[number]
        print(f"{kind:15} together {clock:7.1f} s ({cpu:6.1f} s of processor)", end="")
        print(f"   scikit-learn {their_clock:7.1f} s ({their_cpu:6.1f} s)", end="")
        print(f"   ratio {their_clock / clock:5.1f} ({their_cpu / cpu:5.1f})")
    print(f"largest difference of a ridge prediction: {np.abs(ours[0] - theirs[0]).max():.1e}")
    print(f"equal predicted classes: {100 * np.mean(ours[1] == theirs[1]):.2f} %")


def timed(steps: Callable[[], list[Callable[[], Any]]]) -> tuple[list[Any], list[tuple[float, float]]]:
    """Results of every step with its seconds of the clock and of the processor."""
    results, seconds = [], []
    for step in steps():
        clock, cpu = time.perf_counter(), time.process_time()
        results.append(step())
        seconds.append((time.perf_counter() - clock, time.process_time() - cpu))
    return results, seconds


def together(layers: list[ndarray], targets: dict[str, ndarray], labels: ndarray, n_classes: int, folds: list[Fold]) -> list[Any]:
    """As the study does it."""
    columns = np.concatenate(list(targets.values()), axis=1)
    task_of = np.repeat(np.arange(len(targets)), [its.shape[1] for its in targets.values()])

    def regress() -> ndarray:
        return ridge_probes(stack_layers(layers), columns, task_of, folds).predictions.numpy()

    def classify() -> ndarray:
        return logistic_probes(stack_layers(layers), labels[None], n_classes, folds).log_probabilities[0].argmax(dim=-1).numpy()

    return [regress, classify]


def one_by_one(layers: list[ndarray], targets: dict[str, ndarray], labels: ndarray, folds: list[Fold]) -> list[Any]:
    """As a loop of scikit-learn's estimators does it."""
    from sklearn.linear_model import LogisticRegression, Ridge

    warnings.simplefilter("ignore")

    def logistic(c: float) -> Any:
        return LogisticRegression(C=c, class_weight="balanced", max_iter=1000)

    def regress() -> ndarray:
        grid = sorted(ALPHAS, reverse=True)
        parts = [[out_of_fold(layer, folds, Ridge, grid, its, r2) for layer in layers] for its in targets.values()]
        return np.concatenate([np.stack(part) for part in parts], axis=2)

    def classify() -> ndarray:
        return np.stack([out_of_fold(layer, folds, logistic, sorted(CS), labels, balanced) for layer in layers])

    return [regress, classify]


def out_of_fold(
    layer: ndarray, folds: list[Fold], make: Callable[[float], Any], grid: list[float], wanted: ndarray, judge: Any
) -> ndarray:
    """Predictions of one layer and task, the penalty chosen on the inner folds."""
    found = np.zeros_like(wanted)
    for fold in folds:
        scores = {}
        for penalty in grid:
            guesses = np.zeros_like(wanted)
            for number in range(int(fold.inner.max()) + 1):
                fit, out = fold.fit[fold.inner != number], fold.fit[fold.inner == number]
                guesses[out] = predict(make(penalty), layer, fit, out, wanted)
            scores[penalty] = judge(wanted[fold.fit], guesses[fold.fit])
        best = max(grid, key=lambda penalty, scores=scores: scores[penalty])
        found[fold.score] = predict(make(best), layer, fold.fit, fold.score, wanted)
    return found


def predict(model: Any, layer: ndarray, fit: ndarray, out: ndarray, wanted: ndarray) -> ndarray:
    """Predictions for rows `out`, features divided by their scale over what is fitted."""
    size = np.sqrt(layer[fit].var(axis=0).mean())
    return model.fit(layer[fit] / size, wanted[fit]).predict(layer[out] / size).reshape(len(out), *wanted.shape[1:])


def r2(truth: ndarray, guess: ndarray) -> float:
    """Mean over outputs."""
    return float(np.mean(1 - ((truth - guess) ** 2).sum(axis=0) / ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)))


def balanced(truth: ndarray, guess: ndarray) -> float:
    """Mean recall."""
    return float(np.mean([np.mean(guess[truth == one] == one) for one in np.unique(truth)]))


if __name__ == "__main__":
    main()
