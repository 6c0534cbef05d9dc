"""How much memory it takes to read a clip, counted from above."""

import torch

from analysis.clips.cost import ClipSize, size_of
from analysis.clips.read import MANY_WINDOWS, SMALL_THUMB, THUMB, TOKENS_AT_ONCE
from analysis.errors import CheckpointError, shown
from analysis.memory import bytes_to_words
from analysis.models.checkpoint import Checkpoint
from analysis.models.patterns import BLOCK_ELEMENTS
from analysis.models.tower import LAYERS
from analysis.studies.memory import FLOAT, LIBRARIES_BYTES, weights_bytes

LIVE_BLOCKS = 6  # a block of the pattern, its logarithm, its products, and what they are made from
LIVE_WAVEFORMS = 3  # as it is stored, padded, and cut into windows
IN_PARTS_AND_JOINED = 2
SMALL_BYTES = 10**9  # of activations, beside the weights


def needs_bytes(checkpoint: Checkpoint, duration_s: float, device: str, overlap: str = "none", at_once: int = 1) -> int:
    """Memory of the device that reading takes at its largest: of CUDA its own, of other devices that of the host.

    The weights twice in fp32, one batch of windows with the states and inputs of every layer, blocks of a pattern; on the host
    also the libraries, the recording and the result.

    Raises:
        ShapeError: no tower of it hears.
    """
    size = size_of(checkpoint, duration_s, overlap)
    model = weights_bytes(checkpoint) + _largest_batch(size, at_once)
    if device.startswith("cuda"):
        return model
    return LIBRARIES_BYTES + model + _recording_bytes(size)


def beside_bytes(n_samples: int, device: str) -> int:
    """Memory of the device that another recording takes, which is cut into windows beside the first: of CUDA none.

    >>> beside_bytes(1_000, "cpu"), beside_bytes(1_000, "cuda:0")
    (12000, 0)
    """
    return 0 if device.startswith("cuda") else LIVE_WAVEFORMS * FLOAT * n_samples


def is_small(size: ClipSize) -> bool:
    """Whether a page reads a clip of that size in the memory of the server: every visitor at once may ask for it.

    Sizes come with a checkpoint from anywhere, and few weights can make large activations.
    """
    return _largest_batch(size) + _recording_bytes(size) <= SMALL_BYTES


def refuse_large_window(size: ClipSize, name: str) -> None:
    """Refuse to look at single windows in a page whose activations are large.

    Raises:
        CheckpointError: one window takes more than `SMALL_BYTES`.
    """
    if (needed := size.family.window_bytes(size.config) + _states_bytes(size)) > SMALL_BYTES:
        raise CheckpointError(
            f"One window of {shown(name)} takes {bytes_to_words(needed)}; a page looks at no more than "
            f"{bytes_to_words(SMALL_BYTES)}. Use otoscope inspect, which has a process of its own."
        )


def _largest_batch(size: ClipSize, at_once: int = 1) -> int:
    batch = max(at_once, TOKENS_AT_ONCE // size.family.n_tokens(size.config))
    activations = size.family.window_bytes(size.config) + _states_bytes(size)
    return batch * activations + LIVE_BLOCKS * FLOAT * BLOCK_ELEMENTS


def _states_bytes(size: ClipSize) -> int:
    """States of all layers and what attention is given there."""
    family, tower = size.family, size.tower
    width = tower.width if family.token_width is None else family.token_width(size.config)
    n_states = sum(tap.kind in LAYERS and tap.kind != "embedding" for tap in tower.taps())
    return 2 * FLOAT * n_states * family.n_tokens(size.config) * width


def _recording_bytes(size: ClipSize) -> int:
    recording = beside_bytes(round(size.duration_s * size.heard.sample_rate), "cpu")
    return recording + IN_PARTS_AND_JOINED * result_bytes(size)


def result_bytes(size: ClipSize) -> int:
    """Attention received by every key, for every head and their mean, and every pattern as a small picture."""
    side = THUMB if size.n_windows <= MANY_WINDOWS else SMALL_THUMB
    tower = size.tower
    batch = tower.collate([], torch.empty(1, size.clock.window, device="meta"))
    attentions = tower.attention(batch) if tower.attends else ()
    return size.n_windows * sum((attention.n_heads + 1) * (FLOAT * attention.key.n + side**2) for attention in attentions)
