"""The teacher of a PupuJEPA as a tower: the times and bands of its tokens, its attention, its poolings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor, nn

from analysis.models.frame_tower import SoundTower
from analysis.models.pooling import pool_grid
from analysis.models.poolings import grid_poolings
from analysis.models.pupujepa.blocks import RotaryAttention, RotaryBlock
from analysis.models.pupujepa.config import PupuConfig
from analysis.models.pupujepa.mel import bands_of_patches
from analysis.models.sound import AudioBatch
from analysis.models.tower import AttentionPlace, TokenAxis

if TYPE_CHECKING:
    from analysis.models.pupujepa.network import PupuJepa

PATCH = "patch token"


class PupuTower(SoundTower):
    """Waveforms in, means over patches out."""

    attends = True
    embedding = "mean of all patches"

    def __init__(self, model: "PupuJepa") -> None:
        self.model = model

    @property
    def config(self) -> PupuConfig:
        """Of the model."""
        return self.model.config

    @property
    def poolings(self) -> tuple[str, ...]:
        """The mean, and means of regions of the grid side by side."""
        return grid_poolings(self.config.grid)

    @property
    def width(self) -> int:
        """Of a token, and of the mean over tokens."""
        return self.config.d_model

    def __call__(self, batch: AudioBatch) -> Tensor:
        """Means over patches after the last norm."""
        return self.model(batch.waveform)

    @property
    def stages(self) -> Sequence[nn.Module]:
        """Blocks of the teacher."""
        return tuple(self.model.teacher.blocks)

    @property
    def head(self) -> nn.Module:
        """The mean after the last norm."""
        return self.model.mean

    def positions(self, stage: int, n_samples: int) -> TokenAxis:
        """Centres of patches and their bands; the same after every block."""
        del stage, n_samples
        return patch_axis(self.config)

    def attention(self, batch: AudioBatch) -> tuple[AttentionPlace, ...]:
        """Every block of the teacher."""
        del batch
        return attention_of(self.model.teacher.blocks, patch_axis(self.config))

    def pool(self, tokens: Tensor, tap: str, mask: Tensor | None, how: str = "") -> Tensor:
        """The mean, or means of regions side by side; what has one row per window already stays as it is.

        Raises:
            ConfigError: there is no such pooling.
        """
        del tap
        return tokens if tokens.ndim == 2 else pool_grid(tokens, self.config.grid, mask, how)


def patch_axis(config: PupuConfig) -> TokenAxis:
    """Times of the centres of all patches, and their bands; those of all bands of one moment after the other.

    >>> from analysis.models.pupujepa.config import PAPER
    >>> axis = patch_axis(PAPER)
    >>> axis.n, [round(float(time_s), 2) for time_s in axis.times_s[[0, 7, 8, -1]]]
    (2048, [0.02, 0.02, 0.06, 10.22])
    """
    moments, bands = config.grid
    times_s = np.repeat((np.arange(moments) + 0.5) * config.patch_s, bands)
    return TokenAxis(PATCH, times_s, np.tile(bands_of_patches(config), (moments, 1)) if bands > 1 else None)


def attention_of(blocks: nn.ModuleList, axis: TokenAxis) -> tuple[AttentionPlace, ...]:
    """Where blocks attend, each from all tokens on an axis to all of them."""
    modules = [block.attn for block in blocks if isinstance(block, RotaryBlock)]
    return tuple(_attention(number, module, axis) for number, module in enumerate(modules, start=1))


def _attention(number: int, module: RotaryAttention, axis: TokenAxis) -> AttentionPlace:
    return AttentionPlace(
        number, f"Layer {number}", module.n_heads, axis, axis, module, lambda inputs: module.pattern(*inputs), module.proj
    )
