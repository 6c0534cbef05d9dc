"""The family of PupuJEPA of arXiv 2606.25713: a tower for sound on a grid of time × frequency, and its control on time alone."""

from analysis.errors import CheckpointError, ConfigError, OtoscopeError, shown
from analysis.files import JsonObject
from analysis.models.families import Family
from analysis.models.pupujepa.config import SCALES, PupuConfig, in_one_dimension
from analysis.models.pupujepa.flow import TEACHER, count, flow_of
from analysis.models.pupujepa.network import build, outline

NAME, CONTROL = "pupujepa", "pupujepa1d"
FLOAT, LIVE_STREAMS, LIVE_SPECTRA = 4, 8, 4  # bytes; arrays of that size alive together while a layer computes
INFERRED = (
    "sizes of the predictor, targets standardised patch by patch, length of the averaging, learning rates, shares of the masks"
)


def parse(raw: JsonObject, label: str) -> PupuConfig:
    """The configuration in a `config.json`.

    Raises:
        CheckpointError: it is of another arm, or describes no model of it that can be opened.
    """
    if (arm := raw.get("arm")) not in (NAME, CONTROL):
        raise CheckpointError(f"{label} is of unknown arm {shown(arm)}: expected {NAME} or {CONTROL}. Correct it.")
    try:
        config = PupuConfig.from_dict(raw.get("model", {}))
    except OtoscopeError as error:
        raise CheckpointError(f"{label}: {error}") from error
    if (config.grid[1] == 1) != (arm == CONTROL):
        bands = f"{config.grid[1]} band{'s' if config.grid[1] > 1 else ''} of patches"
        raise CheckpointError(f"{label} is of the arm {arm} and has {bands}; expected one for {CONTROL} alone. Correct it.")
    return config


def presets() -> tuple[str, ...]:
    """Every scale in two dimensions and in one, such as "pupujepa-small" and "pupujepa1d-small"."""
    return tuple(f"{arm}-{scale}" for arm in (NAME, CONTROL) for scale in SCALES)


def preset(name: str) -> PupuConfig:
    """The configuration of an arm at a scale.

    Raises:
        ConfigError: there is no such arm or scale.

    >>> preset("pupujepa-paper").grid, preset("pupujepa1d-paper").grid
    ((256, 8), (256, 1))
    """
    if name not in presets():
        raise ConfigError(f"There is no preset {shown(name)}: expected one of {', '.join(presets())}.")
    arm, _, scale = name.rpartition("-")
    return in_one_dimension(SCALES[scale]) if arm == CONTROL else SCALES[scale]


def card(config: PupuConfig) -> dict[str, str]:
    """Input, tokens, blocks, and what the source leaves open.

    >>> card(preset("pupujepa-paper"))["tokens"]
    '2,048 patches of 4 frames × 16 mel bands: 256 in time, one every 40 ms, × 8 in frequency'
    """
    (moments, bands), patch_ms = config.grid, 1000 * config.patch_s
    patches = f"{config.n_tokens:,} patches of {config.patch_frames} frames × {config.patch_mels} mel bands"
    blocks = f"{config.n_layers} of width {config.d_model} with {config.n_heads} heads"
    predictor = f"predictor {config.predictor_n_layers} of width {config.predictor_d_model}"
    return {
        "input": f"{config.window_s:g} s at {config.sample_rate:,} Hz in {config.n_mels} mel bands",
        "tokens": f"{patches}: {moments} in time, one every {patch_ms:g} ms, × {bands} in frequency",
        "blocks": f"{blocks}, {count(config)[TEACHER]:,} parameters; {predictor}",
        "examined": "the teacher on all patches, as the authors do; student and predictor are kept beside it",
        "inferred": INFERRED,
    }


def window_bytes(config: PupuConfig) -> int:
    """Activations of one window at the widest place: the spectrum, or a block with its feed-forward layer."""
    spectrum = LIVE_SPECTRA * config.n_frames * config.n_fft
    block = config.n_tokens * config.d_model * (LIVE_STREAMS + 3 * config.mlp_ratio)
    return FLOAT * (config.n_samples + max(spectrum, block))


def multiply_adds(config: PupuConfig) -> int:
    """Of one pass of the teacher over all patches of a window, every pattern once more to be looked at."""
    n, width = config.n_tokens, config.d_model
    per_block = (4 + 3 * config.mlp_ratio) * n * width**2 + 3 * n**2 * width
    return config.n_layers * per_block + n * width * config.patch_frames * config.patch_mels


FAMILY = Family(
    name=NAME,
    title="PupuJEPA",
    module=__name__,
    presets=presets,
    preset=preset,
    samples=("pupujepa-tiny", "pupujepa1d-tiny"),
    parse=parse,
    read=PupuConfig.from_dict,
    to_dict=PupuConfig.to_dict,
    build=build,
    outline=outline,
    n_tokens=lambda config: config.n_tokens,
    window_bytes=window_bytes,
    count=count,
    flow=flow_of,
    recipe="otoscope train pupujepa",
    card=card,
    multiply_adds=multiply_adds,
)
