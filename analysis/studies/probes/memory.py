"""What this study holds beside models and embeddings, counted from above."""

from analysis.studies.base.study import find_checkpoint
from analysis.studies.memory import DOUBLE, row_width
from analysis.studies.probes.study import Request

LIBRARIES_BYTES = 300_000_000
COPIES = 8  # of the layers of a tower: in parts, joined, centred and dealt into folds


def extra_bytes(request: Request, n_windows: int, _width: int) -> int:
    """scikit-learn; of every window the layers of the widest tower in parts and joined, and its labels and predictions."""
    towers = [tower for name in request.checkpoints for tower in find_checkpoint(name).outline().towers.values()]
    return LIBRARIES_BYTES + DOUBLE * n_windows * (COPIES * max(map(row_width, towers), default=0) + 20_000)
