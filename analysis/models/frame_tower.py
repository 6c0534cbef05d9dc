"""Towers for sound whose tokens are the frames of stages, each of which may halve them; they attend nowhere."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

import numpy as np
from torch import Tensor, nn

from analysis.errors import ConfigError
from analysis.models.pooling import pool_tokens
from analysis.models.poolings import MEAN
from analysis.models.sound import AudioBatch, collate_sound
from analysis.models.tower import AttentionPlace, Content, HookPoint, InputSpec, Modality, SegmentLike, Tap, TokenAxis

FRAME = "frame"
INPUT, EMBEDDING = "audio.in", "audio.embedding"


class Frames(NamedTuple):
    """Tokens before or after a stage: how many, seconds from one to the next, and their numbers."""

    n: int
    step_s: float
    width: int


class FrameTower(ABC):
    """Waveforms in, embeddings out.

    A token is a frame with all its bins, each with all its channels.
    """

    name = "audio"
    modality: Modality = "audio"
    attends = False
    poolings = (MEAN,)

    @property
    @abstractmethod
    def input(self) -> InputSpec:
        """Rate and length of a window where nothing else is said."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Real numbers of an embedding."""

    @property
    @abstractmethod
    def stages(self) -> Sequence[nn.Module]:
        """From tokens to tokens, in order."""

    @property
    @abstractmethod
    def head(self) -> nn.Module:
        """What gives embeddings."""

    @abstractmethod
    def frames(self, n_samples: int) -> Sequence[Frames]:
        """Before the first stage, then after every stage, of windows of so many samples."""

    @abstractmethod
    def __call__(self, batch: AudioBatch) -> Tensor:
        """Embeddings."""

    def collate(self, segments: Sequence[SegmentLike], content: Content | None = None) -> AudioBatch:
        """The sound of windows, or another in its place.

        Raises:
            ConfigError: the content is no waveform.
        """
        return collate_sound(segments, self.input, content)

    def taps(self) -> tuple[Tap, ...]:
        """Input of stage 1, output of every stage, embedding."""
        width, *widths = (frames.width for frames in self._usual())
        stages = (Tap(f"audio.block.{number}", "block", f"stage {number}", "", w) for number, w in enumerate(widths, start=1))
        return (
            Tap(INPUT, "input", "input of stage 1", width=width),
            *stages,
            Tap(EMBEDDING, "embedding", "embedding", width=self.width),
        )

    def hook_points(self) -> dict[str, HookPoint]:
        """Where every tap is."""
        stages = {f"audio.block.{number}": HookPoint(stage) for number, stage in enumerate(self.stages, start=1)}
        return {INPUT: HookPoint(self.stages[0], True), **stages, EMBEDDING: HookPoint(self.head)}

    def axis(self, tap: str, batch: AudioBatch) -> TokenAxis | None:
        """Centres of the frames of a stage; None where there are none.

        Raises:
            ConfigError: there is no such tap.
        """
        names = [known.name for known in self.taps()]
        if tap not in names:
            raise ConfigError(f"There is no tap {tap!r}: expected one of {', '.join(names)}.")
        grids = self.frames(batch.waveform.shape[-1])
        if (number := names.index(tap)) >= len(grids):
            return None
        return TokenAxis(FRAME, np.arange(grids[number].n) * grids[number].step_s)

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

    def _usual(self) -> Sequence[Frames]:
        return self.frames(round(self.input.window_s * self.input.sample_rate))
