"""A function in a limited process gives its result or a sentence, and leaves nothing behind."""

import importlib
import io
import json
import math
import os
import pickle
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from analysis.errors import AudioError, OtoscopeError
from analysis.sandbox import SandboxError, decode_answer, encode_answer, run_limited, sandbox

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits memory and shows processes as files")
GENEROUS: dict[str, Any] = {"seconds": 60.0, "memory_bytes": 2**28, "what": "Reading x"}

FUNCTIONS = """
import ctypes, os, resource, subprocess, sys, tempfile, time, warnings
from analysis.errors import AudioError


class Special(AudioError):
    pass


def same(value):
    return value

def spin():
    while True:
        pass

def grow():
    kept = []
    while True:
        kept.append(bytes(10_000_000))

def crash():
    ctypes.string_at(0)

def leave():
    os._exit(3)

def refuse(special):
    raise (Special if special else AudioError)("x is no audio. Use another.")

def stumble():
    return {}["absent"]

def chatter():
    print("hello")
    os.write(1, b"from a library")
    warnings.warn("beware")
    return 1

def forge(data):
    for number in range(3, 64):
        try:
            os.write(number, data)
        except OSError:
            pass
    os._exit(0)

def flood():
    while True:
        forge(bytes(10_000_000))

def write(n_bytes, then_spin=False):
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(bytes(n_bytes))
    while then_spin:
        pass
    return file.name

def surroundings():
    return {"modules": list(sys.modules), "environment": dict(os.environ), "folder": os.getcwd(), "files": os.listdir(),
            "core": resource.getrlimit(resource.RLIMIT_CORE)[0]}

def start_another():
    return subprocess.Popen(["sleep", "600"]).pid

def secret():
    return object()
"""


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of functions that the limited process can import too; temporary folders go below `tmp_path / "temporary"`."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "limited_functions.py").write_text(FUNCTIONS)
    (tmp_path / "temporary").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "code")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.delitem(sys.modules, "limited_functions", raising=False)
    return importlib.import_module("limited_functions")


class TestResult:
    @pytest.mark.parametrize(
        "value",
        [
            None, True, -3, 2**62, 0.1, math.inf, "ä\udcff\n", b"", b"\x00\xff", [], (), [1, (2.5, "x"), [None]],
            {"a": 1, 2: ("b",), "dict": {"tuple": [0]}},
        ],
        ids=repr,
    )  # fmt: skip
    def test_plain_values_come_back_as_they_were(self, value: Any) -> None:
        got = decode_answer(io.BytesIO(b"".join(encode_answer({"result": value}))), 2**20)["result"]
        assert got == value
        assert type(got) is type(value)

    @pytest.mark.parametrize("dtype", ["?", "i1", "u2", "i8", "f2", "f4", "f8"])
    def test_arrays_come_back_bit_for_bit_and_writable(self, child: ModuleType, dtype: str) -> None:
        values = np.random.default_rng(0).integers(0, 100, 999).astype(dtype)
        array = np.concatenate([values, np.array([np.nan, -0.0, np.inf], dtype)]) if dtype[0] == "f" else values
        got = run_limited(child.same, [array.reshape(3, -1).T, array[:0]], **GENEROUS)
        assert (got[0].dtype, got[0].shape) == (array.dtype, (len(array) // 3, 3))
        assert got[0].tobytes() == array.reshape(3, -1).T.tobytes()
        assert got[1].shape == (0,)
        got[0][0] = 0

    def test_what_a_library_prints_does_not_disturb(self, child: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
        assert run_limited(child.chatter, **GENEROUS) == 1
        assert capfd.readouterr() == ("", "")

    def test_other_objects_do_not_come_back(self, child: ModuleType) -> None:
        with pytest.raises(SandboxError, match="returned a object; expected numbers, text, bytes or arrays"):
            run_limited(child.secret, **GENEROUS)


class TestErrors:
    def test_an_error_of_ours_comes_back_as_it_was(self, child: ModuleType) -> None:
        for special in (False, True):
            with pytest.raises(AudioError, match=r"^x is no audio\. Use another\.$") as caught:
                run_limited(child.refuse, special, **GENEROUS)
            assert type(caught.value) is AudioError

    def test_any_other_error_becomes_a_sentence(self, child: ModuleType) -> None:
        with pytest.raises(SandboxError, match=r"^Reading x failed in a way that was not foreseen \(KeyError: 'absent'\)"):
            run_limited(child.stumble, **GENEROUS)

    def test_a_function_that_cannot_be_imported(self, child: ModuleType, tmp_path: Path) -> None:
        (tmp_path / "code" / "limited_functions.py").write_text("")
        with pytest.raises(SandboxError, match="AttributeError"):
            run_limited(child.same, 1, **GENEROUS)


class TestLimits:
    def test_a_function_that_never_ends_is_stopped(self, child: ModuleType) -> None:
        for function, arguments in ((child.spin, ()), (time.sleep, (600,))):
            with pytest.raises(SandboxError, match=r"^Reading x took longer than 0\.5 s and was stopped\."):
                run_limited(function, *arguments, seconds=0.5, memory_bytes=2**28, what="Reading x")

    @linux
    def test_a_function_that_grows_without_end_is_stopped(self, child: ModuleType) -> None:
        for function, arguments in ((child.grow, ()), (bytearray, (2**40,))):
            with pytest.raises(SandboxError, match=r"^Reading x needed more memory than the 256 MiB it may have\."):
                run_limited(function, *arguments, **GENEROUS)

    def test_the_memory_limit_is_beyond_what_the_imports_took(self) -> None:
        assert len(run_limited(bytes, 2**24, seconds=60, memory_bytes=2**27, what="Reading x")) == 2**24

    def test_a_crash_is_a_sentence(self, child: ModuleType) -> None:
        with pytest.raises(SandboxError, match=r"^Reading x crashed the process that did it \(SIGSEGV\)"):
            run_limited(child.crash, **GENEROUS)
        with pytest.raises(SandboxError, match=r"crashed the process that did it \(exit status 3\)"):
            run_limited(child.leave, **GENEROUS)

    def test_files_are_limited_and_removed(self, child: ModuleType, tmp_path: Path) -> None:
        path = Path(run_limited(child.write, 1000, file_bytes=1000, **GENEROUS))
        assert path.is_relative_to(tmp_path / "temporary")
        with pytest.raises(SandboxError, match="OSError: .*File too large"):
            run_limited(child.write, 1001, file_bytes=1000, **GENEROUS)
        with pytest.raises(SandboxError, match="took longer than 1 s"):
            run_limited(child.write, 10, True, file_bytes=1000, seconds=1, memory_bytes=2**28, what="Reading x")
        assert not list((tmp_path / "temporary").iterdir())

    @linux
    def test_what_it_started_ends_with_it(self, child: ModuleType) -> None:
        status = Path(f"/proc/{run_limited(child.start_another, **GENEROUS)}/stat")
        for _ in range(200):
            if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
                return
            time.sleep(0.05)
        pytest.fail("the process still runs")


class TestSurroundings:
    def test_it_starts_with_little_in_an_empty_folder(self, child: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SECRET_TOKEN", "x")
        monkeypatch.setenv("PYTHONSTARTUP", "x")
        got = run_limited(child.surroundings, **GENEROUS)
        assert not {"torch", "librosa", "streamlit", "pandas", "pytest", "scipy"} & set(got["modules"])
        assert not {"SECRET_TOKEN", "PYTHONSTARTUP"} & set(got["environment"])
        assert (got["files"], got["core"]) == ([], 0)
        assert not Path(got["folder"]).exists()


class Bomb:
    """Something that would make a folder if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def frame(header: Any, *data: bytes) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return b"".join([len(text).to_bytes(8, "little"), text, *data])


def array_frame(dtype: Any, shape: Any, data: bytes = b"") -> bytes:
    return frame({"tree": {"dict": [["result", {"array": 0}]]}, "arrays": [[dtype, shape]]}, data)


BAD_ANSWERS = {
    "nothing": b"",
    "a length of 2^63": b"\xff" * 8 + b"{}",
    "no JSON": frame(b"\xff"),
    "deep": frame(b"[" * 100_000),
    "a list": frame([]),
    "no result": frame({"tree": 3, "arrays": []}),
    "an unknown kind": frame({"tree": {"dict": [["result", {"object": "os.system"}]]}, "arrays": []}),
    "a result without a name": frame({"tree": {"dict": [[None, 1]]}, "arrays": []}),
    "no such array": frame({"tree": {"dict": [["result", {"array": 7}]]}, "arrays": []}),
    "objects": array_frame("|O", [1], bytes(8)),
    "a type that is a list": array_frame(["<f4"], [1], bytes(4)),
    "too many numbers": array_frame("<f8", [2**40]),
    "negative": array_frame("<f8", [-1]),
    "cut off": array_frame("<f8", [2], bytes(15)),
    "no numbers of a huge shape": array_frame("<f8", [0, 2**19, 2**19, 2**19, 2**19]),
}


class TestForgedAnswers:
    @pytest.mark.parametrize("data", BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
    def test_are_refused(self, data: bytes) -> None:
        with pytest.raises((ValueError, EOFError), match="no answer|cut off|array"):
            decode_answer(io.BytesIO(data), 2**20)

    def test_from_a_process_that_was_taken_over(self, child: ModuleType, tmp_path: Path) -> None:
        made = tmp_path / "made"
        for data in (pickle.dumps(Bomb(made)), frame(pickle.dumps(Bomb(made))), frame(b"[" * 30_000)):
            with pytest.raises(SandboxError, match=r"^Reading x crashed the process that did it \(its answer makes no sense\)"):
                run_limited(child.forge, data, **GENEROUS)
        assert not made.exists()

    def test_endless(self, child: ModuleType) -> None:
        with pytest.raises(SandboxError, match="Reading x"):
            run_limited(child.flood, seconds=5, memory_bytes=2**28, what="Reading x")

    def test_an_error_class_that_is_none_of_ours(self, child: ModuleType) -> None:
        forged = frame({"tree": {"dict": [["error", "OtoscopeError"], ["message", "m" * 9999]]}, "arrays": []})
        with pytest.raises(OtoscopeError, match=r"^m{2000}$"):
            run_limited(child.forge, forged, **GENEROUS)
        for name in ("os", "SystemExit", "__builtins__", "Cancelled"):
            forged = frame({"tree": {"dict": [["error", name]]}, "arrays": []})
            with pytest.raises(SandboxError, match=f"not foreseen .{name}"):
                run_limited(child.forge, forged, **GENEROUS)


def test_no_more_than_a_few_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    places = threading.BoundedSemaphore(1)
    monkeypatch.setattr(sandbox, "_places", places)
    monkeypatch.setattr(sandbox, "LONGEST_WAIT_S", 0.05)
    with places, pytest.raises(SandboxError, match="Dividing waited 0.05 s for others to be done. Try again later"):
        run_limited(math.gcd, 12, 18, seconds=30, memory_bytes=2**28, what="Dividing")
    assert run_limited(math.gcd, 12, 18, seconds=30, memory_bytes=2**28, what="Dividing") == 6
    with pytest.raises(SandboxError):
        run_limited(math.gcd, "x", 18, seconds=30, memory_bytes=2**28, what="Dividing")
    assert places.acquire(blocking=False)  # a place is given back after a failure, too
