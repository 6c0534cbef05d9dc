"""Multinomial logistic regression of many layers, folds, penalties and labellings as one batched problem.

Minimises Σᵢ wᵢ·CE(yᵢ, softmax(Wxᵢ + b)) + ½·penalty·‖W‖² (scikit-learn's objective divided by C, with penalty = 1/C; the
intercept is free). Convex, so that every solver ends at the same place: here L-BFGS on the principal axes of the features,
divided by the curvature expected along each.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Float64, Int64
from numpy import ndarray
from torch import Tensor

from analysis.errors import CorpusError
from analysis.measures.probes import Block, Fold

CS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
MEMORY, MOST_STEPS, MOST_HALVINGS = 8, 1000, 30
COARSE, COARSE_STEPS = 1e-2, 30  # of the gradient at zero: enough to tell penalties apart
ABSENT = -1e9  # logit of a class of which nothing is fitted


@dataclass(frozen=True)
class Logistic:
    """Log-probabilities `(labellings, layers, rows, classes)` out of fold, zero where never scored, and C `(folds, layers)`."""

    log_probabilities: Float[Tensor, "labellings layers n classes"]
    cs: Float64[ndarray, "folds layers"]


@dataclass(frozen=True)
class Problems:
    """Problems `q` on the rows of every layer: classes, weights of the rows, penalties, and which classes occur."""

    classes: Int64[Tensor, "q n"]
    weights: Float[Tensor, "q n"]
    penalties: Float[Tensor, "layers q"]
    present: Bool[Tensor, "q classes"]


def logistic_probes(
    block: Block,
    labellings: Int64[ndarray, "labellings n"],
    n_classes: int,
    folds: Sequence[Fold],
    *,
    cs: Sequence[float] = CS,
    tick: Callable[[], None] = lambda: None,
) -> Logistic:
    """Predictions of every layer out of fold, classes weighted equally whatever their number of rows.

    C (of features of mean variance 1) is chosen per layer and fold on the first labelling, the true one: the smallest with the
    highest balanced accuracy over the inner folds. The other labellings are fitted with the same C: the same probe.

    Raises:
        CorpusError: there are fewer than two classes.
    """
    if len(np.unique(labellings[0])) < 2:
        raise CorpusError(f"A classifier needs 2 classes or more; got {len(np.unique(labellings[0]))}. Use more pieces.")
    grid, device = sorted(cs), block.features.device
    labels = torch.from_numpy(labellings).to(device)
    chosen = _choose(block, labels[0], n_classes, folds, grid, tick)
    n_layers, n_rows = block.features.shape[:2]
    log_p = block.features.new_zeros(len(labels), n_layers, n_rows, n_classes)
    for number, fold in enumerate(folds):
        fits = [(classes, fold.fit) for classes in labels]
        strengths = [[chosen[number][layer]] * len(fits) for layer in range(n_layers)]
        problems = make_problems(block, fits, n_classes, strengths)
        weights, bias = fit_logistic(block.features, problems, tick=tick)
        scored = log_probabilities(block.features[:, fold.score], weights, bias)
        log_p[:, :, fold.score] = scored.transpose(0, 1)
    return Logistic(log_p, np.array(chosen))


def make_problems(
    block: Block, fits: Sequence[tuple[Tensor, ndarray]], n_classes: int, cs: Sequence[Sequence[float]]
) -> Problems:
    """One problem for every pair of classes `(n,)` and rows to fit, with C per layer and problem.

    The penalty is that of features divided by their scale over the rows that are fitted. Where only one class is there to fit,
    it is what is always predicted.
    """
    weights = block.features.new_zeros(len(fits), block.features.shape[1])
    present = torch.zeros(len(fits), n_classes, dtype=torch.bool, device=weights.device)
    scale_of = {id(rows): block.scales(rows) for rows in {id(rows): rows for _, rows in fits}.values()}
    for index, (classes, rows) in enumerate(fits):
        counts = torch.bincount(classes[rows], minlength=n_classes)
        present[index] = counts > 0
        equal = len(rows) / (present[index].sum() * counts.clamp_min(1))
        weights[index, rows] = equal[classes[rows]].to(weights.dtype)
    penalties = torch.stack([scale_of[id(rows)] for _, rows in fits], dim=1).square() / weights.new_tensor(cs)
    return Problems(torch.stack([classes for classes, _ in fits]), weights, penalties, present)


def fit_logistic(
    features: Float[Tensor, "layers n d"],
    problems: Problems,
    *,
    tolerance: float = 1e-5,
    most_steps: int = MOST_STEPS,
    tick: Callable[[], None] = lambda: None,
) -> tuple[Float[Tensor, "layers q d classes"], Float[Tensor, "layers q classes"]]:
    """Weights and intercepts of every problem on every layer.

    Args:
        features: rows of every layer.
        problems: which all share the rows.
        tolerance: the largest gradient left, relative to the largest at zero.
        most_steps: after which it ends as it is.
        tick: called between steps; it may raise to stop.
    """
    n_layers, _, d = features.shape
    n_classes = problems.present.shape[1]
    energy = torch.linalg.eigh((features.transpose(1, 2) @ features).double())
    rotated, eigenvalues = features @ energy[1].to(features.dtype), energy[0].clamp_min(0.0).to(features.dtype)
    total = problems.weights.sum(dim=1)
    share = (total / features.shape[1])[None, :, None]
    curvature = eigenvalues[:, None] * share / n_classes + problems.penalties[..., None]
    root = torch.cat([curvature, (total / n_classes)[None, :, None].expand(n_layers, -1, 1)], dim=2).sqrt()[..., None]
    truth = torch.nn.functional.one_hot(problems.classes, n_classes).to(features.dtype)
    absent = torch.where(problems.present, 0.0, ABSENT).to(features.dtype)

    def evaluate(scaled: Tensor) -> tuple[Tensor, Tensor]:
        parameters = scaled / root
        weights, bias = parameters[:, :, :d], parameters[:, :, d] + absent
        logits = _logits(rotated, weights, bias)
        normaliser = logits.logsumexp(dim=-1, keepdim=True)
        loss = (problems.weights * (normaliser[..., 0] - (logits * truth).sum(dim=-1))).sum(dim=-1)
        residual = ((logits - normaliser).exp_() - truth) * problems.weights[..., None]
        flat = rotated.transpose(1, 2) @ residual.transpose(1, 2).flatten(2)
        slope = flat.view(n_layers, d, -1, n_classes).transpose(1, 2) + problems.penalties[..., None, None] * weights
        gradient = torch.cat([slope, residual.sum(dim=2)[:, :, None]], dim=2) * problems.present[:, None]
        return loss + 0.5 * problems.penalties * weights.square().sum(dim=(2, 3)), gradient / root

    start = features.new_zeros(n_layers, len(total), d + 1, n_classes)
    solved = _lbfgs(evaluate, start, tolerance, most_steps, tick) / root
    weights = energy[1].to(features.dtype)[:, None] @ solved[:, :, :d]
    return weights, solved[:, :, d] + absent


def log_probabilities(
    features: Float[Tensor, "layers n d"], weights: Float[Tensor, "layers q d classes"], bias: Float[Tensor, "layers q classes"]
) -> Float[Tensor, "layers q n classes"]:
    """Logarithm of the probability of every class."""
    return _logits(features, weights, bias).log_softmax(dim=-1)


def _logits(features: Tensor, weights: Tensor, bias: Tensor) -> Tensor:
    n_layers, n_problems, d, n_classes = weights.shape
    flat = features @ weights.transpose(1, 2).reshape(n_layers, d, -1)
    return flat.view(n_layers, -1, n_problems, n_classes).transpose(1, 2) + bias[:, :, None]


def _choose(
    block: Block, labels: Tensor, n_classes: int, folds: Sequence[Fold], grid: list[float], tick: Callable[[], None]
) -> list[list[float]]:
    """C of every fold and layer from the inner folds, in fp32 and to a coarse end.

    That tells penalties apart but for scores within a few windows of each other, which a solver that goes on may order otherwise.
    """
    n_layers = len(block.features)
    chosen = []
    for fold in folds:
        fitted, known = Block(block.features[:, fold.fit], block.widths), labels[fold.fit]
        inner = [number for number in np.unique(fold.inner) if len(known[fold.inner != number].unique()) > 1]
        if not inner:  # nothing can be compared: the strongest penalty
            chosen.append([grid[0]] * n_layers)
            continue
        fits = [fit for number in inner for fit in [(known, np.flatnonzero(fold.inner != number))] * len(grid)]
        wide, features = make_problems(fitted, fits, n_classes, [grid * len(inner)] * n_layers), fitted.features.float()
        problems = Problems(wide.classes, wide.weights.float(), wide.penalties.float(), wide.present)
        solved = fit_logistic(features, problems, tolerance=COARSE, most_steps=COARSE_STEPS, tick=tick)
        right = torch.zeros(n_layers, len(grid), n_classes, device=features.device)
        for index, number in enumerate(inner):
            rows, mine = np.flatnonzero(fold.inner == number), slice(index * len(grid), (index + 1) * len(grid))
            hit = _logits(features[:, rows], solved[0][:, mine], solved[1][:, mine]).argmax(dim=-1) == known[rows]
            right += hit.float() @ torch.nn.functional.one_hot(known[rows], n_classes).float()
        support = torch.bincount(known, minlength=n_classes).clamp_min(1)
        best = (right / support).mean(dim=-1).argmax(dim=1)
        chosen.append([grid[int(index)] for index in best])
    return chosen


def _lbfgs(
    evaluate: Callable[[Tensor], tuple[Tensor, Tensor]],
    start: Tensor,
    tolerance: float,
    most_steps: int,
    tick: Callable[[], None],
) -> Tensor:
    """Minimum of every problem of a batch `(layers, q, …)`; a step is halved for those that it does not help."""

    def dot(first: Tensor, other: Tensor) -> Tensor:
        return (first * other).sum(dim=(2, 3), keepdim=True)

    at, (loss, gradient) = start, evaluate(start)
    goal = tolerance * gradient.abs().amax(dim=(2, 3)).clamp_min(torch.finfo(start.dtype).tiny)
    history: list[tuple[Tensor, Tensor, Tensor]] = []
    for _ in range(most_steps):
        tick()
        open_ = gradient.abs().amax(dim=(2, 3)) > goal
        if not bool(open_.any()):
            break
        direction = -_two_loops(gradient, history, dot)
        slope = dot(direction, gradient)[..., 0, 0]
        length, slack = open_.to(start.dtype)[..., None, None], 8 * torch.finfo(start.dtype).eps * loss.abs()
        new_loss, new_gradient = evaluate(new := at + length * direction)
        for _ in range(MOST_HALVINGS):
            worse = new_loss > loss + 1e-4 * length[..., 0, 0] * slope + slack
            if not bool(worse.any()):
                break
            length = torch.where(worse[..., None, None], length / 2, length)
            new_loss, new_gradient = evaluate(new := at + length * direction)
        moved, turned = new - at, new_gradient - gradient
        product = dot(moved, turned)
        history = [*history[-(MEMORY - 1) :], (moved, turned, torch.where(product > 0, 1 / product, 0.0))]
        if not bool((moved != 0).any()):
            break
        at, loss, gradient = new, new_loss, new_gradient
    return at


def _two_loops(gradient: Tensor, history: Sequence[tuple[Tensor, Tensor, Tensor]], dot: Callable[..., Tensor]) -> Tensor:
    """The inverse Hessian times the gradient (Nocedal & Wright 2006, algorithm 7.4)."""
    left, parts = gradient, []
    for moved, turned, inverse in reversed(history):
        part = inverse * dot(moved, left)
        left, _ = left - part * turned, parts.append(part)
    if history:
        moved, turned, _ = history[-1]
        size = dot(turned, turned)
        left = left * torch.where(size > 0, dot(moved, turned) / size, 1.0).clamp_min(1e-6)
    for (moved, turned, inverse), part in zip(history, reversed(parts), strict=True):
        left = left + (part - inverse * dot(turned, left)) * moved
    return left
