"""The bound on the bytes: what is evicted, refused, counted and swept."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from analysis.errors import OtoscopeError
from analysis.store import Store, StoreError, entry

Check = Callable[..., None]
Leftovers = Callable[[Store], list[Path]]


def fill(store: Store, *names: str) -> list[str]:
    keys = [Store.key(name=name) for name in names]
    for key in keys:
        store.put(key, {}, {"a": np.zeros(1000)})
    return keys


def test_the_least_recently_used_goes_first(store: Store, leftovers: Leftovers) -> None:
    first, second, third = fill(store, "first", "second", "third")
    store.limit_bytes = store.usage()[1]
    store.get(first)
    store.contains(second)  # is not a use
    (fourth,) = fill(store, "fourth")
    assert [store.contains(key) for key in (first, second, third, fourth)] == [True, False, True, True]
    fill(store, "fifth")
    assert [store.contains(key) for key in (first, third, fourth)] == [True, False, True]
    assert leftovers(store) == []


def test_what_was_just_put_stays_even_with_an_old_clock(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(store, "first", "second")
    store.limit_bytes = store.usage()[1]
    monkeypatch.setattr(time, "time_ns", lambda: 10**9)
    (third,) = fill(store, "third")
    assert store.contains(third)
    assert store.usage()[0] == 2


def test_what_an_entry_needs_is_not_removed_for_it_and_where_all_are_too_large_nothing_changes(store: Store) -> None:
    keys = fill(store, "first", "second")
    _, n_bytes = store.usage()
    store.limit_bytes = n_bytes
    third = Store.key(name="third")
    store.put(third, {}, {"a": np.zeros(1000)}, beside=[keys[0], Store.key(name="never put")])
    assert [store.contains(key) for key in (*keys, third)] == [True, False, True]
    with pytest.raises(StoreError, match=rf"takes 8,\d+ bytes, what it needs {n_bytes:,} and the store holds at most"):
        store.put(keys[1], {}, {"a": np.zeros(1000)}, beside=[keys[0], third])
    assert [store.contains(key) for key in (*keys, third)] == [True, False, True]
    store.put(third, {}, {"a": np.zeros(1000)}, beside=[keys[0], third])  # it is there, and does not stand beside itself
    assert store.usage() == (2, n_bytes)


def test_evict_keeps_to_the_limit(store: Store) -> None:
    keys = fill(store, "a", "b", "c", "d")
    _, n_bytes = store.usage()
    assert store.evict() == 0
    store.limit_bytes = n_bytes // 2
    assert store.evict() == n_bytes // 2
    assert [store.contains(key) for key in keys] == [False, False, True, True]
    store.limit_bytes = n_bytes // 2 - 1
    assert store.evict() == n_bytes // 4
    assert store.usage() == (1, n_bytes // 4)


def test_a_hopeless_entry_is_not_written_first(store: Store, sample: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry.np.lib.format, "write_array", None)
    store.limit_bytes = 7_999
    with pytest.raises(StoreError, match="takes 8,002 bytes and the store holds at most 7,999"):
        store.put(sample.key, {}, {"a": np.zeros(1000)})
    assert not store.root.exists()


def test_an_entry_larger_than_the_store_is_refused(store: Store, sample: SimpleNamespace, leftovers: Leftovers) -> None:
    (key,) = fill(store, "first")
    _, size = store.usage()
    for limit in (size - 1, 8000, 10):
        small = Store(store.root, limit)
        with pytest.raises(StoreError, match=rf"takes [\d,]+ bytes and the store holds at most {limit:,}\. Raise OTOSCOPE_STORE"):
            small.put(sample.key, {}, {"a": np.zeros(1000)})
        assert not small.contains(sample.key)
        assert small.contains(key)
    assert leftovers(store) == []
    assert issubclass(StoreError, OtoscopeError)
    Store(store.root, size).put(sample.key, {}, {"a": np.zeros(1000)})
    assert [store.contains(key), store.contains(sample.key)] == [False, True]


def test_an_evicted_entry_stays_readable_while_open(store: Store, sample: SimpleNamespace, assert_whole: Check) -> None:
    put = store.put(sample.key, sample.document, sample.big)
    got = store.get(sample.key)
    assert store.clear() > sample.big["big"].nbytes
    assert store.get(sample.key) is None
    assert_whole(got, arrays=sample.big)
    assert_whole(put, arrays=sample.big)


def test_clear_and_usage_count_entries_only(store: Store, sample: SimpleNamespace) -> None:
    assert store.clear() == 0
    keys = fill(store, "a", "b", "c")
    expected = sum(file.stat().st_size for file in store.root.rglob("*") if file.is_file())
    assert store.usage() == (3, expected)
    bucket = store.root / sample.key[:2]
    foreign = [
        store.root / "notes.txt", bucket / "notes.txt", bucket / ("0" * 64) / "manifest.json",
        store.root / "zz" / sample.key / "manifest.json", bucket / sample.key / "no-manifest.txt",
        store.root / "other" / "x", bucket / ".partial-of-someone-else" / "x",
    ]  # fmt: skip
    for path in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
        os.utime(path, (1, 1))
        os.utime(path.parent, (1, 1))
    assert store.usage() == (3, expected)
    assert store.clear() == expected
    assert store.usage() == (0, 0)
    assert not any(store.contains(key) for key in keys)
    assert all(path.read_text() == "mine" for path in foreign)


def test_only_old_leftovers_are_swept(store: Store, sample: SimpleNamespace) -> None:
    names = [f".partial-1-2-{digit * 16}" for digit in "abc"]
    old, writing, young = (store.root / sample.key[:2] / name for name in names)
    for path in (old, writing, young):
        path.mkdir(parents=True)
        (path / "document.json").touch()
    hours_ago = time.time() - 2 * 3600
    for path in (old, old / "document.json", writing):  # of `writing` only the folder is old, its file still grows
        os.utime(path, (hours_ago, hours_ago))
    store.put(sample.key, {}, {})
    assert [path.exists() for path in (old, writing, young)] == [False, True, True]
