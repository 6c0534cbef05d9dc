"""Embeddings do not depend on what fits into memory; batches are halved, said so, and can be stopped between."""

from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi
import pytest
import soundfile
import torch
from torch import Tensor

from analysis.datasets.paired_folder import load_paired_folder
from analysis.datasets.piece import Corpus
from analysis.datasets.segments import drop_repeated, list_segments
from analysis.errors import Cancelled, ConfigError
from analysis.memory import OutOfMemoryError
from analysis.models.arms import build_config
from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.models.dual_encoder import DualEncoder, build_arm
from analysis.models.midi_encoder import MidiBatch
from analysis.readings.embeddings import embed, list_windows
from analysis.readings.reader import batch_size
from analysis.readings.study_run import StudyRun
from analysis.run import Cancel
from analysis.store import Store

CPU = torch.device("cpu")


class Narrow(DualEncoder):
    """Embeds what little it looks at, and has no memory for more than `fits` windows."""

    fits = 10_000

    def __init__(self) -> None:
        super().__init__(build_config("D0", "small"))
        self.sizes: list[int] = []

    def embed_audio(self, waveform: Tensor) -> Tensor:
        self.sizes.append(len(waveform))
        if len(waveform) > self.fits:
            raise MemoryError
        return waveform[:, :4].clone()

    def embed_midi(self, notes: MidiBatch) -> Tensor:
        return notes.pitch[:, :4].float()


@pytest.fixture
def corpus(tmp_path: Path, rng: np.random.Generator) -> Corpus:
    for number in range(3):
        midi = pretty_midi.PrettyMIDI()
        midi.instruments.append(pretty_midi.Instrument(0))
        pitches = enumerate(rng.integers(40, 80, 40))
        midi.instruments[0].notes += [pretty_midi.Note(80, int(pitch), 0.5 * i, 0.5 * i + 0.4) for i, pitch in pitches]
        midi.write(str(tmp_path / f"work{number}.mid"))
        soundfile.write(tmp_path / f"work{number}.wav", 0.1 * rng.standard_normal(20 * 24_000), 24_000)
    return load_paired_folder(tmp_path, sample_rate=24_000)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Checkpoint:
    described = {"training": {"seed": 1}, "evaluation": {}, "history": [], "card": ""}
    return save_checkpoint(tmp_path / "one", build_arm("D0", "small"), arm="D0", scale="small", **described)


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Narrow:
    narrow = Narrow()
    monkeypatch.setattr(Checkpoint, "model", lambda _: narrow)
    return narrow


@pytest.fixture
def study_run(corpus: Corpus) -> StudyRun:
    return StudyRun({}, corpus, CPU)


def test_a_batch_that_does_not_fit_is_halved_and_nothing_else_changes(
    study_run: StudyRun, checkpoint: Checkpoint, model: Narrow
) -> None:
    segments = list_windows(study_run, "all", 100)
    assert len(segments) == 51
    whole = embed(study_run, checkpoint, segments, "trained")
    assert model.sizes == [16, 16, 16, 3]
    told: list[str] = []
    model.fits, model.sizes, study_run.context.notice = 5, [], told.append
    reports: list[tuple[int, int]] = []
    study_run.context.progress = lambda done, total, _: reports.append((done, total))
    halved = embed(study_run, checkpoint, segments, "trained")
    assert model.sizes == [16, 8, *[4] * 12, 3]
    assert all(np.allclose(mine, expected, atol=1e-6) for mine, expected in zip(halved, whole, strict=True))  # other batches
    assert told == [f"Memory ran out; going on with {n} per batch instead of {2 * n}." for n in (8, 4)]
    assert reports == [(done, 51) for done in range(0, 51, 4)]
    model.sizes = []
    embed(study_run, checkpoint, segments[:9], "trained")
    assert model.sizes == [4, 4, 1]  # what fits is remembered


def test_a_limit_set_from_outside_holds(study_run: StudyRun, checkpoint: Checkpoint, model: Narrow) -> None:
    study_run.context.batch_size_limit = 7
    embed(study_run, checkpoint, list_windows(study_run, "all", 5), "trained")
    assert model.sizes == [7, 7, 1]


def test_if_not_one_window_fits_the_study_ends(
    study_run: StudyRun, checkpoint: Checkpoint, model: Narrow, tmp_path: Path
) -> None:
    model.fits, study_run.store = 0, Store(tmp_path / "store")
    with pytest.raises(OutOfMemoryError, match="not enough memory even for a batch of one"):
        embed(study_run, checkpoint, list_windows(study_run, "all", 5), "trained")
    assert study_run.store.usage() == (0, 0)


def test_between_batches_it_can_be_stopped(study_run: StudyRun, checkpoint: Checkpoint, model: Narrow) -> None:
    segments = list_windows(study_run, "all", 100)

    class AfterTwo(Cancel):
        def check(self) -> None:
            if len(model.sizes) == 2:
                raise Cancelled

    study_run.context.cancel = AfterTwo()
    with pytest.raises(Cancelled):
        embed(study_run, checkpoint, segments, "trained")
    assert model.sizes == [16, 16]


@pytest.mark.parametrize("split", ["all", "train", "test"])
def test_windows_are_those_of_the_split_and_listing_them_can_be_stopped(split: str, study_run: StudyRun, corpus: Corpus) -> None:
    reports: list[Any] = []
    study_run.context.progress = lambda *report: reports.append(report)
    pieces = corpus.pieces if split == "all" else corpus.split(split)
    assert list_windows(study_run, split, 3) == drop_repeated(list_segments(pieces, max_per_piece=3))
    assert reports == [(i, len(pieces), f"{piece.title}: reading notes") for i, piece in enumerate(pieces)]
    with pytest.raises(ConfigError, match="windows_per_piece is 0; expected 1 or more"):
        list_windows(study_run, split, 0)


@pytest.mark.parametrize(
    ("scale", "device", "expected"), [("small", "cpu", 16), ("paper", "cpu", 1), ("small", "cuda", 64), ("paper", "mps", 64)]
)
def test_batches_on_a_cpu_are_short(scale: str, device: str, expected: int) -> None:
    assert batch_size(build_config("D0", scale).n_audio_tokens, torch.device(device)) == expected


def test_the_widest_tokens_still_make_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.readings.reader.CPU_BATCH_TOKENS", 100)
    assert batch_size(build_config("D0", "paper").n_audio_tokens, CPU) == 1
