"""What an interrupted training run left behind, found sound before any of it is believed."""

import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from analysis.errors import ConfigError
from analysis.models.state_dicts import refuse_bomb

NEEDED = {
    "request": dict, "corpus_sha256": str, "step": int, "minutes": float, "history": list, "best": dict, "model": dict,
    "optimizer": dict,
}  # fmt: skip
MOMENTS = ("exp_avg", "exp_avg_sq")
MOMENTUM = ("momentum_buffer",)
Weights = dict[str, Tensor]
Row = dict[str, float]


@dataclass(frozen=True)
class Best:
    """The weights of the best step on validation, and S or what else was measured there; -1 before the first validation."""

    s: float
    step: int
    weights: Weights

    def record(self) -> dict[str, object]:
        """As it is saved."""
        return {"S": self.s, "step": self.step, "weights": self.weights}


@dataclass(frozen=True)
class State:
    """Everything needed to go on with a run.

    Attributes:
        request: the fields of its `TrainRequest`.
        corpus_sha256: of the corpus that it is trained on.
        step: steps that are done.
        minutes: that they took.
        history: a row per step, its numbers by name.
        best: the best weights so far.
        model: the weights now.
        optimizer: the state of the optimiser, as PyTorch describes it.
    """

    request: Mapping[str, object]
    corpus_sha256: str
    step: int
    minutes: float
    history: list[Row]
    best: Best
    model: Weights
    optimizer: dict[str, Any]

    def record(self) -> dict[str, object]:
        """As it is saved."""
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**parts, "best": self.best.record()}


def read_state(path: Path, device: torch.device) -> State:
    """The state that `Run.save` wrote: tensors, numbers and names alone are read, no code is run.

    Raises:
        ConfigError: the file is damaged, unpacks to more than it has bytes, or holds something else.
    """
    try:
        if not refuse_bomb(str(path), path.name):
            raise zipfile.BadZipFile("it is no archive of tensors")
        return _parsed(torch.load(path, map_location=device, weights_only=True))
    except MemoryError:
        raise
    except Exception as error:  # whatever a damaged file makes the loader run into
        raise damaged(path) from error


def damaged(path: Path) -> ConfigError:
    """The sentence for a state that cannot be gone on from."""
    return ConfigError(f"{path} cannot be resumed: it is damaged. Begin again without --resume.")


def load(state: State, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Put weights and the optimiser's moments in place.

    Raises:
        ValueError: a tensor has another name, shape or kind of number, is not finite, or a group has other settings.
    """
    expected = {name: (tensor.shape, tensor.dtype) for name, tensor in model.state_dict().items()}
    for weights in (state.model, state.best.weights):
        shapes = {name: (tensor.shape, tensor.dtype) for name, tensor in weights.items() if isinstance(tensor, Tensor)}
        if shapes != expected or not all(tensor.isfinite().all() for tensor in weights.values()):
            raise ValueError("weights do not fit")
    groups, mine = state.optimizer["param_groups"], optimizer.param_groups
    fixed = [{name: value for name, value in group.items() if name not in ("params", "lr")} for group in mine]
    if [
        {name: group.get(name, value) for name, value in group_of.items()} for group, group_of in zip(groups, fixed, strict=True)
    ] != fixed:
        raise ValueError("groups of parameters differ")
    if not all(_real(group["lr"]) for group in groups):
        raise ValueError("a learning rate is no number")
    numbers = [number for group in groups for number in group["params"]]
    _check_moments(state.optimizer["state"], numbers, [parameter for group in mine for parameter in group["params"]])
    model.load_state_dict(state.model)
    optimizer.load_state_dict(state.optimizer)


def _check_moments(moments: Mapping[int, Mapping[str, Tensor]], numbers: list[int], parameters: list[Tensor]) -> None:
    """The step of every parameter that has any, with both moments, or with the momentum of one that Muon moves."""
    if numbers != list(range(len(parameters))):
        raise ValueError("parameters are numbered otherwise")
    for number, kept in moments.items():
        names = MOMENTUM if MOMENTUM[0] in kept else MOMENTS
        if set(kept) != {"step", *names} or not 0 <= float(kept["step"]):
            raise ValueError("moments are missing")
        for moment in (kept[name] for name in names):
            if moment.shape != parameters[number].shape or not moment.is_floating_point() or not moment.isfinite().all():
                raise ValueError("moments do not fit")


def _parsed(document: object) -> State:
    """The state that a document describes, kinds and ranges of everything but tensors found sound.

    Raises:
        ValueError, KeyError, TypeError: something else was found.
    """
    if not isinstance(document, dict) or not all(isinstance(document[name], kind) for name, kind in NEEDED.items()):
        raise ValueError("a field is missing or of another kind")
    best, parts = _best(document["best"]), {name: document[name] for name in NEEDED if name != "best"}
    state = State(best=best, **parts)
    if type(state.step) is not int or state.step < 0 or not _real(state.minutes) or state.minutes < 0:
        raise ValueError("steps or minutes are negative")
    if not 0 <= state.best.step <= state.step:
        raise ValueError("the best weights are of no step")
    last = 0
    for row in state.history:
        if not isinstance(row, dict) or type(step := row.get("step")) is not int or not last < step <= state.step:
            raise ValueError("the history is not in order")
        last = step
        if not all(isinstance(name, str) and _real(value) for name, value in row.items()):
            raise ValueError("the history holds something else than finite numbers")
    return state


def _best(document: object) -> Best:
    match document:
        case {"S": s, "step": step, "weights": weights, **rest} if not rest:
            best = Best(s, step, weights)
        case _:
            raise ValueError("the best weights are not described")
    if not _real(best.s) or type(best.step) is not int or not -1 <= best.s <= 1:
        raise ValueError("the best weights are of no step")
    return best


def _real(value: object) -> bool:
    return isinstance(value, int | float) and type(value) in (int, float) and math.isfinite(value)
