"""What this study holds beside models and embeddings, counted from above."""

from analysis.studies.memory import DOUBLE, SIDES

LAYERS, GRAMS, MOST_WINDOWS = 7, 6, 1_000


def extra_bytes(_request: object, n_windows: int, _width: int) -> int:
    """Gram matrices of the layers of both sides."""
    return DOUBLE * GRAMS * SIDES * LAYERS * min(n_windows, MOST_WINDOWS) ** 2
