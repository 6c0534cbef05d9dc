"""A family nobody trained whose pair reads sound on both sides: it hears which tone there is, or nothing at all."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from analysis.models.checkpoint import Checkpoint
from tests.conformance.made_up_gain import GainNetwork, GainTower, save_hearing
from tests.conformance.made_up_towers import Sizes, Stack, family_of
from tests.tiny_stems import LOWEST_HZ, RATE, SLOT_S, STEP_HZ

N_TONES, TURN = 20, 3


class Ear(GainTower):
    """The strength of every tone, turned round by so many places."""

    numbers = N_TONES

    def __init__(self, name: str, module: Stack, sizes: Sizes, gain: nn.Parameter, turn: int) -> None:
        super().__init__(name, module, sizes, gain)
        self.turn = turn

    def __call__(self, batch: Any) -> Tensor:
        step = round(STEP_HZ * SLOT_S)
        first = round(LOWEST_HZ * SLOT_S) - step // 2
        spectrum = torch.fft.rfft(batch.waveform).abs()[:, first : first + step * N_TONES]
        return self.gain * nn.functional.normalize(spectrum.unflatten(1, (N_TONES, step)).amax(dim=2)).roll(self.turn, 1)


class Ears(GainNetwork):
    """Two ears that say the same in another order, which its score knows."""

    family, pairs = "made-up-ears", (("left", "right"),)

    @property
    def towers(self) -> dict[str, Any]:
        return {name: Ear(name, self.stack, self.config, self.gain, turn) for name, turn in (("left", TURN), ("right", 0))}

    def score(self, a: Tensor, b: Tensor) -> Tensor:
        return a.roll(-TURN, 1) @ b.T


def save_ears(folder: Path) -> list[Checkpoint]:
    """One that hears tones and one that is deaf, see `save_hearing`."""
    return save_hearing(EARS, folder)


EARS = family_of(Ears, "made-up-ears", "made-up ears", Sizes(RATE, RATE * SLOT_S))
