"""How far a score varies from run to run, and what that leaves of a difference between two kinds of model."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped
from numpy import ndarray
from scipy import stats

from analysis.errors import ConfigError

FEWEST_RUNS = 3  # of which an interval is made
ROUNDING = 1e-12  # a standard error below this share of the difference is what rounding leaves of none


@dataclass(frozen=True)
class Spread:
    """Scores of several runs. `sd` divides by n - 1 and is None for a single run.

    `mean_ci` is Student's, `sd_ci` that of the χ² distribution: both for runs that scatter normally, and None for fewer than
    three. Two runs leave one degree of freedom: 12.7 standard errors of the mean, and 0.4 to 32 times the deviation, which is
    often wider than what a share can be and tells less than the two scores themselves.
    """

    n: int
    mean: float
    sd: float | None
    low: float
    high: float
    mean_ci: tuple[float, float] | None
    sd_ci: tuple[float, float] | None


@dataclass(frozen=True)
class MeanDifference:
    """Difference of two means with its interval and its test; `t`, `p` and `cohen_d` are None where nothing varies."""

    difference: float
    ci: tuple[float, float]
    t: float | None
    df: float
    p: float | None
    cohen_d: float | None
    n: int


@dataclass(frozen=True)
class Components:
    """Variances of a table of scores, `(training seeds, evaluation seeds)`; estimates, which may fall below 0.

    `training`: from training seed to training seed; `evaluation`: from evaluation seed to evaluation seed, alike for all
    training seeds; `residual`: what is left.
    """

    training: float
    evaluation: float
    residual: float


def spread(scores: Sequence[float], *, level: float = 0.95) -> Spread:
    """Mean, standard deviation, range and intervals of scores.

    Args:
        scores: one per run.
        level: coverage of the intervals.

    Raises:
        ConfigError: there is no score, or one is not finite.

    >>> round(spread([83.6, 87.6, 81.4, 81.6, 86.0]).mean, 2)
    84.04
    """
    x = _finite(scores, 1)
    n, mean = len(x), float(np.mean(x))
    if n == 1:
        return Spread(1, mean, None, mean, mean, None, None)
    sd, edge = float(np.std(x, ddof=1)), (1 - level) / 2
    if n < FEWEST_RUNS:
        return Spread(n, mean, sd, float(np.min(x)), float(np.max(x)), None, None)
    far = float(stats.t.ppf(1 - edge, n - 1)) * sd / math.sqrt(n)
    factors = [math.sqrt((n - 1) / float(stats.chi2.ppf(q, n - 1))) for q in (1 - edge, edge)]
    sd_ci = (sd * factors[0], sd * factors[1])
    return Spread(n, mean, sd, float(np.min(x)), float(np.max(x)), (mean - far, mean + far), sd_ci)


def welch(first: Sequence[float], second: Sequence[float], *, level: float = 0.95) -> MeanDifference:
    """Mean of the first minus mean of the second: Welch's t test (unequal variances), Cohen's d with the pooled deviation.

    Args:
        first: scores of independent runs.
        second: scores of others.
        level: coverage of the interval.

    Raises:
        ConfigError: fewer than two runs on a side, or a score that is not finite.
    """
    x, y = _finite(first, 2), _finite(second, 2)
    difference = float(np.mean(x) - np.mean(y))
    squares = [float(np.var(scores, ddof=1)) / len(scores) for scores in (x, y)]
    df = float(len(x) + len(y) - 2)
    if sum(squares) > 0:
        df = sum(squares) ** 2 / sum(part**2 / (len(scores) - 1) for part, scores in zip(squares, (x, y), strict=True))
    pooled = ((len(x) - 1) * np.var(x, ddof=1) + (len(y) - 1) * np.var(y, ddof=1)) / (len(x) + len(y) - 2)
    d = difference / math.sqrt(pooled) if pooled > 0 else None
    return _tested(difference, math.sqrt(sum(squares)), df, d, len(x) + len(y), level)


def paired(first: Mapping[int, float], second: Mapping[int, float], *, level: float = 0.95) -> MeanDifference | None:
    """Student's t test of first minus second over the seeds that both have; None with fewer than two of them.

    Cohen's d divides by the deviation of the differences.

    Args:
        first: seed → score.
        second: seed → score.
        level: coverage of the interval.

    Raises:
        ConfigError: a score is not finite.
    """
    common = sorted(set(first) & set(second))
    if len(common) < 2:
        return None
    apart = _finite([first[seed] - second[seed] for seed in common], 2)
    difference, sd = float(np.mean(apart)), float(np.std(apart, ddof=1))
    d = difference / sd if sd > 0 else None
    return _tested(difference, sd / math.sqrt(len(apart)), len(apart) - 1.0, d, len(apart), level)


def components(scores: Shaped[ndarray, "training evaluation"]) -> Components:
    """Variance components of a crossed table without repetition, by the method of moments; never clipped at 0.

    Raises:
        ConfigError: fewer than two rows or columns, or a score that is not finite.
    """
    table = np.asarray(scores, np.float64)
    n_training, n_evaluation = table.shape
    if min(table.shape) < 2 or not np.isfinite(table).all():
        raise ConfigError(f"Variance components need a finite table of 2 × 2 scores or more; got shape {table.shape}.")
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    left = table - rows[:, None] - columns[None] + table.mean()
    residual = float((left**2).sum() / ((n_training - 1) * (n_evaluation - 1)))
    training = float(np.var(rows, ddof=1)) - residual / n_evaluation
    return Components(training, float(np.var(columns, ddof=1)) - residual / n_training, residual)


def binomial_sd(share: float, n: int) -> float:
    """Standard deviation of a share of `n` independent queries.

    >>> round(binomial_sd(0.84, 500), 4)
    0.0164
    """
    return math.sqrt(max(share * (1 - share), 0.0) / n)


def _tested(difference: float, error: float, df: float, d: float | None, n: int, level: float) -> MeanDifference:
    far = float(stats.t.ppf((1 + level) / 2, df)) * error
    t = difference / error if error > ROUNDING * max(1.0, abs(difference)) else None
    p = None if t is None else float(2 * stats.t.sf(abs(t), df))
    return MeanDifference(difference, (difference - far, difference + far), t, df, p, None if t is None else d, n)


def _finite(scores: Sequence[float], least: int) -> ndarray:
    x = np.asarray(scores, np.float64)
    if len(x) < least or not np.isfinite(x).all():
        raise ConfigError(f"Expected {least} or more finite scores; got {list(scores)!r}.")
    return x
