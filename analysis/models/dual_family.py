"""The family of the dual encoders of arXiv 2604.10283: one audio and one MIDI tower, with any descriptor or none."""

from collections.abc import Callable
from operator import mul
from typing import Any

from analysis.descriptors.registry import MODULES as DESCRIPTORS
from analysis.errors import CheckpointError, ConfigError, OtoscopeError, shown
from analysis.files import JsonObject
from analysis.models.architecture import Flow
from analysis.models.arms import ARMS, SCALES, build_config, entering
from analysis.models.config import ModelConfig
from analysis.models.controls import LEARNING, copy_learned
from analysis.models.counting import count_configured
from analysis.models.dual_encoder import DualEncoder, build_model, outline
from analysis.models.families import Family
from analysis.models.injections.registry import KINDS as INJECTIONS
from analysis.models.injections.registry import find_injection
from analysis.models.limits import read_config
from analysis.models.remarks import CROSSED, constant
from analysis.models.third_tower import DESCRIPTORS as THIRD_READS
from analysis.models.tokens import CROSS, grids

FLOAT = 4
SAMPLED = ("D0", "a4x", "d4-a4r", "film-d4", "d4a4-zero", "D4r", "moe-a4-v2", "d4a4cm")
LIVE_CONVOLUTIONS, LIVE_STREAMS = 3, 8  # arrays of that size alive together while a layer computes, without gradients


def parse(raw: JsonObject, label: str) -> ModelConfig:
    """The configuration in a `config.json`, found to be that of its arm.

    Raises:
        CheckpointError: the arm is not known, or the model is absurd or that of another arm.
    """
    arm = raw["arm"]
    if arm not in ARMS:
        real = ", ".join(name for name in ARMS if entering(name)[2] == "real")
        raise CheckpointError(f"{label} is of unknown arm {shown(arm)}: expected one of {real}, or a control of one.")
    try:
        config = read_config(raw["model"])
    except OtoscopeError as error:
        raise CheckpointError(f"{label}: {error}") from error
    if (config.audio_entry, config.midi_entry, config.descriptor_values, config.third_d_model > 0) != entering(arm):
        given = " and ".join(f"{entry.descriptor} by {entry.injection}" for entry in config.entries.values()) or "no descriptor"
        third = " and a third tower" if config.third_d_model else ""
        got = f"{given}{third}, with descriptor_values {config.descriptor_values!r}"
        raise CheckpointError(f"{label} says arm {arm} but describes {got}. Correct one of them.")
    return config


def presets() -> tuple[str, ...]:
    """Every arm at every scale, such as "d4a4-small"."""
    return tuple(f"{arm}-{scale}" for arm in ARMS for scale in SCALES)


def preset(name: str) -> ModelConfig:
    """The configuration of an arm at a scale.

    Raises:
        ConfigError: there is no such arm or scale.

    >>> preset("D0-small").n_audio_tokens
    188
    """
    arm, _, scale = name.rpartition("-")
    if name not in presets():
        raise ConfigError(f"There is no preset {shown(name)}: expected an arm and a scale, such as {presets()[0]}.")
    return build_config(arm, scale)


def twin(config: ModelConfig, seed: int, trained: Callable[[], Any]) -> DualEncoder:
    """The same architecture from the same seed after zero steps; a control keeps what it knows of the training set."""
    model = build_model(config, seed)
    if config.descriptor_values in LEARNING:
        copy_learned(trained(), model)
    return model


def card(config: ModelConfig) -> dict[str, str]:
    """The descriptor of either side with its mechanism.

    >>> card(preset("d4-a4r-small"))
    {'audio descriptor': 'A4 by reverse cross-attention', 'MIDI descriptor': 'D4 by concatenation'}
    """
    entries = {"audio descriptor": config.audio_entry, "MIDI descriptor": config.midi_entry}
    words = {title: find_injection(entry.injection).words(entry.descriptor) for title, entry in entries.items() if entry}
    if config.third_d_model:
        words |= {"third tower": f"of {' and '.join(THIRD_READS)}, read by the loss alone"}
    if constants := [sentence for entry in config.entries.values() if (sentence := constant(entry))]:
        words |= {"not told": " ".join(constants)}
    if config.crosses:
        words |= {"told too much": CROSSED}
    return words


def window_bytes(config: ModelConfig) -> int:
    """Activations of one window at the widest place of the audio side: a convolution, or a block with its feed-forward layer.

    The fused attention kernel holds no pattern, and the MIDI side is narrower. On the longest input, the waveform, everything
    that is as long as it is a few per cent of the first convolution.
    """
    widest = LIVE_CONVOLUTIONS * max(map(mul, config.conv_channels, config.cnn_lengths()))
    block = config.n_audio_tokens * (LIVE_STREAMS * config.audio_d_model + 2 * config.audio_d_ff)
    return FLOAT * (config.n_samples + max(widest, block))


def multiply_adds(config: ModelConfig) -> int:
    """Multiplications over a window: convolutions, layers, and every attention pattern once more to be looked at."""
    channels_in, total = 1, 0
    for channels, kernel, length in zip(config.conv_channels, config.conv_kernels, config.cnn_lengths(), strict=True):
        total += length * channels * channels_in * kernel
        channels_in = channels
    width = config.audio_d_model
    for layer, grid in grids(config).items():
        queries, keys = len(grid.query_times_s), len(grid.key_times_s)
        total += queries * 2 * width**2 + keys * 2 * width**2  # query and output, key and value
        total += 0 if layer == CROSS else queries * 2 * width * config.audio_d_ff
        total += 3 * queries * keys * width + (queries + 2 * keys) * width**2
    return total


def _flow(config: ModelConfig) -> Flow:
    from analysis.models.dual_encoder_flow import flow_of

    return flow_of(config)


FAMILY = Family(
    name="dual",
    title="dual encoder",
    module=__name__,
    presets=presets,
    preset=preset,
    samples=tuple(f"{arm}-small" for arm in SAMPLED),
    parse=parse,
    read=ModelConfig.from_dict,
    to_dict=ModelConfig.to_dict,
    build=build_model,
    outline=outline,
    n_tokens=lambda config: config.n_audio_tokens,
    window_bytes=window_bytes,
    count=count_configured,
    flow=_flow,
    twin=twin,
    recipe="otoscope train",
    card=card,
    multiply_adds=multiply_adds,
    token_width=lambda config: config.audio_d_model,
    has_arms=True,
    others=(
        *(f"analysis.descriptors.{module}" for module in DESCRIPTORS.values()),
        *(f"analysis.models.injections.{kind}" for kind in INJECTIONS),
    ),
)
