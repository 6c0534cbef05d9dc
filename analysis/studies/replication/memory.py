"""What this study holds beside models and embeddings, counted from above."""

from analysis.studies.memory import DOUBLE
from analysis.studies.pools.memory import pool_bytes
from analysis.studies.replication.study import Request


def extra_bytes(request: Request, n_windows: int, width: int) -> int:
    """A search in its pools; candidates and kinds of every redrawn pool."""
    redrawn = (DOUBLE + 1) * request.evaluation_seeds * request.n_queries * request.pool_size
    return pool_bytes(request, n_windows, width) + redrawn
