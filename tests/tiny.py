"""A tiny corpus and checkpoints of any arm: what tests of studies, of their pages and of their reports share."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pretty_midi
import pytest
import soundfile
from numpy.typing import NDArray

from analysis.datasets import piece
from analysis.datasets.paired_folder import load_paired_folder
from analysis.datasets.piece import Corpus
from analysis.models.arms import build_config
from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.models.dual_encoder import DualEncoder, build_model
from tests.shared import alone, shared_folder

SECONDS = 20
N_WORKS = 4
# As many layers, heads and tokens as the scale small, each a sixth as wide.
NARROW: Mapping[str, Any] = MappingProxyType({
    "conv_channels": (8, 16, 24, 32), "conv_groups": 4, "audio_d_model": 32, "audio_d_ff": 64, "midi_d_model": 32,
    "midi_d_ff": 64, "d_pitch": 16, "d_velocity": 8, "d_duration": 8, "head_d_hidden": 32,
})  # fmt: skip


def write_corpus(folder: Path) -> Path:
    """Four pieces of 20 s: random notes and noise that has nothing to do with them."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(11)
    for number in range(N_WORKS):
        midi = pretty_midi.PrettyMIDI()
        midi.instruments.append(pretty_midi.Instrument(0))
        pitches = enumerate(rng.integers(40, 80, 2 * SECONDS))
        midi.instruments[0].notes += [
            pretty_midi.Note(int(rng.integers(30, 110)), int(pitch), 0.5 * i, 0.5 * i + 0.4) for i, pitch in pitches
        ]
        midi.write(str(folder / f"work{number}.mid"))
        soundfile.write(folder / f"work{number}.wav", 0.1 * rng.standard_normal(SECONDS * 24_000), 24_000)
    return folder


def build_narrow(arm: str, seed: int = 0) -> DualEncoder:
    """An untrained arm of few channels."""
    return build_model(replace(build_config(arm, "small"), **NARROW), seed)


def maker_of_checkpoints(root: Path, sizes: Mapping[str, Any] = MappingProxyType({})) -> Callable[..., Checkpoint]:
    """A function that makes a checkpoint of an arm, with the weights it begins with, once: of scale small but for the sizes."""

    @cache
    def make_once(arm: str, seed: int) -> Checkpoint:
        config = replace(build_config(arm, "small"), **sizes)
        model, training = build_model(config, seed), {"seed": seed, "steps": 0}
        folder = root / f"{arm}-{seed}"
        return save_checkpoint(folder, model, arm=arm, scale="small", training=training, evaluation={}, history=[], card="")

    return lambda arm, seed=1: make_once(arm, seed)


@contextmanager
def reading_once(folders: Collection[Path]) -> Iterator[None]:
    """Every window of the recordings in some folders, which nobody may change, is decoded once by this process."""
    read, kept = piece.read_window, lru_cache(maxsize=256)(piece.read_window)

    def read_window(path: Path, start_s: float, stop_s: float, sample_rate: int) -> NDArray[np.float32]:
        window = start_s, stop_s, sample_rate
        return kept(path, *window).copy() if path.parent in folders else read(path, *window)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(piece, "read_window", read_window)
        yield


@pytest.fixture(scope="session")
def corpus_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of the tiny corpus, one for all processes: no test may change its files."""
    folder = shared_folder(tmp_path_factory) / "tiny corpus"
    with alone(folder.with_suffix(".lock")):
        if not folder.is_dir():
            write_corpus(folder)
    with reading_once([folder]):
        yield folder


@pytest.fixture(scope="session")
def corpus(corpus_folder: Path) -> Corpus:
    """The folder as a corpus: four works of an unknown composer."""
    return load_paired_folder(corpus_folder, sample_rate=24_000)


@pytest.fixture(scope="session")
def make_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Checkpoint]:
    """A narrow checkpoint of an arm with the weights it begins with; it is made once, so no test may change its files."""
    return maker_of_checkpoints(tmp_path_factory.mktemp("checkpoints"), NARROW)
