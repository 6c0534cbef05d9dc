"""How much memory a study takes: sizes of the model and of the request, counted from above."""

from collections.abc import Callable, Mapping
from typing import Any

from analysis.datasets.corpora import NAMES
from analysis.datasets.corpus import N_PIECES, SMALL
from analysis.datasets.paired_folder import MIDI_SUFFIXES
from analysis.descriptors.a4 import N_BANDS, n_frames
from analysis.files import home_expanded, is_folder
from analysis.models.checkpoint import WEIGHTS, Checkpoint
from analysis.models.config import ModelConfig
from analysis.models.tokens import grids
from analysis.readings.embeddings import batch_size
from analysis.studies.ablation.kinds import KINDS
from analysis.studies.bands.attribution import STEPS_AT_ONCE
from analysis.studies.bands.reading import N_SHIFTS
from analysis.studies.stress.bench import BLOCK
from analysis.studies.study import find_checkpoint

FLOAT, DOUBLE = 4, 8
LIBRARIES_BYTES = 650_000_000  # the worker with its libraries, before it has done anything
HALF_TO_FLOAT = 2
MODELS_AT_ONCE = 2  # the one that computes, and the weights that are being loaded into it
LIVE_CONVOLUTIONS, LIVE_STREAMS = 3, 8  # arrays of that size alive together while a layer computes, without gradients
EMBEDDINGS_AT_ONCE = 2  # in parts, and joined
SIDES = WEIGHTS_KINDS = 2
MOST_DOSES = 60  # of all changes of one side, or of shifts


def needs_bytes(name: str, request: Any, device: str) -> int:
    """Memory of the device that a study takes at its largest: of CUDA its own, of other devices that of the host.

    Models are worked through one after the other. So: the libraries, the largest checkpoint's weights twice in fp32, the
    activations of one batch through it, embeddings of all windows in fp32, and what the study adds (see `EXTRA`).

    Raises:
        CheckpointError: a checkpoint cannot be opened.
    """
    import torch

    checkpoints = [find_checkpoint(one) for one in request.checkpoints]
    kind = torch.device(device)
    models = [weights_bytes(one) + batch_size(one.model_config, kind) * window_bytes(one.model_config) for one in checkpoints]
    if kind.type == "cuda":
        return max(models, default=0)
    n_windows = getattr(request, "pairs", 0) or request.windows_per_piece * count_pieces(request.corpus)
    width = max((one.model_config.d_embedding for one in checkpoints), default=0)
    embeddings = EMBEDDINGS_AT_ONCE * SIDES * FLOAT * n_windows * width
    extra = EXTRA.get(name, lambda *_: 0)(request, n_windows, width)
    return LIBRARIES_BYTES + max(models, default=0) + embeddings + extra


def weights_bytes(checkpoint: Checkpoint) -> int:
    """Weights of a model in fp32, twice; they are stored with at least 2 bytes a number."""
    return MODELS_AT_ONCE * HALF_TO_FLOAT * (checkpoint.path / WEIGHTS).stat().st_size


def window_bytes(config: ModelConfig) -> int:
    """Activations of one window at the widest place of the audio side: a convolution, or a block with its feed-forward layer.

    The fused attention kernel holds no pattern, and the MIDI side is narrower. On the longest input, the waveform, everything
    that is as long as it is a few per cent of the first convolution.
    """
    length, widest = config.n_samples, 0
    sizes = (config.conv_channels, config.conv_kernels, config.conv_strides, config.conv_paddings)
    for channels, kernel, stride, padding in zip(*sizes, strict=True):
        length = (length + 2 * padding - kernel) // stride + 1
        widest = max(widest, LIVE_CONVOLUTIONS * channels * length)
    block = config.n_audio_tokens * (LIVE_STREAMS * config.audio_d_model + 2 * config.audio_d_ff)
    return FLOAT * (config.n_samples + max(widest, block))


def count_pieces(corpus: str) -> int:
    """Pieces of a corpus at most; of a folder the number of its MIDI files."""
    if corpus in NAMES:
        return N_PIECES if corpus.startswith("full") else sum(SMALL.values())
    folder = home_expanded(corpus)
    return sum(path.suffix.lower() in MIDI_SUFFIXES for path in folder.rglob("*")) if is_folder(folder) else 0


def _scoreboard(request: Any, n_windows: int, width: int) -> int:
    """Both sides normalised in fp64; of every query's pool a few rows of numbers."""
    return DOUBLE * (SIDES * n_windows * width + 6 * request.n_queries * request.pool_size)


def _pools(request: Any) -> int:
    """Candidates and kinds of every redrawn pool."""
    return (DOUBLE + 1) * request.evaluation_seeds * request.n_queries * request.pool_size


def _altered(request: Any, n_windows: int) -> int:
    """Performances and sound fonts that are rendered from, the waveforms of a block, and of every model rows and distances.

    Rows are those of both sides and of a change that others are compared with, distances those of every tap at every dose.
    """
    configs = [find_checkpoint(one).model_config for one in request.checkpoints]
    rows = sum(2 * _row_width(one.audio_n_layers, one.audio_d_model, one) for one in configs)
    rows += sum(_row_width(one.midi_n_layers, one.midi_d_model, one) for one in configs)
    distances = sum(MOST_DOSES * (one.audio_n_layers + one.midi_n_layers + 4) for one in configs)
    per_window = WEIGHTS_KINDS * (rows + distances)
    return 150_000_000 + FLOAT * (min(n_windows, BLOCK) * 96_000 + n_windows * per_window)


def _row_width(n_layers: int, d_model: int, config: ModelConfig) -> int:
    """Numbers in the rows of one window at all taps of a side."""
    return (n_layers + 1) * d_model + config.d_embedding


def _ablation(request: Any, n_windows: int, width: int) -> int:
    """Descriptors of all windows, of A4 and of as many notes as frames, and both sides' embeddings under every replacement."""
    configs = [find_checkpoint(one).model_config for one in request.checkpoints]
    frames = max((n_frames(one.n_samples) for one in configs), default=0)
    return FLOAT * n_windows * (2 * N_BANDS * frames + SIDES * (1 + len(KINDS)) * width)


def _bands(request: Any, n_windows: int, _width: int) -> int:
    """What is larger: reading bands from the layers of its windows, or the gradients of the windows that are attributed at once.

    Reading holds every layer on A4's frames, in parts and joined, one layer as it is centred and dealt into folds, and A4 with
    its shifted copies. Gradients keep what every layer computed.
    """
    configs = [find_checkpoint(one).model_config for one in request.checkpoints]
    targets = N_BANDS * (1 + N_SHIFTS)
    reading = gradients = 0
    for config in configs:
        moments = min(n_windows, request.reading_windows) * n_frames(config.n_samples)
        columns = (2 * (config.audio_n_layers + 1) + 3) * config.audio_d_model + 6 * targets
        reading = max(reading, FLOAT * moments * columns)
        gradients = max(gradients, STEPS_AT_ONCE * gradient_bytes(config))
    return max(reading, gradients if request.attribution_windows else 0)


def gradient_bytes(config: ModelConfig) -> int:
    """Activations of one window that the audio side keeps for its gradients; the fused attention kernel keeps no pattern."""
    length, kept = config.n_samples, 0
    sizes = (config.conv_channels, config.conv_kernels, config.conv_strides, config.conv_paddings)
    for channels, kernel, stride, padding in zip(*sizes, strict=True):
        length = (length + 2 * padding - kernel) // stride + 1
        kept += LIVE_CONVOLUTIONS * channels * length
    block = len(grids(config)[1].query_times_s) * (2 * LIVE_STREAMS * config.audio_d_model + 3 * config.audio_d_ff)
    return FLOAT * (config.n_samples + kept + config.audio_n_layers * block)


EXTRA: Mapping[str, Callable[[Any, int, int], int]] = {
    **dict.fromkeys(("transposition", "invariance"), lambda request, n, _: _altered(request, n)),
    "ablation": _ablation,
    "bands": _bands,
    "scoreboard": _scoreboard,
    "similarity": lambda _, n, __: DOUBLE * 6 * SIDES * 7 * min(n, 1_000) ** 2,
    "probes": lambda _, n, width: 300_000_000 + DOUBLE * n * (8 * 6 * 4 * width + 20_000),
    "controls": _scoreboard,
    "replication": lambda request, n, width: _scoreboard(request, n, width) + _pools(request),
    "embedding": lambda request, n, _: (
        300_000_000 + DOUBLE * (6 * min(n, 4_000) ** 2 + 3 * min(count_pieces(request.corpus), 200) ** 3)
    ),
}
"""What a study holds beside models and embeddings: (request, windows, width of the embedding) → bytes."""
