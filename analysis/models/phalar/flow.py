"""A PHALAR as counted parts, and as a flow of them."""

from analysis.models.architecture import VECTOR, Flow, Part
from analysis.models.frame_tower import FRAME
from analysis.models.phalar.config import PAPER, PhalarConfig
from analysis.models.phalar.encoder import outline
from analysis.models.sizes import TOTAL, count_by_part

FIRST, STAGES, POOLING, HEAD, SIMILARITY = "first convolution", "stages", "spectral pooling", "complex head", "similarity"
PARTS = {FIRST: "first.", STAGES: "stages.", POOLING: "pooling.", HEAD: "head.", SIMILARITY: "similarity."}
SIDE = "audio"
TAKEN_FROM = "the sum of the parts of the authors' code"


def count(config: PhalarConfig) -> dict[str, int]:
    """Parameters by part and in total.

    Raises:
        ConfigError: a parameter belongs to no part.

    >>> count(PAPER)["total"]
    2293104
    """
    return count_by_part(outline(config).named_parameters(), PARTS)


def flow_of(config: PhalarConfig) -> Flow:
    """The model that a configuration describes, from the waveform to the score."""
    counts, frames, widths = count(config), config.frames(), config.widths
    low_hz, high_hz = config.frequencies_hz[0], config.frequencies_hz[-1]
    transform = (f"{config.n_bins} bins from {low_hz:,.2f} to {high_hz:,.0f} Hz", f"hop {config.hop_length:,}", "level, scaled")
    per_stage = ("along frequency, along time, every cell", "adds nothing before it is trained", "halves the frames")
    padded = max(frames[-1], config.least_frames)
    spectrum = (
        f"{config.n_bins * widths[-1]:,} to {config.lsp_channels} channels",
        f"components 1 to {config.n_components} of {padded} frames", "none at 0 Hz",
    )  # fmt: skip
    n_phasors = config.lsp_channels * config.n_components
    stack, sound = f"{config.depth} stages", f"{config.window_s:g} s at {config.sample_rate:,} Hz"
    score = "mean of both directions" if config.hermitian else "not symmetric"
    parts = (
        Part("waveform", "input", SIDE, config.n_samples, "sample", 1, 0, (sound,)),
        Part("constant-Q transform", "network", SIDE, frames[0], FRAME, config.n_bins, 0, transform, ("waveform",)),
        Part(FIRST, "network", SIDE, frames[0], FRAME, config.n_bins * widths[0], counts[FIRST], ("every cell by itself",),
             ("constant-Q transform",)),
        Part(stack, "network", SIDE, frames[-1], FRAME, config.n_bins * widths[-1], counts[STAGES], per_stage, (FIRST,)),
        Part(POOLING, "pooling", SIDE, 1, VECTOR, 2 * n_phasors, counts[POOLING], (*spectrum, f"{n_phasors} phasors"), (stack,)),
        Part(HEAD, "head", SIDE, 1, VECTOR, 2 * config.d_embedding, counts[HEAD], ("keeps a common phase",), (POOLING,)),
        Part("embedding", "embedding", SIDE, 1, VECTOR, 2 * config.d_embedding, 0,
             (f"{config.d_embedding} complex numbers",), (HEAD,)),
        Part(SIMILARITY, "join", "joint", 1, VECTOR, 1, counts[SIMILARITY], ("Re⟨y, W x⟩", score), ("embedding",)),
    )  # fmt: skip
    return Flow(parts, _notes(config))


def _notes(config: PhalarConfig) -> tuple[str, ...]:
    """The count, where it is that of the source, and which frequencies the components have."""
    padded = max(config.frames()[-1], config.least_frames)
    step_hz = 1 / (padded * config.frame_s)
    last_hz = config.n_components * step_hz
    turns = f"Component k turns at k × {step_hz:.3f} Hz, up to {last_hz:.2f} Hz ({60 * last_hz:.0f} beats per minute)"
    notes = (f"{turns}, in a window of {config.window_s:g} s.",)
    return (*notes, f"{count(config)[TOTAL]:,} parameters, {TAKEN_FROM}.") if config == PAPER else notes


def multiply_adds(config: PhalarConfig) -> int:
    """Multiplications of one pass over one window: transform, convolutions, pooling, head."""
    frames, widths, bins, hop = config.frames(), config.widths, config.n_bins, config.hop_length
    total = bins * frames[0] * widths[0]
    for start in range(0, bins, config.bins_per_octave):
        n_bins = min(config.bins_per_octave, bins - start)
        total += frames[0] * 2 * n_bins * 2 * config.half_hops(start) * hop
    for channels, wider, n, halved in zip(widths[:-1], widths[1:], frames[:-1], frames[1:], strict=True):
        total += bins * (12 * channels**2 * n + (3 * channels * wider + 12 * wider**2) * halved)
    width, phasors, d = bins * widths[-1], config.lsp_channels * config.n_components, config.d_embedding
    return total + frames[-1] * width * config.lsp_channels + 4 * d * (phasors + d)
