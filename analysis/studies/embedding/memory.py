"""What this study holds beside models and embeddings, counted from above."""

from analysis.studies.base.settings import AnyRequest
from analysis.studies.memory import DOUBLE, count_pieces

LIBRARIES_BYTES = 300_000_000


def extra_bytes(request: AnyRequest, n_windows: int, _width: int) -> int:
    """umap-learn; distances between points, and between works in every permutation."""
    works = min(count_pieces(request.corpus), 200)
    return LIBRARIES_BYTES + DOUBLE * (6 * min(n_windows, 4_000) ** 2 + 3 * works**3)
