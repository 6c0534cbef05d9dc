"""What this study holds beside models and embeddings, counted from above."""

from analysis.studies.memory import DOUBLE

LIBRARIES_BYTES = 300_000_000


def extra_bytes(_request: object, n_windows: int, width: int) -> int:
    """scikit-learn; of every window the layers of both sides in parts and joined, and its labels and predictions."""
    return LIBRARIES_BYTES + DOUBLE * n_windows * (8 * 6 * 4 * width + 20_000)
