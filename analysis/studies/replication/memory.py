"""What this study holds beside models and embeddings, counted from above."""

from typing import Any

from analysis.studies.memory import DOUBLE
from analysis.studies.pools.memory import pool_bytes


def extra_bytes(request: Any, n_windows: int, width: int) -> int:
    """A search in its pools; candidates and kinds of every redrawn pool."""
    redrawn = (DOUBLE + 1) * request.evaluation_seeds * request.n_queries * request.pool_size
    return pool_bytes(request, n_windows, width) + redrawn
