"""A family nobody trained whose pair reads sound on both sides: it hears which tone there is, or nothing at all."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.models.tower import Tap
from tests.conformance.made_up_towers import MadeUpTower, Sizes, Stack, family_of
from tests.tiny_stems import LOWEST_HZ, RATE, SLOT_S, STEP_HZ

N_TONES, TURN = 20, 3


class Ear(MadeUpTower):
    """The strength of every tone, turned round by so many places; `gain` is 0 where nothing is heard."""

    attends = False

    def __init__(self, name: str, module: Stack, sizes: Sizes, gain: nn.Parameter, turn: int) -> None:
        super().__init__(name, module, sizes)
        self.gain, self.turn = gain, turn

    @property
    def width(self) -> int:
        return N_TONES

    def taps(self) -> tuple[Tap, ...]:
        return *super().taps()[:-1], Tap(f"{self.name}.embedding", "embedding", "embedding", "", N_TONES)

    def attention(self, batch: Any) -> tuple[()]:
        return ()

    def __call__(self, batch: Any) -> Tensor:
        step = round(STEP_HZ * SLOT_S)
        first = round(LOWEST_HZ * SLOT_S) - step // 2
        spectrum = torch.fft.rfft(batch.waveform).abs()[:, first : first + step * N_TONES]
        return self.gain * nn.functional.normalize(spectrum.unflatten(1, (N_TONES, step)).amax(dim=2)).roll(self.turn, 1)


class Ears(nn.Module):
    """Two ears that say the same in another order, which its score knows; before training it is deaf."""

    family, pairs = "made-up-ears", (("left", "right"),)

    def __init__(self, config: Sizes) -> None:
        super().__init__()
        self.config = config
        self.stack = Stack(config.n_samples // config.n_frames, config, config.n_layers)
        self.gain = nn.Parameter(torch.zeros(1))

    @property
    def towers(self) -> dict[str, Any]:
        return {name: Ear(name, self.stack, self.config, self.gain, turn) for name, turn in (("left", TURN), ("right", 0))}

    def score(self, a: Tensor, b: Tensor) -> Tensor:
        return a.roll(-TURN, 1) @ b.T


def save_ears(folder: Path) -> list[Checkpoint]:
    """A model that hears tones, whose untrained twin is deaf, and one that stayed deaf: "hears" and "deaf"."""
    described = {"arm": EARS.name, "scale": "", "evaluation": {}, "history": [], "card": "# Nobody trained it"}
    saved = []
    for name, gain in (("hears", 1.0), ("deaf", 0.0)):
        model: Any = EARS.build(EARS.preset(EARS.name), 1)
        with torch.no_grad():
            model.gain.fill_(gain)
        saved.append(save_checkpoint(folder / name, model, training={"seed": 1, "steps": 1}, **described))
    return saved


EARS = family_of(Ears, "made-up-ears", "made-up ears", Sizes(RATE, RATE * SLOT_S))
