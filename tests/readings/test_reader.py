"""What was read of a piece serves whoever asks for it next: other windows, other taps, another corpus that holds the piece."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.datasets.paired_folder import load_paired_folder
from analysis.datasets.piece import Corpus
from analysis.datasets.segments import Segment, list_segments
from analysis.errors import Cancelled, CorpusError
from analysis.models.checkpoint import Checkpoint
from analysis.readings.embeddings import embed
from analysis.readings.layer_means import layer_means
from analysis.readings.reader import Altered, Reader
from analysis.readings.study_run import StudyRun
from analysis.run import RunContext
from analysis.store import Store, StoreError

CPU = torch.device("cpu")
EMBEDDING = {"audio": ("audio.embedding",)}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def checkpoint(make_checkpoint: Callable[[str], Checkpoint]) -> Checkpoint:
    return make_checkpoint("D0")


@pytest.fixture
def study_run(corpus: Corpus, checkpoint: Checkpoint, store: Store) -> StudyRun:
    return StudyRun({checkpoint.name: checkpoint}, corpus, CPU, store)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float]]:
    """Which windows were computed, by piece and start."""
    windows: list[tuple[str, float]] = []
    compute = Reader._rows_of_batch

    def noted(self: Reader, taps: Any, altered: Any, pooling: Any, model: Any, segments: Sequence[Segment]) -> Any:
        windows.extend((segment.piece.piece_id, segment.start_s) for segment in segments)
        return compute(self, taps, altered, pooling, model, segments)

    monkeypatch.setattr(Reader, "_rows_of_batch", noted)
    return windows


def read(study_run: StudyRun, segments: Sequence[Segment], **given: Any) -> np.ndarray:
    (checkpoint,) = study_run.checkpoints.values()
    return Reader(study_run, checkpoint, "trained").rows(segments, EMBEDDING, **given)["audio.embedding"]


def test_only_windows_that_nobody_read_are_computed(study_run: StudyRun, computed: list[Any]) -> None:
    segments = list_segments(study_run.corpus.pieces, max_per_piece=6)
    first = read(study_run, segments[::2])
    assert len(computed) == len(segments[::2])
    both = read(study_run, segments)
    assert sorted(computed) == sorted((segment.piece.piece_id, segment.start_s) for segment in segments)  # each once
    assert np.array_equal(both[::2], first)
    turned = read(study_run, segments[::-1])
    assert np.array_equal(turned, both[::-1])
    assert len(computed) == len(segments)


def test_numbers_agree_with_those_of_an_empty_store(study_run: StudyRun) -> None:
    segments = list_segments(study_run.corpus.pieces, max_per_piece=6)
    read(study_run, segments[1::3])
    partly, anew = read(study_run, segments), read(replace(study_run, store=None), segments)
    assert np.allclose(partly, anew, atol=1e-5)


def test_the_same_windows_in_an_empty_store_give_the_same_bits(study_run: StudyRun, checkpoint: Checkpoint) -> None:
    segments = list_segments(study_run.corpus.pieces, max_per_piece=6)
    unkept = Reader(study_run, checkpoint, "trained", keep=False).rows(segments, EMBEDDING)["audio.embedding"]
    assert np.array_equal(read(study_run, segments), unkept)
    assert np.array_equal(read(replace(study_run, store=None), segments), unkept)


def test_the_embedding_is_read_once_for_all_that_ask(study_run: StudyRun, checkpoint: Checkpoint, computed: list[Any]) -> None:
    segments = list_segments(study_run.corpus.pieces, max_per_piece=2)
    layers = layer_means(study_run, checkpoint, segments, "trained", "audio")
    layer_means(study_run, checkpoint, segments, "trained", "midi")
    n_computed = len(computed)
    audio, _ = embed(study_run, checkpoint, segments, "trained")
    assert np.array_equal(audio, layers["audio.embedding"])
    assert len(computed) == n_computed


def test_a_piece_is_known_by_its_files_wherever_they_lie(
    study_run: StudyRun, corpus_folder: Path, tmp_path: Path, computed: list[Any]
) -> None:
    rows = read(study_run, list_segments(study_run.corpus.pieces, max_per_piece=3))
    for name in ("work1.mid", "work1.wav", "work3.mid", "work3.wav"):
        (tmp_path / "two").mkdir(exist_ok=True)
        shutil.copy(corpus_folder / name, tmp_path / "two" / name)
    other = replace(study_run, corpus=load_paired_folder(tmp_path / "two", sample_rate=24_000))
    segments = list_segments(other.corpus.pieces, max_per_piece=3)
    computed.clear()
    assert np.array_equal(read(other, segments), np.concatenate([rows[3:6], rows[9:12]]))
    assert not computed


def test_what_is_changed_has_rows_of_its_own(study_run: StudyRun, computed: list[Any]) -> None:
    segments = list_segments(study_run.corpus.pieces, max_per_piece=2)
    silence = Altered("silence", waveforms=lambda some, rate: torch.zeros(len(some), 4 * rate))
    plain, silent = read(study_run, segments), read(study_run, segments, altered=silence)
    assert not np.allclose(plain, silent)
    computed.clear()
    assert np.array_equal(read(study_run, segments, altered=silence), silent)
    assert not computed
    read(replace(study_run, code="another version of the study"), segments, altered=silence)
    assert len(computed) == len(segments)
    read(replace(study_run, code="another version of the study"), segments)
    assert len(computed) == len(segments)  # what is not changed knows no study


def test_of_what_was_stopped_whole_pieces_are_kept(
    study_run: StudyRun, computed: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("analysis.readings.reader.KEPT_EVERY", 7)
    segments = list_segments(study_run.corpus.pieces, max_per_piece=5)

    def stop(done: int, _total: int, _what: str) -> None:
        if done == 12:
            raise Cancelled

    with pytest.raises(Cancelled):
        read(replace(study_run, context=RunContext(progress=stop, batch_size_limit=1)), segments)
    assert len(computed) == 12
    computed.clear()
    read(study_run, segments)
    assert computed == [(segment.piece.piece_id, segment.start_s) for segment in segments[10:]]


def test_a_store_that_refuses_costs_the_study_nothing(study_run: StudyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("full")

    segments = list_segments(study_run.corpus.pieces, max_per_piece=1)
    monkeypatch.setattr(Store, "put_all", refuse)
    assert read(study_run, segments).shape == (len(segments), 128)


def test_a_damaged_part_is_computed_again(study_run: StudyRun, store: Store, computed: list[Any]) -> None:
    segments = list_segments(study_run.corpus.pieces, max_per_piece=2)
    rows = read(study_run, segments)
    damaged = next(store.root.glob("*/*/rows.0.npy"))
    damaged.write_bytes(damaged.read_bytes()[:-4] + b"\0\0\0\1")
    computed.clear()
    assert np.allclose(read(study_run, segments), rows, atol=1e-5)
    assert len(computed) == 2  # the windows of one piece


def test_no_windows_are_refused(study_run: StudyRun) -> None:
    with pytest.raises(CorpusError, match="has 0 windows to be read; expected one or more"):
        read(study_run, [])
