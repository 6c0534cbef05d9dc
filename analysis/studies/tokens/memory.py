"""What this study holds beside models and embeddings, counted from above."""

from analysis.studies.base.settings import AnyRequest
from analysis.studies.base.study import find_checkpoint
from analysis.studies.memory import DOUBLE, row_width
from analysis.studies.tokens.moments import MOST_MOMENTS

COPIES, MODELS = 6, 2  # of tokens: as read, joined, widened, centred, rotated and padded; with what is kept of a twin
SOUND, OUTPUTS, LAYERS, DRAWS = 140, 62 * 2, 32, 1_001


def extra_bytes(request: AnyRequest, _n_windows: int, _width: int) -> int:
    """Tokens of all layers at all moments, the sound there, predictions, and scores on all draws."""
    checkpoints = [find_checkpoint(name) for name in request.checkpoints]
    widest = max((sum(row_width(of) for of in each.outline().towers.values()) for each in checkpoints), default=0)
    numbers = COPIES * widest + MODELS * SOUND + 4 * OUTPUTS * LAYERS
    return DOUBLE * (MOST_MOMENTS * numbers + len(checkpoints) * 2 * LAYERS * 4 * DRAWS)
