"""A PHALAR as a tower: its taps and the times of its tokens; it attends nowhere."""

import contextlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from analysis.errors import ConfigError
from analysis.models.pooling import pool_tokens
from analysis.models.poolings import MEAN
from analysis.models.sound import AudioBatch, collate_sound
from analysis.models.tower import AttentionPlace, Content, HookPoint, InputSpec, Modality, SegmentLike, Tap, TokenAxis

if TYPE_CHECKING:
    from analysis.models.phalar.config import PhalarConfig
    from analysis.models.phalar.encoder import Phalar

FRAME = "frame"
INPUT, LSP, EMBEDDING = "audio.in", "audio.lsp", "audio.embedding"


class PhalarTower:
    """Waveforms in, complex embeddings out.

    A token is a frame with all its bins, each with all its channels: what the pooling projects. A stage halves the frames.
    """

    name = "audio"
    modality: Modality = "audio"
    attends = False
    poolings = (MEAN,)

    def __init__(self, model: "Phalar") -> None:
        self.model = model

    @property
    def config(self) -> "PhalarConfig":
        """Of the model."""
        return self.model.config

    @property
    def input(self) -> InputSpec:
        """Rate and length of a window where nothing else is said."""
        return InputSpec(self.config.sample_rate, self.config.window_s)

    @property
    def width(self) -> int:
        """Real numbers of an embedding."""
        return 2 * self.config.d_embedding

    def collate(self, segments: Sequence[SegmentLike], content: Content | None = None) -> AudioBatch:
        """The sound of windows, or another in its place.

        Raises:
            ConfigError: the content is no waveform.
        """
        return collate_sound(segments, self.input, content)

    def __call__(self, batch: AudioBatch) -> Tensor:
        """Embeddings, real parts, then imaginary parts."""
        return self.model(batch.waveform)

    def taps(self) -> tuple[Tap, ...]:
        """Input of stage 1, output of every stage, embedding; then the phasors `(batch, 2, channels, components)`."""
        width, *widths = (self.config.n_bins * channels for channels in self.config.widths)
        stages = (Tap(f"audio.block.{number}", "block", f"stage {number}", "pre", w) for number, w in enumerate(widths, start=1))
        return (
            Tap(INPUT, "input", "input of stage 1", width=width),
            *stages,
            Tap(EMBEDDING, "embedding", "embedding", width=self.width),
            Tap(LSP, "mechanism", "phasors", width=self.config.n_components),
        )

    def hook_points(self) -> dict[str, HookPoint]:
        """Where every tap is."""
        model = self.model
        stages = {f"audio.block.{number}": HookPoint(stage) for number, stage in enumerate(model.stages, start=1)}
        first, lsp, last = HookPoint(model.stages[0], True), HookPoint(model.pooling), HookPoint(model.head)
        return {INPUT: first, **stages, EMBEDDING: last, LSP: lsp}

    def axis(self, tap: str, batch: AudioBatch) -> TokenAxis | None:
        """Centres of the frames of a stage; None of the phasors and of the embedding.

        Raises:
            ConfigError: there is no such tap.
        """
        names = [INPUT, *(f"audio.block.{number}" for number in range(1, self.config.depth + 1))]
        if tap in (LSP, EMBEDDING):
            return None
        if tap not in names:
            raise ConfigError(f"There is no tap {tap!r}: expected one of {', '.join([*names, EMBEDDING, LSP])}.")
        stage = names.index(tap)
        n_frames = self.config.frames(batch.waveform.shape[-1])[stage]
        return TokenAxis(FRAME, np.arange(n_frames) * 2**stage * self.config.hop_length / self.config.sample_rate)

    def attention(self, batch: AudioBatch) -> tuple[AttentionPlace, ...]:
        """There is none."""
        del batch
        return ()

    def pool(self, tokens: Tensor, tap: str, mask: Tensor | None, how: str = "") -> Tensor:
        """The mean of the frames; what has one row per window already stays as it is.

        Raises:
            ConfigError: there is no such pooling.
        """
        del tap
        return tokens if tokens.ndim == 2 else pool_tokens(tokens, 0, mask, how)

    def input_once(self) -> AbstractContextManager[None]:
        """Nothing is repeated."""
        return contextlib.nullcontext()
