"""How far an output moves when an input is changed, with intervals over works that cost one matrix product."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int64, Shaped
from numpy import ndarray

from analysis.measures.statistics import FEWEST_WORKS, interval_over_works
from analysis.seeding import numpy_generator


@dataclass(frozen=True)
class Draws:
    """How often every work is in every resample: the draws of `bootstrap_by_piece` with the same groups and seed.

    `work` is the number of the work of every example; `times` says how often each work was drawn.
    """

    work: Int64[ndarray, " n"]
    times: Int64[ndarray, "draws works"]

    @property
    def n_works(self) -> int:
        """Number of different works."""
        return self.times.shape[1]

    def sums(self, per_example: Shaped[ndarray, " n"]) -> Float64[ndarray, " draws"]:
        """Sum over the examples of every resample."""
        return self.times @ np.bincount(self.work, weights=per_example, minlength=self.n_works)

    def interval(self, resampled: Shaped[ndarray, " draws"]) -> tuple[float, float] | tuple[None, None]:
        """95 % interval from what a statistic is on every resample; none from a single work."""
        return (None, None) if self.n_works < FEWEST_WORKS else interval_over_works(resampled, self.n_works)

    def means(self, per_example: Shaped[ndarray, " n"]) -> Float64[ndarray, " draws"]:
        """Mean over the examples of every resample."""
        return self.sums(per_example) / self.sums(np.ones(len(per_example)))


def draw_works(groups: Shaped[ndarray, " n"], *, seed: int, n_resamples: int = 1000) -> Draws:
    """Resamples of whole works, drawn with replacement.

    Args:
        groups: the work of every example.
        seed: the same seed gives the same draws.
        n_resamples: number of draws.
    """
    _, work = np.unique(groups, return_inverse=True)
    n_works = int(work.max()) + 1
    rng = numpy_generator(seed, "bootstrap by piece")
    drawn = [np.bincount(rng.integers(n_works, size=n_works), minlength=n_works) for _ in range(n_resamples)]
    return Draws(work.astype(np.int64), np.stack(drawn).astype(np.int64))


def cosine_distance(one: Float[ndarray, "n d"], other: Float[ndarray, "n d"]) -> Float64[ndarray, " n"]:
    """1 − cosine similarity of each row to the row beside it: 0 in the same direction, 2 in the opposite one.

    Half the squared distance of the normalised rows, which does not lose small distances to rounding. A row of zeros is at
    distance 0 from another and at ½ from anything else.

    >>> cosine_distance(np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([[0.0, 3.0], [-1.0, 0.0]])).tolist()
    [1.0, 2.0]
    """
    units = []
    for rows in (one, other):
        wide = np.asarray(rows, np.float64)
        units.append(wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), np.finfo(np.float64).tiny))
    return ((units[0] - units[1]) ** 2).sum(axis=1) / 2


def distance_to_others(rows: Float[ndarray, "n d"], groups: Int64[ndarray, " n"]) -> Float64[ndarray, " n"]:
    """Mean cosine distance of each row to the rows of other groups; 0 where there is no other group.

    >>> distance_to_others(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), np.array([0, 0, 1])).tolist()
    [1.0, 1.0, 1.0]
    """
    wide = np.asarray(rows, np.float64)
    unit = wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), np.finfo(np.float64).tiny)
    squared = ((unit**2).sum(axis=1)[:, None] + (unit**2).sum(axis=1) - 2 * unit @ unit.T).clip(0) / 2
    others = groups[:, None] != groups
    return (squared * others).sum(axis=1) / np.maximum(others.sum(axis=1), 1)


def held_out_correlations(
    x: Float[ndarray, "n positions d"],
    y: Float[ndarray, "n positions k"],
    folds: Int64[ndarray, " n"],
    *,
    shrinkage: float = 0.01,
) -> Float64[ndarray, "n k"]:
    """Pearson correlation over the positions of each example between `y` and its linear prediction from `x`.

    Both are centred in every example, so that only what changes along the positions counts. The ridge regression that predicts a
    fold has not seen it. 0 where `y` or the prediction does not change.

    Args:
        x: predictors.
        y: what is predicted.
        folds: fold of every example; at least two different ones, and examples that are alike belong into one.
        shrinkage: ridge penalty as a share of the mean eigenvalue of the predictors' covariance.
    """
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    found = np.zeros((len(y), y.shape[2]))
    numbers = np.unique(folds)
    flat = [(x[folds == one].reshape(-1, x.shape[2]), y[folds == one].reshape(-1, y.shape[2])) for one in numbers]
    squares = np.stack([(its_x.T @ its_x).astype(np.float64) for its_x, _ in flat])
    products = np.stack([(its_x.T @ its_y).astype(np.float64) for its_x, its_y in flat])
    for number, held_out in enumerate(numbers):
        square = squares.sum(axis=0) - squares[number]
        penalty = max(shrinkage * np.trace(square) / len(square), np.finfo(np.float64).tiny)
        weights = np.linalg.solve(square + penalty * np.eye(len(square)), products.sum(axis=0) - products[number])
        its = folds == held_out
        found[its] = _correlations(x[its] @ weights, y[its])
    return found


def _correlations(one: Shaped[ndarray, "n positions k"], other: Shaped[ndarray, "n positions k"]) -> Float64[ndarray, "n k"]:
    """Cosine over the positions, of what is centred there; 0 for zeros."""
    size = np.linalg.norm(one.astype(np.float64), axis=1) * np.linalg.norm(other.astype(np.float64), axis=1)
    return np.divide(np.einsum("npk,npk->nk", one, other), size, out=np.zeros(size.shape), where=size > 1e-12)
