"""A ViT-1D as a tower: its taps, the times of its tokens, its attention, its poolings."""

import contextlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from analysis.errors import ConfigError
from analysis.models.pooling import pool_tokens
from analysis.models.poolings import CLASS_POOLINGS
from analysis.models.sound import AudioBatch, collate_sound
from analysis.models.tower import AttentionPlace, Content, HookPoint, InputSpec, Modality, SegmentLike, Tap, TokenAxis
from analysis.models.transformer import Block
from analysis.models.vit1d.config import VitConfig

if TYPE_CHECKING:
    from analysis.models.vit1d.encoder import Vit1d

FRAME = "mel frame"
SPECIAL = 1  # the class token


class VitTower:
    """Waveforms in, class tokens out."""

    name = "audio"
    modality: Modality = "audio"
    attends = True
    poolings = CLASS_POOLINGS

    def __init__(self, model: "Vit1d") -> None:
        self.model = model

    @property
    def config(self) -> VitConfig:
        """Of the model."""
        return self.model.config

    @property
    def input(self) -> InputSpec:
        """Rate and length of a window."""
        return InputSpec(self.config.sample_rate, self.config.window_s)

    @property
    def width(self) -> int:
        """Of a token, and of the class token."""
        return self.config.d_model

    def collate(self, segments: Sequence[SegmentLike], content: Content | None = None) -> AudioBatch:
        """The sound of windows, or another in its place.

        Raises:
            ConfigError: the content is no waveform.
        """
        return collate_sound(segments, self.input, content)

    def __call__(self, batch: AudioBatch) -> Tensor:
        """Class tokens after the last block, normalised."""
        return self.model(batch.waveform)

    def taps(self) -> tuple[Tap, ...]:
        """Input of block 1, output of every block, class token."""
        width = self.width
        blocks = (Tap(f"audio.block.{number}", "block", f"block {number}", "pre", width) for number in self._layers())
        first, last = (
            Tap("audio.in", "input", "input of block 1", width=width),
            Tap("audio.embedding", "embedding", "class token"),
        )
        return first, *blocks, last._replace(width=width)

    def hook_points(self) -> dict[str, HookPoint]:
        """Where every tap is."""
        blocks = {f"audio.block.{number}": HookPoint(self.model.blocks[number - 1]) for number in self._layers()}
        return {"audio.in": HookPoint(self.model.blocks[0], True), **blocks, "audio.embedding": HookPoint(self.model.norm)}

    def axis(self, tap: str, batch: AudioBatch) -> TokenAxis | None:
        """The class token, then centres of frames; None at the embedding.

        Raises:
            ConfigError: there is no such tap.
        """
        del batch
        if tap not in (names := [known.name for known in self.taps()]):
            raise ConfigError(f"There is no tap {tap!r}: expected one of {', '.join(names)}.")
        return None if tap == names[-1] else self._frames()

    def attention(self, batch: AudioBatch) -> tuple[AttentionPlace, ...]:
        """Every block."""
        del batch
        axis = self._frames()
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

    def pool(self, tokens: Tensor, tap: str, mask: Tensor | None, how: str = "") -> Tensor:
        """The mean of the frames, the class token, or the mean of both; what has one row per window already stays as it is.

        Raises:
            ConfigError: there is no such pooling.
        """
        del tap
        return tokens if tokens.ndim == 2 else pool_tokens(tokens, SPECIAL, mask, how)

    def input_once(self) -> AbstractContextManager[None]:
        """Nothing is repeated."""
        return contextlib.nullcontext()

    def _layers(self) -> range:
        return range(1, self.config.n_layers + 1)

    def _frames(self) -> TokenAxis:
        times_s = np.arange(self.config.n_frames) * self.config.hop_length / self.config.sample_rate
        return TokenAxis(FRAME, times_s, special=SPECIAL)
