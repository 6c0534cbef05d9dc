"""How good out-of-fold predictions are, with the same score for every draw of works, and labels that belong to other works."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Float64, Int64
from numpy import ndarray

from analysis.measures.probes import CONSTANT
from analysis.measures.resampling import FEWEST_WORKS, WorkDraws, interval_over_works
from analysis.seeding import numpy_generator


def score_interval(
    draws: Float64[ndarray, " draws"], works: WorkDraws, *, lowest: float = -np.inf, highest: float = np.inf
) -> tuple[float | None, float | None, float | None]:
    """Number and 95 % interval from draws, of which the first is the number itself; None where it is not defined.

    The draws are moved so that their median is the number, and the interval is cut where the scale ends: `lowest`, `highest`.
    Scores of draws are biased. R² is a ratio of sums, averaged over outputs; a draw without the works on which the variance
    of an output rests divides by little, so that nearly every draw may lie below the score, and percentiles alone would end
    below it. The median of the draws minus the score is the bootstrap's own estimate of that bias. Where there is none this
    is the expanded percentile interval of `interval_over_works`; it always holds the number.
    """
    if not np.isfinite(draws[0]):
        return None, None, None
    rest, value = draws[1:][np.isfinite(draws[1:])], float(draws[0])
    if works.n_works < FEWEST_WORKS or not len(rest):
        return value, None, None
    low, high = (value + (end - float(np.median(rest))) for end in interval_over_works(rest, works.n_works))
    return value, min(max(low, lowest), value), max(min(high, highest), value)


def r2_draws(
    targets: Float[ndarray, "n outputs"], predictions: Float[ndarray, "layers n outputs"], works: WorkDraws
) -> tuple[Float64[ndarray, "layers draws"], Float64[ndarray, "layers outputs"]]:
    """R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)², averaged over outputs, for all works (draw 0) and every draw; and of every output.

    From sums per work, so that a draw costs a product of small matrices. ȳ is the mean of all rows in every draw: that of the few
    works drawn would be nearer to them, and scores of draws lower than the score. An output that is constant in a draw has no R²
    and is left out of it; NaN where none is left.

    >>> works = WorkDraws(np.array(["a", "b", "b"]), seed=0)
    >>> r2_draws(np.array([[1.0], [2.0], [3.0]]), np.array([[[1.0], [2.0], [2.0]]]), works)[0][0, 0]
    np.float64(0.5)
    """
    centred = np.asarray(targets, np.float64) - np.mean(targets, axis=0)
    total = works.counts_after_all @ _sums(works, centred**2)
    constant = total[0] <= CONSTANT * np.square(np.asarray(targets, np.float64)).sum(axis=0)
    defined = (total > 1e-12 * total[0]) & ~constant
    scores, of_outputs = [], []
    for predicted in predictions:
        errors = works.counts_after_all @ _sums(works, (np.asarray(predicted, np.float64) - targets) ** 2)
        gain = np.where(defined, 1 - errors / np.where(defined, total, 1.0), 0.0)
        counted = defined.sum(axis=1)
        scores.append(np.where(counted > 0, gain.sum(axis=1) / np.maximum(counted, 1), np.nan))
        of_outputs.append(np.where(defined[0], gain[0], np.nan))
    return np.stack(scores), np.stack(of_outputs)


def _sums(works: WorkDraws, rows: Float64[ndarray, "n outputs"]) -> Float64[ndarray, "works outputs"]:
    """Sums over the rows of every work as one product: hundreds of outputs in every layer are too many to add row by row."""
    return (np.arange(works.n_works)[:, None] == works.work).astype(np.float64) @ rows


def confusion_by_work(
    labels: Int64[ndarray, " n"], predicted: Int64[ndarray, " n"], n_classes: int, works: WorkDraws
) -> Float64[ndarray, "works classes classes"]:
    """Number of rows of every work by true class (rows) and predicted class (columns)."""
    counts = np.zeros((works.n_works, n_classes, n_classes))
    np.add.at(counts, (works.work, labels, predicted), 1.0)
    return counts


def balanced_accuracy_draws(confusion: Float64[ndarray, "works classes classes"], works: WorkDraws) -> Float64[ndarray, " draws"]:
    """Mean over classes of the share found, for all works (draw 0) and every draw; classes that a draw lacks are left out."""
    recall = recall_draws(confusion, works)
    there = np.isfinite(recall)
    return np.where(there, recall, 0.0).sum(axis=1) / np.maximum(there.sum(axis=1), 1)


def recall_draws(confusion: Float64[ndarray, "works classes classes"], works: WorkDraws) -> Float64[ndarray, "draws classes"]:
    """Share of every class that is found, for all works (draw 0) and every draw; NaN where a draw lacks the class."""
    drawn = np.tensordot(works.counts_after_all, confusion, axes=1)
    support = drawn.sum(axis=2)
    hits = np.diagonal(drawn, axis1=1, axis2=2)
    return np.where(support > 0, hits / np.where(support > 0, support, 1.0), np.nan)


def shuffle_between_works(groups: Sequence[str], *, seed: int, number: int = 0) -> Int64[ndarray, " n"]:
    """For every row the row whose label it gets: the rows of another work in their order, repeated or cut to fit.

    The control task of Hewitt & Liang (2019) for rows that are not independent: a probe that merely recognises the work, or the
    neighbourhood of a window, still finds nothing. No work keeps its own labels.

    >>> shuffle_between_works(["a", "a", "b", "b"], seed=0).tolist()
    [2, 3, 0, 1]
    """
    _, member = np.unique(np.array(groups), return_inverse=True)
    order = numpy_generator(seed, "shuffled labels", number).permutation(int(member.max()) + 1)
    shuffled = np.empty_like(order)
    shuffled[order] = np.roll(order, 1)
    source = np.empty(len(member), np.int64)
    for work in range(len(order)):
        rows, given = np.flatnonzero(member == work), np.flatnonzero(member == shuffled[work])
        source[rows] = np.resize(given, len(rows))
    return source
