"""All layers and all tasks together against scikit-learn's own searches over penalties, on the same arrays.

    python benchmarks/probes.py [--works 35] [--windows 20] [--layers 6] [--width 192]

Regressions: RidgeCV for every layer, task and fold, with the inner folds by work as here (the same question; its penalty is that
of the higher R² of a fold, averaged over folds) and as it is, which leaves out single windows, so that windows of one work are on
both sides; and RidgeCV of all tasks of a layer at once. Classification: GridSearchCV of LogisticRegression on the same inner
folds, and a loop of LogisticRegression over the penalties that pools the inner folds as here.

Prints seconds (of the clock, and of the processor, which other work on the machine disturbs less), their ratio, and how far the
predictions are apart. Classes differ where another penalty was chosen: the search here ends coarsely (30 steps, fp32), and scores
within a few windows of each other may be ordered otherwise. With the same penalty, scored windows get the same class but for
what the tolerance of scikit-learn leaves. Arrays are drawn at random with a spectrum that decays as that of activations does.
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
    warnings.simplefilter("ignore")
    print(f"{n} windows, {options.layers} layers of {options.width}, {len(TASKS)} regressions, 1 classification; ", end="")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    regressions(layers, targets, folds)
    classification(layers, composer, options.classes, folds)


def regressions(layers: list[ndarray], targets: dict[str, ndarray], folds: list[Fold]) -> None:
    """All layers and targets together, and three ways of RidgeCV."""
    from sklearn.linear_model import RidgeCV

    columns = np.concatenate(list(targets.values()), axis=1)
    task_of = np.repeat(np.arange(len(targets)), [target.shape[1] for target in targets.values()])
    mine, least = timed(lambda: ridge_probes(stack_layers(layers), columns, task_of, folds).predictions.numpy(), 3)

    def by_task(make: Callable[[Fold], Any]) -> ndarray:
        parts = [[out_of_fold(layer, folds, make, target) for layer in layers] for target in targets.values()]
        return np.concatenate([np.stack(part) for part in parts], axis=2)

    def at_once() -> ndarray:
        return np.stack(
            [out_of_fold(layer, folds, lambda _: RidgeCV(ALPHAS, alpha_per_target=True), columns) for layer in layers]
        )

    print(f"regressions: here {least[0]:.2f} s ({least[1]:.2f} s of processor)")
    ways = {
        "RidgeCV, folds by work": lambda: by_task(lambda fold: RidgeCV(ALPHAS, cv=inner_folds(fold))),
        "RidgeCV, leaving out windows": lambda: by_task(lambda _: RidgeCV(ALPHAS)),
        "RidgeCV, leaving out windows, all tasks at once": at_once,
    }
    for name, way in ways.items():
        theirs, seconds = timed(way)
        compared(name, seconds, least)
        scale = np.abs(theirs - mine) / columns.std(axis=0)
        print(f"; predictions differ by {scale.max():.0e} standard deviations at most, {np.median(scale):.0e} in the median")


def classification(layers: list[ndarray], labels: ndarray, n_classes: int, folds: list[Fold]) -> None:
    """All layers together, a grid search for every layer and fold, and the same search one fit at a time."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV

    fitted, least = timed(lambda: logistic_probes(stack_layers(layers), labels[None], n_classes, folds), 3)
    mine, fold_of_row = fitted.log_probabilities[0].argmax(dim=-1).numpy(), np.zeros(len(labels), np.int64)
    for number, fold in enumerate(folds):
        fold_of_row[fold.score] = number

    def searched(fold: Fold) -> Any:
        model = LogisticRegression(class_weight="balanced", max_iter=1000)
        return GridSearchCV(model, {"C": sorted(CS)}, scoring="balanced_accuracy", cv=inner_folds(fold))

    print(f"classification: here {least[0]:.2f} s ({least[1]:.2f} s of processor)")
    _, seconds = timed(lambda: [out_of_fold(layer, folds, searched, labels) for layer in layers])
    compared("GridSearchCV of LogisticRegression", seconds, least)
    (classes, cs), seconds = timed(lambda: one_by_one(layers, labels, folds))
    print()
    compared("loop of LogisticRegression", seconds, least)
    same = (cs == fitted.cs.T)[:, fold_of_row]
    print(f"; {100 * np.mean(mine == classes):.2f} % of predicted classes are equal, of the same penalty ", end="")
    print(f"({100 * same.mean():.0f} % of windows) {100 * np.mean((mine == classes)[same]):.2f} %")


def compared(name: str, seconds: tuple[float, float], mine: tuple[float, float]) -> None:
    """The start of a line."""
    print(f"  {name} {seconds[0]:.2f} s ({seconds[1]:.2f} s): here ", end="")
    print(f"{seconds[0] / mine[0]:.3g} ({seconds[1] / mine[1]:.3g}) times as fast", end="", flush=True)


def timed(work: Callable[[], Any], times: int = 1) -> tuple[Any, tuple[float, float]]:
    """What it gives, and the least seconds it took of the clock and of the processor."""
    made, clocks, cpus = None, [], []
    for _ in range(times):
        clock, cpu = time.perf_counter(), time.process_time()
        made = work()
        clocks.append(time.perf_counter() - clock)
        cpus.append(time.process_time() - cpu)
    return made, (min(clocks), min(cpus))


def inner_folds(fold: Fold) -> list[tuple[ndarray, ndarray]]:
    """As scikit-learn takes them: places among the fitted rows."""
    return [(np.flatnonzero(fold.inner != number), np.flatnonzero(fold.inner == number)) for number in np.unique(fold.inner)]


def out_of_fold(layer: ndarray, folds: list[Fold], make: Callable[[Fold], Any], wanted: ndarray) -> ndarray:
    """Predictions of one layer, each fold by an estimator that chooses its penalty itself."""
    predicted = np.zeros_like(wanted)
    for fold in folds:
        predicted[fold.score] = predict(make(fold), layer, fold.fit, fold.score, wanted)
    return predicted


def one_by_one(layers: list[ndarray], labels: ndarray, folds: list[Fold]) -> tuple[ndarray, ndarray]:
    """Classes and C of every layer and fold: the smallest of the highest balanced accuracy over all inner folds together."""
    from sklearn.linear_model import LogisticRegression

    def model(c: float) -> Any:
        return LogisticRegression(C=c, class_weight="balanced", max_iter=1000)

    classes, chosen = np.zeros((len(layers), len(labels)), labels.dtype), np.zeros((len(layers), len(folds)))
    for row, layer in enumerate(layers):
        for number, fold in enumerate(folds):
            scores = {}
            for c in sorted(CS):
                guesses = np.zeros_like(labels)
                for fit, out in inner_folds(fold):
                    guesses[fold.fit[out]] = predict(model(c), layer, fold.fit[fit], fold.fit[out], labels)
                scores[c] = balanced(labels[fold.fit], guesses[fold.fit])
            best = chosen[row, number] = max(scores, key=lambda c, scores=scores: scores[c])
            classes[row, fold.score] = predict(model(best), layer, fold.fit, fold.score, labels)
    return classes, chosen


def predict(model: Any, layer: ndarray, fit: ndarray, out: ndarray, wanted: ndarray) -> ndarray:
    """Predictions for rows `out`, features divided by their scale over what is fitted."""
    size = np.sqrt(layer[fit].var(axis=0).mean())
    return model.fit(layer[fit] / size, wanted[fit]).predict(layer[out] / size).reshape(len(out), *wanted.shape[1:])


def balanced(truth: ndarray, guess: ndarray) -> float:
    """Mean recall."""
    return float(np.mean([np.mean(guess[truth == label] == label) for label in np.unique(truth)]))


if __name__ == "__main__":
    main()
