"""What this study holds beside models and embeddings, counted from above."""

from analysis.studies.base.settings import AnyRequest
from analysis.studies.memory import DOUBLE
from analysis.studies.structure.correlations import MOST_MOMENTS
from analysis.studies.structure.references import REFERENCES

LIBRARIES_BYTES = 200_000_000
FRAMES, NUMBERS = 512 * 200, 140  # frames of windows that are kept, and the numbers in each
MATRICES, LAYERS = 12, 16
WIDEST, WINDOWS = 1_024, 40


def extra_bytes(_request: AnyRequest, n_windows: int, _width: int) -> int:
    """librosa; sound of windows, matrices of one of them, what layers give, and tokens of the windows of one piece in bins."""
    bins = LAYERS * WINDOWS * 16 * WIDEST
    pairs = len(REFERENCES) * MATRICES * MOST_MOMENTS**2
    return LIBRARIES_BYTES + DOUBLE * (FRAMES * NUMBERS + pairs + 2 * bins + 2 * LAYERS * len(REFERENCES) * n_windows)
