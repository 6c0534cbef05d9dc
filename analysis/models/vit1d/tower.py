"""A ViT-1D as a tower: the times of its tokens, its attention, its poolings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor, nn

from analysis.models.frame_tower import SoundTower
from analysis.models.poolings import CLASS_POOLINGS
from analysis.models.sound import AudioBatch
from analysis.models.tower import AttentionPlace, TokenAxis
from analysis.models.transformer import Block
from analysis.models.vit1d.config import VitConfig

if TYPE_CHECKING:
    from analysis.models.vit1d.encoder import Vit1d

FRAME = "mel frame"


class VitTower(SoundTower):
    """Waveforms in, class tokens out."""

    attends = True
    poolings = CLASS_POOLINGS
    embedding, special = "class token", 1

    def __init__(self, model: "Vit1d") -> None:
        self.model = model

    @property
    def config(self) -> VitConfig:
        """Of the model."""
        return self.model.config

    @property
    def width(self) -> int:
        """Of a token, and of the class token."""
        return self.config.d_model

    def __call__(self, batch: AudioBatch) -> Tensor:
        """Class tokens after the last block, normalised."""
        return self.model(batch.waveform)

    @property
    def stages(self) -> Sequence[nn.Module]:
        """Its blocks."""
        return tuple(self.model.blocks)

    @property
    def head(self) -> nn.Module:
        """The last norm, which is given the class token alone."""
        return self.model.norm

    def positions(self, stage: int, n_samples: int) -> TokenAxis:
        """The class token, then centres of frames; the same after every block."""
        del stage, n_samples
        times_s = np.arange(self.config.n_frames) * self.config.hop_length / self.config.sample_rate
        return TokenAxis(FRAME, times_s, special=self.special)

    def attention(self, batch: AudioBatch) -> tuple[AttentionPlace, ...]:
        """Every block."""
        axis = self.positions(0, batch.waveform.shape[-1])
        modules = [block.self_attn for block in self.model.blocks if isinstance(block, Block)]
        return tuple(
            AttentionPlace(
                number,
                f"Layer {number}",
                module.n_heads,
                axis,
                axis,
                module,
                lambda inputs, module=module: module.pattern(*inputs),
                module.out_proj,
            )
            for number, module in enumerate(modules, start=1)
        )
