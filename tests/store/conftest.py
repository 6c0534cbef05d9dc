"""An empty store, an entry to put into it, and what is asked of both again and again."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from analysis.store import Entry, Store, entry

KEY = Store.key(study="similarity")
DOCUMENT = {"headline": "Ä", "values": [1.5, None, True]}
ARRAYS = {"matrix": np.arange(12, dtype=np.float32).reshape(3, 4), "empty": np.zeros((0, 2)), "x.1_-": np.array("text")}
MATRIX = {"matrix": ARRAYS["matrix"]}
BIG = {"big": np.arange(2**18, dtype=np.int64)}


@pytest.fixture(autouse=True)
def not_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    """No entry was verified before."""
    monkeypatch.setattr(entry, "_verified", set())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture(scope="session")
def sample() -> SimpleNamespace:
    """A key, a document and arrays; of these also the plain matrix alone, and one that is large."""
    return SimpleNamespace(key=KEY, document=DOCUMENT, arrays=ARRAYS, matrix=MATRIX, big=BIG)


@pytest.fixture
def folder(store: Store) -> Path:
    """Where the store keeps the entry of the sample's key."""
    return store.root / KEY[:2] / KEY


def list_leftovers(store: Store) -> list[Path]:
    return sorted(store.root.glob("*/.partial-*"))


@pytest.fixture(scope="session")
def leftovers() -> Callable[[Store], list[Path]]:
    """The folders that were begun in a store and not finished."""
    return list_leftovers


def check_whole(found: Entry | None, document: Any = DOCUMENT, arrays: Any = ARRAYS) -> None:
    assert found is not None
    assert found.document == document
    assert list(found.arrays) == list(arrays)
    for name, array in arrays.items():
        assert (found.arrays[name].dtype, found.arrays[name].shape) == (array.dtype, array.shape)
        assert found.arrays[name].tobytes() == array.tobytes()


@pytest.fixture(scope="session")
def assert_whole() -> Callable[..., None]:
    """Check that an entry is there with the sample's document and arrays, or with those that are given."""
    return check_whole
