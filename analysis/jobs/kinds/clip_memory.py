"""How much memory it takes to read a clip, counted from above."""

from analysis.clips.serving import refuse_family
from analysis.clips.use import TOKENS_AT_ONCE, n_windows
from analysis.errors import CheckpointError, shown
from analysis.memory import bytes_to_words
from analysis.models.checkpoint import Checkpoint
from analysis.models.config import ModelConfig
from analysis.models.patterns import BLOCK_ELEMENTS
from analysis.models.tokens import grids
from analysis.studies.memory import FLOAT, LIBRARIES_BYTES, weights_bytes, window_bytes

LIVE_BLOCKS = 6  # a block of the pattern, its logarithm, its products, and what they are made from
LIVE_WAVEFORMS = 3  # as it is stored, padded, and cut into windows
IN_PARTS_AND_JOINED = 2
SMALL_BYTES = 10**9  # of activations, beside the weights


def needs_bytes(checkpoint: Checkpoint, duration_s: float, device: str) -> int:
    """Memory of the device that reading takes at its largest: of CUDA its own, of other devices that of the host.

    The weights twice in fp32, one batch of windows with the states and inputs of every layer, blocks of a pattern; on the host
    also the libraries, the recording and the result.

    Raises:
        CheckpointError: it is of a family of which no clip is read.
    """
    refuse_family(checkpoint)
    config = checkpoint.model_config
    model = weights_bytes(checkpoint) + _largest_batch(config)
    if device.startswith("cuda"):
        return model
    return LIBRARIES_BYTES + model + _recording_bytes(config, duration_s)


def is_small(config: ModelConfig, duration_s: float) -> bool:
    """Whether a page reads a clip of that length in the memory of the server: every visitor at once may ask for it.

    Sizes come with a checkpoint from anywhere, and few weights can make large activations.
    """
    return _largest_batch(config) + _recording_bytes(config, duration_s) <= SMALL_BYTES


def refuse_large_window(config: ModelConfig, name: str) -> None:
    """Refuse to look at single windows in a page whose activations are large.

    Raises:
        CheckpointError: one window takes more than `SMALL_BYTES`.
    """
    if (needed := window_bytes(config) + _states_bytes(config)) > SMALL_BYTES:
        raise CheckpointError(
            f"One window of {shown(name)} takes {bytes_to_words(needed)}; a page looks at no more than "
            f"{bytes_to_words(SMALL_BYTES)}. Use otoscope inspect, which has a process of its own."
        )


def _largest_batch(config: ModelConfig) -> int:
    batch = max(1, TOKENS_AT_ONCE // config.n_audio_tokens)
    return batch * (window_bytes(config) + _states_bytes(config)) + LIVE_BLOCKS * FLOAT * BLOCK_ELEMENTS


def _states_bytes(config: ModelConfig) -> int:
    return 2 * FLOAT * (config.audio_n_layers + 1) * config.n_audio_tokens * config.audio_d_model


def _recording_bytes(config: ModelConfig, duration_s: float) -> int:
    recording = LIVE_WAVEFORMS * FLOAT * round(duration_s * config.sample_rate)
    return recording + IN_PARTS_AND_JOINED * result_bytes(config, duration_s)


def result_bytes(config: ModelConfig, duration_s: float) -> int:
    """Attention received by every key, for every head and their mean."""
    keys = sum(len(grid.key_times_s) for grid in grids(config).values())
    return FLOAT * n_windows(config, duration_s) * (config.n_heads + 1) * keys
