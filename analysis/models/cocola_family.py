"""The family of COCOLA of arXiv 2404.16969: one tower for harmonic and percussive sound."""

from analysis.errors import CheckpointError, ConfigError, OtoscopeError, shown
from analysis.files import JsonObject
from analysis.models.cocola.config import ORIGINAL, PAPER, SCALES, CocolaConfig
from analysis.models.cocola.encoder import build, outline
from analysis.models.cocola.flow import count, flow_of, multiply_adds
from analysis.models.families import Family

NAME = "cocola"
FLOAT, LIVE_CELLS = 4, 8  # bytes; arrays of all cells alive together while a branch computes
INFERRED = (
    "padding is the same on both sides of a convolution; blocks are dropped as in EfficientNet; batch norms begin with the "
    "statistics of noise; windows of 5 s where nothing else is said; the head has two layers, as in the code of PHALAR's "
    "authors, but for the scale original, which has one"
)


def parse(raw: JsonObject, label: str) -> CocolaConfig:
    """The configuration in a `config.json`.

    Raises:
        CheckpointError: it is of another arm, or describes no model that can be opened.
    """
    if (arm := raw.get("arm")) != NAME:
        raise CheckpointError(f"{label} is of unknown arm {shown(arm)}: expected {NAME}. Correct it.")
    try:
        return CocolaConfig.from_dict(raw.get("model", {}))
    except OtoscopeError as error:
        raise CheckpointError(f"{label}: {error}") from error


def presets() -> tuple[str, ...]:
    """Every scale, such as "cocola-small"."""
    return tuple(f"{NAME}-{scale}" for scale in SCALES)


def preset(name: str) -> CocolaConfig:
    """The configuration at a scale.

    Raises:
        ConfigError: there is no such scale.

    >>> preset("cocola-original").d_hidden
    0
    """
    if name not in presets():
        raise ConfigError(f"There is no preset {shown(name)}: expected one of {', '.join(presets())}.")
    return SCALES[name.removeprefix(f"{NAME}-")]


def card(config: CocolaConfig) -> dict[str, str]:
    """Input, tokens, stages, embedding, and what is not as in the source.

    >>> card(preset("cocola-paper"))["tokens"]
    '251 frames, one every 20 ms, halved four times to 16, one every 320 ms'
    """
    grids, hop_ms = config.grids(), 1000 * config.hop_length / config.sample_rate
    return {
        "input": f"{config.window_s:g} s at {config.sample_rate:,} Hz in {config.n_mels} mel bands from {config.f_min_hz:g} to "
        f"{config.f_max_hz:g} Hz, harmonic and percussive part apart",
        "tokens": f"{grids[0][2]} frames, one every {2 * hop_ms:g} ms, halved four times to {grids[-1][2]}, "
        f"one every {32 * hop_ms:g} ms",
        "stages": f"{len(config.stages)} of EfficientNet, {sum(stage.blocks for stage in config.stages)} blocks, "
        f"{grids[0][0]} to {grids[-1][0]} channels",
        "embedding": f"{config.d_embedding} numbers from −1 to 1, compared by xᵀ W y",
        "sizes": _sources(config),
        "inferred": INFERRED,
    }


def _sources(config: CocolaConfig) -> str:
    """Whose the sizes are."""
    if config in (PAPER, ORIGINAL):
        return "those of the source"
    return f"ours: {_sizes(config)}; the source has {_sizes(PAPER)}"


def _sizes(config: CocolaConfig) -> str:
    """Those in which scales differ."""
    blocks = sum(stage.blocks for stage in config.stages)
    return f"{config.n_mels} bands, {blocks} blocks, {config.last} channels at last and {config.d_embedding} numbers"


def window_bytes(config: CocolaConfig) -> int:
    """Activations of one window at the widest place: the medians of a spectrum, or the cells of a block."""
    medians = 2 * config.n_frames() * (config.n_fft // 2 + 1) * (config.median_length + LIVE_CELLS)
    cells = max(6 * channels * bands * frames for channels, bands, frames in config.grids())
    return FLOAT * (config.n_samples + max(medians, LIVE_CELLS * cells))


def token_width(config: CocolaConfig) -> int:
    """Numbers of a token where there are most tokens; those of later stages are fewer, and hold less in all."""
    channels, bands, frames = config.grids()[0]
    return max(channels * bands, *(-(-a * b * c // frames) for a, b, c in config.grids()))


FAMILY = Family(
    name=NAME,
    title="COCOLA",
    module=__name__,
    presets=presets,
    preset=preset,
    samples=("cocola-tiny",),
    parse=parse,
    read=CocolaConfig.from_dict,
    to_dict=CocolaConfig.to_dict,
    build=build,
    outline=outline,
    n_tokens=lambda config: config.grids()[0][2],
    window_bytes=window_bytes,
    count=count,
    flow=flow_of,
    recipe="otoscope train cocola",
    card=card,
    multiply_adds=multiply_adds,
    token_width=token_width,
)
