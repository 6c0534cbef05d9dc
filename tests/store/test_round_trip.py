"""What goes in comes out, and what would not is refused."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jaxtyping
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from analysis.errors import ConfigError
from analysis.store import Store

Check = Callable[..., None]
Leftovers = Callable[[Store], list[Path]]


def test_put_and_get(store: Store, sample: SimpleNamespace, assert_whole: Check, leftovers: Leftovers) -> None:
    assert store.get(sample.key) is None
    assert not store.contains(sample.key)
    put = store.put(sample.key, sample.document, sample.arrays)
    assert_whole(put)
    assert_whole(store.get(sample.key))
    assert_whole(Store(store.root).get(sample.key, verify=True))
    assert store.contains(sample.key)
    assert put.key == sample.key
    assert leftovers(store) == []


@settings(max_examples=50)
@given(
    hnp.arrays(
        hnp.scalar_dtypes() | hnp.unicode_string_dtypes() | hnp.byte_string_dtypes(),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
    )
)
def test_any_plain_array_comes_back(
    sample: SimpleNamespace, assert_whole: Check, tmp_path_factory: pytest.TempPathFactory, array: np.ndarray
) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    layouts = {"c": array, "f": np.asfortranarray(array) if array.ndim else array, "t": array.T}
    store.put(sample.key, {}, layouts)
    assert_whole(store.get(sample.key), {}, layouts)


def test_large_arrays_are_mapped_and_none_is_writable(store: Store, sample: SimpleNamespace) -> None:
    store.put(sample.key, {}, sample.big | {"small": np.zeros(3)})
    found = store.get(sample.key)
    assert found is not None
    assert isinstance(found.arrays["big"], np.memmap)
    assert not isinstance(found.arrays["small"], np.memmap)
    for array in found.arrays.values():
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_what_is_there_is_kept(store: Store, sample: SimpleNamespace, assert_whole: Check) -> None:
    store.put(sample.key, sample.document, sample.arrays)
    assert_whole(store.put(sample.key, {"other": 1}, {}))
    assert_whole(store.get(sample.key))


def test_the_files_are_ordinary(store: Store, sample: SimpleNamespace, folder: Path) -> None:
    store.put(sample.key, sample.document, sample.arrays)
    assert {file.name for file in folder.iterdir()} == {"manifest.json", "document.json", "matrix.npy", "empty.npy", "x.1_-.npy"}
    assert json.loads((folder / "document.json").read_text()) == sample.document
    assert np.array_equal(np.load(folder / "matrix.npy", allow_pickle=False), sample.arrays["matrix"])


@pytest.mark.parametrize("name", ["", "a/b", "..\\a", "a b", "ä", "a\n", "a" * 201, "\0", "nul\x00"])
def test_a_name_is_not_a_path(store: Store, sample: SimpleNamespace, name: str) -> None:
    with pytest.raises(ConfigError, match="expected 1 to 200 of the letters"):
        store.put(sample.key, {}, {name: np.zeros(1)})
    assert not store.root.exists()


@pytest.mark.parametrize(
    ("document", "arrays", "message"),
    [
        ({"x": math.nan}, {}, "cannot be written as JSON .*None for NaN"),
        ({"x": {1}}, {}, "cannot be written as JSON"),
        ({}, {"a": np.zeros(1), "A": np.zeros(1)}, "'a' and 'A' differ only in capitals"),
        ({}, {"a": np.array([None])}, "'a' is a ndarray of object; expected a NumPy array of numbers"),
        ({}, {"a": np.ma.masked_array([1.0], [True])}, "'a' is a MaskedArray"),
        ({}, {"a": [1.0]}, "'a' is a list"),
    ],
)
def test_what_would_not_come_back_is_refused(
    store: Store, sample: SimpleNamespace, document: Any, arrays: Any, message: str
) -> None:
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        with pytest.raises(ConfigError, match=message):
            store.put(sample.key, document, arrays)
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)
    assert not store.root.exists()


def test_many_that_can_be_computed_again_are_stored_as_they_are(store: Store) -> None:
    entries = {Store.key(number=n): ({"n": n}, {"x": np.arange(n, dtype=np.float32)}) for n in range(1, 4)}
    store.put_all(entries)
    for n, key in enumerate(entries, start=1):
        entry = store.get(key, verify=True)
        assert entry is not None
        assert entry.document == {"n": n}
        assert np.array_equal(entry.arrays["x"], np.arange(n))
    store.put_all({next(iter(entries)): ({"n": 99}, {})})
    assert store.usage()[0] == 3
    kept = store.get(next(iter(entries)))
    assert kept is not None
    assert kept.document == {"n": 1}  # what is there stays


def test_of_many_the_limit_is_kept(tmp_path: Path) -> None:
    small = Store(tmp_path / "small", limit_bytes=3_000)
    small.put_all({Store.key(number=n): ({}, {"x": np.zeros(100)}) for n in range(6)})
    n_entries, n_bytes = small.usage()
    assert 0 < n_entries < 6
    assert n_bytes <= 3_000
