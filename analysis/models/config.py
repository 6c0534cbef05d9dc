"""What a dual encoder is made of; saved beside the weights and enough to rebuild it."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from analysis.errors import ConfigError

A4Mechanism = Literal["none", "concat", "cross", "reverse"]
MECHANISMS = ("none", "concat", "cross", "reverse")


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of both encoders and the way descriptors enter. Lengths in samples, times in seconds, rates in Hz."""

    a4_mechanism: A4Mechanism
    d4: bool
    conv_channels: tuple[int, ...]
    conv_kernels: tuple[int, ...]
    conv_strides: tuple[int, ...]
    conv_paddings: tuple[int, ...]
    conv_groups: int
    audio_d_model: int
    audio_d_ff: int
    audio_n_layers: int
    max_audio_tokens: int
    d_pitch: int
    d_velocity: int
    d_duration: int
    midi_d_model: int
    midi_d_ff: int
    midi_n_layers: int
    n_heads: int
    head_d_hidden: int
    d_embedding: int
    dropout: float = 0.1
    max_a4_frames: int = 200
    max_notes: int = 2048
    sample_rate: int = 24_000
    n_samples: int = 96_000

    def __post_init__(self) -> None:
        if self.a4_mechanism not in MECHANISMS:
            raise ConfigError(f"Unknown A4 mechanism {self.a4_mechanism!r}: expected one of {MECHANISMS}.")
        if self.d_pitch + self.d_velocity + self.d_duration != self.midi_d_model:
            raise ConfigError("d_pitch + d_velocity + d_duration must equal midi_d_model, since they are concatenated.")
        for width in (self.audio_d_model, self.midi_d_model):
            if width % self.n_heads:
                raise ConfigError(f"Width {width} is not divisible by n_heads = {self.n_heads}.")
        if self.n_audio_tokens > self.max_audio_tokens:
            raise ConfigError(f"{self.n_audio_tokens} audio tokens exceed max_audio_tokens = {self.max_audio_tokens}.")

    @property
    def n_audio_tokens(self) -> int:
        """CNN frames of one window."""
        length = self.n_samples
        for kernel, stride, padding in zip(self.conv_kernels, self.conv_strides, self.conv_paddings, strict=True):
            length = (length + 2 * padding - kernel) // stride + 1
        return length

    @property
    def window_s(self) -> float:
        """Length of one window."""
        return self.n_samples / self.sample_rate

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "ModelConfig":
        """Inverse of `to_dict`.

        Raises:
            ConfigError: a field is missing, unknown or of the wrong kind.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise ConfigError(f"The configuration has unknown fields {unknown}: expected only {sorted(known)}.")
        try:
            arguments: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
            return cls(**arguments)
        except (TypeError, ZeroDivisionError) as error:
            raise ConfigError(f"The configuration cannot be used ({error}).") from error
