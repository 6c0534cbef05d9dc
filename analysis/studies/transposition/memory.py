"""What this study holds beside models and embeddings, counted from above."""

from typing import Any

from analysis.studies.stress.memory import altered_bytes


def extra_bytes(request: Any, n_windows: int, _width: int) -> int:
    """Windows as they are and altered."""
    return altered_bytes(request, n_windows)
