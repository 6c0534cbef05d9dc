"""What this study holds beside models and embeddings, counted from above."""

from analysis.datasets.segments import WINDOW_S
from analysis.studies.base.settings import AnyRequest
from analysis.studies.base.study import find_checkpoint
from analysis.studies.memory import DOUBLE, FLOAT

HEADS, SENDERS, COPIES = 32, 2, 3  # of a layer at most; tokens and a class token; as read, joined, and in parts
FRAMES, CURVES = 51 * WINDOW_S, 3


def extra_bytes(request: AnyRequest, n_windows: int, _width: int) -> int:
    """What tokens receive from every head of a model, and curves of the sound."""
    checkpoints = [find_checkpoint(name) for name in request.checkpoints]
    layers = [
        checkpoint.n_tokens * sum(tap.kind == "block" for tower in checkpoint.outline().towers.values() for tap in tower.taps())
        for checkpoint in checkpoints
    ]
    return int(n_windows * (COPIES * FLOAT * HEADS * SENDERS * max(layers, default=0) + DOUBLE * CURVES * FRAMES))
