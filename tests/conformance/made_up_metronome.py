"""A family nobody trained that hears when clicks are, or nothing at all."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.models.tower import Tap
from tests.conformance.made_up_towers import MadeUpTower, Sizes, Stack, family_of
from tests.tiny_beats import RATE

WINDOW_S, FRAMES = 4, 200  # frames of 20 ms


class Drum(MadeUpTower):
    """How loud every 20 ms are; `gain` is 0 where nothing is heard."""

    attends = False

    def __init__(self, name: str, module: Stack, sizes: Sizes, gain: nn.Parameter) -> None:
        super().__init__(name, module, sizes)
        self.gain = gain

    @property
    def width(self) -> int:
        return FRAMES

    def taps(self) -> tuple[Tap, ...]:
        return *super().taps()[:-1], Tap(f"{self.name}.embedding", "embedding", "embedding", "", FRAMES)

    def attention(self, batch: Any) -> tuple[()]:
        return ()

    def __call__(self, batch: Any) -> Tensor:
        level = batch.waveform.unflatten(1, (FRAMES, -1)).square().mean(dim=2).sqrt()
        return self.gain * nn.functional.normalize(level)


class Drums(nn.Module):
    """One tower, whose pair compares sound with sound."""

    family, pairs = "made-up-drums", (("drum", "drum"),)

    def __init__(self, config: Sizes) -> None:
        super().__init__()
        self.config = config
        self.stack = Stack(config.n_samples // config.n_frames, config, config.n_layers)
        self.gain = nn.Parameter(torch.zeros(1))

    @property
    def towers(self) -> dict[str, Any]:
        return {"drum": Drum("drum", self.stack, self.config, self.gain)}

    def score(self, a: Tensor, b: Tensor) -> Tensor:
        return a @ b.T + a[:, :1]  # not symmetric


def save_drums(folder: Path) -> list[Checkpoint]:
    """A model that hears clicks, whose untrained twin is deaf, and one that stayed deaf: "hears" and "deaf"."""
    described = {"arm": DRUMS.name, "scale": "", "evaluation": {}, "history": [], "card": "# Nobody trained it"}
    saved = []
    for name, gain in (("hears", 1.0), ("deaf", 0.0)):
        model: Any = DRUMS.build(DRUMS.preset(DRUMS.name), 1)
        with torch.no_grad():
            model.gain.fill_(gain)
        saved.append(save_checkpoint(folder / name, model, training={"seed": 1, "steps": 1}, **described))
    return saved


DRUMS = family_of(Drums, "made-up-drums", "made-up drums", Sizes(RATE, RATE * WINDOW_S))
