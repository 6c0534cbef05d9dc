"""Dose-response: what an encoder ignores has distance 0, what it hears has not, and the sentence says so."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy import ndarray

from analysis.datasets.piece import Corpus
from analysis.errors import ConfigError
from analysis.models.checkpoint import Checkpoint
from analysis.numbers import SHARE, Value
from analysis.readings.layer_means import AS_IT_IS, SIDES, Altered, BySide, Side
from analysis.readings.study_run import StudyRun
from analysis.results import Result
from analysis.run import RunContext
from analysis.store import Store
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import run_study
from analysis.studies.invariance import views
from analysis.studies.invariance.answer import Response
from analysis.studies.invariance.rows import UNALTERED, DistanceRow, ScoreRow
from analysis.studies.invariance.study import respond
from analysis.studies.invariance.words import details, headline
from analysis.studies.pools.request import HardSizes
from analysis.studies.pools.rows import PoolRow
from analysis.studies.shared_rows import WorkWindowRow
from analysis.studies.stress.bench import EVERY, Bench, set_up
from analysis.studies.stress.changes import (
    BY_NAME,
    AlteredAudio,
    altered,
    altered_audio,
    choose_changes,
    dose_label,
    inner_windows,
)
from analysis.training.evaluation import waveform_batch

CPU = torch.device("cpu")
MODEL = ("fake", "trained")
SIZES: HardSizes = {"n_queries": 12, "pool_size": 8, "n_same_piece": 2, "n_same_composer": 1}


@dataclass
class Fake(Bench):
    """Instead of a model: a spectrum that ignores the level, and a histogram of pitch classes."""

    def sides(self, model: Any) -> tuple[Side, ...]:
        del model
        return SIDES

    def rows(
        self, model: Any, side: Side, change: Altered = AS_IT_IS, block: slice = EVERY, study_run: StudyRun | None = None,
        *, keep: bool = True,
    ) -> dict[str, ndarray]:  # fmt: skip
        windows = self.windows[block]
        if side == "audio":
            waveforms = (change.waveforms or waveform_batch)(windows, 24_000).numpy()
            spectrum = np.abs(np.fft.rfft(waveforms, axis=1))[:, : 12_000 * 4].reshape(len(waveforms), 96, -1).mean(axis=2)
            return {"audio.embedding": spectrum / np.linalg.norm(spectrum, axis=1, keepdims=True)}
        notes = change.notes(windows) if change.notes else [segment.notes() for segment in windows]
        counts = [np.bincount(of_window.pitch % 12, minlength=12) for of_window in notes]
        return {"midi.embedding": np.pad(np.array(counts, np.float64), ((0, 0), (0, 96 - 12)))}


@pytest.fixture
def fake(corpus: Corpus) -> Fake:
    study_run = StudyRun({}, corpus, CPU)
    bench = set_up(study_run, inner_windows(study_run, "all", 3), 1, SIZES, 42)
    return Fake(**vars(bench))


def _respond(fake: Fake, *names: str) -> list[Response]:
    plain: dict = {MODEL: BySide.of_each(lambda side: fake.rows(MODEL, side))}
    return [one for name in names for one in respond(fake, BY_NAME[name], plain, 42, None)]


def test_what_an_encoder_ignores_has_distance_zero_and_what_it_hears_has_not(fake: Fake) -> None:
    moved = {(one.change.name, one.dose): one.distances for one in _respond(fake, "gain", "low_pass", "white_noise", "octave")}
    assert all(moved["gain", dose].max() < 1e-6 for dose in (-12, -6, 6, 12))
    assert all(moved["octave", dose].max() == 0 for dose in (-12, 12))
    assert moved["low_pass", 1000].mean() > moved["low_pass", 8000].mean() > 0.1
    assert moved["white_noise", 0].min() > 0


def test_a_semitone_is_heard_by_whom_an_octave_is_not(fake: Fake) -> None:
    plain = fake.rows(MODEL, "midi")["midi.embedding"]
    for semitones, same in ((12, True), (-12, True), (1, False)):
        shifted = fake.rows(MODEL, "midi", altered("transposition", "midi", semitones, fake.study_run))["midi.embedding"]
        assert np.array_equal(shifted, plain) == same


def test_unchanged_doses_are_the_start_of_every_response(fake: Fake) -> None:
    for one in _respond(fake, "gain", "pink_noise", "note_velocity"):
        if not one.is_change:
            assert np.array_equal(one.before, one.after)
            assert not one.distances.any()


def test_later_doses_of_a_rebased_change_are_compared_with_that_dose(fake: Fake) -> None:
    change = replace(BY_NAME["gain"], name="low_pass", doses=(None, 2000, 1999), unchanged=None, twin=(), rebase=2000)
    plain: dict = {MODEL: BySide.of_each(lambda side: fake.rows(MODEL, side))}
    responses = {one.dose: one for one in respond(fake, change, plain, 42, None)}
    assert responses[1999].distances.mean() < 0.01 < responses[2000].distances.mean()
    assert np.array_equal(responses[1999].before, responses[2000].after)


def test_windows_keep_clear_of_both_ends(corpus: Corpus) -> None:
    study_run = StudyRun({}, corpus, CPU)
    windows = inner_windows(study_run, "all", 3)
    assert len(windows) == 12
    assert all(1 <= window.start_s <= window.piece.duration_s - 5 for window in windows)
    with pytest.raises(ConfigError, match="windows_per_piece is 0; expected 1 or more"):
        inner_windows(study_run, "all", 0)
    short = replace(corpus, pieces=tuple(replace(piece, duration_s=5.5) for piece in corpus.pieces))
    with pytest.raises(ConfigError, match="No recording of the split 'all' has a window 1 s away from both its ends"):
        inner_windows(StudyRun({}, short, CPU), "all", 3)


def test_changes_are_chosen_by_name(corpus: Corpus) -> None:
    told: list[str] = []
    study_run = StudyRun({}, corpus, CPU, context=RunContext(notice=told.append))
    assert [change.name for change in choose_changes(" gain, octave,gain", None, study_run)] == ["gain", "octave"]
    assert not told
    assert len(choose_changes("all", "recorded", study_run)) == len(choose_changes("all", None, study_run)) + 1
    assert told == ["The sound font is left out: only a corpus that was rendered here can be rendered again."]
    with pytest.raises(ConfigError, match="changes names 'volume'; expected “all” or some of time_shift, "):
        choose_changes("gain,volume", None, study_run)
    with pytest.raises(ConfigError, match="changes names none"):
        choose_changes(" , ", None, study_run)
    with pytest.raises(ConfigError, match="Only the sound font is asked for"):
        choose_changes("sound_font", None, study_run)


def test_a_page_hears_what_the_model_heard_and_waveforms_are_made_once(fake: Fake) -> None:
    given = altered("white_noise", "audio", 10, fake.study_run, seed=7)
    assert isinstance(given.waveforms, AlteredAudio)
    one, other = fake.windows[:2]
    batch = given.waveforms([other, one], 24_000).numpy()
    assert np.array_equal(batch[1], altered_audio("white_noise", 10, one, 24_000, seed=7))
    given.waveforms.make = lambda *_: pytest.fail("made again")
    assert np.array_equal(given.waveforms([one], 24_000).numpy()[0], batch[1])
    assert given.name != altered("white_noise", "audio", 10, fake.study_run, seed=8).name
    assert np.array_equal(altered_audio("octave", 12, one, 24_000), altered_audio("gain", 0, one, 24_000))


def test_what_cannot_be_heard_is_named(fake: Fake) -> None:
    with pytest.raises(ConfigError, match="There is no change 'volume'"):
        altered_audio("volume", 1, fake.windows[0], 24_000)
    with pytest.raises(ConfigError, match="sound_font renders the audio again, which needs a corpus that was rendered here"):
        altered_audio("sound_font", 1, fake.windows[0], 24_000)
    with pytest.raises(ConfigError, match="dose of sound_font is 3; expected 0 for its own or 1 for Merlin"):
        altered_audio("sound_font", 3, fake.windows[0], 24_000, conditions="clean")


@pytest.fixture
def result(corpus_folder: Path, make_checkpoint: Callable[[str], Checkpoint], store: Store) -> Result:
    settings = {"corpus": str(corpus_folder), "split": "all", "windows_per_piece": 2, "changes": "gain,note_duration"}
    return run_study("invariance", build_request("invariance", [str(make_checkpoint("a4r").path)], settings), store=store)


def test_a_small_corpus_is_examined(result: Result) -> None:
    scores, distances = result.rows(ScoreRow), result.rows(DistanceRow)
    assert len(result.rows(WorkWindowRow)) == 8
    assert len(scores) == 2 * 5 + 2 * 3  # the untrained twin at the ends only
    assert {row.layer for row in distances} == {"in", "1", "2", "3", "4", "emb"}
    for row in distances:
        per_window = result.arrays[row.array][row.row, row.tap_row]
        assert per_window.shape == (8,)
        assert row.value == pytest.approx(per_window.mean(), abs=1e-6)
        assert (row.ci_low or 0) <= (row.value or 0) <= (row.ci_high or 0)
        assert row.n == 8
        unchanged = row.dose_label in ("0 dB", "×1")
        assert (row.value == 0) == unchanged
    for row in scores:
        assert result.arrays[row.array][row.row].shape == (2, 8)
        assert row.drop_value == 0 or row.dose_label not in ("0 dB", "×1")
    assert result.value(checkpoint="a4r-1", weights="untrained", change="gain", dose="+12 dB", what="drop in S").n == 8
    names = {value.name for value in result.values}
    assert {"a4r-1, trained, unaltered: S", "a4r-1, untrained, gain +12 dB: drop in S"} <= names
    assert "a4r-1, trained, playback speed in the MIDI ×0.5: distance moved" in names


def test_an_encoder_that_tells_nothing_apart_has_no_distances(fake: Fake) -> None:
    flat = {tap: np.ones_like(rows) for tap, rows in fake.rows(MODEL, "audio").items()}
    plain: dict = {MODEL: BySide(flat, fake.rows(MODEL, "midi"))}
    responses = respond(fake, BY_NAME["gain"], plain, 42, None)
    assert all(one.yardstick == {"audio.embedding": None} and not one.distances.any() for one in responses)


def _measured(
    name: str, dose: float, drop: tuple[float, float, float], distance: float | None, weights: str = "trained"
) -> list[Value]:
    """The drop in S and the distance of a checkpoint named one."""
    change = BY_NAME[name]
    key = {"checkpoint": "one", "weights": weights, "change": change.noun, "dose": dose_label(change, dose)}
    far = (None, None) if distance is None else (distance - 0.01, distance + 0.01)
    return [
        Value({**key, "what": "drop in S"}, *drop, 96, 0.0, "share", ""),
        Value({**key, "what": "distance moved"}, distance, *far, 96, 0.0, "", ""),
    ]


def _plain(low: float, share: float = 0.8) -> Value:
    key = {"checkpoint": "one", "weights": "trained", "change": "unaltered", "what": "S"}
    return Value(key, share, low, 0.9, 96, 0.15625, "share", "")


def test_the_headline_names_the_worst_the_harmless_and_the_least() -> None:
    measured = [
        *_measured("white_noise", 0, (0.4, 0.3, 0.5), 1.1), *_measured("white_noise", 40, (0.0, -0.1, 0.1), 0.01),
        *_measured("gain", 12, (0.02, 0.0, 0.05), 0.05), *_measured("gain", 12, (0.0, 0.0, 0.0), 0.4, "untrained"),
    ]  # fmt: skip
    assert headline([_plain(0.7), *measured], ("one",), 256) == (
        "40.0 points [30.0, 50.0] of S among 256 candidates: white noise (0 dB SNR) costs one most of 3 changes (S unaltered "
        "80.0 %, chance 15.6 %)."
    )
    assert details([_plain(0.7), *measured], ("one",)) == (
        "one finds the match for S = 80.0 % [70.0, 90.0] of 96 unaltered windows (chance 15.6 %). Of 3 changes, white noise "
        "(0 dB SNR) costs it most: S falls by 40.0 points [30.0, 50.0]. At no dose does S fall distinguishably with: gain. Its "
        "embedding moves least with gain (+12 dB): 0.05 [0.04, 0.06] of the distance to another piece (untrained twin 0.40 "
        "[0.39, 0.41])."
    )


def test_the_headline_is_one_sentence_whatever_the_change(fake: Fake) -> None:
    for name, change in BY_NAME.items():
        dose = change.changing[-1]
        measured = [
            *_measured(name, dose, (0.375, 0.125, 0.625), 0.0191), *_measured(name, dose, (0.0, 0.0, 0.0), 0.342, "untrained")
        ]  # fmt: skip
        said = headline([_plain(0.7), *measured], ("one",), 256)
        assert len(said.split()) <= 30
        assert said.count(". ") == 0
        assert said.startswith("37.5 points [12.5, 62.5] of S among 256 candidates: ")


def test_the_headline_at_its_boundaries() -> None:
    harmless = _measured("playback_speed", 0.5, (0.02, 0.0, 0.05), None)
    assert headline([_plain(0.7), *harmless], ("one",), 256) == (
        "S = 80.0 % [70.0, 90.0] among 256 candidates (chance 15.6 %): none of 1 changes lowers it distinguishably in one."
    )
    said = headline([_plain(0.15625), *harmless], ("one",), 256)
    assert said.startswith("S = 80.0 % [15.6, 90.0] among 256 candidates (chance 15.6 %, not distinguishable): one finds too")
    assert len(said.split()) <= 30
    costly = _measured("gain", 12, (0.02, 0.001, 0.05), 0.1)
    assert headline([_plain(0.7), *costly], ("one",), 256).startswith(
        "2.0 points [0.1, 5.0] of S among 256 candidates: gain (+12 dB) "
    )


def test_the_details_at_their_boundaries() -> None:
    harmless = _measured("playback_speed", 0.5, (0.02, 0.0, 0.05), None)
    said = details([_plain(0.7), *harmless], ("one",))
    assert "None of 1 changes lowers S distinguishably. Its embedding is the same for every window" in said
    said = details([_plain(0.15625), *harmless], ("one",))
    assert "not distinguishable from the null (chance, 15.6 %) of 96 unaltered windows, so that a drop in S says nothing" in said
    assert "costs it most: S falls by" in details([_plain(0.7), *_measured("gain", 12, (0.02, 0.001, 0.05), 0.1)], ("one",))


@pytest.mark.parametrize(("share", "told"), [(0.99, True), (0.9899, False)])
def test_a_ceiling_is_told_of(share: float, told: bool) -> None:
    costly = _measured("gain", 12, (0.02, 0.001, 0.05), 0.1)
    assert ("at its ceiling" in details([_plain(0.7, share), *costly], ("one",))) is told


def test_the_pool_stands_in_the_tables(result: Result) -> None:
    (pool,) = result.rows(PoolRow)
    assert (pool.part, pool.canonical, pool.short) == ("S", False, "8 candidates, 1 of the same work")


def test_windows_that_find_themselves_are_counted_before_it_is_judged() -> None:
    model = {"checkpoint": "one", "weights": "trained", "what": "S"}
    plain = Value({**model, "change": UNALTERED}, 1.0, 1.0, 1.0, 16, 0.4, SHARE, "")
    worst = Value({**model, "change": "gain", "dose": "−12 dB"}, 0.5, 0.2, 0.7, 16, 0.4, SHARE, "")
    assert "leaves fewest: 50.0 % [20.0, 70.0] of 16 windows, not distinguishable from chance. " in views.details(
        [plain, worst], ("one",), 16
    )
