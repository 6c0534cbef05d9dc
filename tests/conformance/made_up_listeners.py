"""Two more families nobody trained: a listener whose tokens are patches of time and frequency, and one that does not attend."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from analysis.models.families import Family
from analysis.models.tower import AttentionPlace, TokenAxis
from analysis.seeding import derive
from tests.conformance import made_up_family
from tests.conformance.made_up_family import FRAME, Listener, Sizes, Whole

BANDS_HZ = ((0.0, 1000.0), (1000.0, 2000.0), (2000.0, 3000.0), (3000.0, 4000.0))


class Patches(Whole):
    """Four bands of the spectrum of every frame in a row, frame by frame, a class token before them."""

    family = "made-up-patches"

    def __init__(self, config: Sizes) -> None:
        super().__init__(config)
        self.frames = nn.Linear(FRAME // 2 // len(BANDS_HZ), config.width)
        self.place = nn.Parameter(torch.empty(len(BANDS_HZ), config.width))
        nn.init.normal_(self.place)

    @property
    def towers(self) -> dict[str, Any]:
        return {"audio": PatchListener(self)}

    def forward(self, waveform: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(waveform.unflatten(1, (-1, FRAME))).abs()[..., 1:].log1p()
        patches = self.frames(spectrum.unflatten(2, (len(BANDS_HZ), -1))) + self.place
        tokens = torch.cat([self.first.expand(len(patches), 1, -1), patches.flatten(1, 2)], dim=1)
        for block in self.blocks:
            tokens = block(tokens)
        return self.head(tokens[:, 0])


class PatchListener(Listener):
    """Its tower."""

    def axis(self, tap: str, batch: Any) -> TokenAxis | None:
        frames = super().axis(tap, batch)
        if frames is None:
            return None
        times_s = np.repeat(frames.times_s, len(BANDS_HZ))
        return TokenAxis("patch", times_s, np.tile(np.array(BANDS_HZ), (len(frames.times_s), 1)), special=1)


class Deaf(nn.Module):
    """A layer that looks at one frame after the other."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens + torch.tanh(self.mix(tokens))


class Steps(Whole):
    """Frames in a row, every one looked at alone; nothing attends."""

    family = "made-up-steps"

    def __init__(self, config: Sizes) -> None:
        super().__init__(config)
        self.blocks = nn.ModuleList(Deaf(config.width) for _ in range(config.n_layers))

    @property
    def towers(self) -> dict[str, Any]:
        return {"audio": StepListener(self)}

    def forward(self, waveform: Tensor) -> Tensor:
        tokens = self.frames(waveform.unflatten(1, (-1, FRAME)))
        for block in self.blocks:
            tokens = block(tokens)
        return self.head(tokens.mean(dim=1))


class StepListener(Listener):
    """Its tower."""

    attends, poolings = False, ("mean",)

    def axis(self, tap: str, batch: Any) -> TokenAxis | None:
        frames = super().axis(tap, batch)
        return None if frames is None else TokenAxis("frame", frames.times_s)

    def attention(self, batch: Any) -> tuple[AttentionPlace, ...]:
        return ()

    def pool(self, tokens: Tensor, tap: str, mask: Tensor | None, how: str = "") -> Tensor:
        return tokens if tokens.ndim == 2 else tokens.mean(dim=1)


def _build(kind: Callable[[Sizes], Whole], config: Sizes, seed: int) -> Whole:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "initial weights"))
        return kind(config)


def _outline(kind: Callable[[Sizes], Whole], config: Sizes) -> Whole:
    with torch.device("meta"):
        return kind(config)


def _count(kind: Callable[[Sizes], Whole], config: Sizes) -> dict[str, int]:
    return {"total": sum(parameter.numel() for parameter in _outline(kind, config).parameters())}


def _family(kind: type[Whole], title: str, tokens_of_frame: int, special: int) -> Family:
    def n_tokens(config: Sizes) -> int:
        return special + tokens_of_frame * config.n_samples // FRAME

    return replace(
        made_up_family.FAMILY, name=kind.family, title=title, module=__name__, build=partial(_build, kind),
        outline=partial(_outline, kind), count=partial(_count, kind), n_tokens=n_tokens,
        window_bytes=lambda config: 4 * (config.n_samples + 64 * n_tokens(config) * config.width),
    )  # fmt: skip


PATCHES = _family(Patches, "made-up patches", len(BANDS_HZ), 1)
STEPS = _family(Steps, "made-up steps", 1, 0)
FAMILIES = (made_up_family.FAMILY, PATCHES, STEPS)
