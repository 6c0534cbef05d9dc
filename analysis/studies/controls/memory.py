"""What this study holds beside models and embeddings, counted from above."""

from analysis.studies.pools.memory import pool_bytes
from analysis.studies.pools.request import PoolRequest


def extra_bytes(request: PoolRequest, n_windows: int, width: int) -> int:
    """A search in its pools."""
    return pool_bytes(request, n_windows, width)
