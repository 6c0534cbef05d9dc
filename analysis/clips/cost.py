"""What it costs to read a clip, and which clips are so short that a page reads them while somebody waits."""

from analysis.clips.use import n_windows
from analysis.models.config import ModelConfig
from analysis.models.patterns import CROSS
from analysis.models.tokens import grids

MULTIPLY_ADDS_PER_S = 20e9
"""What one CPU core does at least: 20 to 55 · 10⁹ were measured with fp32 weights, the fewest with narrow layers."""

SHORT_S = 2.5
"""A page reads a model and its untrained twin: no more than 5 s together, and a picture of the model's after half of that."""


def is_short(config: ModelConfig, duration_s: float) -> bool:
    """Whether a page reads a clip of that length itself; what takes longer is a job, which has progress and an end."""
    return seconds(config, duration_s) <= SHORT_S


def seconds(config: ModelConfig, duration_s: float) -> float:
    """Time of one pass over a clip on one CPU core, estimated from above."""
    return multiply_adds(config, duration_s) / MULTIPLY_ADDS_PER_S


def multiply_adds(config: ModelConfig, duration_s: float) -> int:
    """Multiplications of one pass over a clip: convolutions, layers, and every attention pattern once more to be looked at."""
    length, channels_in, total = config.n_samples, 1, 0
    sizes = (config.conv_channels, config.conv_kernels, config.conv_strides, config.conv_paddings)
    for channels, kernel, stride, padding in zip(*sizes, strict=True):
        length = (length + 2 * padding - kernel) // stride + 1
        total += length * channels * channels_in * kernel
        channels_in = channels
    width = config.audio_d_model
    for layer, grid in grids(config).items():
        queries, keys = len(grid.query_times_s), len(grid.key_times_s)
        total += queries * 2 * width**2 + keys * 2 * width**2  # query and output, key and value
        total += 0 if layer == CROSS else queries * 2 * width * config.audio_d_ff
        total += 3 * queries * keys * width + (queries + 2 * keys) * width**2
    return n_windows(config, duration_s) * total
