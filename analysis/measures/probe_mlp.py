"""The MLP probe of the MARBLE benchmark; it is not linear and is never called so.

One hidden layer of 512 units, ReLU, dropout 0.2, Adam without weight decay, batches of 64, at most 100 epochs, learning rate
halved when the validation loss has not fallen for 3 epochs, end after 10; learning rate chosen on validation (Yuan et al. 2023,
section 3 and code). All folds and learning rates are trained together. The validation works are the first inner fold of a fold.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from numpy import ndarray
from torch import Tensor

from analysis.errors import ShapeError
from analysis.measures.probes import Fold
from analysis.seeding import torch_generator

HIDDEN, DROPOUT, BATCH, EPOCHS, PATIENCE, PLATEAU = 512, 0.2, 64, 100, 10, 3
RATES = (1e-2, 5e-3, 1e-3, 5e-4, 1e-4)
BETAS, SMALLEST = (0.9, 0.999), 1e-8


@dataclass(frozen=True)
class Mlp:
    """Predictions `(rows, outputs)` out of fold (of classes: log-probabilities) and the learning rate of every fold."""

    predictions: Float64[ndarray, "n outputs"]
    rates: tuple[float, ...]


@dataclass(frozen=True)
class _Data:
    """Standardised rows of every fold and what is to be predicted from them."""

    features: Float[Tensor, "folds n d"]
    targets: Float[Tensor, "folds n outputs"]
    is_class: bool


def mlp_probe(
    features: Float[ndarray, "n d"],
    targets: Float[ndarray, "n outputs"] | Int64[ndarray, " n"],
    folds: Sequence[Fold],
    *,
    n_classes: int = 0,
    seed: int,
    rates: Sequence[float] = RATES,
    epochs: int = EPOCHS,
    device: torch.device | None = None,
    tick: Callable[[], None] = lambda: None,
) -> Mlp:
    """Train on every fold and predict the rows that it scores.

    Args:
        features: of one layer.
        targets: numbers, or with `n_classes` the class of every row.
        folds: see `nested_folds`.
        n_classes: number of classes; 0 for numbers.
        seed: of weights, batches and dropout.
        rates: learning rates to choose from.
        epochs: at most.
        device: where to train.
        tick: called between epochs; it may raise to stop.

    Raises:
        ShapeError: a feature is not finite.
    """
    if not np.isfinite(features).all():
        raise ShapeError(f"Features of shape {features.shape} are not all finite. Look at the model.")
    where = device or torch.device("cpu")
    data, mean, scale = _prepare(features, targets, folds, n_classes, where)
    state, validation = _train(data, folds, rates, epochs, seed, tick)
    best = validation.view(len(folds), len(rates)).argmin(dim=1)
    chosen = torch.arange(len(folds), device=where) * len(rates) + best
    output = _forward(data.features, [part[chosen] for part in state])
    output = output.log_softmax(dim=-1) if n_classes else output * scale + mean
    predictions = np.zeros((len(features), output.shape[-1]))
    for number, fold in enumerate(folds):
        predictions[fold.score] = output[number, fold.score].double().cpu().numpy()
    return Mlp(predictions, tuple(float(rates[int(index)]) for index in best))


def _prepare(
    features: ndarray, targets: ndarray, folds: Sequence[Fold], n_classes: int, device: torch.device
) -> tuple[_Data, Tensor, Tensor]:
    """Features and numbers standardised with mean and deviation of what a fold fits; and those of the targets."""
    wanted = np.eye(n_classes)[targets] if n_classes else np.asarray(targets, np.float64)
    rows, means, scales, goals = [], [], [], []
    for fold in folds:
        spread = features[fold.fit].std(axis=0)
        rows.append((features - features[fold.fit].mean(axis=0)) / np.where(spread > 0, spread, 1.0))
        spread, mean = wanted[fold.fit].std(axis=0), wanted[fold.fit].mean(axis=0)
        scales.append(np.where(spread > 0, spread, 1.0)[None])
        means.append(mean[None])
        goals.append(wanted if n_classes else (wanted - mean) / scales[-1])
    stacks = [torch.from_numpy(np.stack(part).astype(np.float32)).to(device) for part in (rows, goals, means, scales)]
    return _Data(stacks[0], stacks[1], bool(n_classes)), stacks[2], stacks[3]


def _train(
    data: _Data, folds: Sequence[Fold], rates: Sequence[float], epochs: int, seed: int, tick: Callable[[], None]
) -> tuple[list[Tensor], Tensor]:
    """Weights at the epoch with the lowest validation loss, and that loss, of every fold and rate `(folds · rates, …)`."""
    n, device = len(folds) * len(rates), data.features.device
    random = torch_generator(seed, "mlp probe")
    state = _initial(n, data.features.shape[2], data.targets.shape[2], random, device)
    moments = [[torch.zeros_like(part) for part in state] for _ in "mv"]
    rate = torch.tensor(rates, device=device).repeat(len(folds))
    best, kept = torch.full((n,), torch.inf, device=device), [part.clone() for part in state]
    waited, steps = torch.zeros(n, device=device), 0
    fits = [fold.fit[fold.inner != 0] for fold in folds]
    for _ in range(epochs):
        tick()
        orders = [fit[torch.randperm(len(fit), generator=random).numpy()] for fit in fits]
        for start in range(0, min(map(len, orders)), BATCH):
            steps += 1
            batch = _batch(data, [order[start : start + BATCH] for order in orders], len(rates))
            _adam(state, moments, _gradients(*batch, state, data.is_class, random), rate, steps)
        loss = _validation_loss(data, folds, state, len(rates))
        better = loss < best
        best, waited = torch.where(better, loss, best), torch.where(better, 0, waited + 1)
        kept = [torch.where(better[:, None, None], now, then) for now, then in zip(state, kept, strict=True)]
        rate = torch.where((waited > 0) & (waited % (PLATEAU + 1) == 0), rate / 2, rate)
        if bool((waited >= PATIENCE).all()):
            break
    return kept, best


def _initial(n: int, d: int, outputs: int, random: torch.Generator, device: torch.device) -> list[Tensor]:
    """Weights and biases, uniform within ±1/√inputs as in torch's linear layer; every rate of a fold begins alike."""
    state = []
    for wide, narrow in ((d, HIDDEN), (HIDDEN, outputs)):
        for shape in ((1, wide, narrow), (1, 1, narrow)):
            drawn = (2 * torch.rand(shape, generator=random) - 1) / wide**0.5
            state.append(drawn.expand(n, -1, -1).clone().to(device))
    return state


def _batch(data: _Data, rows: Sequence[ndarray], n_rates: int) -> tuple[Tensor, Tensor]:
    """The same rows of a fold for all its rates."""
    shortest = min(map(len, rows))
    index = torch.from_numpy(np.stack([row[:shortest] for row in rows])).to(data.features.device)
    run = torch.arange(len(rows), device=index.device)[:, None]
    features, targets = (part[run, index].repeat_interleave(n_rates, dim=0) for part in (data.features, data.targets))
    return features, targets


def _forward(features: Tensor, state: Sequence[Tensor], keep: Tensor | None = None) -> Tensor:
    hidden = torch.relu(torch.baddbmm(state[1], features, state[0]))
    return torch.baddbmm(state[3], hidden if keep is None else hidden * keep, state[2])


def _gradients(features: Tensor, targets: Tensor, state: list[Tensor], is_class: bool, random: torch.Generator) -> list[Tensor]:
    leaves = [part.detach().requires_grad_() for part in state]
    keep = (torch.rand(1, features.shape[1], HIDDEN, generator=random) >= DROPOUT).to(features) / (1 - DROPOUT)
    with torch.enable_grad():
        loss = _loss(_forward(features, leaves, keep), targets, is_class).sum()
        return list(torch.autograd.grad(loss, leaves))


def _loss(output: Tensor, targets: Tensor, is_class: bool) -> Float[Tensor, " problems"]:
    """Mean over rows: cross-entropy, or squared error averaged over outputs."""
    if is_class:
        return -(targets * output.log_softmax(dim=-1)).sum(dim=-1).mean(dim=-1)
    return (output - targets).square().mean(dim=(1, 2))


def _adam(state: list[Tensor], moments: list[list[Tensor]], gradients: list[Tensor], rate: Tensor, step: int) -> None:
    first, second = moments
    for part, mean, square, gradient in zip(state, first, second, gradients, strict=True):
        mean.lerp_(gradient, 1 - BETAS[0])
        square.lerp_(gradient.square(), 1 - BETAS[1])
        deviation = (square / (1 - BETAS[1] ** step)).sqrt_() + SMALLEST
        part -= rate[:, None, None] * (mean / (1 - BETAS[0] ** step)) / deviation


@torch.no_grad()
def _validation_loss(data: _Data, folds: Sequence[Fold], state: list[Tensor], n_rates: int) -> Tensor:
    losses = []
    for number, fold in enumerate(folds):
        rows, mine = fold.fit[fold.inner == 0], slice(number * n_rates, (number + 1) * n_rates)
        output = _forward(data.features[number, rows].expand(n_rates, -1, -1), [part[mine] for part in state])
        losses.append(_loss(output, data.targets[number, rows].expand(n_rates, -1, -1), data.is_class))
    return torch.cat(losses)
