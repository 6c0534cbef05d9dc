"""Files are read once, whoever asks and in whichever process, and again as soon as they could have changed."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis import fingerprints, paths
from analysis.errors import Cancelled
from analysis.fingerprints import UnreadError, file_sha256s

CHILD = """
import sys
from pathlib import Path
from analysis.fingerprints import file_sha256s
print(*file_sha256s([Path(sys.argv[1])]))
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, and a process that remembers nothing and takes every file for settled."""
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(fingerprints, "SETTLED_AFTER_S", -1.0)
    forget(monkeypatch)
    return tmp_path / "cache"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are read, in order."""
    names: list[str] = []
    really = fingerprints._read

    def note(path: str) -> str:
        names.append(Path(path).name)
        return really(path)

    monkeypatch.setattr(fingerprints, "_read", note)
    return names


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    found = [tmp_path / name for name in ("a.wav", "b.wav", "c.mid")]
    for path in found:
        path.write_bytes(path.name.encode() * 1000)
    return found


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "_memo", fingerprints._Memo())


def expected(files: list[Path]) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]


def test_hashes_are_those_of_the_bytes_and_files_are_read_once(
    cache: Path, files: list[Path], read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert file_sha256s([*files, files[0]]) == [*expected(files), expected(files)[0]]
    assert file_sha256s(files[::-1]) == expected(files)[::-1]
    forget(monkeypatch)
    assert file_sha256s(files) == expected(files)
    assert read == ["a.wav", "b.wav", "c.mid"]
    assert [path.name for path in cache.iterdir()] == ["fingerprints.json"]


def test_another_process_reads_nothing_again(cache: Path, files: list[Path]) -> None:
    file_sha256s(files)
    place = cache / "fingerprints.json"
    saved = json.loads(place.read_text())
    saved["files"][str(files[0].resolve())][-1] = "0" * 64  # so that it can only come from here
    place.write_text(json.dumps(saved))
    command = [sys.executable, "-c", CHILD, str(files[0])]
    answer = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(paths.repository())}, capture_output=True, check=True)
    assert answer.stdout.decode().strip() == "0" * 64


def test_what_another_process_saved_is_seen_without_a_restart(
    cache: Path, files: list[Path], read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file_sha256s(files[:1])
    mine = fingerprints._memo
    forget(monkeypatch)
    file_sha256s(files[1:])
    monkeypatch.setattr(fingerprints, "_memo", mine)
    file_sha256s(files)
    assert read == ["a.wav", "b.wav", "c.mid"]
    assert len(json.loads((cache / "fingerprints.json").read_text())["files"]) == 3  # what one saves, the other keeps


@pytest.mark.parametrize("change", ["longer", "later", "replaced with the same size and time"])
def test_a_changed_file_is_read_again(change: str, cache: Path, files: list[Path], read: list[str]) -> None:
    path = files[0]
    before, status = file_sha256s([path]), path.stat()
    if change == "longer":
        path.write_bytes(path.read_bytes() + b"x")
    else:
        other = path.with_suffix(".new")
        other.write_bytes(b"z" * status.st_size)
        shift = 0 if "same" in change else 1
        os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns + shift))
        other.replace(path)
    assert file_sha256s([path]) == expected([path]) != before
    assert read == ["a.wav", "a.wav"]


def test_a_file_that_may_still_be_written_is_not_remembered(
    cache: Path, files: list[Path], read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints, "SETTLED_AFTER_S", 3600.0)
    assert file_sha256s(files[:1]) == file_sha256s(files[:1]) == expected(files[:1])
    assert read == ["a.wav", "a.wav"]
    assert not cache.exists()


def test_a_file_that_changes_while_it_is_read_is_not_remembered(
    cache: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    really = fingerprints._read

    def disturbed(path: str) -> str:
        found = really(path)
        Path(path).write_bytes(b"other")
        return found

    monkeypatch.setattr(fingerprints, "_read", disturbed)
    file_sha256s(files[:1])
    monkeypatch.setattr(fingerprints, "_read", really)
    assert file_sha256s(files[:1]) == expected(files[:1])


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "[" * 100_000, '{"schema_version": 2, "files": {}}', '{"schema_version": 1}',
        '{"schema_version": 1, "files": {"PATH": 3}}', '{"schema_version": 1, "files": {"PATH": []}}', "\0",
        '{"schema_version": 1, "files": {"PATH": [SIZE, MTIME, CTIME, "short"]}}',
        '{"schema_version": 1, "files": {"PATH": [SIZE, MTIME, CTIME, null]}}',
    ],
)  # fmt: skip
def test_a_damaged_or_foreign_memo_is_no_memo(text: str, cache: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    status = files[0].stat()
    for word, value in (("SIZE", status.st_size), ("MTIME", status.st_mtime_ns), ("CTIME", status.st_ctime_ns)):
        text = text.replace(word, str(value))
    cache.mkdir()
    (cache / "fingerprints.json").write_text(text.replace("PATH", str(files[0].resolve())))
    assert file_sha256s(files) == expected(files)
    assert json.loads((cache / "fingerprints.json").read_text())["schema_version"] == 1


def stop_at(number: int) -> Callable[[int, int, str], None]:
    def step(done: int, total: int, what: str) -> None:
        if done == number:
            raise Cancelled

    return step


def test_where_nothing_can_be_saved_this_process_remembers(
    cache: Path, files: list[Path], read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.write_text("a file in the place of the folder")
    assert file_sha256s(files) == file_sha256s(files) == expected(files)
    assert len(read) == 3
    forget(monkeypatch)
    assert file_sha256s(files) == expected(files)
    assert len(read) == 6


def test_too_much_to_read_is_refused_before_anything_is_read(cache: Path, files: list[Path], read: list[str]) -> None:
    with pytest.raises(UnreadError, match="3 files have not been read yet"):
        file_sha256s(files, most_unread_bytes=14_999)
    assert read == []
    assert file_sha256s(files, most_unread_bytes=15_000) == expected(files)
    assert file_sha256s(files, most_unread_bytes=0) == expected(files)


def test_reading_says_how_far_it_is_and_keeps_what_it_had_when_it_is_stopped(
    cache: Path, files: list[Path], read: list[str]
) -> None:
    with pytest.raises(Cancelled):
        file_sha256s(files, step=stop_at(2))
    told: list[Any] = []
    file_sha256s(files, step=lambda *report: told.append(report))
    assert told == [(0, 1, "reading c.mid")]
    assert read == ["a.wav", "b.wav", "c.mid"]


def test_a_long_reading_is_saved_on_the_way(cache: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "SAVE_EVERY_S", -1.0)
    counts: list[int] = []

    def step(done: int, total: int, what: str) -> None:
        place = cache / "fingerprints.json"
        counts.append(len(json.loads(place.read_text())["files"]) if place.exists() else 0)

    file_sha256s(files, step=step)
    assert counts == [0, 1, 2]


def test_the_oldest_are_forgotten_first(cache: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprints, "MOST_REMEMBERED", 2)
    for path in files:
        file_sha256s([path])
    saved = json.loads((cache / "fingerprints.json").read_text())["files"]
    assert list(saved) == [str(path.resolve()) for path in files[1:]]


def test_a_missing_file_is_named(cache: Path, files: list[Path]) -> None:
    files[1].unlink()
    with pytest.raises(FileNotFoundError) as found:
        file_sha256s(files)
    assert Path(found.value.filename).name == "b.wav"


def test_a_link_and_its_target_are_one_file(cache: Path, files: list[Path], read: list[str]) -> None:
    link = files[0].with_name("link.wav")
    link.symlink_to(files[0])
    assert file_sha256s([link, files[0]]) == expected([files[0]] * 2)
    assert read == ["a.wav"]


def test_many_at_once_lose_nothing(cache: Path, tmp_path: Path) -> None:
    many = [tmp_path / f"{number}.wav" for number in range(12)]
    for path in many:
        path.write_bytes(path.name.encode())
    answers: list[list[str]] = []
    threads = [threading.Thread(target=lambda part=part: answers.append(file_sha256s(part))) for part in (many, many[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == sorted([expected(many), expected(many)[::-1]])
    assert len(json.loads((cache / "fingerprints.json").read_text())["files"]) == 12
