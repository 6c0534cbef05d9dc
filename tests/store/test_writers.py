"""Crashes, full disks and several writers leave an entry whole or not there."""

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from analysis.store import Entry, Store, StoreError, entry

ROOT = Path(__file__).resolve().parents[2]
Check = Callable[..., None]
Leftovers = Callable[[Store], list[Path]]

CRASHING = """
import os, sys
from pathlib import Path
import numpy as np
from analysis.store import Store, entry

arrays = {"a": np.arange(100.0), "b": np.zeros((2, 3), np.int8)}
whole_write = entry._Hashing.write


def crash_at(step):
    count = 0
    def counted(call):
        def counting(*args, **kwargs):
            nonlocal count
            count += 1
            if count == step:
                if call is whole_write:  # half of it reaches the disk
                    call(args[0], args[1][: len(args[1]) // 2])
                    args[0].file.flush()
                os._exit(7)
            return call(*args, **kwargs)
        return counting
    for name in ("mkdir", "fsync", "utime", "rename", "open", "close", "rmdir"):
        setattr(os, name, counted(getattr(os, name)))
    entry._Hashing.write = counted(whole_write)


step, status = 0, 7
while status == 7:
    step += 1
    if (child := os.fork()) == 0:
        crash_at(step)
        Store(Path(sys.argv[1]) / str(step)).put(sys.argv[2], {"x": 1}, arrays)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
print(step)
sys.exit(status)
"""


def run_python(*arguments: str) -> "subprocess.Popen[bytes]":
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-c", *arguments], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def test_a_crash_at_any_step_leaves_a_miss_or_a_whole_entry(
    sample: SimpleNamespace, assert_whole: Check, leftovers: Leftovers, tmp_path: Path
) -> None:
    arrays = {"a": np.arange(100.0), "b": np.zeros((2, 3), np.int8)}
    with run_python(CRASHING, str(tmp_path), sample.key) as child:
        steps = int(child.communicate(timeout=300)[0])
    assert child.returncode == 0
    stores = [Store(tmp_path / str(step)) for step in range(1, steps + 1)]
    found = [store.get(sample.key, verify=True) for store in stores]
    there = [one is not None for one in found]
    assert there == sorted(there)  # missing until the rename, whole ever after
    assert len(there) > 15
    assert 2 <= sum(there) <= 6
    assert not any(leftovers(store) for store, one in zip(stores, found, strict=True) if one)
    assert sum(len(leftovers(store)) for store in stores) > 10
    for store, one in zip(stores, found, strict=True):
        if one:
            assert_whole(one, {"x": 1}, arrays)
        assert_whole(store.put(sample.key, {"x": 1}, arrays), {"x": 1}, arrays)
        assert_whole(store.get(sample.key, verify=True), {"x": 1}, arrays)


def test_a_full_disk_at_any_step_leaves_nothing(
    store: Store, sample: SimpleNamespace, assert_whole: Check, leftovers: Leftovers, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[str | None] = []
    while not messages or messages[-1] is not None:
        store.clear()
        remaining = iter(range(len(messages)))
        with monkeypatch.context() as patch:
            for name in ("fsync", "mkdir", "rename"):
                patch.setattr(os, name, partial(failing, getattr(os, name), remaining))
            messages.append(message_of(partial(store.put, sample.key, sample.document, sample.arrays)))
        assert leftovers(store) == []
        assert (store.get(sample.key) is None) == (len(messages) < 9)  # mkdir, fsync of 5 files and of the folder, rename
    assert all(re.search(r"\(No space left.*\)\. Free space, or choose.*OTOSCOPE_CACHE", text) for text in messages if text)
    assert_whole(store.get(sample.key))


def message_of(call: Callable[[], Any]) -> str | None:
    try:
        call()
    except StoreError as error:
        return str(error)
    return None


def failing(call: Any, remaining: Iterator[int], *args: Any, **kwargs: Any) -> Any:
    if next(remaining, None) is None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return call(*args, **kwargs)


def test_a_disk_that_does_not_give_back_what_was_written(
    store: Store, sample: SimpleNamespace, folder: Path, leftovers: Leftovers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry, "synchronise", lambda folder: (folder / "matrix.npy").write_bytes(b"?"))
    with pytest.raises(StoreError, match="does not give back what was written"):
        store.put(sample.key, sample.document, sample.arrays)
    assert leftovers(store) == []


def test_a_store_that_cannot_be_made(sample: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Store(tmp_path / "file")
    assert store.get(sample.key) is None
    assert store.usage() == (0, 0)
    with pytest.raises(StoreError, match="cannot be written"):
        store.put(sample.key, {}, {})


WRITING = """
import sys
from pathlib import Path
import numpy as np
from analysis.store import Store

store, arrays = Store(Path(sys.argv[1])), {"a": np.arange(50_000)}
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    key = Store.key(number=number)
    entry = store.put(key, {"number": number, "writer": sys.argv[2]}, arrays)
    assert np.array_equal(entry.arrays["a"], arrays["a"])
    assert entry.document["number"] == number
    assert store.get(key, verify=True).document == entry.document
"""


def test_two_processes_write_the_same_keys_at_once(store: Store, leftovers: Leftovers) -> None:
    with run_python(WRITING, str(store.root), "1") as one, run_python(WRITING, str(store.root), "2") as two:
        for child in (one, two):
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
        for child in (one, two):
            assert child.stdin is not None
            child.stdin.write(b"go\n")
            child.stdin.flush()
        assert [one.wait(timeout=300), two.wait(timeout=300)] == [0, 0]
    assert store.usage()[0] == 20
    assert leftovers(store) == []
    for number in range(20):
        found = store.get(Store.key(number=number), verify=True)
        assert found is not None
        assert found.document["number"] == number


def test_the_slower_writer_keeps_the_entry_of_the_faster(
    store: Store, sample: SimpleNamespace, assert_whole: Check, leftovers: Leftovers, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analysis.store import store as module

    write, once = module.write_entry, iter([True])

    def overtaken(*arguments: Any, **how: bool) -> None:
        write(*arguments, **how)
        if next(once, False):
            Store(store.root).put(sample.key, {"writer": "faster"}, {})

    monkeypatch.setattr(module, "write_entry", overtaken)
    assert store.put(sample.key, {"writer": "slower"}, sample.arrays).document == {"writer": "faster"}
    assert_whole(store.get(sample.key), {"writer": "faster"}, {})
    assert leftovers(store) == []


def test_a_miss_removes_nothing_that_was_put_meanwhile(
    store: Store, sample: SimpleNamespace, folder: Path, assert_whole: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analysis.store import store as module

    read, once = module.read_entry, iter([True])

    def overtaken(place: Path, key: str, *, verify: bool) -> Entry:
        try:
            return read(place, key, verify=verify)
        finally:
            if next(once, False):
                Store(store.root).put(sample.key, sample.document, sample.arrays)

    store.put(sample.key, sample.document, sample.arrays)
    (folder / "document.json").unlink()
    monkeypatch.setattr(module, "read_entry", overtaken)
    assert store.get(sample.key) is None
    assert_whole(store.get(sample.key))


def test_threads_that_put_get_evict_and_clear(store: Store, assert_whole: Check, leftovers: Leftovers) -> None:
    store.limit_bytes = 40_000
    arrays = {"a": np.arange(1000)}

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for number in rng.integers(12, size=60):
            key = Store.key(number=int(number))
            if (found := store.get(key)) is None:
                found = store.put(key, {"number": int(number)}, arrays)
            assert_whole(found, {"number": int(number)}, arrays)
            if number == 0:
                store.clear()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    store.evict()
    assert store.usage()[1] <= 40_000
    assert leftovers(store) == []
