"""How large a model from outside may be: counted on its outline, before anything of it takes memory."""

from collections.abc import Mapping
from functools import lru_cache

from analysis.descriptors.a4 import n_frames
from analysis.descriptors.descriptor import Axis
from analysis.errors import ConfigError
from analysis.models.config import THIRD_N_HEADS, ModelConfig
from analysis.models.dual_encoder import outline
from analysis.models.injections.registry import find_injection
from analysis.models.third_tower import N_LAYERS as THIRD_N_LAYERS
from analysis.models.tokens import audio_axes, grids

LARGEST_MODEL = {  # more than eight times any arm at paper scale
    "parameters": 10**9,
    "attention scores per audio window": 2 * 10**9,
    "attention scores per MIDI window": 2 * 10**9,
    "values in one activation": 5 * 10**8,
}
_DECIDED_BY = dict(zip(LARGEST_MODEL, (
    "the widths and numbers of layers", "n_samples, conv_strides, n_heads and audio_n_layers",
    "max_notes, n_heads and midi_n_layers", "n_samples, conv_strides, conv_channels, max_notes and the widths",
), strict=True))  # fmt: skip


def read_config(values: Mapping[str, object]) -> ModelConfig:
    """The configuration that `values` from outside describe, found to be that of a model which can be opened.

    Raises:
        ConfigError: a field is missing, unknown or of the wrong kind, the model would exceed `LARGEST_MODEL`, or a descriptor has
            more frames than positions.
    """
    config = ModelConfig.from_dict(values)
    for what, size in model_sizes(config).items():
        if size > (most := LARGEST_MODEL[what]):
            got = f"The configuration describes a model with {size:,} {what}; at most {most:,} are opened"
            raise ConfigError(f"{got}. Correct {_DECIDED_BY[what]}.")
    _, descriptor, stream = audio_axes(config)
    if descriptor is not None and stream is descriptor and (n := stream.n or 0) > config.max_descriptor_frames:
        got = f"{n:,} {stream.unit}s exceed max_descriptor_frames = {config.max_descriptor_frames:,}"
        raise ConfigError(f"{got}. Correct one of them.")
    return config


@lru_cache(maxsize=64)
def count_trained(config: ModelConfig) -> int:
    """Trained numbers of the model that a configuration describes."""
    return sum(parameter.numel() for parameter in outline(config).parameters())


def _crossings(config: ModelConfig) -> int:
    """How often notes and their descriptor attend to each other."""
    if config.midi_entry is None:
        return 0
    notes = Axis("note", "note")
    return int(find_injection(config.midi_entry.injection).crossing(notes, notes) is not None)


def model_sizes(config: ModelConfig) -> dict[str, int]:
    """How large the model and what it computes from one window are, by the names of `LARGEST_MODEL`."""
    notes, of_audio = config.max_notes, [(len(grid.query_times_s), len(grid.key_times_s)) for grid in grids(config).values()]
    activations = [length * n for length, n in zip(config.cnn_lengths(), config.conv_channels, strict=True)]
    tokens = max(config.n_audio_tokens, *(queries for queries, _ in of_audio))
    activations += [tokens * max(3 * config.audio_d_model, config.audio_d_ff)]
    activations += [notes * max(3 * config.midi_d_model, config.midi_d_ff)]
    audio, midi = sum(queries * keys for queries, keys in of_audio), (config.midi_n_layers + _crossings(config)) * notes**2
    third = THIRD_N_HEADS * THIRD_N_LAYERS * n_frames(config.n_samples) ** 2 if config.third_d_model else 0
    scores = config.n_heads * audio + third, config.n_heads * midi
    return dict(zip(LARGEST_MODEL, (count_trained(config), *scores, max(activations)), strict=True))
