"""The audio and the MIDI side of a dual encoder as towers."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic

import numpy as np
import torch
from torch import Tensor, nn

from analysis.descriptors.descriptor import Axis
from analysis.errors import ConfigError
from analysis.models.audio_encoder import AudioEncoder
from analysis.models.config import ModelConfig, Side
from analysis.models.injections.places import Both, Given, Window
from analysis.models.midi_encoder import MidiBatch, MidiEncoder, collate_notes
from analysis.models.pooling import mean_over_tokens
from analysis.models.sound import AudioBatch, collate_sound
from analysis.models.tokens import CROSS, audio_axes, grids, layer_title
from analysis.models.tower import (
    AttentionPlace,
    B,
    Content,
    HookPoint,
    InputSpec,
    Modality,
    NotesLike,
    SegmentLike,
    Tap,
    TapKind,
    TokenAxis,
)  # fmt: skip
from analysis.models.transformer import MultiHeadAttention

if TYPE_CHECKING:
    from analysis.models.dual_encoder import DualEncoder

NOTE = "note"


@dataclass(frozen=True)
class SoundAndNotes(AudioBatch):
    """Windows of sound with their notes, where the arm gives the audio side a descriptor of these."""

    notes: MidiBatch = field(kw_only=True)

    def to(self, device: torch.device | str) -> "SoundAndNotes":
        """The same on another device."""
        return SoundAndNotes(self.waveform.to(device), notes=self.notes.to(device))


class _DualTower(ABC, Generic[B]):
    """What both sides have."""

    modality: Modality
    side: Side
    attends = True
    poolings = ("mean",)

    def __init__(self, model: "DualEncoder") -> None:
        self.model = model

    @property
    def name(self) -> str:
        """The side."""
        return self.side

    @property
    def input(self) -> InputSpec:
        """Rate and length of a window; a tower of notes has the length alone."""
        return InputSpec(self.config.sample_rate, self.config.window_s)

    @property
    def config(self) -> ModelConfig:
        """Of the whole model."""
        return self.model.config

    @property
    def width(self) -> int:
        """Of the joint embedding."""
        return self.config.d_embedding

    @property
    @abstractmethod
    def encoder(self) -> AudioEncoder | MidiEncoder:
        """The network of this side."""

    @property
    def given(self) -> Given | None:
        """The descriptor that enters here."""
        return self.encoder.given

    def taps(self) -> tuple[Tap, ...]:
        """Input of block 1, output of every layer, joint embedding; then the descriptor and what its mechanism has."""
        norm = "post" if self.side == "audio" else "pre"
        d_model = self.config.audio_d_model if self.side == "audio" else self.config.midi_d_model
        layers = [Tap(f"{self.side}.in", "input", "input of block 1", width=d_model)]
        layers += [
            Tap(f"{self.side}.block.{number}", "block", f"block {number}", norm, d_model)
            for number in range(1, len(self.encoder.blocks) + 1)
        ]
        layers.append(Tap(f"{self.side}.embedding", "embedding", "joint embedding", width=self.width))
        return (*layers, *(Tap(f"{self.side}.{name}", kind, title) for name, kind, title in self._given_taps()))

    def hook_points(self) -> Mapping[str, HookPoint]:
        """Where every tap is."""
        outputs = (self.given and self.given.injection.outputs()) or self.encoder.blocks
        points = {f"{self.side}.in": HookPoint(self.encoder.blocks[0], is_input=True)}
        points |= {f"{self.side}.block.{number}": HookPoint(module) for number, module in enumerate(outputs, start=1)}
        points[f"{self.side}.embedding"] = HookPoint(getattr(self.model, f"{self.side}_head"))
        own = self.given.taps() if self.given else {}
        return points | {f"{self.side}.{name}": HookPoint(module) for name, module in own.items()}

    def axis(self, tap: str, batch: B) -> TokenAxis | None:
        """Positions of the tokens at a tap; None at the joint embedding and at what a mechanism has of its own."""
        kinds: dict[str, TapKind] = {known.name: known.kind for known in self.taps()}
        if tap not in kinds:
            raise ConfigError(f"There is no tap {tap!r}: expected one of {', '.join(kinds)}.")
        return None if kinds[tap] in ("embedding", "mechanism", "router") else self._axis(kinds[tap], batch)

    def pool(self, tokens: Tensor, tap: str, mask: Tensor | None, how: str = "") -> Tensor:
        """The mean over tokens; padding never counts, and what has one row per window already stays as it is."""
        del tap
        if how not in ("", *self.poolings):
            raise ConfigError(f"There is no pooling {how!r}: expected one of {', '.join(self.poolings)}.")
        return tokens if tokens.ndim == 2 else mean_over_tokens(tokens, mask)

    def descriptor(self, batch: B) -> tuple[Tensor, ...]:
        """What the network is given as descriptor of every window, or () for none."""
        return () if self.given is None else tuple(self.given.slot.rows(self._window(batch)))

    def input_once(self) -> AbstractContextManager[None]:
        """Nothing is repeated."""
        return contextlib.nullcontext()

    @abstractmethod
    def _window(self, batch: B) -> Window:
        """What descriptors are made from."""

    @abstractmethod
    def _axis(self, kind: TapKind, batch: B) -> TokenAxis:
        """Positions of the tokens of a kind of tap that has some."""

    def _given_taps(self) -> Iterator[tuple[str, TapKind, str]]:
        if self.given is not None:
            for number, name in enumerate(self.given.taps()):
                title = f"{self.given.descriptor.name} {name.partition('.')[2]}".rstrip()
                yield name, self.given.injection.tap_kind if number else "descriptor", title


class AudioTower(_DualTower[AudioBatch]):
    """Waveforms in, joint embeddings out."""

    side: Side = "audio"
    modality: Modality = "audio"

    @property
    def encoder(self) -> AudioEncoder:
        """The network of this side."""
        return self.model.audio

    def collate(self, segments: Sequence[SegmentLike], content: Content | None = None) -> AudioBatch:
        """The sound of windows, or another in its place.

        Raises:
            ConfigError: the content is no waveform.
        """
        batch = collate_sound(segments, self.input, content)
        return SoundAndNotes(batch.waveform, notes=_notes(segments, self.config)) if self.config.crosses else batch

    def __call__(self, batch: AudioBatch) -> Tensor:
        """Joint embeddings."""
        if isinstance(batch, SoundAndNotes):
            return self.model.audio_head(self.encoder(batch.waveform, batch.notes))
        return self.model.embed_audio(batch.waveform)

    def attention(self, batch: AudioBatch) -> tuple[AttentionPlace, ...]:
        """That between CNN frames and the descriptor as layer 0, where there is one, then every block."""
        del batch
        modules = attention_modules(self.encoder)
        return tuple(
            _attention(layer, self.config, TokenAxis(grid.query_kind, grid.query_times_s),
                   TokenAxis(grid.key_kind, grid.key_times_s), modules[layer])
            for layer, grid in grids(self.config).items()
            if layer in modules
        )  # fmt: skip

    def _window(self, batch: AudioBatch) -> Window:
        return Both(batch.waveform, batch.notes) if isinstance(batch, SoundAndNotes) else batch.waveform

    @contextlib.contextmanager
    def input_once(self) -> Iterator[None]:
        """Inside, convolutions compute the first batch they are given and then repeat the answer, in a model of one's own."""
        convolutions = self.encoder.cnn
        self.encoder.cnn = _Once(*convolutions)
        try:
            yield
        finally:
            self.encoder.cnn = convolutions

    def _axis(self, kind: TapKind, batch: AudioBatch) -> TokenAxis:
        del batch
        _, descriptor, stream = audio_axes(self.config)
        if kind == "descriptor" and descriptor is not None and not self.config.crosses:
            return _timed(descriptor)
        return _timed(stream)


class MidiTower(_DualTower[MidiBatch]):
    """Notes in, joint embeddings out."""

    side: Side = "midi"
    modality: Modality = "notes"

    @property
    def encoder(self) -> MidiEncoder:
        """The network of this side."""
        return self.model.midi

    def collate(self, segments: Sequence[SegmentLike], content: Content | None = None) -> MidiBatch:
        """The notes that sound in windows, or others in their place.

        Raises:
            ConfigError: the content is no notes.
        """
        if isinstance(content, Tensor):
            raise ConfigError("A MIDI tower was given waveforms; expected the notes of every window.")
        batch = _notes(segments, self.config, content)
        return replace(batch, waveform=collate_sound(segments, self.input).waveform) if self.config.crosses else batch

    def __call__(self, batch: MidiBatch) -> Tensor:
        """Joint embeddings."""
        if batch.waveform is None:
            return self.model.embed_midi(batch)
        return self.model.midi_head(self.encoder(batch, batch.waveform))

    def attention(self, batch: MidiBatch) -> tuple[AttentionPlace, ...]:
        """That between notes and the descriptor as layer 0, where there is one, then every block."""
        axis = self._axis("block", batch)
        modules = attention_modules(self.encoder)
        return tuple(_attention(layer, self.config, axis, axis, module, self.side) for layer, module in modules.items())

    def _window(self, batch: MidiBatch) -> Window:
        return batch if batch.waveform is None else Both(batch.waveform, batch)

    def _axis(self, kind: TapKind, batch: MidiBatch) -> TokenAxis:
        """Onsets: a note that began before the window is at 0, and padding is where the last note is."""
        del kind
        if batch.onset_s is None:
            raise ConfigError("A batch of notes was made without onset times. Make it with `collate(segments)`.")
        return TokenAxis(NOTE, batch.onset_s)


def _notes(segments: Sequence[SegmentLike], config: ModelConfig, content: Sequence[NotesLike] | None = None) -> MidiBatch:
    notes = [segment.notes() for segment in segments] if content is None else content
    columns = [(n.pitch, n.velocity, n.offset_s - n.onset_s) for n in notes]
    onsets = [n.onset_s - segment.start_s for n, segment in zip(notes, segments, strict=True)]
    return collate_notes(columns, config.max_notes, onsets)


def attention_modules(encoder: AudioEncoder | MidiEncoder) -> dict[int, MultiHeadAttention]:
    """Attention modules by layer: 0 is that between tokens and descriptor, where there is one; blocks count from 1."""
    modules: dict[int, MultiHeadAttention] = {}
    if encoder.given is not None and isinstance(cross := encoder.given.injection.attention, MultiHeadAttention):
        modules[CROSS] = cross
    for layer, block in enumerate(encoder.blocks, start=1):
        if isinstance(attention := getattr(block, "self_attn", None), MultiHeadAttention):
            modules[layer] = attention
    return modules


def _attention(
    layer: int, config: ModelConfig, query: TokenAxis, key: TokenAxis, module: MultiHeadAttention, side: Side = "audio"
) -> AttentionPlace:
    title, n_heads, projection = layer_title(layer, config, side), module.n_heads, module.out_proj
    return AttentionPlace(layer, title, n_heads, query, key, module, lambda inputs: module.pattern(*inputs), projection)


def _timed(axis: Axis) -> TokenAxis:
    return TokenAxis(axis.token, np.zeros(0) if axis.times_s is None else axis.times_s)


class _Once(nn.Sequential):
    """Modules that are asked for the same batch again and again."""

    answer: Tensor | None = None

    def forward(self, input: Tensor) -> Tensor:
        self.answer = answer = super().forward(input) if self.answer is None else self.answer
        return answer
