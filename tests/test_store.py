"""The store: keys that miss nothing, entries that are whole or not there, and a bound on their bytes."""

import errno
import json
import math
import os
import re
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import jaxtyping
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analysis import paths
from analysis.errors import ConfigError, OtoscopeError
from analysis.store import DEFAULT_LIMIT_BYTES, Entry, Store, StoreError, entry, open_store

ROOT = Path(__file__).resolve().parents[1]
KEY = Store.key(study="similarity")
DOCUMENT = {"headline": "Ä", "values": [1.5, None, True]}
ARRAYS = {"matrix": np.arange(12, dtype=np.float32).reshape(3, 4), "empty": np.zeros((0, 2)), "x.1_-": np.array("text")}
MATRIX = {"matrix": ARRAYS["matrix"]}
BIG = {"big": np.arange(2**18, dtype=np.int64)}


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for the disk changes nothing that these tests can see, except those that count or break it."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(entry, "_verified", set())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def folder_of(store: Store, key: str = KEY) -> Path:
    return store.root / key[:2] / key


def leftovers(store: Store) -> list[Path]:
    return sorted(store.root.glob("*/.partial-*"))


def assert_whole(found: Entry | None, document: Any = DOCUMENT, arrays: Any = ARRAYS) -> None:
    assert found is not None
    assert found.document == document
    assert list(found.arrays) == list(arrays)
    for name, array in arrays.items():
        assert (found.arrays[name].dtype, found.arrays[name].shape) == (array.dtype, array.shape)
        assert found.arrays[name].tobytes() == array.tobytes()


# --- keys -------------------------------------------------------------------------------------------------------------

leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.binary(max_size=4)
parts = st.dictionaries(
    st.text(max_size=4),
    st.recursive(
        leaves | hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3)),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
        max_leaves=4,
    ),
    max_size=3,
)


def spelled(part: Any) -> Any:
    """The literal, slow meaning of `the same parts`."""
    if isinstance(part, np.ndarray):
        return "array", part.dtype.str, part.shape, part.tobytes()
    if isinstance(part, dict):
        return "dict", frozenset((name, spelled(item)) for name, item in part.items())
    if isinstance(part, list | tuple):
        return "list", tuple(spelled(item) for item in part)
    return type(part).__name__, struct.pack("d", part) if isinstance(part, float) else part


@given(parts, parts)
@example({"a": 0.0}, {"a": -0.0})
@example({"a": [[], []]}, {"a": [[[]]]})
def test_keys_are_equal_only_for_the_same_parts(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert (Store.key(**one) == Store.key(**two)) == (spelled(one) == spelled(two))
    assert Store.key(**dict(reversed(one.items()))) == Store.key(**one)


def test_types_and_boundaries_differ() -> None:
    same_looking = [
        1, "1", 1.0, True, b"1", [1], [[1]], {"a": 1}, None, "None", "", b"", [], {}, 12, [1, 2], ["12"],
        "ab", ["a", "b"], ["as", "b"], ["a", "sb"], ["ab", ""], ["", "ab"],
        np.array(1), np.array([1]), np.array([[1]]), np.array([1], np.int32), np.array([1], ">i8"), np.array([1.0]),
        np.zeros((0, 2)), np.zeros((2, 0)), np.zeros(0), np.array([], "U1"), np.array(["1"]), np.array([b"1"]), np.array([True]),
    ]  # fmt: skip
    keys = {Store.key(x=part) for part in same_looking}
    assert len(keys) == len(same_looking)
    assert all(re.fullmatch("[0-9a-f]{64}", key) for key in keys)
    assert len({Store.key(x=1), Store.key(y=1), Store.key(x={"x": 1}), Store.key(), Store.key(self=1)}) == 5


def test_layout_in_memory_does_not_matter() -> None:
    array = np.arange(24.0).reshape(4, 6)
    mapped = (array.copy(order="F"), np.repeat(array, 2, axis=0)[::2], array.T.T)
    assert {Store.key(x=other) for other in mapped} == {Store.key(x=array)}
    assert Store.key(x=(1, 2)) == Store.key(x=[1, 2])


LARGE = np.random.default_rng(0).standard_normal(1_500_000).astype(np.float32)
LARGE_KEYS = {size: Store.key(clip=LARGE[:size]) for size in (600_000, 1_500_000)}


@settings(max_examples=30)
@given(st.data())
def test_no_bit_of_a_large_array_is_missed(data: st.DataObject) -> None:
    size = data.draw(st.sampled_from(sorted(LARGE_KEYS)))
    edited = LARGE[:size].copy()
    edited.view(np.uint8)[data.draw(st.integers(0, 4 * size - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert Store.key(clip=edited) != LARGE_KEYS[size]


class Word(StrEnum):
    YES = "yes"


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (Path("a"), r"the key\['x'\] is of type \w*Path; expected str, int, float.*give its SHA-256"),
        ([{"a": {1, 2}}], r"the key\['x'\]\[0\]\['a'\] is of type set"),
        (np.float64(1.0), "is of type float64"),
        (np.int64(1), "is of type int64"),
        (Word.YES, "is of type Word"),
        (1j, "is of type complex"),
        ({1: 2}, r"the key\['x'\] has the name 1 \(int\)"),
        (np.ma.masked_array([1.0], [True]), "is of type MaskedArray"),
        (np.array([None]), r"the key\['x'\] is an array of object"),
        (np.zeros(1, dtype=[("x", "f4")]), "is an array of"),
    ],
)
def test_other_types_have_no_key(part: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Store.key(x=part)


@pytest.mark.parametrize("key", ["", "a" * 63, "A" * 64, "../" + "a" * 61, "a" * 64 + "\n"])
def test_only_keys_are_looked_up(store: Store, key: str) -> None:
    for method in (store.get, store.contains, partial(store.put, document={}, arrays={})):
        with pytest.raises(ConfigError, match="is not a key; expected 64 hexadecimal digits"):
            method(key)


# --- what goes in comes out -------------------------------------------------------------------------------------------


def test_put_and_get(store: Store) -> None:
    assert store.get(KEY) is None
    assert not store.contains(KEY)
    put = store.put(KEY, DOCUMENT, ARRAYS)
    assert_whole(put)
    assert_whole(store.get(KEY))
    assert_whole(Store(store.root).get(KEY, verify=True))
    assert store.contains(KEY)
    assert put.key == KEY
    assert leftovers(store) == []


@settings(max_examples=50)
@given(
    hnp.arrays(
        hnp.scalar_dtypes() | hnp.unicode_string_dtypes() | hnp.byte_string_dtypes(),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
    )
)
def test_any_plain_array_comes_back(tmp_path_factory: pytest.TempPathFactory, array: np.ndarray) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    layouts = {"c": array, "f": np.asfortranarray(array) if array.ndim else array, "t": array.T}
    store.put(KEY, {}, layouts)
    assert_whole(store.get(KEY), {}, layouts)


def test_large_arrays_are_mapped_and_none_is_writable(store: Store) -> None:
    store.put(KEY, {}, BIG | {"small": np.zeros(3)})
    found = store.get(KEY)
    assert found is not None
    assert isinstance(found.arrays["big"], np.memmap)
    assert not isinstance(found.arrays["small"], np.memmap)
    for array in found.arrays.values():
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_what_is_there_is_kept(store: Store) -> None:
    store.put(KEY, DOCUMENT, ARRAYS)
    assert_whole(store.put(KEY, {"other": 1}, {}))
    assert_whole(store.get(KEY))


def test_the_files_are_ordinary(store: Store) -> None:
    store.put(KEY, DOCUMENT, ARRAYS)
    folder = store.root / KEY[:2] / KEY
    assert {file.name for file in folder.iterdir()} == {"manifest.json", "document.json", "matrix.npy", "empty.npy", "x.1_-.npy"}
    assert json.loads((folder / "document.json").read_text()) == DOCUMENT
    assert np.array_equal(np.load(folder / "matrix.npy", allow_pickle=False), ARRAYS["matrix"])


@pytest.mark.parametrize("name", ["", "a/b", "..\\a", "a b", "ä", "a\n", "a" * 201, "\0", "nul\x00"])
def test_a_name_is_not_a_path(store: Store, name: str) -> None:
    with pytest.raises(ConfigError, match="expected 1 to 200 of the letters"):
        store.put(KEY, {}, {name: np.zeros(1)})
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
def test_what_would_not_come_back_is_refused(store: Store, document: Any, arrays: Any, message: str) -> None:
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        with pytest.raises(ConfigError, match=message):
            store.put(KEY, document, arrays)
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)
    assert not store.root.exists()


# --- torn, foreign, tampered ------------------------------------------------------------------------------------------


@pytest.fixture
def damaged(store: Store, tmp_path: Path) -> Callable[[str, bytes | None], Store]:
    """A store whose one entry is whole, but for one file with other content (None: deleted)."""
    store.put(KEY, DOCUMENT, MATRIX)
    whole = shutil.copytree(folder_of(store), tmp_path / "whole")

    def damage(name: str, content: bytes | None) -> Store:
        entry._verified.clear()
        shutil.rmtree(folder_of(store), ignore_errors=True)
        shutil.copytree(whole, folder_of(store), copy_function=os.link)
        file = folder_of(store) / name
        file.unlink()
        if content is not None:
            file.write_bytes(content)
        return store

    return damage


FILES = ["manifest.json", "document.json", "matrix.npy"]


def read(store: Store, name: str) -> bytes:
    return (folder_of(store) / name).read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_torn_at_any_byte_is_a_miss_and_heals(store: Store, damaged: Callable[..., Store], name: str) -> None:
    whole = read(store, name)
    for length in (None, *range(len(whole))):
        damaged(name, whole if length is None else whole[:length])
        if length is None:
            assert_whole(store.get(KEY), arrays=MATRIX)
            damaged(name, None)
        assert not store.contains(KEY)
        assert store.get(KEY) is None
        assert not folder_of(store).exists()
    assert_whole(store.put(KEY, DOCUMENT, ARRAYS))
    assert_whole(store.get(KEY, verify=True))
    assert leftovers(store) == []


@pytest.mark.parametrize("name", FILES)
def test_a_torn_entry_is_replaced_by_put(damaged: Callable[..., Store], name: str) -> None:
    assert_whole(damaged(name, b"").put(KEY, DOCUMENT, ARRAYS))


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_byte_is_never_believed(store: Store, damaged: Callable[..., Store], name: str) -> None:
    whole = read(store, name)
    believed = 0
    for position in range(len(whole)):
        damaged(name, whole[:position] + bytes([whole[position] ^ 0x15]) + whole[position + 1 :])
        if (found := store.get(KEY)) is not None:
            assert_whole(found, arrays=MATRIX)
            believed += 1
    assert believed == 0 if name != "manifest.json" else believed < len(whole) / 10  # spaces between its words


def test_a_damaged_header_of_a_large_file_is_a_miss(
    store: Store, damaged: Callable[..., Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large files are mapped without a checksum: still no other array, and no crash."""
    monkeypatch.setattr(entry, "VERIFIED_BELOW_BYTES", 0)
    monkeypatch.setattr(entry, "MAPPED_FROM_BYTES", 0)
    whole = read(store, "matrix.npy")
    for position in range(len(whole) - ARRAYS["matrix"].nbytes):
        for flip in (1, 0x15, 0x80):
            flipped = whole[:position] + bytes([whole[position] ^ flip]) + whole[position + 1 :]
            if (found := damaged("matrix.npy", flipped).get(KEY)) is not None:
                assert_whole(found, arrays=MATRIX)
            assert damaged("matrix.npy", flipped).get(KEY, verify=True) is None


def change_manifest(store: Store, **changes: Any) -> bytes:
    return json.dumps(json.loads(read(store, "manifest.json")) | changes).encode()


@pytest.mark.parametrize(
    "changes",
    [
        {"schema_version": 2},
        {"key": Store.key(other=1)},
        {"files": {}},
        {"files": []},
        {"files": ["document.json"]},
        {"files": {"document.json": 3}},
        {"files": {"document.json": {"bytes": 3}}},
        {"files": {"document.json": {"bytes": 3, "sha256": 1}, "../../x.npy": {"bytes": 1, "sha256": ""}}},
        {"files": None},
    ],
)
def test_a_foreign_manifest_is_a_miss(store: Store, damaged: Callable[..., Store], changes: dict[str, Any]) -> None:
    damaged("manifest.json", change_manifest(store, **changes))
    assert store.get(KEY) is None
    assert not folder_of(store).exists()


def test_a_pickle_is_never_opened(store: Store, damaged: Callable[..., Store], tmp_path: Path) -> None:
    import hashlib
    import io
    import pickle

    class Bomb:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "exploded",)

    buffer = io.BytesIO()
    np.save(buffer, np.array([Bomb()], dtype=object), allow_pickle=True)
    for content in (buffer.getvalue(), pickle.dumps(Bomb())):
        files = json.loads(read(damaged("matrix.npy", content), "manifest.json"))["files"]
        files["matrix.npy"] |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "dtype": "|O", "shape": [1]}
        (folder_of(store) / "manifest.json").write_bytes(change_manifest(store, files=files))
        assert store.contains(KEY)
        assert store.get(KEY) is None
        assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("occupant", ["file", "empty folder", "folder", "link", "dangling link"])
def test_something_else_in_the_place_of_an_entry(store: Store, tmp_path: Path, occupant: str) -> None:
    place, elsewhere = folder_of(store), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept.txt").touch()
    for use in (store.get, lambda key: store.put(key, DOCUMENT, ARRAYS)):
        place.parent.mkdir(parents=True, exist_ok=True)
        if occupant == "file":
            place.write_text("?")
        elif "link" in occupant:
            place.symlink_to(elsewhere if occupant == "link" else tmp_path / "nowhere")
        else:
            place.mkdir()
            if occupant == "folder":
                (place / "x").touch()
        use(KEY)
    assert_whole(store.get(KEY))
    assert (elsewhere / "kept.txt").exists()
    assert leftovers(store) == []


def test_checksums_of_arrays_are_compared_once_and_after_a_change(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(KEY, {}, BIG)
    compared = []
    digest = entry.hashlib.file_digest
    monkeypatch.setattr(entry.hashlib, "file_digest", lambda file, name: compared.append(file.name) or digest(file, name))
    entry._verified.clear()
    for verify, times in ((False, 1), (False, 1), (True, 2)):
        assert store.get(KEY, verify=verify) is not None
        assert len(compared) == times
    with (folder_of(store) / "big.npy").open("r+b") as file:
        file.seek(-3, os.SEEK_END)
        file.write(b"!")
    os.utime(folder_of(store) / "big.npy", ns=(1, 1))
    assert store.get(KEY) is None


def test_very_large_arrays_are_compared_on_request(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "VERIFIED_BELOW_BYTES", 2**20)
    store.put(KEY, {}, BIG)
    with (folder_of(store) / "big.npy").open("r+b") as file:
        file.seek(-3, os.SEEK_END)
        file.write(b"!")
    assert store.get(KEY) is not None
    assert store.get(KEY, verify=True) is None
    assert not store.contains(KEY)


def test_a_passing_fault_of_the_machine_removes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(KEY, DOCUMENT, ARRAYS)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda path: (_ for _ in ()).throw(OSError(errno.EMFILE, "Too many open files")))
        assert store.get(KEY) is None
        assert not store.contains(KEY)
    assert_whole(store.get(KEY))


# --- crashes, full disks, several writers -----------------------------------------------------------------------------

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


def test_a_crash_at_any_step_leaves_a_miss_or_a_whole_entry(tmp_path: Path) -> None:
    arrays = {"a": np.arange(100.0), "b": np.zeros((2, 3), np.int8)}
    with run_python(CRASHING, str(tmp_path), KEY) as child:
        steps = int(child.communicate(timeout=120)[0])
    assert child.returncode == 0
    stores = [Store(tmp_path / str(step)) for step in range(1, steps + 1)]
    found = [store.get(KEY, verify=True) for store in stores]
    there = [one is not None for one in found]
    assert there == sorted(there)  # missing until the rename, whole ever after
    assert len(there) > 15
    assert 2 <= sum(there) <= 6
    assert not any(leftovers(store) for store, one in zip(stores, found, strict=True) if one)
    assert sum(len(leftovers(store)) for store in stores) > 10
    for store, one in zip(stores, found, strict=True):
        if one:
            assert_whole(one, {"x": 1}, arrays)
        assert_whole(store.put(KEY, {"x": 1}, arrays), {"x": 1}, arrays)
        assert_whole(store.get(KEY, verify=True), {"x": 1}, arrays)


def test_a_full_disk_at_any_step_leaves_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    messages: list[str | None] = []
    while not messages or messages[-1] is not None:
        store.clear()
        remaining = iter(range(len(messages)))
        with monkeypatch.context() as patch:
            for name in ("fsync", "mkdir", "rename"):
                patch.setattr(os, name, partial(failing, getattr(os, name), remaining))
            messages.append(message_of(partial(store.put, KEY, DOCUMENT, ARRAYS)))
        assert leftovers(store) == []
        assert (store.get(KEY) is None) == (len(messages) < 9)  # mkdir, fsync of 5 files and of the folder, rename
    assert all(re.search(r"\(No space left.*\)\. Free space, or choose.*OTOSCOPE_CACHE", text) for text in messages if text)
    assert_whole(store.get(KEY))


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


def test_a_disk_that_does_not_give_back_what_was_written(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "synchronise", lambda folder: (folder / "matrix.npy").write_bytes(b"?"))
    with pytest.raises(StoreError, match="does not give back what was written"):
        store.put(KEY, DOCUMENT, ARRAYS)
    assert leftovers(store) == []


def test_a_store_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Store(tmp_path / "file")
    assert store.get(KEY) is None
    assert store.usage() == (0, 0)
    with pytest.raises(StoreError, match="cannot be written"):
        store.put(KEY, {}, {})


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


def test_two_processes_write_the_same_keys_at_once(store: Store) -> None:
    with run_python(WRITING, str(store.root), "1") as one, run_python(WRITING, str(store.root), "2") as two:
        for child in (one, two):
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
        for child in (one, two):
            assert child.stdin is not None
            child.stdin.write(b"go\n")
            child.stdin.flush()
        assert [one.wait(timeout=60), two.wait(timeout=60)] == [0, 0]
    assert store.usage()[0] == 20
    assert leftovers(store) == []
    for number in range(20):
        found = store.get(Store.key(number=number), verify=True)
        assert found is not None
        assert found.document["number"] == number


def test_the_slower_writer_keeps_the_entry_of_the_faster(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from analysis.store import store as module

    write, once = module.write_entry, iter([True])

    def overtaken(*arguments: Any) -> None:
        write(*arguments)
        if next(once, False):
            Store(store.root).put(KEY, {"writer": "faster"}, {})

    monkeypatch.setattr(module, "write_entry", overtaken)
    assert store.put(KEY, {"writer": "slower"}, ARRAYS).document == {"writer": "faster"}
    assert_whole(store.get(KEY), {"writer": "faster"}, {})
    assert leftovers(store) == []


def test_a_miss_removes_nothing_that_was_put_meanwhile(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from analysis.store import store as module

    read, once = module.read_entry, iter([True])

    def overtaken(folder: Path, key: str, *, verify: bool) -> Entry:
        try:
            return read(folder, key, verify=verify)
        finally:
            if next(once, False):
                Store(store.root).put(KEY, DOCUMENT, ARRAYS)

    store.put(KEY, DOCUMENT, ARRAYS)
    (folder_of(store) / "document.json").unlink()
    monkeypatch.setattr(module, "read_entry", overtaken)
    assert store.get(KEY) is None
    assert_whole(store.get(KEY))


def test_threads_that_put_get_evict_and_clear(store: Store) -> None:
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


# --- the bound --------------------------------------------------------------------------------------------------------


def fill(store: Store, *names: str) -> list[str]:
    keys = [Store.key(name=name) for name in names]
    for key in keys:
        store.put(key, {}, {"a": np.zeros(1000)})
    return keys


def test_the_least_recently_used_goes_first(store: Store) -> None:
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


def test_a_hopeless_entry_is_not_written_first(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry.np.lib.format, "write_array", None)
    store.limit_bytes = 7_999
    with pytest.raises(StoreError, match="takes 8,002 bytes and the store holds at most 7,999"):
        store.put(KEY, {}, {"a": np.zeros(1000)})
    assert not store.root.exists()


def test_an_entry_larger_than_the_store_is_refused(store: Store) -> None:
    (key,) = fill(store, "first")
    _, size = store.usage()
    for limit in (size - 1, 8000, 10):
        small = Store(store.root, limit)
        with pytest.raises(StoreError, match=rf"takes [\d,]+ bytes and the store holds at most {limit:,}\. Raise OTOSCOPE_STORE"):
            small.put(KEY, {}, {"a": np.zeros(1000)})
        assert not small.contains(KEY)
        assert small.contains(key)
    assert leftovers(store) == []
    assert issubclass(StoreError, OtoscopeError)
    Store(store.root, size).put(KEY, {}, {"a": np.zeros(1000)})
    assert [store.contains(key), store.contains(KEY)] == [False, True]


def test_an_evicted_entry_stays_readable_while_open(store: Store) -> None:
    put = store.put(KEY, DOCUMENT, BIG)
    got = store.get(KEY)
    assert store.clear() > BIG["big"].nbytes
    assert store.get(KEY) is None
    assert_whole(got, arrays=BIG)
    assert_whole(put, arrays=BIG)


def test_clear_and_usage_count_entries_only(store: Store) -> None:
    assert store.clear() == 0
    keys = fill(store, "a", "b", "c")
    expected = sum(file.stat().st_size for file in store.root.rglob("*") if file.is_file())
    assert store.usage() == (3, expected)
    bucket = store.root / KEY[:2]
    foreign = [
        store.root / "notes.txt", bucket / "notes.txt", bucket / ("0" * 64) / "manifest.json",
        store.root / "zz" / KEY / "manifest.json", bucket / KEY / "no-manifest.txt",
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


def test_only_old_leftovers_are_swept(store: Store) -> None:
    names = [f".partial-1-2-{digit * 16}" for digit in "abc"]
    old, writing, young = (store.root / KEY[:2] / name for name in names)
    for path in (old, writing, young):
        path.mkdir(parents=True)
        (path / "document.json").touch()
    hours_ago = time.time() - 2 * 3600
    for path in (old, old / "document.json", writing):  # of `writing` only the folder is old, its file still grows
        os.utime(path, (hours_ago, hours_ago))
    store.put(KEY, {}, {})
    assert [path.exists() for path in (old, writing, young)] == [False, True, True]


# --- where it is ------------------------------------------------------------------------------------------------------


def test_open_store_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path))
    monkeypatch.delenv("OTOSCOPE_STORE_BYTES", raising=False)
    assert open_store().root == tmp_path / "store"
    assert open_store().limit_bytes == DEFAULT_LIMIT_BYTES == 5 * 10**9
    assert list(tmp_path.iterdir()) == []
    for text, expected in (("1", 1), ("20000000000", 2 * 10**10), ("", DEFAULT_LIMIT_BYTES)):
        monkeypatch.setenv("OTOSCOPE_STORE_BYTES", text)
        assert open_store().limit_bytes == expected


@pytest.mark.parametrize("text", ["5GB", "-1", "0", "1e9", "5_000", "1.5", " ", "٣", "1\n"])
def test_an_unreadable_limit_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("OTOSCOPE_STORE_BYTES", text)
    with pytest.raises(ConfigError, match="OTOSCOPE_STORE_BYTES is .*expected a whole number of bytes such as 5000000000"):
        open_store()


def test_the_limit_is_positive(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="limit of the store is 0 bytes; expected more than 0"):
        Store(tmp_path, 0)
