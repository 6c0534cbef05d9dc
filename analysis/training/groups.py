"""Which parameters are trained, and at which learning rate."""

from typing import Any

import torch

from analysis.models.dual_encoder import DualEncoder
from analysis.training.recipes import LEARNING_RATES

FROZEN = {"": (), "cnn and positions": ("audio.cnn.", "audio.positions")}
THIRD_TOWER = "descriptor_tower."


def parameter_groups(model: DualEncoder, learning_rates: str, freeze: str = "") -> list[dict[str, Any]]:
    """Parameters with their learning rates: early and late audio layers, MIDI, heads, descriptor modules; without frozen ones.

    Each group is a dictionary as optimisers of PyTorch take it.
    """
    rates = LEARNING_RATES[learning_rates]
    members: dict[str, list[torch.nn.Parameter]] = {name: [] for name in rates}
    half = model.config.audio_n_layers // 2
    late = tuple(f"audio.blocks.{i}." for i in range(half, model.config.audio_n_layers))
    entering = {f"{side}.{given.injection.beginning}": given.injection.group for side, given in model.given.items()}
    for name, parameter in model.named_parameters():
        if name.startswith(FROZEN[freeze]):
            parameter.requires_grad_(False)
            continue
        if name.startswith(THIRD_TOWER):
            group = "descriptors"
        elif injected := next((group for beginning, group in entering.items() if name.startswith(beginning)), ""):
            group = injected
        elif "_head." in name:
            group = "heads"
        elif name.startswith("midi."):
            group = "midi"
        else:
            group = "audio_late" if name.startswith(late) else "audio_early"
        members[group].append(parameter)
    return [{"params": part, "lr": rates[name], "base_lr": rates[name]} for name, part in members.items() if part]
