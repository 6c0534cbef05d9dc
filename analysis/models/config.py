"""What a dual encoder is made of; saved beside the weights and enough to rebuild it."""

from dataclasses import MISSING, Field, asdict, dataclass, fields
from typing import Any, Literal

from analysis.errors import ConfigError
from analysis.errors import shown as shown

A4Mechanism = Literal["none", "concat", "cross", "reverse"]
MECHANISMS = ("none", "concat", "cross", "reverse")
DescriptorValues = Literal["real", "zero", "random", "shuffled", "reordered"]
DESCRIPTOR_VALUES: tuple[DescriptorValues, ...] = ("real", "zero", "random", "shuffled", "reordered")
MidiNorm = Literal["after mean", "before mean"]
MIDI_NORMS: tuple[MidiNorm, ...] = ("after mean", "before mean")
_NAMES = {"a4_mechanism": MECHANISMS, "descriptor_values": DESCRIPTOR_VALUES, "midi_norm": MIDI_NORMS}

_MOST_CONVOLUTIONS = 16
_LARGEST = 2**16  # of a size that is not listed here; far above any model, far below what overflows or never ends
_LARGEST_OF = {
    "audio_n_layers": 128, "midi_n_layers": 128, "n_heads": 256, "max_audio_tokens": 2**15,
    "sample_rate": 768_000, "n_samples": 2**25,
}  # fmt: skip
LARGEST_MODEL = {  # what a configuration from outside may describe; more than eight times any arm at paper scale
    "parameters": 10**9,
    "attention scores per audio window": 2 * 10**9,
    "attention scores per MIDI window": 2 * 10**9,
    "values in one activation": 5 * 10**8,
}
_DECIDED_BY = dict(zip(LARGEST_MODEL, (
    "the widths and numbers of layers", "n_samples, conv_strides, n_heads and audio_n_layers",
    "max_notes, n_heads and midi_n_layers", "n_samples, conv_strides, conv_channels, max_notes and the widths",
), strict=True))  # fmt: skip
_SMALLEST_OF = {"sample_rate": 2_000, "conv_paddings": 0}


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of both encoders and the way descriptors enter. Lengths in samples, times in seconds, rates in Hz.

    Attributes:
        descriptor_values: what stands where the descriptors enter; other than "real" in parameter-matched controls, see
            `analysis.models.substitutes`.
        attention_dropout: on attention patterns, those of the injection included.
        midi_norm: where the last layer norm of the MIDI encoder stands: after the mean over notes, as in the paper, or before it,
            as in the authors' code.
    """

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
    descriptor_values: DescriptorValues = "real"
    attention_dropout: float = 0.0
    midi_norm: MidiNorm = "after mean"

    def __post_init__(self) -> None:
        self._refuse_convolutions()
        if self.a4_mechanism not in MECHANISMS:
            raise ConfigError(f"Unknown A4 mechanism {shown(self.a4_mechanism)}: expected one of {MECHANISMS}.")
        if self.descriptor_values not in DESCRIPTOR_VALUES:
            raise ConfigError(f"Unknown descriptor values {shown(self.descriptor_values)}: expected one of {DESCRIPTOR_VALUES}.")
        if self.midi_norm not in MIDI_NORMS:
            raise ConfigError(f"Unknown midi_norm {shown(self.midi_norm)}: expected one of {MIDI_NORMS}.")
        if self.d_pitch + self.d_velocity + self.d_duration != self.midi_d_model:
            raise ConfigError("d_pitch + d_velocity + d_duration must equal midi_d_model, since they are concatenated.")
        for width in (self.audio_d_model, self.midi_d_model):
            if width % self.n_heads:
                raise ConfigError(f"Width {width} is not divisible by n_heads = {self.n_heads}.")
        if self.midi_d_model % 2:
            raise ConfigError(f"midi_d_model = {self.midi_d_model} is odd; sines and cosines of positions need an even width.")
        if self.n_audio_tokens > self.max_audio_tokens:
            raise ConfigError(f"{self.n_audio_tokens} audio tokens exceed max_audio_tokens = {self.max_audio_tokens}.")

    def _refuse_convolutions(self) -> None:
        for name in ("conv_channels", "conv_kernels", "conv_strides", "conv_paddings"):
            sizes = getattr(self, name)
            if not len(self.conv_channels) == len(sizes) <= _MOST_CONVOLUTIONS or not sizes:
                expected = f"as many as conv_channels, 1 to {_MOST_CONVOLUTIONS}"
                raise ConfigError(f"{name} has {len(sizes)} entries; expected {expected}.")
        for channels in self.conv_channels:
            if channels % self.conv_groups:
                raise ConfigError(f"conv_channels {channels} is not divisible by conv_groups = {self.conv_groups}.")
        if self.conv_channels[-1] != self.audio_d_model:
            raise ConfigError(
                f"The last of conv_channels is {self.conv_channels[-1]}; expected audio_d_model = {self.audio_d_model}."
            )
        if self.n_audio_tokens < 1:
            raise ConfigError(f"The convolutions leave nothing of {self.n_samples:,} samples. Make kernels or strides smaller.")

    def _cnn_lengths(self) -> list[int]:
        """Frames after each convolution, up to the first whose kernel is longer than what it reads."""
        lengths, length = [], self.n_samples
        for kernel, stride, padding in zip(self.conv_kernels, self.conv_strides, self.conv_paddings, strict=True):
            length = (length + 2 * padding - kernel) // stride + 1
            if length < 1:
                break
            lengths.append(length)
        return lengths

    @property
    def n_audio_tokens(self) -> int:
        """CNN frames of one window, 0 where a kernel is longer than what it reads."""
        lengths = self._cnn_lengths()
        return lengths[-1] if len(lengths) == len(self.conv_channels) else 0

    @property
    def n_parameters(self) -> int:
        """Trained numbers of the whole model, from its sizes alone."""
        from analysis.descriptors.a4 import N_BANDS
        from analysis.descriptors.d4 import N_STEPS

        audio, midi, hidden = self.audio_d_model, self.midi_d_model, self.head_d_hidden
        n_in = (1, *self.conv_channels)
        cnn = sum(n * (m * k + 3) for m, n, k in zip(n_in, self.conv_channels, self.conv_kernels, strict=False))
        attention, source = 4 * audio * (audio + 1), audio * (N_BANDS + 1)
        injection = {
            "none": 0, "concat": audio * (audio + N_BANDS + 3), "cross": source + attention + 2 * audio,
            "reverse": source + attention + (2 + self.max_a4_frames) * audio,
        }[self.a4_mechanism]  # fmt: skip
        embeddings = 128 * (self.d_pitch + self.d_velocity) + 32 * self.d_duration + midi * (midi + 5)
        notes = midi * (midi + N_STEPS + 3) if self.d4 else 0
        blocks = self.audio_n_layers * _block(audio, self.audio_d_ff) + self.midi_n_layers * _block(midi, self.midi_d_ff)
        heads = hidden * (audio + midi + 2 * (hidden + 6)) + 2 * self.d_embedding * (hidden + 1)
        return cnn + self.max_audio_tokens * audio + injection + embeddings + notes + blocks + heads

    def sizes(self) -> dict[str, int]:
        """How large the model and what it computes from one window are, by the names of `LARGEST_MODEL`."""
        from analysis.descriptors.a4 import n_frames

        tokens, frames, notes = self.n_audio_tokens, n_frames(self.n_samples), self.max_notes
        stream = frames if self.a4_mechanism == "reverse" else tokens
        across = tokens * frames if self.a4_mechanism in ("cross", "reverse") else 0
        activations = [length * n for length, n in zip(self._cnn_lengths(), self.conv_channels, strict=True)]
        activations += [max(tokens, stream) * max(3 * self.audio_d_model, self.audio_d_ff)]
        activations += [notes * max(3 * self.midi_d_model, self.midi_d_ff)]
        scores = self.n_heads * (self.audio_n_layers * stream**2 + across), self.n_heads * self.midi_n_layers * notes**2
        return dict(zip(LARGEST_MODEL, (self.n_parameters, *scores, max(activations)), strict=True))

    def _refuse_excess(self) -> None:
        for what, size in self.sizes().items():
            if size > (most := LARGEST_MODEL[what]):
                got = f"The configuration describes a model with {size:,} {what}; at most {most:,} are opened"
                raise ConfigError(f"{got}. Correct {_DECIDED_BY[what]}.")

    def _refuse_frames(self) -> None:
        from analysis.descriptors.a4 import n_frames

        if self.a4_mechanism == "reverse" and (frames := n_frames(self.n_samples)) > self.max_a4_frames:
            raise ConfigError(f"{frames:,} A4 frames exceed max_a4_frames = {self.max_a4_frames:,}. Correct one of them.")

    @property
    def window_s(self) -> float:
        """Length of one window."""
        return self.n_samples / self.sample_rate

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "ModelConfig":
        """Inverse of `to_dict`, for values from outside; nothing is built or allocated.

        Raises:
            ConfigError: a field is missing, unknown or of the wrong kind, or the model would exceed `LARGEST_MODEL`.
        """
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise ConfigError(f"The configuration has unknown fields {shown(unknown)}: expected only {sorted(known)}.")
        if missing := sorted({field.name for field in fields(cls) if field.default is MISSING} - set(values)):
            raise ConfigError(f"The configuration lacks {missing}. Restore it.")
        arguments: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        for field in fields(cls):
            if field.name in arguments and (expected := _expectation(field, arguments[field.name])):
                raise ConfigError(f"{field.name} must be {expected}; got {shown(values[field.name])}.")
        config = cls(**arguments)
        config._refuse_excess()
        config._refuse_frames()
        return config


def _block(width: int, d_ff: int) -> int:
    """Parameters of one transformer block: attention, feed-forward layer, two norms."""
    return 4 * width * (width + 1) + 2 * width * d_ff + d_ff + 5 * width


def _expectation(field: Field, value: object) -> str:
    """What a field must be, empty where the value is that."""
    least, most = _SMALLEST_OF.get(field.name, 1), _LARGEST_OF.get(field.name, _LARGEST)
    if field.type is int:
        return "" if _whole(value, least, most) else f"a whole number from {least:,} to {most:,}"
    if field.type is float:
        return "" if type(value) in (int, float) and 0 <= value < 1 else "a number from 0 to below 1"  # pyright: ignore[reportOperatorIssue]
    if field.type is bool:
        return "" if isinstance(value, bool) else "true or false"
    if field.type == tuple[int, ...]:
        right = isinstance(value, tuple) and all(_whole(size, least, most) for size in value)
        return "" if right else f"a list of whole numbers from {least} to {most:,}"
    names = _NAMES[field.name]
    return "" if value in names else f"one of {', '.join(names)}"


def _whole(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most
