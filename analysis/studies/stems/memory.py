"""What this study holds beside models and embeddings, counted from above."""

from analysis.studies.memory import FLOAT, SIDES
from analysis.studies.stems.rows import CANDIDATES, NEGATIVES
from analysis.studies.stems.scoring import BLOCK
from analysis.studies.stems.study import Request

N_BANDS = 128
NUMBERS = 8  # bytes of a number of a window or of a part


def extra_bytes(request: Request, n_windows: int, width: int) -> int:
    """Rows of all parts, the wrong candidates of every anchor, and the scores of a block of anchors, several times each."""
    n_parts = SIDES * request.partitions * n_windows
    wrong = len(NEGATIVES) * request.partitions * n_windows * max(CANDIDATES) * FLOAT
    return n_parts * (SIDES * FLOAT * (width + N_BANDS) + 4 * NUMBERS) + 2 * wrong + 3 * FLOAT * BLOCK * n_windows
