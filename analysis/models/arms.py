"""The table of architectures: which descriptor enters, and how."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from analysis.errors import ConfigError
from analysis.models.config import A4Mechanism, DescriptorValues, ModelConfig

Scale = Literal["small", "paper"]
SCALES: tuple[Scale, ...] = ("small", "paper")


@dataclass(frozen=True)
class Arm:
    """One architecture of the descriptor-injection family.

    Attributes:
        control_of: of a parameter-matched control the arm whose parameters it has; "" of an arm proper.
        descriptor_values: what stands where the descriptors enter.
    """

    name: str
    a4: A4Mechanism
    d4: bool
    summary: str
    family: str = "descriptor-injected audio-MIDI retrieval"
    control_of: str = ""
    descriptor_values: DescriptorValues = "real"


REAL_ARMS = {
    arm.name: arm
    for arm in (
        Arm("D0", "none", False, "no descriptor: the baseline"),
        Arm("d4", "none", True, "D4 concatenated to the notes"),
        Arm("a4", "concat", False, "A4 concatenated to the CNN frames"),
        Arm("a4x", "cross", False, "CNN frames attend to A4"),
        Arm("a4r", "reverse", False, "A4 frames attend to the CNN frames and replace them"),
        Arm("d4a4", "concat", True, "A4 and D4 concatenated"),
        Arm("d4-a4x", "cross", True, "CNN frames attend to A4, D4 concatenated; ours, not in the source"),
        Arm("d4-a4r", "reverse", True, "A4 frames attend to the CNN frames, D4 concatenated"),
    )
}


PUBLISHED_CONTROLS: tuple[DescriptorValues, ...] = ("zero", "random", "shuffled")  # the others are ours


def _controls(arm: Arm) -> tuple[Arm, ...]:
    """Arms with the parameters of this one but without what its descriptors tell; none of an arm without descriptors."""
    given = " and ".join([*(["A4"] if arm.a4 != "none" else []), *(["D4"] if arm.d4 else [])])
    told: dict[DescriptorValues, str] = {
        "zero": f"zeros in place of {given}",
        "random": f"noise in place of {given}, with the mean and SD of each feature in the training set",
        "shuffled": f"{given} of other windows",
        "reordered": f"{given} of the window itself, in another order",
    }
    same = {"a4": arm.a4, "d4": arm.d4, "family": arm.family, "control_of": arm.name}
    return tuple(
        Arm(f"{arm.name}-{values}", summary=f"control of {arm.name}: {summary}", descriptor_values=values, **same)
        for values, summary in told.items()
        if given
    )


ARMS = {arm.name: arm for real in REAL_ARMS.values() for arm in (real, *_controls(real))}

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
            ordered += [name, *(one for one in controls if control_of(arms[one]) == arm and one not in ordered)]
    return (*ordered, *(one for one in controls if one not in ordered))


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
    return ModelConfig(a4_mechanism=built.a4, d4=built.d4, descriptor_values=built.descriptor_values, **sizes)
