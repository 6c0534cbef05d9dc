"""A COCOLA as counted parts, and as a flow of them."""

from analysis.models.architecture import VECTOR, Flow, Part
from analysis.models.cocola.config import PAPER, CocolaConfig
from analysis.models.cocola.encoder import outline
from analysis.models.frame_tower import FRAME
from analysis.models.sizes import TOTAL, count_by_part

STEM, STAGES, HEAD, FORM = "first convolution", "stages", "head", "similarity"
PARTS = {STEM: "stem.", STAGES: "stages.", HEAD: "head.", FORM: "form"}
SIDE = "audio"
THEIRS = "5.2 million"  # the authors of PHALAR say


def count(config: CocolaConfig) -> dict[str, int]:
    """Parameters by part and in total.

    Raises:
        ConfigError: a parameter belongs to no part.

    >>> count(PAPER)["total"]
    5189980
    """
    return count_by_part(outline(config).named_parameters(), PARTS)


def flow_of(config: CocolaConfig) -> Flow:
    """The model that a configuration describes, from the waveform to the score."""
    counts, grids = count(config), config.grids()
    (channels, bands, frames), (last_channels, last_bands, last_frames) = grids[0], grids[-1]
    sound = f"{config.window_s:g} s at {config.sample_rate:,} Hz"
    separated = (f"medians of {config.median_length} cells along time and along frequency", f"{config.n_mels} bands of each part")
    stack, d = f"{len(config.stages)} stages", config.d_embedding
    layers = "two layers" if config.d_hidden else "one layer"
    parts = (
        Part("waveform", "input", SIDE, config.n_samples, "sample", 1, 0, (sound,)),
        Part("harmonic and percussive mel", "network", SIDE, config.n_frames(), FRAME, 2 * config.n_mels, 0, separated,
             ("waveform",)),
        Part(STEM, "network", SIDE, frames, FRAME, channels * bands, counts[STEM], ("halves bands and frames",),
             ("harmonic and percussive mel",)),
        Part(stack, "network", SIDE, last_frames, FRAME, last_channels * last_bands, counts[STAGES],
             (f"{sum(stage.blocks for stage in config.stages)} inverted bottlenecks",), (STEM,)),
        Part(HEAD, "head", SIDE, 1, VECTOR, d, counts[HEAD], ("mean of all cells", layers, "layer norm, tanh"), (stack,)),
        Part("embedding", "embedding", SIDE, 1, VECTOR, d, 0, ("every number from −1 to 1",), (HEAD,)),
        Part(FORM, "join", "joint", 1, VECTOR, 1, counts[FORM], ("xᵀ W y", "not symmetric"), ("embedding",)),
    )  # fmt: skip
    notes = (f"{counts[TOTAL]:,} parameters; the authors of PHALAR say {THEIRS}.",) if config == PAPER else ()
    return Flow(parts, notes)


def multiply_adds(config: CocolaConfig) -> int:
    """Multiplications of one pass over one window: bands, convolutions, head; medians are counted as their cells.

    Layers of single numbers, such as squeezing, are left out.
    """
    bins, frames, grids = config.n_fft // 2 + 1, config.n_frames(), config.grids()
    total = 2 * frames * bins * (config.n_mels + config.median_length)
    total += 2 * 9 * grids[0][0] * grids[0][1] * grids[0][2]
    for (n_in, bands, n), (_, fewer, halved), sizes in zip(grids[:-1], grids[1:], config.stages, strict=True):
        for block in range(sizes.blocks):
            channels, before = (n_in, bands * n) if block == 0 else (sizes.channels, fewer * halved)
            inner = channels * sizes.expansion
            total += (channels * inner * before if sizes.expansion > 1 else 0) + inner * fewer * halved * sizes.kernel**2
            total += inner * sizes.channels * fewer * halved
    channels, bands, n = grids[-1]
    return total + channels * config.last * bands * n + config.last * (config.d_hidden or config.d_embedding)
