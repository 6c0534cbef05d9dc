"""Towers for sound: waveforms through stages from tokens to tokens, and from the last of them an embedding.

`SoundTower` is how all of them are fed, tapped and pooled. The tokens of a `FrameTower` are frames that every stage may halve and
that attend nowhere.
"""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import ClassVar, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np
from torch import Tensor, nn

from analysis.errors import ConfigError
from analysis.models.pooling import pool_tokens
from analysis.models.poolings import MEAN
from analysis.models.sound import AudioBatch, collate_sound
from analysis.models.tower import AttentionPlace, Content, HookPoint, InputSpec, Modality, SegmentLike, Tap, TokenAxis

FRAME = "frame"
INPUT, EMBEDDING = "audio.in", "audio.embedding"


@runtime_checkable
class SoundSizes(Protocol):
    """The configuration of a model, as far as it says which windows are read."""

    @property
    def sample_rate(self) -> int: ...
    @property
    def window_s(self) -> float: ...


class SoundTower(ABC):
    """Waveforms in, embeddings out.

    Attributes:
        stage: what titles call a stage.
        embedding: what they call an embedding.
        norm: whether a stage normalises before its branches or after them; "" where that is no question.
        special: tokens without a time, which come first.
    """

    name = "audio"
    modality: Modality = "audio"
    stage: ClassVar[str] = "block"
    embedding: ClassVar[str] = "embedding"
    norm: ClassVar[Literal["pre", "post", ""]] = "pre"
    special: ClassVar[int] = 0

    @property
    @abstractmethod
    def config(self) -> SoundSizes:
        """Of the model."""

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
    def positions(self, stage: int, n_samples: int) -> TokenAxis:
        """Positions of the tokens of windows of so many samples, after a stage; before the first one for 0."""

    @abstractmethod
    def __call__(self, batch: AudioBatch) -> Tensor:
        """Embeddings."""

    @property
    def input(self) -> InputSpec:
        """Rate and length of a window where nothing else is said."""
        return InputSpec(self.config.sample_rate, self.config.window_s)

    def widths(self) -> Sequence[int]:
        """Numbers of a token before the first stage, then after every stage: as many as an embedding has."""
        return (self.width,) * (len(self.stages) + 1)

    def collate(self, segments: Sequence[SegmentLike], content: Content | None = None) -> AudioBatch:
        """The sound of windows, or another in its place.

        Raises:
            ConfigError: the content is no waveform.
        """
        return collate_sound(segments, self.input, content)

    def taps(self) -> tuple[Tap, ...]:
        """Input of stage 1, output of every stage, embedding."""
        width, *widths = self.widths()
        stages = enumerate(widths, start=1)
        return (
            Tap(INPUT, "input", f"input of {self.stage} 1", width=width),
            *(Tap(f"audio.block.{number}", "block", f"{self.stage} {number}", self.norm, wide) for number, wide in stages),
            Tap(EMBEDDING, "embedding", self.embedding, width=self.width),
        )

    def hook_points(self) -> dict[str, HookPoint]:
        """Where every tap is."""
        stages = {f"audio.block.{number}": HookPoint(stage) for number, stage in enumerate(self.stages, start=1)}
        return {INPUT: HookPoint(self.stages[0], True), **stages, EMBEDDING: HookPoint(self.head)}

    def axis(self, tap: str, batch: AudioBatch) -> TokenAxis | None:
        """Positions of the tokens of a stage; None where there are none.

        Raises:
            ConfigError: there is no such tap.
        """
        names = [known.name for known in self.taps()]
        if tap not in names:
            raise ConfigError(f"There is no tap {tap!r}: expected one of {', '.join(names)}.")
        stage = names.index(tap)
        return self.positions(stage, batch.waveform.shape[-1]) if stage <= len(self.stages) else None

    def pool(self, tokens: Tensor, tap: str, mask: Tensor | None, how: str = "") -> Tensor:
        """By one of the tower's poolings; what has one row per window already stays as it is.

        Raises:
            ConfigError: there is no such pooling.
        """
        del tap
        return tokens if tokens.ndim == 2 else pool_tokens(tokens, self.special, mask, how)

    def input_once(self) -> AbstractContextManager[None]:
        """Nothing is repeated."""
        return contextlib.nullcontext()


class Frames(NamedTuple):
    """Tokens before or after a stage: how many, seconds from one to the next, and their numbers."""

    n: int
    step_s: float
    width: int


class FrameTower(SoundTower):
    """A token is a frame with all its bins, each with all its channels."""

    attends = False
    poolings = (MEAN,)
    stage, norm = "stage", ""

    @abstractmethod
    def frames(self, n_samples: int) -> Sequence[Frames]:
        """Before the first stage, then after every stage, of windows of so many samples."""

    def widths(self) -> Sequence[int]:
        """Numbers of a token before the first stage, then after every stage."""
        return tuple(frames.width for frames in self.frames(round(self.input.window_s * self.input.sample_rate)))

    def positions(self, stage: int, n_samples: int) -> TokenAxis:
        """Centres of the frames after a stage."""
        frames = self.frames(n_samples)[stage]
        return TokenAxis(FRAME, np.arange(frames.n) * frames.step_s)

    def attention(self, batch: AudioBatch) -> tuple[AttentionPlace, ...]:
        """There is none."""
        del batch
        return ()
