"""What families nobody trained have in common that hear something or, before training, nothing at all."""

from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import nn

from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.models.families import Family
from analysis.models.tower import Tap
from tests.conformance.made_up_towers import MadeUpTower, Sizes, Stack


class GainTower(MadeUpTower):
    """An embedding of `numbers` numbers; `gain`, with which it is multiplied, is 0 where nothing is heard."""

    attends = False
    numbers: ClassVar[int]

    def __init__(self, name: str, module: Stack, sizes: Sizes, gain: nn.Parameter) -> None:
        super().__init__(name, module, sizes)
        self.gain = gain

    @property
    def width(self) -> int:
        return self.numbers

    def taps(self) -> tuple[Tap, ...]:
        return *super().taps()[:-1], Tap(f"{self.name}.embedding", "embedding", "embedding", "", self.numbers)

    def attention(self, batch: Any) -> tuple[()]:
        return ()


class GainNetwork(nn.Module):
    """A stack that its towers read, and their gain; deaf before training."""

    def __init__(self, config: Sizes) -> None:
        super().__init__()
        self.config = config
        self.stack = Stack(config.n_samples // config.n_frames, config, config.n_layers)
        self.gain = nn.Parameter(torch.zeros(1))


def save_hearing(family: Family, folder: Path) -> list[Checkpoint]:
    """A model that hears, whose untrained twin is deaf, and one that stayed deaf: "hears" and "deaf"."""
    described = {"arm": family.name, "scale": "", "evaluation": {}, "history": [], "card": "# Nobody trained it"}
    saved = []
    for name, gain in (("hears", 1.0), ("deaf", 0.0)):
        model: Any = family.build(family.preset(family.name), 1)
        with torch.no_grad():
            model.gain.fill_(gain)
        saved.append(save_checkpoint(folder / name, model, training={"seed": 1, "steps": 1}, **described))
    return saved
