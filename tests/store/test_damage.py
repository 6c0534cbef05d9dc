"""Torn, foreign and tampered entries are never believed."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from analysis.store import Store, entry

Check = Callable[..., None]
Damage = Callable[[str, bytes | None], Store]
Leftovers = Callable[[Store], list[Path]]


@pytest.fixture
def damaged(store: Store, sample: SimpleNamespace, folder: Path, tmp_path: Path) -> Damage:
    """A store whose one entry is whole, but for one file with other content (None: deleted)."""
    store.put(sample.key, sample.document, sample.matrix)
    whole = shutil.copytree(folder, tmp_path / "whole")

    def damage(name: str, content: bytes | None) -> Store:
        entry._verified.clear()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole, folder, copy_function=os.link)
        file = folder / name
        file.unlink()
        if content is not None:
            file.write_bytes(content)
        return store

    return damage


FILES = ["manifest.json", "document.json", "matrix.npy"]


@pytest.mark.parametrize("name", FILES)
def test_torn_at_any_byte_is_a_miss_and_heals(
    store: Store, sample: SimpleNamespace, folder: Path, assert_whole: Check, leftovers: Leftovers, damaged: Damage, name: str
) -> None:
    whole = (folder / name).read_bytes()
    for length in (None, *range(len(whole))):
        damaged(name, whole if length is None else whole[:length])
        if length is None:
            assert_whole(store.get(sample.key), arrays=sample.matrix)
            damaged(name, None)
        assert not store.contains(sample.key)
        assert store.get(sample.key) is None
        assert not folder.exists()
    assert_whole(store.put(sample.key, sample.document, sample.arrays))
    assert_whole(store.get(sample.key, verify=True))
    assert leftovers(store) == []


@pytest.mark.parametrize("name", FILES)
def test_a_torn_entry_is_replaced_by_put(sample: SimpleNamespace, assert_whole: Check, damaged: Damage, name: str) -> None:
    assert_whole(damaged(name, b"").put(sample.key, sample.document, sample.arrays))


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_byte_is_never_believed(
    store: Store, sample: SimpleNamespace, folder: Path, assert_whole: Check, damaged: Damage, name: str
) -> None:
    whole = (folder / name).read_bytes()
    believed = 0
    for position in range(len(whole)):
        damaged(name, whole[:position] + bytes([whole[position] ^ 0x15]) + whole[position + 1 :])
        if (found := store.get(sample.key)) is not None:
            assert_whole(found, arrays=sample.matrix)
            believed += 1
    assert believed == 0 if name != "manifest.json" else believed < len(whole) / 10  # spaces between its words


def test_a_damaged_header_of_a_large_file_is_a_miss(
    store: Store, sample: SimpleNamespace, folder: Path, assert_whole: Check, damaged: Damage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large files are mapped without a checksum: still no other array, and no crash."""
    monkeypatch.setattr(entry, "VERIFIED_BELOW_BYTES", 0)
    monkeypatch.setattr(entry, "MAPPED_FROM_BYTES", 0)
    whole = (folder / "matrix.npy").read_bytes()
    for position in range(len(whole) - sample.arrays["matrix"].nbytes):
        for flip in (1, 0x15, 0x80):
            flipped = whole[:position] + bytes([whole[position] ^ flip]) + whole[position + 1 :]
            if (found := damaged("matrix.npy", flipped).get(sample.key)) is not None:
                assert_whole(found, arrays=sample.matrix)
            assert damaged("matrix.npy", flipped).get(sample.key, verify=True) is None


def changed_manifest(folder: Path, **changes: Any) -> bytes:
    return json.dumps(json.loads((folder / "manifest.json").read_text()) | changes).encode()


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
def test_a_foreign_manifest_is_a_miss(
    store: Store, sample: SimpleNamespace, folder: Path, damaged: Damage, changes: dict[str, Any]
) -> None:
    damaged("manifest.json", changed_manifest(folder, **changes))
    assert store.get(sample.key) is None
    assert not folder.exists()


def test_a_pickle_is_never_opened(store: Store, sample: SimpleNamespace, folder: Path, damaged: Damage, tmp_path: Path) -> None:
    import hashlib
    import io
    import pickle

    class Bomb:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "exploded",)

    buffer = io.BytesIO()
    np.save(buffer, np.array([Bomb()], dtype=object), allow_pickle=True)
    for content in (buffer.getvalue(), pickle.dumps(Bomb())):
        damaged("matrix.npy", content)
        files = json.loads((folder / "manifest.json").read_text())["files"]
        files["matrix.npy"] |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "dtype": "|O", "shape": [1]}
        (folder / "manifest.json").write_bytes(changed_manifest(folder, files=files))
        assert store.contains(sample.key)
        assert store.get(sample.key) is None
        assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("occupant", ["file", "empty folder", "folder", "link", "dangling link"])
def test_something_else_in_the_place_of_an_entry(
    store: Store, sample: SimpleNamespace, folder: Path, assert_whole: Check, leftovers: Leftovers, tmp_path: Path, occupant: str
) -> None:
    place, elsewhere = folder, tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept.txt").touch()
    for use in (store.get, lambda key: store.put(key, sample.document, sample.arrays)):
        place.parent.mkdir(parents=True, exist_ok=True)
        if occupant == "file":
            place.write_text("?")
        elif "link" in occupant:
            place.symlink_to(elsewhere if occupant == "link" else tmp_path / "nowhere")
        else:
            place.mkdir()
            if occupant == "folder":
                (place / "x").touch()
        use(sample.key)
    assert_whole(store.get(sample.key))
    assert (elsewhere / "kept.txt").exists()
    assert leftovers(store) == []


def test_checksums_of_arrays_are_compared_once_and_after_a_change(
    store: Store, sample: SimpleNamespace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(sample.key, {}, sample.big)
    compared = []
    digest = entry.hashlib.file_digest
    monkeypatch.setattr(entry.hashlib, "file_digest", lambda file, name: compared.append(file.name) or digest(file, name))
    entry._verified.clear()
    for verify, times in ((False, 1), (False, 1), (True, 2)):
        assert store.get(sample.key, verify=verify) is not None
        assert len(compared) == times
    with (folder / "big.npy").open("r+b") as file:
        file.seek(-3, os.SEEK_END)
        file.write(b"!")
    os.utime(folder / "big.npy", ns=(1, 1))
    assert store.get(sample.key) is None


def test_very_large_arrays_are_compared_on_request(
    store: Store, sample: SimpleNamespace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry, "VERIFIED_BELOW_BYTES", 2**20)
    store.put(sample.key, {}, sample.big)
    with (folder / "big.npy").open("r+b") as file:
        file.seek(-3, os.SEEK_END)
        file.write(b"!")
    assert store.get(sample.key) is not None
    assert store.get(sample.key, verify=True) is None
    assert not store.contains(sample.key)


def test_a_passing_fault_of_the_machine_removes_nothing(
    store: Store, sample: SimpleNamespace, assert_whole: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put(sample.key, sample.document, sample.arrays)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda path: (_ for _ in ()).throw(OSError(errno.EMFILE, "Too many open files")))
        assert store.get(sample.key) is None
        assert not store.contains(sample.key)
    assert_whole(store.get(sample.key))
