"""What this study holds beside models and embeddings, counted from above."""

from analysis.studies.pools.request import StressRequest
from analysis.studies.stress.memory import altered_bytes


def extra_bytes(request: StressRequest, n_windows: int, _width: int) -> int:
    """Windows as they are and altered."""
    return altered_bytes(request, n_windows)
