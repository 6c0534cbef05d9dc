"""What is left of a process that was killed: no limited process, and its folder only until the next one is needed."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from analysis import paths
from analysis.sandbox import folders, run_limited

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent, and shows it as a file")
posix = pytest.mark.skipif(sys.platform == "win32", reason="no locks there")

SERVER = """
import sys, tempfile
sys.path[:] = {path!r}
tempfile.tempdir = {temporary!r}
from limited_functions import wait
from analysis.sandbox import run_limited
run_limited(wait, {told!r}, seconds=300, memory_bytes=2**28, what="Waiting", file_bytes=1000)
"""
WAIT = """
import os, time
from pathlib import Path

def wait(told):
    Path("half.wav").write_bytes(bytes(100))
    Path(told + ".partial").write_text(f"{os.getpid()} {os.getcwd()}")
    Path(told + ".partial").rename(told)
    time.sleep(300)
"""


def divide() -> int:
    return run_limited(divmod, 7, 2, seconds=60, memory_bytes=2**28, what="Dividing")[0]


def eventually(true: Callable[[], bool], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders go, in this process and in the server."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return tmp_path / "temporary"


@pytest.fixture
def server(tmp_path: Path, temporary: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    """A process that waits for a limited one; the limited one's process id and folder."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "limited_functions.py").write_text(WAIT)
    told = tmp_path / "told"
    path = [str(tmp_path / "code"), str(paths.repository()), *sys.path]
    process = subprocess.Popen([sys.executable, "-c", SERVER.format(path=path, temporary=str(temporary), told=str(told))])
    child = 0
    try:
        assert eventually(told.exists)
        number, folder = told.read_text().split(" ", 1)
        child = int(number)
        yield process, child, Path(folder)
    finally:
        process.kill()
        process.wait()
        if runs(child):
            os.kill(child, signal.SIGKILL)


def grow_old(folder: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(folder, (then, then))


@linux
def test_the_limited_process_dies_with_a_parent_that_is_killed(server: tuple[subprocess.Popen[bytes], int, Path]) -> None:
    process, child, _ = server
    assert runs(child)
    process.kill()
    process.wait()
    assert eventually(lambda: not runs(child))


@linux
def test_a_folder_is_swept_once_its_process_is_dead_and_not_before(
    server: tuple[subprocess.Popen[bytes], int, Path], temporary: Path
) -> None:
    process, child, folder = server
    grow_old(folder, 7200)
    assert divide() == 3
    assert (folder / "half.wav").exists()  # its process lives
    process.kill()
    process.wait()
    assert eventually(lambda: not runs(child))
    assert folder.exists()  # a killed process cleans nothing up
    grow_old(folder, 120)
    assert divide() == 3
    assert not list(temporary.iterdir())


@posix
def test_only_old_folders_of_ours_are_swept(temporary: Path, tmp_path: Path) -> None:
    ours = temporary / "otoscope-limited-abcd_123"
    fresh = temporary / "otoscope-limited-abcd_456"
    others = [temporary / name for name in ("otoscope-results", "otoscope-my_clips", "otoscope-limited-x", "tmpabcd_123")]
    for folder in (ours, fresh, *others):
        (folder / "inside").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    link = temporary / "otoscope-limited-abcd_789"
    link.symlink_to(tmp_path / "elsewhere")
    file = temporary / "otoscope-limited-abcd_012"
    file.touch()
    for path in (ours, *others, tmp_path / "elsewhere", file):
        grow_old(path, 7200)
    assert divide() == 3
    assert not ours.exists()
    assert all((folder / "inside").exists() for folder in (fresh, *others))
    assert (tmp_path / "elsewhere").exists()
    assert link.is_symlink()
    assert file.exists()


def test_without_locks_an_hour_decides(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "fcntl", None)
    old, young = temporary / "otoscope-limited-abcd_123", temporary / "otoscope-limited-abcd_456"
    for folder, age_s in ((old, 3700), (young, 3500)):
        folder.mkdir()
        grow_old(folder, age_s)
    assert divide() == 3
    assert (old.exists(), young.exists()) == (False, True)
