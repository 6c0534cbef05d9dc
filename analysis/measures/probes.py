"""Linear probes of many layers at once: nested folds by work and closed-form ridge regression.

Every layer is a block of one tensor and one eigendecomposition of its Gram matrix serves all penalties and all targets:
with XᵀX = VΛVᵀ the weights are V(Λ + α)⁻¹VᵀXᵀY. Features are centred and divided by one number per layer, the root of their mean
variance, both from the rows that are fitted, so that a penalty means the same in every layer, and predictions do not change under
orthogonal maps or shifts of the features.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64, Shaped
from numpy import ndarray
from torch import Tensor

from analysis.errors import CorpusError, ShapeError
from analysis.seeding import derive

ALPHAS = tuple(float(alpha) for alpha in np.logspace(-2, 5, 8))
FEWEST_WORKS = 3
CONSTANT = 1e-20  # of the mean square: less variance than this is rounding
EQUAL_R2 = 1e-9  # scores that differ by less are equal: what is less is rounding, and differs from processor to processor


@dataclass(frozen=True)
class Fold:
    """Rows that are fitted, the number of the inner fold of each of them, and rows that are scored: other works."""

    fit: Int64[ndarray, " fit"]
    inner: Int64[ndarray, " fit"]
    score: Int64[ndarray, " score"]


@dataclass(frozen=True)
class Block:
    """Layers `(layers, rows, features)` in fp64, narrower ones padded with zeros, and how wide each was."""

    features: Float64[Tensor, "layers n d"]
    widths: tuple[int, ...]

    def scales(self, rows: Int64[ndarray, " rows"]) -> Float64[Tensor, " layers"]:
        """Root of the mean variance of a layer's features over some rows; 1 for a layer that is constant there."""
        chosen = self.features[:, rows]
        variance = chosen.var(dim=1, correction=0).sum(dim=1) / chosen.new_tensor(self.widths)
        smallest = torch.finfo(torch.float64).eps ** 2 * (chosen**2).mean(dim=(1, 2))
        return torch.where(variance > smallest, variance, torch.ones_like(variance)).sqrt()


@dataclass(frozen=True)
class Ridge:
    """Predictions `(layers, rows, outputs)`, zero where a row is never scored, and the penalty `(folds, layers, tasks)`."""

    predictions: Float64[Tensor, "layers n outputs"]
    alphas: Float64[ndarray, "folds layers tasks"]


def deal_works(groups: Sequence[str], n_folds: int, *, seed: int, spread: Sequence[str] | None = None) -> Int64[ndarray, " n"]:
    """Number of the fold of every row: whole works, in random order, one to each fold in turn.

    Args:
        groups: the work of every row.
        n_folds: at most; fewer where there are fewer works.
        seed: of the order.
        spread: a label of every row, such as its composer: works that share it go to different folds as far as possible.

    Raises:
        CorpusError: there are fewer than two works or folds.
    """
    label = dict(zip(groups, spread or [""] * len(groups), strict=True))
    if len(label) < 2 or n_folds < 2:
        raise CorpusError(f"Folds by work need 2 works and 2 folds or more; got {len(label)} and {n_folds}. Use more pieces.")
    order = sorted(label, key=lambda work: (derive(seed, "folds", label[work]), derive(seed, "folds", "work", work)))
    home = {work: index % min(n_folds, len(order)) for index, work in enumerate(order)}
    return np.array([home[work] for work in groups], np.int64)


def nested_folds(
    groups: Sequence[str], *, n_outer: int = 5, n_inner: int = 3, seed: int, spread: Sequence[str] | None = None
) -> list[Fold]:
    """Every work is scored once by a probe that was fitted to others, which are dealt again to choose the penalty.

    Raises:
        CorpusError: there are fewer than three works, or fewer than two folds.
    """
    if (n_works := len(set(groups))) < FEWEST_WORKS:
        raise CorpusError(f"A probe needs windows of {FEWEST_WORKS} works or more; got {n_works}. Use more pieces.")
    outer, names = deal_works(groups, n_outer, seed=seed, spread=spread), np.array(groups)
    halves = [(np.flatnonzero(outer != number), np.flatnonzero(outer == number)) for number in range(int(outer.max()) + 1)]
    return [fold_of(fit, score, names, n_inner=n_inner, seed=seed, spread=spread) for fit, score in halves]


def fold_of(
    fit: Int64[ndarray, " fit"],
    score: Int64[ndarray, " score"],
    groups: Shaped[ndarray, " n"],
    *,
    n_inner: int = 3,
    seed: int,
    spread: Sequence[str] | None = None,
) -> Fold:
    """A fold from rows that are fitted and rows that are scored.

    Raises:
        CorpusError: a work is on both sides, or fewer than two are fitted.
    """
    if both := sorted(set(groups[fit]) & set(groups[score])):
        raise CorpusError(f"{both[0]!r} would be fitted and scored; expected different works on either side.")
    labels = np.array(spread)[fit].tolist() if spread else None
    return Fold(fit, deal_works([str(work) for work in groups[fit]], n_inner, seed=seed, spread=labels), score)


def stack_layers(layers: Sequence[Float[ndarray, "n _"]], device: torch.device | None = None) -> Block:
    """Layers as one block. Where a layer is wider than there are rows, its principal axes stand for it: no probe can tell.

    Raises:
        ShapeError: there is no layer, layers have different rows, or a feature is not finite.
    """
    if len({len(layer) for layer in layers}) != 1:
        raise ShapeError(f"Probes need layers with the same rows; got {[layer.shape for layer in layers]}.")
    kept = []
    for number, layer in enumerate(layers):
        wide = torch.from_numpy(np.asarray(layer, np.float64)).to(device or "cpu")
        if not bool(wide.isfinite().all()):
            raise ShapeError(f"Layer {number} of shape {tuple(wide.shape)} has a feature that is not finite. Look at the model.")
        wide = wide - wide.mean(dim=0)  # changes no prediction and keeps digits in what follows
        if wide.shape[1] > wide.shape[0]:
            wide = wide @ torch.linalg.svd(wide, full_matrices=False)[2].T
        kept.append(wide)
    d = max(layer.shape[1] for layer in kept)
    padded = [torch.nn.functional.pad(layer, (0, d - layer.shape[1])) for layer in kept]
    return Block(torch.stack(padded), tuple(int(layer.shape[1]) for layer in layers))


def ridge_probes(
    block: Block,
    targets: Float[ndarray, "n outputs"],
    task_of: Int64[ndarray, " outputs"],
    folds: Sequence[Fold],
    *,
    alphas: Sequence[float] = ALPHAS,
    tick: Callable[[], None] = lambda: None,
) -> Ridge:
    """Ridge regression with intercept of all targets on every layer, out of fold.

    The penalty α (of features of mean variance 1, so that the eigenvalues of their Gram matrix average the number of rows) is
    chosen per layer, task and fold: the one with the highest R² over the inner folds, averaged over the outputs of a task that
    vary; of those within 1e-9 of it the largest.

    Args:
        block: see `stack_layers`.
        targets: of all tasks side by side.
        task_of: number of the task of every output, from 0.
        folds: see `nested_folds`.
        alphas: penalties to choose from.
        tick: called between folds; it may raise to stop.

    Raises:
        ShapeError: targets are not finite or do not fit the rows.
    """
    wanted = torch.from_numpy(np.asarray(targets, np.float64)).to(block.features.device)
    if wanted.shape[0] != block.features.shape[1] or not bool(wanted.isfinite().all()):
        raise ShapeError(f"Targets need {block.features.shape[1]} rows of finite numbers; got shape {tuple(wanted.shape)}.")
    n_layers, n_rows = block.features.shape[:2]
    predictions = wanted.new_zeros(n_layers, n_rows, wanted.shape[1])
    grid = wanted.new_tensor(sorted(alphas))
    chosen_per_fold = []
    for fold in folds:
        tick()
        best = _choose(block, wanted, task_of, fold, grid)
        rotated, weights, eigenvalues, mean = _decompose(block, wanted, fold.fit, fold.score)
        penalty = grid[best][:, torch.from_numpy(task_of).to(best.device)]
        predictions[:, fold.score] = rotated @ (weights / (eigenvalues[..., None] + penalty[:, None])) + mean
        chosen_per_fold.append(grid[best].cpu().numpy())
    return Ridge(predictions, np.stack(chosen_per_fold))


def ridge_map(
    features: Float[ndarray, "n d"], targets: Float[ndarray, "n outputs"], fit: Int64[ndarray, " fit"], alpha: float
) -> tuple[Float64[ndarray, "d outputs"], Float64[ndarray, " outputs"]]:
    """Weights and bias of the probe that `ridge_probes` fits to some rows with a penalty: a row x is read as x W + b.

    Args:
        features: of one layer, as they are.
        targets: of the same rows.
        fit: rows that are fitted.
        alpha: the penalty, as `Ridge.alphas` has it.

    Raises:
        ShapeError: a feature or a target is not finite.
    """
    x, y = np.asarray(features, np.float64)[fit], np.asarray(targets, np.float64)[fit]
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ShapeError("A probe needs finite features and targets; got others. Look at the model.")
    centre, mean, scale = x.mean(axis=0), y.mean(axis=0), float(stack_layers([x]).scales(np.arange(len(x)))[0])
    z = (x - centre) / scale
    weights = np.linalg.solve(z.T @ z + alpha * np.eye(z.shape[1]), z.T @ (y - mean)) / scale
    return weights, mean - centre @ weights


def _choose(
    block: Block, targets: Tensor, task_of: Int64[ndarray, " outputs"], fold: Fold, grid: Tensor
) -> Int64[Tensor, "layers tasks"]:
    """Place of the best penalty in the grid, from the inner folds."""
    errors = targets.new_zeros(len(grid), len(block.features), targets.shape[1])
    for number in range(int(fold.inner.max()) + 1):
        left_out = fold.fit[fold.inner == number]
        rotated, weights, eigenvalues, mean = _decompose(block, targets, fold.fit[fold.inner != number], left_out)
        for index, alpha in enumerate(grid):
            predicted = rotated @ (weights / (eigenvalues[..., None] + alpha)) + mean
            errors[index] += (predicted - targets[left_out]).square_().sum(dim=1)
    spread = (targets[fold.fit] - targets[fold.fit].mean(dim=0)).square().sum(dim=0)
    varies = (spread > CONSTANT * targets[fold.fit].square().sum(dim=0)).to(targets.dtype)
    gain = varies * (1 - errors / torch.where(varies > 0, spread, 1.0))
    member = torch.nn.functional.one_hot(torch.from_numpy(task_of)).to(gain)
    score = (gain @ member / (varies @ member).clamp_min(1.0)).flip(0)
    return len(grid) - 1 - (score >= score.amax(dim=0) - EQUAL_R2).int().argmax(dim=0)


def _decompose(
    block: Block, targets: Tensor, fit: Int64[ndarray, " fit"], apply: Int64[ndarray, " apply"]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Rows to predict on the eigenvectors of what is fitted, VᵀXᵀY, eigenvalues and the mean target."""
    fitted, mean = block.features[:, fit], targets[fit].mean(dim=0)
    centre, scale = fitted.mean(dim=1, keepdim=True), block.scales(fit)[:, None, None]
    fitted = (fitted - centre) / scale
    eigenvalues, axes = torch.linalg.eigh(fitted.transpose(1, 2) @ fitted)
    weights = axes.transpose(1, 2) @ (fitted.transpose(1, 2) @ (targets[fit] - mean))
    return (block.features[:, apply] - centre) / scale @ axes, weights, eigenvalues.clamp_min(0.0), mean
