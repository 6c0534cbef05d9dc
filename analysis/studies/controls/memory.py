"""What this study holds beside models and embeddings, counted from above."""

from typing import Any

from analysis.studies.pools.memory import pool_bytes


def extra_bytes(request: Any, n_windows: int, width: int) -> int:
    """A search in its pools."""
    return pool_bytes(request, n_windows, width)
