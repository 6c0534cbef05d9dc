"""The table of architectures: which descriptor enters, and how."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from analysis.errors import ConfigError
from analysis.models.config import DescriptorValues, Entry, ModelConfig

Scale = Literal["small", "paper"]
SCALES: tuple[Scale, ...] = ("small", "paper")
Loss = Literal["pair", "triple", "weighted", "anchor"]  # see `analysis.training.losses`
Origin = Literal["screened", "long runs", "control", "ours"]


@dataclass(frozen=True)
class Arm:
    """One architecture of the descriptor-injection family.

    Attributes:
        audio, midi: the descriptor of either side and how it enters; None where there is none.
        control_of: of a parameter-matched control the arm whose parameters it has; "" of an arm proper.
        descriptor_values: what stands where the descriptors enter.
        loss: between which embeddings VICReg is; other than "pair" where a third tower reads the descriptors of both sides.
        origin: "screened" are the 24 configurations of tables 2 and 3 of the source, "long runs" those of table 4 alone,
            "control" those of its test 02, "ours" what is not in the source.
    """

    name: str
    audio: Entry | None
    midi: Entry | None
    summary: str
    family: str = "descriptor-injected audio-MIDI retrieval"
    control_of: str = ""
    descriptor_values: DescriptorValues = "real"
    loss: Loss = "pair"
    origin: Origin = "screened"

    @property
    def has_third_tower(self) -> bool:
        """Whether the loss reads a third tower."""
        return self.loss != "pair"

    @property
    def descriptors(self) -> tuple[str, ...]:
        """Names of its descriptors, that of the audio first."""
        return tuple(entry.descriptor for entry in (self.audio, self.midi) if entry)


_D4, _A4, _A4X = Entry("D4", "concat"), Entry("A4", "concat"), Entry("A4", "cross")
_THIRD = "a third tower of A4 and D4"
_MOE = "two experts after every block"
REAL_ARMS = {
    arm.name: arm
    for arm in (
        Arm("D0", None, None, "no descriptor: the baseline"),
        Arm("d4", None, _D4, "D4 concatenated to the notes"),
        Arm("a4", _A4, None, "A4 concatenated to the CNN frames"),
        Arm("a4x", _A4X, None, "CNN frames attend to A4"),
        Arm("a4r", Entry("A4", "reverse"), None, "A4 frames attend to the CNN frames and replace them"),
        Arm("d4a4", _A4, _D4, "A4 and D4 concatenated"),
        Arm(
            "d4-a4x",
            Entry("A4", "cross"),
            _D4,
            "CNN frames attend to A4, D4 concatenated; ours, not in the source",
            origin="ours",
        ),
        Arm("d4-a4r", Entry("A4", "reverse"), _D4, "A4 frames attend to the CNN frames, D4 concatenated", origin="long runs"),
        Arm("A7", Entry("A7", "concat"), None, "A7 concatenated to the CNN frames"),
        Arm("film-d4", None, Entry("D4", "film"), "the mean of D4 scales and shifts after every MIDI block"),
        Arm("A8", Entry("A8", "concat"), None, "A8 concatenated to the CNN frames"),
        Arm("A9", Entry("A9", "concat"), None, "A9 concatenated to the CNN frames"),
        Arm("A7x", Entry("A7", "cross"), None, "CNN frames attend to A7"),
        Arm("D4x", None, Entry("D4", "cross"), "notes attend to D4"),
        Arm("D4r", None, Entry("D4", "reverse"), "D4 attends to the notes and replaces them"),
        Arm("d4a4cm", Entry("D4", "other_side"), Entry("A4", "other_side"), "D4 concatenated to the CNN frames, A4 to the notes"),
        Arm("film-a4", Entry("A4", "film"), None, "the mean of A4 scales and shifts after every audio block"),
        Arm("film-dual", Entry("A4", "film"), Entry("D4", "film"), "the means of A4 and D4 scale and shift after every block"),
        Arm("moe-a4", Entry("A4", "moe"), None, f"{_MOE} of the audio, routed by the mean of A4"),
        Arm("moe-dual", Entry("A4", "moe"), Entry("D4", "moe"), f"{_MOE} of both sides, routed by the means of A4 and D4"),
        Arm("moe-a4-v2", Entry("A4", "moe2"), None, f"{_MOE} of the audio, which add from the start, with noise on the routers"),
        Arm("moe-a4-v3", Entry("A4", "moe3"), None, f"{_MOE} of the audio, as moe-a4-v2, with entropy in the loss"),
        Arm("moe-a4-v4", Entry("A4", "moe4"), None, f"{_MOE} of the audio, as moe-a4-v2, one of them for each token"),
        Arm("t3-tri", _A4, _D4, f"d4a4 and {_THIRD}; the loss is the mean of all three pairs", loss="triple"),
        Arm("t3-wt", _A4, _D4, f"d4a4 and {_THIRD}; its two pairs weigh 0.3 in the loss", loss="weighted"),
        Arm("t3-anc", None, None, f"no descriptor enters, {_THIRD} is what both sides are drawn to", loss="anchor"),
    )
}


PUBLISHED_CONTROLS: tuple[DescriptorValues, ...] = ("zero", "random", "shuffled")  # the others are ours
CONTROLLED = "d4a4"  # the one arm of which the source has controls


def _controls(arm: Arm) -> tuple[Arm, ...]:
    """Arms with the parameters of this one but without what its descriptors tell; none of an arm without descriptors."""
    given = " and ".join(arm.descriptors)
    summaries: dict[DescriptorValues, str] = {
        "zero": f"zeros in place of {given}",
        "random": f"noise in place of {given}, with the mean and SD of each feature in the training set",
        "shuffled": f"{given} of other windows",
        "reordered": f"{given} of the window itself, in another order",
    }
    return tuple(
        replace(
            arm, name=f"{arm.name}-{values}", summary=f"control of {arm.name}: {summary}", control_of=arm.name,
            descriptor_values=values, origin="control" if arm.name == CONTROLLED and values in PUBLISHED_CONTROLS else "ours",
        )
        for values, summary in summaries.items()
        if given
    )  # fmt: skip


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
_THIRD_D_MODEL = {"paper": 256, "small": 64}


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


def entering(arm: str) -> tuple[Entry | None, Entry | None, DescriptorValues, bool]:
    """What enters the audio and the MIDI side of a known arm, what stands in its place, and whether there is a third tower."""
    built = ARMS[arm]
    return built.audio, built.midi, built.descriptor_values, built.has_third_tower


def spelled(arm: str) -> str:
    """An arm as it is spelled here, where it is known but for capitals; else as it was given.

    >>> spelled("A4r"), spelled("D4"), spelled("a7X"), spelled("mine")
    ('a4r', 'd4', 'A7x', 'mine')
    """
    alike = [name for name in ARMS if name.lower() == arm.lower()]
    return alike[0] if arm not in ARMS and len(alike) == 1 else arm


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
    third = _THIRD_D_MODEL[scale] if built.has_third_tower else 0
    return ModelConfig(
        audio_entry=built.audio, midi_entry=built.midi, descriptor_values=built.descriptor_values, third_d_model=third, **sizes
    )  # fmt: skip
