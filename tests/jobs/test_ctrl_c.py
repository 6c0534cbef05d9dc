"""Ctrl-C in a terminal: the command stops with its exit code, and nothing half written is left."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from analysis import paths
from analysis.store import Store

TIMEOUT_S = 120.0
SETTINGS = {"split": "all", "windows_per_piece": 60, "n_queries": 8, "pool_size": 6, "n_same_piece": 2, "n_same_composer": 1}


@pytest.fixture(scope="module")
def long_corpus(tmp_path_factory: pytest.TempPathFactory, make_corpus: Callable[..., str]) -> str:
    return make_corpus(tmp_path_factory.mktemp("long") / "pieces", pieces=4, seconds=60)


@pytest.fixture(scope="module")
def slow_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    from analysis.models.checkpoint import save_checkpoint
    from analysis.models.dual_encoder import build_arm

    described: dict[str, Any] = {"training": {"seed": 4}, "evaluation": {}, "history": [], "card": ""}
    folder = tmp_path_factory.mktemp("checkpoints") / "slow"
    save_checkpoint(folder, build_arm("D0", "small", 4), arm="D0", scale="small", **described)
    return str(folder)


def read_until(stream: IO[bytes], words: bytes) -> bytes:
    """What a stream says until those words, or its end."""
    seen = b""
    while words not in seen and (block := os.read(stream.fileno(), 4096)):
        seen += block
    return seen


def test_a_study_that_is_interrupted_leaves_no_torn_file(long_corpus: str, slow_checkpoint: str, tmp_path: Path) -> None:
    settings = [part for name, value in SETTINGS.items() for part in ("--set", f"{name}={value}")]
    command = [sys.executable, "-m", "analysis.cli", "study", "retrieval", slow_checkpoint, "--set", f"corpus={long_corpus}"]
    environment = {paths.CACHE_VARIABLE: str(tmp_path / "cache"), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(paths.repository())}
    with subprocess.Popen(
        [*command, *settings, "--out", str(tmp_path / "out")],
        env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:  # fmt: skip
        assert process.stderr is not None
        deadline = threading.Timer(TIMEOUT_S, process.kill)
        deadline.start()
        said = read_until(process.stderr, b"embedding windows")
        process.send_signal(signal.SIGINT)
        out, rest = process.communicate()
        deadline.cancel()
    said += rest
    assert process.returncode == 130, said.decode()
    assert out == b""
    assert b"Traceback" not in said
    assert not (tmp_path / "out").exists()
    assert not [path for path in tmp_path.rglob("*") if "partial" in path.name or path.suffix == ".part"]
    store = Store(tmp_path / "cache" / "store")
    for entry in (tmp_path / "cache" / "store").glob("*/*"):
        assert store.get(entry.name, verify=True) is not None
    log = (tmp_path / "cache" / "logs" / "jobs.jsonl").read_text()
    assert '"state": "cancelled"' in log
