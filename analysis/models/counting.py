"""Counted parameters, tokens and the cost of attention."""

from dataclasses import dataclass

from analysis.descriptors.a4 import n_frames
from analysis.errors import ConfigError
from analysis.models.arms import ARMS, build_config
from analysis.models.config import ModelConfig
from analysis.models.dual_encoder import DualEncoder, outline
from analysis.models.remarks import remarks
from analysis.models.tokens import audio_axes

# Beginnings of the names of parameters, by part; a model has a part more for each of its descriptors.
PARTS = {
    "audio CNN": ("audio.cnn.",),
    "audio positions": ("audio.positions",),
    "audio transformer": ("audio.blocks.",),
    "audio pooling": (),
    "MIDI embeddings": ("midi.pitch.", "midi.velocity.", "midi.duration.", "midi.input.", "midi.input_norm."),
    "MIDI transformer": ("midi.blocks.",),
    "MIDI pooling": ("midi.norm.",),
    "audio head": ("audio_head.",),
    "MIDI head": ("midi_head.",),
}
THIRD_TOWER = "third tower"
COUNTED_WITH = {"audio pooling": "audio transformer", "MIDI pooling": "MIDI transformer"}


def count_parts(model: DualEncoder) -> dict[str, int]:
    """Parameters of every part of a model, each counted in exactly one; parts that it lacks have 0.

    Raises:
        ConfigError: a parameter belongs to no part.
    """
    beginnings = {beginning: part for part, ones in PARTS.items() for beginning in ones}
    for side, given in model.given.items():
        beginnings[f"{side}.{given.injection.beginning}"] = injection_part(given.descriptor.name)
    if model.descriptor_tower is not None:
        beginnings |= {"descriptor_tower.": THIRD_TOWER}
    counts = dict.fromkeys((*PARTS, *beginnings.values()), 0)
    for name, parameter in model.named_parameters():
        part = next((part for beginning, part in beginnings.items() if name.startswith(beginning)), None)
        if part is None:
            raise ConfigError(f"The parameter {name} belongs to no part of {', '.join(counts)}. Add it to one.")
        counts[part] += parameter.numel()
    return counts


def injection_part(descriptor: str) -> str:
    """What the parameters are called by which a descriptor enters.

    >>> injection_part("A4")
    'A4 injection'
    """
    return f"{descriptor} injection"


def count_configured(config: ModelConfig) -> dict[str, int]:
    """Parameters by component and in total of the model that a configuration describes; the last norm counts as transformer."""
    counted = count_parts(outline(config))
    counts = {part: n for part, n in counted.items() if part not in COUNTED_WITH}
    for part, other in COUNTED_WITH.items():
        counts[other] += counted[part]
    return {**counts, "total": sum(counted.values())}


def count_parameters(arm: str, scale: str) -> dict[str, int]:
    """Parameters by component and in total of an arm.

    Raises:
        ConfigError: unknown arm or scale.

    >>> count_parameters("D0", "paper")["total"]
    74194432
    """
    return count_configured(build_config(arm, scale))


@dataclass(frozen=True)
class Saving:
    """By what four blocks on CNN frames cost more than four blocks on A4 frames, as factors.

    Attributes:
        scores_only: scores alone.
        with_cross_attention: scores plus the one cross-attention that gets there.
        linear_layers: the layers linear in the number of tokens.
    """

    scores_only: float
    with_cross_attention: float
    linear_layers: float


@dataclass(frozen=True)
class Described:
    """Everything that can be counted about an arm without running it.

    Attributes:
        arm: its name.
        scale: its sizes.
        family: of arms.
        summary: what it is.
        parameters: by component and in total.
        samples: of one window, as are the tokens and frames.
        cnn_tokens: from the convolutions.
        a4_frames: of A4, whether or not it enters.
        descriptor_frames: of the audio descriptor that enters; None where none does.
        transformer_tokens: that the blocks read.
        attention_scores: of all blocks together.
        reverse_attention_saving: what attention over A4 frames saves.
        origin: where the arm is from, see `Arm`.
        remarks: what must be known of it, see `analysis.models.remarks`.
    """

    arm: str
    scale: str
    family: str
    summary: str
    parameters: dict[str, int]
    samples: int
    cnn_tokens: int
    a4_frames: int
    descriptor_frames: int | None
    transformer_tokens: int
    attention_scores: int
    reverse_attention_saving: Saving
    origin: str
    remarks: tuple[str, ...]


def describe(arm: str, scale: str) -> Described:
    """Everything that can be counted about an arm without running it."""
    config = build_config(arm, scale)
    cnn, layers = config.n_audio_tokens, config.audio_n_layers
    _, descriptor, stream = audio_axes(config)
    frames, transformer_tokens = n_frames(config.n_samples), stream.n or cnn
    saving = Saving((cnn / frames) ** 2, layers * cnn**2 / (layers * frames**2 + frames * cnn), cnn / frames)
    return Described(
        arm, scale, ARMS[arm].family, ARMS[arm].summary, count_parameters(arm, scale), config.n_samples, cnn, frames,
        None if descriptor is None else descriptor.n, transformer_tokens, layers * config.n_heads * transformer_tokens**2, saving,
        ARMS[arm].origin, remarks(ARMS[arm]),
    )  # fmt: skip
