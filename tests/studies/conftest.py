"""What tests of studies share: an empty store."""

from pathlib import Path

import pytest

from analysis.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "store")
