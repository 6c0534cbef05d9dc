"""Altered windows go through the models block by block: the same numbers, little sound held, nothing computed twice."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from analysis.datasets.piece import Corpus
from analysis.measures.geometry import cosine_distance
from analysis.models.checkpoint import Checkpoint
from analysis.readings.layer_means import layer_means
from analysis.readings.study_run import StudyRun
from analysis.run import RunContext
from analysis.store import Store
from analysis.studies.pools.request import HardSizes
from analysis.studies.stress import bench as invariance_bench
from analysis.studies.stress.bench import Bench, set_up
from analysis.studies.stress.changes import AlteredAudio, altered, inner_windows
from analysis.studies.stress.distances import relative

SIZES: HardSizes = {"n_queries": 12, "pool_size": 8, "n_same_piece": 2, "n_same_composer": 1}
Make = Callable[[str], Checkpoint]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invariance_bench, "BLOCK", 5)


def bench_of(corpus: Corpus, store: Store | None, checkpoint: Checkpoint, told: list[float] | None = None) -> Bench:
    def progress(done: int, total: int, _what: str) -> None:
        if told is not None:
            told.append(done / total)

    study_run = StudyRun({checkpoint.name: checkpoint}, corpus, torch.device("cpu"), store, RunContext(progress))
    return set_up(study_run, inner_windows(study_run, "all", 3), 6, SIZES, 42)


def test_blocks_give_what_all_windows_at_once_give(corpus: Corpus, make_checkpoint: Make) -> None:
    checkpoint = make_checkpoint("a4r")
    bench = bench_of(corpus, None, checkpoint)
    plain = bench.plain()
    given = altered("gain", "audio", -12, bench.study_run)
    moved = bench.moved("audio", given, {model: sides.audio for model, sides in plain.items()})
    assert list(moved) == [(checkpoint.name, "trained"), (checkpoint.name, "untrained")]
    for (_, weights), found in moved.items():
        rows = layer_means(bench.study_run, checkpoint, bench.windows, weights, "audio", altered=given)
        assert np.allclose(found.embedding, rows["audio.embedding"], atol=1e-4)
        before = plain[checkpoint.name, weights].audio
        for tap, distances in zip(rows, found.distances, strict=True):
            assert np.allclose(distances, cosine_distance(before[tap], rows[tap]), atol=1e-5)
    again = bench.changed("audio", given, [(checkpoint.name, "trained")])[checkpoint.name, "trained"]
    assert list(again) == list(plain[checkpoint.name, "trained"].audio)
    assert np.allclose(again["audio.embedding"], moved[checkpoint.name, "trained"].embedding, atol=1e-4)


def test_no_more_sound_is_held_than_that_of_a_block(corpus: Corpus, make_checkpoint: Make) -> None:
    bench, held = bench_of(corpus, None, make_checkpoint("D0")), []
    given = altered("gain", "audio", 6, bench.study_run)
    heard = given.waveforms
    assert isinstance(heard, AlteredAudio)
    made = heard.make

    def make(*asked: object) -> np.ndarray:
        held.append(len(heard.kept) + 1)
        return made(*asked)  # pyright: ignore[reportArgumentType]

    heard.make = make
    bench.moved("audio", given, {model: sides.audio for model, sides in bench.plain().items()})
    assert held == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2]  # made once for both models
    assert not heard.kept


def test_what_was_moved_is_not_computed_again(
    corpus: Corpus, make_checkpoint: Make, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = make_checkpoint("D0")

    def move(bench: Bench) -> dict:
        given = altered("note_velocity", "midi", 0.5, bench.study_run)
        return bench.moved("midi", given, {model: sides.midi for model, sides in bench.plain().items()})

    first = move(bench_of(corpus, store, checkpoint))
    monkeypatch.setattr("analysis.readings.reader.Reader._rows_of_batch", lambda *_: pytest.fail("computed again"))
    again = move(bench_of(corpus, store, checkpoint))
    for model, found in first.items():
        assert np.array_equal(found.embedding, again[model].embedding)
        assert np.array_equal(found.distances, again[model].distances)


def test_what_is_compared_with_is_part_of_what_is_kept(corpus: Corpus, make_checkpoint: Make, store: Store) -> None:
    bench = bench_of(corpus, store, make_checkpoint("D0"))
    given, other = (altered("note_velocity", "midi", dose, bench.study_run) for dose in (0.5, 0.8))
    models = bench.models[:1]
    plain = {model: bench.plain()[model].midi for model in models}
    first = bench.moved("midi", given, plain)[models[0]]
    second = bench.moved("midi", given, bench.changed("midi", other, models), against=other)[models[0]]
    assert np.array_equal(first.embedding, second.embedding)
    assert not np.allclose(first.distances, second.distances)


def test_one_bar_of_progress_for_all_passes(corpus: Corpus, make_checkpoint: Make) -> None:
    told: list[float] = []
    bench = bench_of(corpus, None, make_checkpoint("D0"), told)
    told.clear()  # windows were listed
    plain = bench.plain()  # 4 passes of 6
    bench.moved("midi", altered("octave", "midi", 12, bench.study_run), {model: sides.midi for model, sides in plain.items()})
    assert told == sorted(told)
    assert len(set(told)) >= 2 + 2 * 3  # blocks tell of themselves
    assert max(told) < 1
    assert bench.done == 1 + 6


def test_distances_become_shares_of_a_yardstick() -> None:
    distances = np.array([[0.2, 0.4], [0.5, 0.1]], np.float32)
    assert relative(distances, {"in": 0.4, "emb": None}) == pytest.approx(np.array([[0.5, 1.0], [0.0, 0.0]]))
