"""The family of ViT-1D of arXiv 2506.23873: one tower for sound, with a class token."""

from analysis.errors import CheckpointError, ConfigError, OtoscopeError, shown
from analysis.files import JsonObject
from analysis.models.families import Family
from analysis.models.vit1d.config import SCALES, VitConfig
from analysis.models.vit1d.encoder import build, outline
from analysis.models.vit1d.flow import count, flow_of

NAME = "vit1d"
FLOAT, LIVE_STREAMS, LIVE_SPECTRA = 4, 8, 4  # bytes; arrays of that size alive together while a layer computes
INFERRED = "positions on the frames alone, pre-norm, no dropout, no projection head, length of a frame, scaling of levels"


def parse(raw: JsonObject, label: str) -> VitConfig:
    """The configuration in a `config.json`.

    Raises:
        CheckpointError: it is of another arm, or describes no model that can be opened.
    """
    if (arm := raw.get("arm")) != NAME:
        raise CheckpointError(f"{label} is of unknown arm {shown(arm)}: expected {NAME}. Correct it.")
    try:
        return VitConfig.from_dict(raw.get("model", {}))
    except OtoscopeError as error:
        raise CheckpointError(f"{label}: {error}") from error


def presets() -> tuple[str, ...]:
    """Every scale, such as "vit1d-small"."""
    return tuple(f"{NAME}-{scale}" for scale in SCALES)


def preset(name: str) -> VitConfig:
    """The configuration at a scale.

    Raises:
        ConfigError: there is no such scale.

    >>> preset("vit1d-paper").d_model
    192
    """
    if name not in presets():
        raise ConfigError(f"There is no preset {shown(name)}: expected one of {', '.join(presets())}.")
    return SCALES[name.removeprefix(f"{NAME}-")]


def card(config: VitConfig) -> dict[str, str]:
    """Input, tokens, blocks, and what the source leaves open.

    >>> card(preset("vit1d-paper"))["tokens"]
    '126 mel frames, one every 32 ms, and a class token: a learned vector plus their mean'
    """
    hop_ms = 1000 * config.hop_length / config.sample_rate
    return {
        "input": f"{config.window_s:g} s at {config.sample_rate:,} Hz in {config.n_mels} mel bands",
        "tokens": f"{config.n_frames} mel frames, one every {hop_ms:g} ms, and a class token: a learned vector plus their mean",
        "blocks": f"{config.n_layers} of width {config.d_model} with {config.n_heads} heads",
        "inferred": INFERRED,
    }


def window_bytes(config: VitConfig) -> int:
    """Activations of one window at the widest place: the spectrum, or a block with its feed-forward layer."""
    spectrum = LIVE_SPECTRA * config.n_frames * config.n_fft
    block = (config.n_frames + 1) * (LIVE_STREAMS * config.d_model + 2 * config.d_ff)
    return FLOAT * (config.n_samples + max(spectrum, block))


FAMILY = Family(
    name=NAME,
    title="ViT-1D",
    module=__name__,
    presets=presets,
    preset=preset,
    samples=("vit1d-tiny",),
    parse=parse,
    read=VitConfig.from_dict,
    to_dict=VitConfig.to_dict,
    build=build,
    outline=outline,
    n_tokens=lambda config: config.n_frames + 1,
    window_bytes=window_bytes,
    count=count,
    flow=flow_of,
    recipe="otoscope train vit1d",
    card=card,
)
