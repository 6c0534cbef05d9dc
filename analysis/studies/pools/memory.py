"""What a search in pools holds beside models and embeddings, counted from above."""

from analysis.studies.memory import DOUBLE, SIDES
from analysis.studies.pools.request import PoolRequest


def pool_bytes(request: PoolRequest, n_windows: int, width: int) -> int:
    """Both sides normalised in fp64; of every query's pool a few rows of numbers."""
    return DOUBLE * (SIDES * n_windows * width + 6 * request.n_queries * request.pool_size)
