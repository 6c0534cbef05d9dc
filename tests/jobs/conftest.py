"""A queue with fake kinds of job, shut down after every test."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from analysis.jobs.executors.local import LocalExecutor
from analysis.jobs.kinds.kind import JobKind
from analysis.jobs.log import JobLog
from analysis.jobs.queue import JobQueue
from analysis.jobs.settings import JobSettings

HERE = Path(__file__).parent
FAKES = (
    "echo digest count stubborn last_words noisy fault refuse leave end_process with_child no_json hoard out_of_memory "
    "batches until_file fail_after_cancel measure measure_all"
).split()
FUNCTIONS = {name: f"fakes:{name}" for name in FAKES} | {"slow_import": "slow_import:echo", "missing": "no_such_module:run"}
KINDS = {name: JobKind(name, function, lambda _request: "A fake") for name, function in FUNCTIONS.items()}

MakeQueue = Callable[..., JobQueue]


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], None]:
    """Wait for what another thread or process is about to do."""

    def wait(condition: Callable[[], Any]) -> None:
        deadline = time.monotonic() + 120
        while not condition():
            assert time.monotonic() < deadline, "it never happened"
            time.sleep(0.001)

    return wait


@pytest.fixture
def gone() -> Callable[[int], bool]:
    """Whether a process has ended; one that only waits to be collected by its parent has."""

    def ended(pid: int) -> bool:
        state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
        return state.strip() == "" or state.startswith("Z")

    return ended


@pytest.fixture
def stop(eventually: Callable[[Callable[[], Any]], None]) -> Callable[[int], None]:
    """Stop a process; on a busy machine its threads go on for a moment after the signal, so that is waited for."""

    def stopped(pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        command = ["ps", "-o", "stat=", "-p", str(pid)]
        eventually(lambda: subprocess.run(command, capture_output=True, text=True, check=False).stdout.startswith("T"))

    return stopped


@pytest.fixture
def log_path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "jobs.jsonl"


@pytest.fixture
def make_queue(log_path: Path) -> Iterator[MakeQueue]:
    made: list[JobQueue] = []

    def make(history: int = 200, **settings: Any) -> JobQueue:
        executor = LocalExecutor(JobSettings(python_path=(HERE,), **settings))
        queue = JobQueue(KINDS, executor=executor, log=JobLog(log_path), history=history)
        made.append(queue)
        return queue

    yield make
    for queue in made:
        queue.shutdown()


@pytest.fixture
def jobs(make_queue: MakeQueue) -> JobQueue:
    return make_queue()


def write_tiny_corpus(folder: Path, *, pieces: int, seconds: int) -> str:
    """A folder of noise and notes."""
    import numpy as np
    import pretty_midi
    import soundfile

    rng = np.random.default_rng(pieces)
    folder.mkdir(parents=True)
    for number in range(pieces):
        midi = pretty_midi.PrettyMIDI()
        midi.instruments.append(pretty_midi.Instrument(0))
        for onset, pitch in enumerate(rng.integers(40, 80, 2 * seconds)):
            midi.instruments[0].notes.append(pretty_midi.Note(80, int(pitch), 0.5 * onset, 0.5 * onset + 0.4))
        midi.write(str(folder / f"work{number}.mid"))
        soundfile.write(folder / f"work{number}.wav", 0.1 * rng.standard_normal(seconds * 24_000), 24_000)
    return str(folder)


def write_tiny_checkpoint(folder: Path, arm: str = "D0") -> str:
    """Untrained weights of a model with few and narrow layers."""
    from dataclasses import replace

    from analysis.models.arms import build_config
    from analysis.models.checkpoint import save_checkpoint
    from analysis.models.dual_encoder import build_model

    sizes = {"conv_channels": (4, 8), "conv_kernels": (160, 20), "conv_strides": (160, 20), "conv_paddings": (0, 0)}
    sizes |= {"conv_groups": 4, "audio_d_model": 8, "audio_d_ff": 8, "audio_n_layers": 1, "n_heads": 2, "head_d_hidden": 8}
    sizes |= {"d_pitch": 4, "d_velocity": 2, "d_duration": 2, "midi_d_model": 8, "midi_d_ff": 8, "midi_n_layers": 1}
    config = replace(build_config(arm, "small"), **sizes, d_embedding=8)
    described = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": ""}
    save_checkpoint(folder, build_model(config, seed=9), arm=arm, scale="small", **described)
    return str(folder)


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_tiny_corpus(tmp_path_factory.mktemp("pieces") / "tiny", pieces=3, seconds=12)


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_tiny_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny")


@pytest.fixture(scope="session")
def make_corpus() -> Callable[..., str]:
    return write_tiny_corpus
