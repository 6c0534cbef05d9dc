"""What a dual encoder is made of; saved beside the weights and enough to rebuild it."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, asdict, dataclass, fields
from typing import Any, Literal

from analysis.errors import ConfigError
from analysis.errors import shown as shown
from analysis.files import Json

Side = Literal["audio", "midi"]
SIDES: tuple[Side, ...] = ("audio", "midi")
READS: Mapping[Side, Literal["audio", "notes"]] = {"audio": "audio", "midi": "notes"}  # what descriptors of a side are made from
_FORMER_MECHANISMS = ("none", "concat", "cross", "reverse")  # of configurations that could only say how A4 enters
DescriptorValues = Literal["real", "zero", "random", "shuffled", "reordered"]
DESCRIPTOR_VALUES: tuple[DescriptorValues, ...] = ("real", "zero", "random", "shuffled", "reordered")
MidiNorm = Literal["after mean", "before mean"]
MIDI_NORMS: tuple[MidiNorm, ...] = ("after mean", "before mean")
_NAMES = {"descriptor_values": DESCRIPTOR_VALUES, "midi_norm": MIDI_NORMS}

_MOST_CONVOLUTIONS = 16
_LARGEST = 2**16  # of a size that is not listed here; far above any model, far below what overflows or never ends
_LARGEST_OF = {
    "audio_n_layers": 128, "midi_n_layers": 128, "n_heads": 256, "max_audio_tokens": 2**15,
    "sample_rate": 768_000, "n_samples": 2**25,
}  # fmt: skip
_OF_ENTRY = {"descriptor": str, "injection": str}
_SMALLEST_OF = {"sample_rate": 2_000, "conv_paddings": 0, "third_d_model": 0}
THIRD_N_HEADS = 4


@dataclass(frozen=True)
class Entry:
    """A descriptor and the mechanism by which it enters, both by name."""

    descriptor: str
    injection: str

    def check(self, side: Side) -> None:
        """Refuse what does not go together.

        Raises:
            ConfigError: descriptor or mechanism are not known, or are not made for this side or each other.
        """
        from analysis.descriptors.registry import find_descriptor
        from analysis.models.injections.registry import find_injection

        descriptor, injection = find_descriptor(self.descriptor), find_injection(self.injection)
        if (descriptor.reads == READS[side]) is injection.crosses:
            how = f" by {self.injection}" if injection.crosses else ""
            raise ConfigError(f"{self.descriptor} is made from {descriptor.reads}, and cannot enter on the side {side}{how}.")
        if descriptor.reads not in injection.reads:
            expected = " and ".join(injection.reads)
            raise ConfigError(f"The injection {self.injection} takes descriptors of {expected}; {self.descriptor} is none.")


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of both encoders and the way descriptors enter. Lengths in samples, times in seconds, rates in Hz.

    Attributes:
        audio_entry, midi_entry: the descriptor of either side and how it enters; None where there is none.
        max_descriptor_frames: positions of a descriptor that takes the place of the tokens.
        descriptor_values: what stands where the descriptors enter; other than "real" in parameter-matched controls, see
            `analysis.models.substitutes`.
        attention_dropout: on attention patterns, those of the injection included.
        midi_norm: where the last layer norm of the MIDI encoder stands: after the mean over notes, as in the paper, or before it,
            as in the authors' code.
        third_d_model: width of the third tower, which reads the descriptors of both sides for the loss alone; 0 for none.
    """

    audio_entry: Entry | None
    midi_entry: Entry | None
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
    max_descriptor_frames: int = 200
    max_notes: int = 2048
    sample_rate: int = 24_000
    n_samples: int = 96_000
    descriptor_values: DescriptorValues = "real"
    attention_dropout: float = 0.0
    midi_norm: MidiNorm = "after mean"
    third_d_model: int = 0

    def __post_init__(self) -> None:
        self._refuse_convolutions()
        for side in SIDES:
            if entry := self.entry(side):
                entry.check(side)
        if self.descriptor_values not in DESCRIPTOR_VALUES:
            raise ConfigError(f"Unknown descriptor values {shown(self.descriptor_values)}: expected one of {DESCRIPTOR_VALUES}.")
        if self.midi_norm not in MIDI_NORMS:
            raise ConfigError(f"Unknown midi_norm {shown(self.midi_norm)}: expected one of {MIDI_NORMS}.")
        if self.d_pitch + self.d_velocity + self.d_duration != self.midi_d_model:
            raise ConfigError("d_pitch + d_velocity + d_duration must equal midi_d_model, since they are concatenated.")
        self._refuse_widths()
        if self.n_audio_tokens > self.max_audio_tokens:
            raise ConfigError(f"{self.n_audio_tokens} audio tokens exceed max_audio_tokens = {self.max_audio_tokens}.")

    def _refuse_widths(self) -> None:
        for width in (self.audio_d_model, self.midi_d_model):
            if width % self.n_heads:
                raise ConfigError(f"Width {width} is not divisible by n_heads = {self.n_heads}.")
        if self.third_d_model % THIRD_N_HEADS:
            raise ConfigError(f"third_d_model = {self.third_d_model} is not divisible by {THIRD_N_HEADS}, its number of heads.")
        if self.midi_d_model % 2:
            raise ConfigError(f"midi_d_model = {self.midi_d_model} is odd; sines and cosines of positions need an even width.")

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

    def cnn_lengths(self) -> list[int]:
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
        lengths = self.cnn_lengths()
        return lengths[-1] if len(lengths) == len(self.conv_channels) else 0

    def entry(self, side: Side) -> Entry | None:
        """The descriptor of a side and how it enters; None where there is none."""
        return self.audio_entry if side == "audio" else self.midi_entry

    @property
    def entries(self) -> dict[Side, Entry]:
        """The descriptors of the sides that have one."""
        return {side: entry for side in SIDES if (entry := self.entry(side))}

    @property
    def crosses(self) -> bool:
        """Whether a side is given the descriptor of the other side, so that it reads both."""
        from analysis.models.injections.registry import find_injection

        return any(find_injection(entry.injection).crosses for entry in self.entries.values())

    @property
    def window_s(self) -> float:
        """Length of one window."""
        return self.n_samples / self.sample_rate

    def to_dict(self) -> Json:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> "ModelConfig":
        """Inverse of `to_dict`, for values from outside; nothing is built or allocated, and nothing is said about the size.

        Configurations of before there were other descriptors than A4 and D4 are read as well.

        Raises:
            ConfigError: a field is missing, unknown or of the wrong kind.
        """
        values = _translated(values)
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise ConfigError(f"The configuration has unknown fields {shown(unknown)}: expected only {sorted(known)}.")
        if missing := sorted({field.name for field in fields(cls) if field.default is MISSING} - set(values)):
            raise ConfigError(f"The configuration lacks {missing}. Restore it.")
        # Any: what a field must be is checked below, field by field
        arguments: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        for field in fields(cls):
            if field.name in arguments and (expected := _expectation(field, arguments[field.name])):
                raise ConfigError(f"{field.name} must be {expected}; got {shown(values[field.name])}.")
        for name, value in arguments.items():
            arguments[name] = Entry(**value) if isinstance(value, dict) else value
        return cls(**arguments)


def _translated(values: Mapping[str, object]) -> dict[str, object]:
    """Fields under the names that they have today."""
    rest = dict(values)
    if "max_a4_frames" in rest and "max_descriptor_frames" not in rest:
        rest["max_descriptor_frames"] = rest.pop("max_a4_frames")
    if not rest.keys() >= {"a4_mechanism", "d4"} or rest.keys() & {"audio_entry", "midi_entry"}:
        return rest
    mechanism, has_d4 = rest.pop("a4_mechanism"), rest.pop("d4")
    if mechanism not in _FORMER_MECHANISMS:
        raise ConfigError(f"a4_mechanism must be one of {', '.join(_FORMER_MECHANISMS)}; got {shown(mechanism)}.")
    if not isinstance(has_d4, bool):
        raise ConfigError(f"d4 must be true or false; got {shown(has_d4)}.")
    entries = {"audio_entry": None if mechanism == "none" else {"descriptor": "A4", "injection": mechanism}}
    return {**entries, "midi_entry": {"descriptor": "D4", "injection": "concat"} if has_d4 else None, **rest}


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
    if field.type == Entry | None:
        is_entry = isinstance(value, dict) and {name: type(part) for name, part in value.items()} == _OF_ENTRY
        right = value is None or is_entry
        return "" if right else "null, or a descriptor and an injection by their names"
    names = _NAMES[field.name]
    return "" if value in names else f"one of {', '.join(names)}"


def _whole(value: object, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most
