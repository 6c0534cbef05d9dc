"""The family of PHALAR of arXiv 2605.03929: one tower for sound whose embeddings are complex."""

from analysis.errors import CheckpointError, ConfigError, OtoscopeError, shown
from analysis.files import JsonObject
from analysis.models.families import Family
from analysis.models.phalar.config import PAPER, SCALES, PhalarConfig
from analysis.models.phalar.encoder import build, outline
from analysis.models.phalar.flow import count, flow_of, multiply_adds

NAME = "phalar"
FLOAT, LIVE_CELLS = 4, 8  # bytes; arrays of all cells alive together while a branch computes
INFERRED = (
    "the quietest level that counts is that of each window, not of a batch; kernels of the transform are made anew by their "
    "definition; windows of 5 s, those of the source's tests, where nothing else is said"
)


def parse(raw: JsonObject, label: str) -> PhalarConfig:
    """The configuration in a `config.json`.

    Raises:
        CheckpointError: it is of another arm, or describes no model that can be opened.
    """
    if (arm := raw.get("arm")) != NAME:
        raise CheckpointError(f"{label} is of unknown arm {shown(arm)}: expected {NAME}. Correct it.")
    try:
        return PhalarConfig.from_dict(raw.get("model", {}))
    except OtoscopeError as error:
        raise CheckpointError(f"{label}: {error}") from error


def presets() -> tuple[str, ...]:
    """Every scale, such as "phalar-small"."""
    return tuple(f"{NAME}-{scale}" for scale in SCALES)


def preset(name: str) -> PhalarConfig:
    """The configuration at a scale.

    Raises:
        ConfigError: there is no such scale.

    >>> preset("phalar-paper").widths[-1]
    60
    """
    if name not in presets():
        raise ConfigError(f"There is no preset {shown(name)}: expected one of {', '.join(presets())}.")
    return SCALES[name.removeprefix(f"{NAME}-")]


def card(config: PhalarConfig) -> dict[str, str]:
    """Input, tokens, stages, pooling, embedding, and what is not as in the source.

    >>> card(preset("phalar-paper"))["tokens"]
    '501 frames, one every 10 ms, halved by each of 5 stages to 16, one every 320 ms'
    """
    frames, hop_ms = config.frames(), 1000 * config.hop_length / config.sample_rate
    low_hz, high_hz = config.frequencies_hz[0], config.frequencies_hz[-1]
    return {
        "input": f"{config.window_s:g} s at {config.sample_rate:,} Hz in {config.n_bins} constant-Q bins "
        f"from {low_hz:,.2f} to {high_hz:,.0f} Hz",
        "tokens": f"{frames[0]} frames, one every {hop_ms:g} ms, halved by each of {config.depth} stages to {frames[-1]}, "
        f"one every {1000 * config.frame_s:g} ms",
        "stages": f"{config.depth}, of {' to '.join(map(str, config.widths))} channels",
        "pooling": f"components 1 to {config.n_components} of the spectrum over time of {config.lsp_channels} learned channels",
        "embedding": f"{config.d_embedding} complex numbers, held as {2 * config.d_embedding} real ones, compared by Re⟨y, W x⟩",
        "sizes": "those of the source" if config == PAPER else f"ours: {_sizes(config)}; the source has {_sizes(PAPER)}",
        "inferred": INFERRED,
    }


def _sizes(config: PhalarConfig) -> str:
    """Those in which scales differ."""
    pooled = f"{config.lsp_channels} channels pooled to {config.n_components} components"
    bins = f"{config.n_bins} bins from {config.f_min_hz:.2f} Hz"
    return f"{config.depth} stages, {bins}, {pooled} and {config.d_embedding} complex numbers"


def window_bytes(config: PhalarConfig) -> int:
    """Activations of one window at the widest place: the cells of a stage with all that a branch makes of them, or the sound."""
    cells = max(config.n_bins * channels * n for channels, n in zip(config.widths, config.frames(), strict=True))
    sound = 4 * (config.n_samples + 2 * config.half_hops() * config.hop_length)
    return FLOAT * (sound + LIVE_CELLS * cells)


def token_width(config: PhalarConfig) -> int:
    """Numbers of a token where there are most tokens; those of later stages are wider and fewer, and hold less in all."""
    return config.n_bins * config.width


FAMILY = Family(
    name=NAME,
    title="PHALAR",
    module=__name__,
    presets=presets,
    preset=preset,
    samples=("phalar-tiny",),
    parse=parse,
    read=PhalarConfig.from_dict,
    to_dict=PhalarConfig.to_dict,
    build=build,
    outline=outline,
    n_tokens=lambda config: config.frames()[0],
    window_bytes=window_bytes,
    count=count,
    flow=flow_of,
    recipe="otoscope train phalar",
    card=card,
    multiply_adds=multiply_adds,
    token_width=token_width,
)
