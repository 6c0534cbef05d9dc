"""A family nobody trained that hears when clicks are, or nothing at all."""

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from analysis.models.checkpoint import Checkpoint
from tests.conformance.made_up_gain import GainNetwork, GainTower, save_hearing
from tests.conformance.made_up_towers import Sizes, family_of
from tests.tiny_beats import RATE

WINDOW_S, FRAMES = 4, 200  # frames of 20 ms


class Drum(GainTower):
    """How loud every 20 ms are."""

    numbers = FRAMES

    def __call__(self, batch: Any) -> Tensor:
        level = batch.waveform.unflatten(1, (FRAMES, -1)).square().mean(dim=2).sqrt()
        return self.gain * nn.functional.normalize(level)


class Drums(GainNetwork):
    """One tower, whose pair compares sound with sound."""

    family, pairs = "made-up-drums", (("drum", "drum"),)

    @property
    def towers(self) -> dict[str, Any]:
        return {"drum": Drum("drum", self.stack, self.config, self.gain)}

    def score(self, a: Tensor, b: Tensor) -> Tensor:
        return a @ b.T + a[:, :1]  # not symmetric


def save_drums(folder: Path) -> list[Checkpoint]:
    """One that hears clicks and one that is deaf, see `save_hearing`."""
    return save_hearing(DRUMS, folder)


DRUMS = family_of(Drums, "made-up-drums", "made-up drums", Sizes(RATE, RATE * WINDOW_S))
