"""The table of architectures: which descriptor enters, and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from analysis.errors import ConfigError
from analysis.models.config import DescriptorValues, Entry, ModelConfig

Scale = Literal["small", "paper"]
SCALES: tuple[Scale, ...] = ("small", "paper")


@dataclass(frozen=True)
class Arm:
    """One architecture of the descriptor-injection family.

    Attributes:
        audio, midi: the descriptor of either side and how it enters; None where there is none.
        control_of: of a parameter-matched control the arm whose parameters it has; "" of an arm proper.
        descriptor_values: what stands where the descriptors enter.
    """

    name: str
    audio: Entry | None
    midi: Entry | None
    summary: str
    family: str = "descriptor-injected audio-MIDI retrieval"
    control_of: str = ""
    descriptor_values: DescriptorValues = "real"

    @property
    def descriptors(self) -> tuple[str, ...]:
        """Names of its descriptors, that of the audio first."""
        return tuple(entry.descriptor for entry in (self.audio, self.midi) if entry)


_D4 = Entry("D4", "concat")
REAL_ARMS = {
    arm.name: arm
    for arm in (
        Arm("D0", None, None, "no descriptor: the baseline"),
        Arm("d4", None, _D4, "D4 concatenated to the notes"),
        Arm("a4", Entry("A4", "concat"), None, "A4 concatenated to the CNN frames"),
        Arm("a4x", Entry("A4", "cross"), None, "CNN frames attend to A4"),
        Arm("a4r", Entry("A4", "reverse"), None, "A4 frames attend to the CNN frames and replace them"),
        Arm("d4a4", Entry("A4", "concat"), _D4, "A4 and D4 concatenated"),
        Arm("d4-a4x", Entry("A4", "cross"), _D4, "CNN frames attend to A4, D4 concatenated; ours, not in the source"),
        Arm("d4-a4r", Entry("A4", "reverse"), _D4, "A4 frames attend to the CNN frames, D4 concatenated"),
        Arm("A7", Entry("A7", "concat"), None, "A7 concatenated to the CNN frames"),
        Arm("film-d4", None, Entry("D4", "film"), "the mean of D4 scales and shifts after every MIDI block"),
    )
}


PUBLISHED_CONTROLS: tuple[DescriptorValues, ...] = ("zero", "random", "shuffled")  # the others are ours


def _controls(arm: Arm) -> tuple[Arm, ...]:
    """Arms with the parameters of this one but without what its descriptors tell; none of an arm without descriptors."""
    given = " and ".join(arm.descriptors)
    summaries: dict[DescriptorValues, str] = {
        "zero": f"zeros in place of {given}",
        "random": f"noise in place of {given}, with the mean and SD of each feature in the training set",
        "shuffled": f"{given} of other windows",
        "reordered": f"{given} of the window itself, in another order",
    }
    same = {"audio": arm.audio, "midi": arm.midi, "family": arm.family, "control_of": arm.name}
    return tuple(
        Arm(f"{arm.name}-{values}", summary=f"control of {arm.name}: {summary}", descriptor_values=values, **same)
        for values, summary in summaries.items()
        if given
    )


ARMS = {arm.name: arm for real in REAL_ARMS.values() for arm in (real, *_controls(real))}


def register(arm: Arm) -> None:
    """Make an arm known that is not part of the library, with its controls; one of the same name takes its place."""
    forget(arm.name)
    REAL_ARMS[arm.name] = arm
    ARMS.update({each.name: each for each in (arm, *_controls(arm))})


def forget(name: str) -> None:
    """Take back what was registered."""
    REAL_ARMS.pop(name, None)
    for control in [each for each in ARMS.values() if name in (each.name, each.control_of)]:
        del ARMS[control.name]


_PAPER = {
    "conv_channels": (512, 512, 512, 1024), "conv_kernels": (10, 3, 3, 3), "conv_strides": (5, 2, 2, 2),
    "conv_paddings": (0, 1, 1, 1), "conv_groups": 32,
    "audio_d_model": 1024, "audio_d_ff": 4096, "audio_n_layers": 4, "max_audio_tokens": 6000,
    "d_pitch": 256, "d_velocity": 128, "d_duration": 128,
    "midi_d_model": 512, "midi_d_ff": 2048, "midi_n_layers": 4,
    "n_heads": 8, "head_d_hidden": 512, "d_embedding": 256, "attention_dropout": 0.1,
}  # fmt: skip
_SMALL = {
    "conv_channels": (32, 64, 128, 192), "conv_kernels": (16, 8, 8, 8), "conv_strides": (8, 4, 4, 4),
    "conv_paddings": (4, 2, 2, 4), "conv_groups": 16,
    "audio_d_model": 192, "audio_d_ff": 512, "audio_n_layers": 4, "max_audio_tokens": 200,
    "d_pitch": 64, "d_velocity": 32, "d_duration": 32,
    "midi_d_model": 128, "midi_d_ff": 512, "midi_n_layers": 4,
    "n_heads": 8, "head_d_hidden": 128, "d_embedding": 128,
}  # fmt: skip


def control_of(arm: str) -> str:
    """The arm that a control controls; "" of an arm proper, and of one that is not known.

    >>> control_of("d4a4-zero"), control_of("d4a4"), control_of("mine")
    ('d4a4', '', '')
    """
    return ARMS[arm].control_of if arm in ARMS else ""


def proper(arms: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the checkpoints that may be ranked, by their arms: controls are not models; all where there are only controls.

    >>> proper({"a": "d4a4", "b": "d4a4-zero"}), proper({"b": "d4a4-zero"})
    (('a',), ('b',))
    """
    return tuple(name for name, arm in arms.items() if not control_of(arm)) or tuple(arms)


def under_their_arms(arms: Mapping[str, str]) -> tuple[str, ...]:
    """Names of checkpoints in their order, but every control below the first that has its arm; controls without theirs come last.

    >>> under_their_arms({"zero": "d4a4-zero", "base": "D0", "both": "d4a4", "stray": "a4r-random", "more": "D0"})
    ('base', 'both', 'zero', 'more', 'stray')
    """
    controls = [name for name, arm in arms.items() if control_of(arm)]
    ordered: list[str] = []
    for name, arm in arms.items():
        if not control_of(arm):
            ordered += [name, *(control for control in controls if control_of(arms[control]) == arm and control not in ordered)]
    return (*ordered, *(control for control in controls if control not in ordered))


def entering(arm: str) -> tuple[Entry | None, Entry | None, DescriptorValues]:
    """What enters the audio and the MIDI side of a known arm, and what stands in its place."""
    built = ARMS[arm]
    return built.audio, built.midi, built.descriptor_values


def build_config(arm: str, scale: str) -> ModelConfig:
    """Configuration of an arm at a scale.

    Raises:
        ConfigError: unknown arm or scale.

    >>> build_config("D0", "paper").n_audio_tokens, build_config("D0", "small").n_audio_tokens
    (2400, 188)
    """
    if arm not in ARMS:
        raise ConfigError(f"Unknown arm {arm!r}: expected one of {', '.join(ARMS)}.")
    if scale not in SCALES:
        raise ConfigError(f"Unknown scale {scale!r}: expected one of {', '.join(SCALES)}.")
    sizes = _PAPER if scale == "paper" else _SMALL
    built = ARMS[arm]
    return ModelConfig(audio_entry=built.audio, midi_entry=built.midi, descriptor_values=built.descriptor_values, **sizes)
