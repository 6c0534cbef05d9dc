"""What an interrupted training run left behind, found sound before any of it is believed."""

import math
import zipfile
from collections.abc import Mapping
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


def read_state(path: Path, device: torch.device) -> dict[str, Any]:
    """The state that `Run.save` wrote: tensors, numbers and names alone are read, no code is run.

    Raises:
        ConfigError: the file is damaged, unpacks to more than it has bytes, or holds something else.
    """
    try:
        if not refuse_bomb(str(path), path.name):
            raise zipfile.BadZipFile("it is no archive of tensors")
        state = torch.load(path, map_location=device, weights_only=True)
        _check(state)
        return state
    except MemoryError:
        raise
    except Exception as error:  # whatever a damaged file makes the loader run into
        raise damaged(path) from error


def damaged(path: Path) -> ConfigError:
    """The sentence for a state that cannot be gone on from."""
    return ConfigError(f"{path} cannot be resumed: it is damaged. Begin again without --resume.")


def load(state: Mapping[str, Any], model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Put weights and the optimiser's moments in place.

    Raises:
        ValueError: a tensor has another name, shape or kind of number, is not finite, or a group has other settings.
    """
    expected = {name: (tensor.shape, tensor.dtype) for name, tensor in model.state_dict().items()}
    for weights in (state["model"], state["best"]["weights"]):
        found = {name: (tensor.shape, tensor.dtype) for name, tensor in weights.items() if isinstance(tensor, Tensor)}
        if found != expected or not all(tensor.isfinite().all() for tensor in weights.values()):
            raise ValueError("weights do not fit")
    groups, mine = state["optimizer"]["param_groups"], optimizer.param_groups
    fixed = [{name: value for name, value in group.items() if name not in ("params", "lr")} for group in mine]
    if [{name: group.get(name, value) for name, value in its.items()} for group, its in zip(groups, fixed, strict=True)] != fixed:
        raise ValueError("groups of parameters differ")
    if not all(_real(group["lr"]) for group in groups):
        raise ValueError("a learning rate is no number")
    _check_moments(state["optimizer"], [parameter for group in mine for parameter in group["params"]])
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])


def _check_moments(state: Mapping[str, Any], parameters: list[Tensor]) -> None:
    """Both moments and the step of every parameter that has any."""
    if [number for group in state["param_groups"] for number in group["params"]] != list(range(len(parameters))):
        raise ValueError("parameters are numbered otherwise")
    for number, its in state["state"].items():
        if set(its) != {"step", "exp_avg", "exp_avg_sq"} or not 0 <= float(its["step"]):
            raise ValueError("moments are missing")
        for moment in (its["exp_avg"], its["exp_avg_sq"]):
            if moment.shape != parameters[number].shape or not moment.is_floating_point() or not moment.isfinite().all():
                raise ValueError("moments do not fit")


def _check(state: Any) -> None:
    """Kinds and ranges of everything but tensors.

    Raises:
        ValueError, KeyError, TypeError: something else was found.
    """
    if not isinstance(state, dict) or not all(isinstance(state[name], kind) for name, kind in NEEDED.items()):
        raise ValueError("a field is missing or of another kind")
    best, step = state["best"], state["step"]
    if type(step) is not int or step < 0 or not _real(state["minutes"]) or state["minutes"] < 0:
        raise ValueError("steps or minutes are negative")
    if set(best) != {"S", "step", "weights"} or not _real(best["S"]) or type(best["step"]) is not int:
        raise ValueError("the best weights are not described")
    if not -1 <= best["S"] <= 1 or not 0 <= best["step"] <= step:
        raise ValueError("the best weights are of no step")
    last = 0
    for row in state["history"]:
        if not isinstance(row, dict) or type(row.get("step")) is not int or not last < row["step"] <= step:
            raise ValueError("the history is not in order")
        last = row["step"]
        if not all(isinstance(name, str) and _real(value) for name, value in row.items()):
            raise ValueError("the history holds something else than finite numbers")


def _real(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)
