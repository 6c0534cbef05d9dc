"""Muon for matrices and AdamW for everything else, in one optimiser whose state can be kept and gone on from."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from analysis.errors import ConfigError
from analysis.training.objective import Groups

MOMENTUM = 0.95
ITERATIONS = 5
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
SMALLEST = 1e-7
BUFFER = "momentum_buffer"


def orthogonalised(matrix: Tensor) -> Tensor:
    """A matrix with the singular vectors of the given one and singular values near 1, by 5 steps of Newton–Schulz.

    X ← aX + (bXXᵀ + c(XXᵀ)²)X from X = M / |M|, with coefficients for which small singular values rise fast.

    Source: Jordan et al. 2024, Muon; as in `torch.optim.Muon`, but in the precision that is given.
    """
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / x.norm().clamp(min=SMALLEST)
    for _ in range(ITERATIONS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if tall else x


class MuonAdamW(torch.optim.AdamW):
    """AdamW, but that groups with "muon" are moved along their orthogonalised momentum.

    m ← 0.95 m + 0.05 g; the step is Nesterov's, 0.05 g + 0.95 m, orthogonalised as a matrix of outputs × everything else, times
    √max(1, rows / columns); weight decay is decoupled.

    Raises:
        ConfigError: a parameter of such a group has fewer than two dimensions.
    """

    def __init__(self, groups: Groups, betas: tuple[float, float], weight_decay: float) -> None:
        super().__init__([{"muon": False, **group} for group in groups], betas=betas, weight_decay=weight_decay)
        for group in self.param_groups:
            if group["muon"] and any(parameter.ndim < 2 for parameter in group["params"]):
                raise ConfigError("Muon moves matrices; got a parameter of one dimension. Put it into a group without it.")

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step of every group."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        everything = self.param_groups
        for group in everything:
            if group["muon"]:
                self._move(group["params"], group["lr"], group["weight_decay"])
        self.param_groups = [group for group in everything if not group["muon"]]
        try:
            super().step()
        finally:
            self.param_groups = everything
        return loss

    def _move(self, parameters: list[Tensor], rate: float, weight_decay: float) -> None:
        for parameter in parameters:
            if parameter.grad is None:
                continue
            state = self.state[parameter]
            if not state:
                state |= {"step": torch.tensor(0.0), BUFFER: torch.zeros_like(parameter)}
            state["step"] += 1
            momentum = state[BUFFER]
            momentum.lerp_(parameter.grad, 1 - MOMENTUM)
            ahead = parameter.grad.lerp(momentum, MOMENTUM).flatten(1)
            scale = math.sqrt(max(1, ahead.shape[0] / ahead.shape[1]))
            parameter.mul_(1 - rate * weight_decay)
            parameter.add_(orthogonalised(ahead).view_as(parameter), alpha=-rate * scale)
