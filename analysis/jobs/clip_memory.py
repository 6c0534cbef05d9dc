"""How much memory it takes to read a clip, counted from above."""

from analysis.jobs.study_memory import FLOAT, LIBRARIES_BYTES, weights_bytes, window_bytes
from analysis.models.checkpoint import Checkpoint
from analysis.models.config import ModelConfig
from analysis.models.patterns import BLOCK_ELEMENTS
from analysis.models.tokens import grids
from analysis.studies.clip import TOKENS_AT_ONCE, n_windows

LIVE_BLOCKS = 6  # a block of the pattern, its logarithm, its products, and what they are made from
LIVE_WAVEFORMS = 3  # as it is stored, padded, and cut into windows
IN_PARTS_AND_JOINED = 2


def needs_bytes(checkpoint: Checkpoint, duration_s: float, device: str) -> int:
    """Memory of the device that reading takes at its largest: of CUDA its own, of other devices that of the host.

    The weights twice in fp32, one batch of windows with the states and inputs of every layer, blocks of a pattern; on the host
    also the libraries, the recording and the result.
    """
    config = checkpoint.model_config
    batch = max(1, TOKENS_AT_ONCE // config.n_audio_tokens)
    states = 2 * FLOAT * (config.audio_n_layers + 1) * config.n_audio_tokens * config.audio_d_model
    largest = batch * (window_bytes(config) + states) + LIVE_BLOCKS * FLOAT * BLOCK_ELEMENTS
    model = weights_bytes(checkpoint) + largest
    if device.startswith("cuda"):
        return model
    recording = LIVE_WAVEFORMS * FLOAT * round(duration_s * config.sample_rate)
    return LIBRARIES_BYTES + model + recording + IN_PARTS_AND_JOINED * result_bytes(config, duration_s)


def result_bytes(config: ModelConfig, duration_s: float) -> int:
    """Attention received by every key, for every head and their mean."""
    keys = sum(len(grid.key_times_s) for grid in grids(config).values())
    return FLOAT * n_windows(config, duration_s) * (config.n_heads + 1) * keys
