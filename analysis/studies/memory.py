"""How much memory a study takes: sizes of the model and of the request, counted from above."""

from operator import mul

from analysis.datasets.containers import AUDIO_SUFFIXES
from analysis.datasets.corpora import NAMES
from analysis.datasets.corpus import N_PIECES, SMALL
from analysis.datasets.paired_folder import MIDI_SUFFIXES
from analysis.files import home_expanded, is_folder
from analysis.models.checkpoint import WEIGHTS_FILE, Checkpoint
from analysis.models.config import ModelConfig
from analysis.models.dual_family import FLOAT as FLOAT
from analysis.models.dual_family import LIVE_CONVOLUTIONS, LIVE_STREAMS
from analysis.models.dual_family import window_bytes as window_bytes
from analysis.models.tokens import grids
from analysis.models.tower import LAYERS, Tower
from analysis.readings.reader import batch_size
from analysis.studies.base.registry import find_study
from analysis.studies.base.settings import AnyRequest
from analysis.studies.base.study import find_checkpoint

DOUBLE = 8
LIBRARIES_BYTES = 650_000_000  # the worker with its libraries, before it has done anything
HALF_TO_FLOAT = 2
MODELS_AT_ONCE = 2  # the one that computes, and the weights that are being loaded into it
EMBEDDINGS_AT_ONCE = 2  # in parts, and joined
SIDES = 2


def needs_bytes(name: str, request: AnyRequest, device: str) -> int:
    """Memory of the device that a study takes at its largest: of CUDA its own, of other devices that of the host.

    Models are worked through one after the other. So: the libraries, the largest checkpoint's weights twice in fp32, the
    activations of one batch through it, embeddings of all windows in fp32, and what the study adds (its `memory.py`).

    Raises:
        CheckpointError: a checkpoint cannot be opened.
    """
    import torch

    checkpoints = [find_checkpoint(name) for name in request.checkpoints]
    kind = torch.device(device)
    if find_study(name).refusal(checkpoints, request):  # it ends before anything is computed
        return 0 if kind.type == "cuda" else LIBRARIES_BYTES
    models = [
        weights_bytes(checkpoint)
        + batch_size(checkpoint.n_tokens, kind) * checkpoint.of_family.window_bytes(checkpoint.model_config)
        for checkpoint in checkpoints
    ]
    if kind.type == "cuda":
        return max(models, default=0)
    n_windows = getattr(request, "pairs", 0) or getattr(request, "windows_per_piece", 0) * count_pieces(request.corpus)
    width = max((tower.width for checkpoint in checkpoints for tower in checkpoint.outline().towers.values()), default=0)
    embeddings = EMBEDDINGS_AT_ONCE * SIDES * FLOAT * n_windows * width
    extra = find_study(name).extra_bytes(request, n_windows, width)
    return LIBRARIES_BYTES + max(models, default=0) + embeddings + extra


def weights_bytes(checkpoint: Checkpoint) -> int:
    """Weights of a model in fp32, twice; they are stored with at least 2 bytes a number."""
    return MODELS_AT_ONCE * HALF_TO_FLOAT * (checkpoint.path / WEIGHTS_FILE).stat().st_size


def row_width(tower: Tower) -> int:
    """Numbers in the rows of one window at all layers of a tower."""
    return sum(tap.width or tower.width for tap in tower.taps() if tap.kind in LAYERS)


def count_pieces(corpus: str) -> int:
    """Pieces of a corpus at most; of a folder the number of its MIDI files, or of its recordings where it has none."""
    if corpus in NAMES:
        return N_PIECES if corpus.startswith("full") else sum(SMALL.values())
    folder = home_expanded(corpus)
    suffixes = [path.suffix.lower() for path in folder.rglob("*")] if is_folder(folder) else []
    return sum(suffix in MIDI_SUFFIXES for suffix in suffixes) or sum(suffix in AUDIO_SUFFIXES for suffix in suffixes)


def gradient_bytes(config: ModelConfig) -> int:
    """Activations of one window that the audio side keeps for its gradients; the fused attention kernel keeps no pattern."""
    kept = LIVE_CONVOLUTIONS * sum(map(mul, config.conv_channels, config.cnn_lengths()))
    block = len(grids(config)[1].query_times_s) * (2 * LIVE_STREAMS * config.audio_d_model + 3 * config.audio_d_ff)
    return FLOAT * (config.n_samples + kept + config.audio_n_layers * block)
