"""A ViT-1D as counted parts, and as a flow of them."""

from analysis.models.architecture import VECTOR, Flow, Part
from analysis.models.sizes import TOTAL, count_by_part
from analysis.models.vit1d.config import PAPER, VitConfig
from analysis.models.vit1d.encoder import outline
from analysis.models.vit1d.tower import FRAME

PROJECTION, CLASS, POSITIONS, BLOCKS, NORM = "projection", "class token", "positions", "transformer", "last norm"
PARTS = {PROJECTION: "projection.", CLASS: "class_token", POSITIONS: "positions", BLOCKS: "blocks.", NORM: "norm."}
SIDE = "audio"
TIMES_SMALLER, THEIRS = (
    18,
    95,
)  # than a model of so many million parameters (MERT), the authors say of this one in arXiv 2507.12996


def count(config: VitConfig) -> dict[str, int]:
    """Parameters by part and in total.

    Raises:
        ConfigError: a parameter belongs to no part.

    >>> count(PAPER)["total"]
    5387904
    """
    return count_by_part(outline(config).named_parameters(), PARTS)


def flow_of(config: VitConfig) -> Flow:
    """The model that a configuration describes, from the waveform to the class token."""
    counts = count(config)
    frames, width = (config.n_frames, FRAME), config.d_model
    tokens = (config.n_frames + 1, "token", width)
    spectrum = (f"Hann window of {config.n_fft:,} samples", f"hop {config.hop_length:,}", "level, shifted and scaled")
    blocks = (f"{config.n_heads} heads", f"d {width:,}", f"ff {config.d_ff:,}", "pre-norm")
    stack, learned = f"{config.n_layers} blocks", "learned vector + mean of the frames"
    parts = (
        Part(
            "waveform", "input", SIDE, config.n_samples, "sample", 1, 0, (f"{config.window_s:g} s at {config.sample_rate:,} Hz",)
        ),
        Part("log-mel", "network", SIDE, *frames, config.n_mels, 0, spectrum, ("waveform",)),
        Part("projection", "network", SIDE, *frames, width, counts[PROJECTION], ("one frame, one token",), ("log-mel",)),
        Part("positions", "network", SIDE, *frames, width, counts[POSITIONS], ("added, learned",), ("projection",)),
        Part("class token", "join", SIDE, *tokens, counts[CLASS], (learned,), ("projection", "positions")),
        Part(stack, "network", SIDE, *tokens, counts[BLOCKS], blocks, ("class token",)),
        Part("last norm", "pooling", SIDE, 1, VECTOR, width, counts[NORM], ("of the class token alone",), (stack,)),
        Part("embedding", "embedding", SIDE, 1, VECTOR, width, 0, ("compared by cosine",), ("last norm",)),
    )
    return Flow(parts, _notes(config))


def _notes(config: VitConfig) -> tuple[str, ...]:
    """How the count compares with what the authors say."""
    if config != PAPER:
        return ()
    counts = count(config)
    without = counts[TOTAL] - counts[POSITIONS]
    times = THEIRS * 1e6 / without
    return (
        f"{without:,} parameters without positions, {times:.1f} times fewer than {THEIRS} million; the authors say "
        f"{TIMES_SMALLER} times fewer.",
    )
