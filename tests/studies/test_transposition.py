"""An encoder that hears pitch classes is moved by semitones and not by octaves, and both its sides move together."""

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
from analysis.numbers import Value
from analysis.readings.layer_means import AS_IT_IS, SIDES, Altered, BySide, Side
from analysis.readings.study_run import StudyRun
from analysis.results import Result
from analysis.run import RunContext
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import finish_study
from analysis.studies.pools.request import HardSizes
from analysis.studies.pools.rows import PoolRow
from analysis.studies.shared_rows import SentenceRow, WorkWindowRow
from analysis.studies.stress.bench import EVERY, Bench, set_up
from analysis.studies.stress.changes import inner_windows
from analysis.studies.transposition.answer import details, headline, measurement
from analysis.studies.transposition.rows import DisplacementRow, DistanceRow, RangeRow, RetentionRow, ScoreRow
from analysis.studies.transposition.study import NO_RENDERER, Request, conclude, move, parse_semitones
from analysis.training.evaluation import waveform_batch

CPU = torch.device("cpu")
MODEL = ("fake", "trained")
SIZES: HardSizes = {"n_queries": 12, "pool_size": 8, "n_same_piece": 2, "n_same_composer": 1}
SHIFTS = [-12, -1, 0, 1, 12]
KEYS = np.arange(36, 100)


@dataclass
class PitchClasses(Bench):
    """Instead of a model: energy by pitch class, of the sound and of the notes."""

    known: tuple[Side, ...] = SIDES

    def sides(self, model: Any) -> tuple[Side, ...]:
        del model
        return self.known

    def rows(
        self, model: Any, side: Side, change: Altered = AS_IT_IS, block: slice = EVERY, study_run: StudyRun | None = None,
        *, keep: bool = True,
    ) -> dict[str, ndarray]:  # fmt: skip
        windows = self.windows[block]
        if side == "midi":
            notes = change.notes(windows) if change.notes else [segment.notes() for segment in windows]
            counts = [np.bincount(of_window.pitch % 12, minlength=12) for of_window in notes]
            return {"midi.embedding": np.array(counts) - np.mean(counts)}
        waveforms = (change.waveforms or waveform_batch)(windows, 24_000).numpy()
        spectrum = np.abs(np.fft.rfft(waveforms * np.hanning(waveforms.shape[1]), axis=1))
        bins = np.round(4 * 440 * 2.0 ** ((KEYS - 69) / 12)).astype(int)
        energy = np.stack([spectrum[:, one - 2 : one + 3].max(axis=1) for one in bins], axis=1) ** 0.5
        classes = np.stack([energy[:, KEYS % 12 == one].sum(axis=1) for one in range(12)], axis=1)
        return {"audio.embedding": classes - classes.mean(axis=1, keepdims=True)}


@pytest.fixture(scope="module")
def found(corpus: Corpus, make_checkpoint: Callable[[str], Checkpoint]) -> Result:
    study_run = StudyRun({}, corpus, CPU)
    bench = PitchClasses(**vars(set_up(study_run, inner_windows(study_run, "all", 3), 1, SIZES, 42)))
    plain: dict = {MODEL: BySide.of_each(lambda side: bench.rows(MODEL, side))}
    measured = measurement(bench, move(bench, SHIFTS, plain, "clean"), SHIFTS, [1, 12])
    answered = conclude(Request((), semitones="1,12"), {"fake": make_checkpoint("D0")}, measured)
    return Result("transposition", {}, answered.headline, answered.values, answered.tables, answered.arrays, {})


def test_sound_alone_has_to_find_itself(corpus: Corpus) -> None:
    study_run = StudyRun({}, corpus, CPU)
    bench = PitchClasses(**vars(set_up(study_run, inner_windows(study_run, "all", 3), 1, SIZES, 42)), known=("audio",))
    heard = bench.rows(MODEL, "audio")
    measured = measurement(bench, move(bench, SHIFTS, {MODEL: BySide(heard, heard)}, "clean"), SHIFTS, [1, 12])
    assert {row.moved for row in measured.of(ScoreRow)} == {"sound"}
    assert {row.side for row in measured.of(DistanceRow)} == {"audio"}
    assert not measured.of(DisplacementRow)
    kept = {row.semitones: row.value for row in measured.of(ScoreRow)}
    assert kept[0] == 1
    assert kept[12] == kept[-12] == 1  # it hears pitch classes
    moved = {row.semitones: row.value or 0 for row in measured.of(DistanceRow)}
    assert max(moved[12], moved[-12]) < min(moved[1], moved[-1]) / 2
    names, pool = ("fake",), measured.of(PoolRow)[0]
    values = [replace(value, null=0.04) if value.null == 1 else value for value in measured.values]  # of a larger pool
    left = next(row for row in measured.of(RetentionRow) if row.semitones == 1)
    expected = f"{100 * (left.value or 0):.1f} % [100.0, 100.0] of windows still find themselves when transposed by ±1 semitones"
    assert headline(values, names, [1, 12], pool) == f"{expected} (chance 4.0 %) in fake."
    said = details(values, names, [1, 12], pool)
    assert said == f"fake reads sound alone, so that a transposed window has to find itself at 0 semitones among {pool.short}."


def test_semitones_move_it_and_octaves_do_not(found: Result) -> None:
    moved = {(row.side, row.semitones): row.value or 0 for row in found.rows(DistanceRow)}
    for semitones in (-12, 12):
        assert moved["midi", semitones] == 0
        assert moved["audio", semitones] < 0.5
    assert min(moved[side, semitones] for side in ("midi", "audio") for semitones in (-1, 1)) > 0.5
    assert found.value(checkpoint="fake", side="audio", semitones=1, what="distance moved").value == moved["audio", 1]


def test_both_sides_move_together(found: Result) -> None:
    for moved in [row for row in found.rows(DisplacementRow) if row.semitones in (-1, 1)]:
        assert (moved.value or 0) > 0.4
        assert abs(moved.null or 0) < 0.3
        assert (moved.above_ci_low or 0) > 0
    assert found.arrays["displacements.0"].shape == (4, 2, 12)
    scores = found.rows(ScoreRow)
    assert [row.drop_value for row in scores if (row.moved, row.semitones) == ("both", 0)] == [0]
    rank = {(row.moved, row.semitones): found.arrays[row.array][row.row].mean() for row in scores}
    assert all(rank["both", shift] < 1.5 for shift in SHIFTS)
    assert all(rank["audio alone", shift] < 1.5 for shift in (-12, 0, 12))
    assert all(rank["audio alone", shift] > 2 for shift in (-1, 1))
    for what in ("MIDI alone", "audio alone", "both"):
        assert len([row for row in scores if row.moved == what]) == len(SHIFTS)


def test_rows_lead_to_their_arrays(found: Result) -> None:
    for row in found.rows(DistanceRow):
        per_window = found.arrays[row.array][row.row, row.tap_row]
        assert row.value == pytest.approx(per_window.mean(), abs=1e-6)
        assert row.n == len(per_window) == len(found.rows(WorkWindowRow)) == 12
    for row in found.rows(ScoreRow):
        assert found.arrays[row.array][row.row].shape == (2, 12)
    both = [row.value for row in found.rows(RetentionRow) if row.moved == "MIDI alone" and row.semitones == 12]
    assert both == [1.0]  # octaves leave a pitch class where it is
    assert found.arrays["folded"].shape == (len(SHIFTS), 12)
    assert [row.windows_folded for row in found.rows(RangeRow) if row.semitones == 0] == [0]


def test_a_folder_of_recordings_has_its_midi_moved_only(
    corpus_folder: Path, make_checkpoint: Callable[[str], Checkpoint]
) -> None:
    told: list[str] = []
    settings = {"corpus": str(corpus_folder), "split": "all", "windows_per_piece": 2, "semitones": "3"}
    request = build_request("transposition", [str(make_checkpoint("D0").path)], settings)
    result = finish_study("transposition", request, context=RunContext(notice=told.append)).result
    assert NO_RENDERER in told
    assert {row.moved for row in result.rows(ScoreRow)} == {"MIDI alone"}
    assert {row.side for row in result.rows(DistanceRow)} == {"midi"}
    assert not result.rows(DisplacementRow)
    assert len(result.rows(RetentionRow)) == 2
    assert {value.n for value in result.values} == {8}


def test_semitones_are_checked() -> None:
    assert parse_semitones("24,1, 3") == [1, 3, 24]
    for text in ("", "0", "1,x", "-3", "49", "1.5"):
        with pytest.raises(ConfigError, match=r"semitones is .*; expected whole numbers from 1 to 48 separated by commas"):
            parse_semitones(text)


def _values(low: float = 0.7, excess: float = 0.1, start: float = 0.8) -> list[Value]:
    model: dict[str, str | int] = {"checkpoint": "one", "weights": "trained"}

    def share(key: dict[str, str | int], number: float, ends: tuple[float, float], null: float) -> Value:
        return Value({**model, **key}, number, *ends, 96, null, "share", "")

    shift, above = {**model, "semitones": 3}, "displacement alignment above mismatched windows"
    return [
        share({"moved": "MIDI alone", "semitones": 0, "what": "S"}, start, (low, 0.9), 0.15625),
        share({"moved": "MIDI alone", "size": 3, "what": "S retained"}, 0.4, (0.3, 0.5), 0.2),
        share({"moved": "both", "size": 3, "what": "S retained"}, 0.95, (0.9, 1.0), 0.2),
        Value({**shift, "what": "cosine of audio and MIDI displacement"}, 0.6, 0.5, 0.7, 96, 0.1, "", ""),
        Value({**shift, "what": above}, 0.5, excess, 0.6, 96, 0.0, "", ""),
    ]


POOL = PoolRow("S", 500, 256, 64.0, 32.0, 1555, 24, 0.034, True, "256 candidates, 64 of the same work", "S is …")
SMALL = PoolRow("S", 12, 8, 2.0, 1.0, 30, 4, 0.9, False, "8 candidates", "S is …")


def test_the_headline_tells_both_sides_from_one() -> None:
    said = headline(_values(), ("one",), [1, 3], POOL)
    assert said == (
        "40.0 % [30.0, 50.0] (chance 20.0 %) of S among 256 candidates is left in one with MIDI alone moved ±3 semitones, "
        "95.0 % [90.0, 100.0] with both."
    )
    assert details(_values(), ("one",), [1, 3], POOL) == (
        "With nothing moved one finds S = 80.0 % [70.0, 90.0] of 96 windows among 256 candidates, 64 of the same work. At +3, "
        "audio and MIDI of a window move with a cosine of 0.60 [0.50, 0.70]; that is 0.50 [0.10, 0.60] more than with windows of "
        "other works."
    )


@pytest.mark.parametrize(("high", "told"), [(1.0, False), (1.027, True)])
def test_more_than_all_has_its_words(high: float, told: bool) -> None:
    values = _values()
    values[2] = replace(values[2], value=0.984, ci_low=0.946, ci_high=high)
    assert ("More than 100 % is left where S rises." in details(values, ("one",), [3], POOL)) is told
    assert len(headline(values, ("one",), [3], POOL).split()) <= 30


def test_the_headline_at_its_boundaries() -> None:
    assert "is 0.50 [0.00, 0.60] more than with windows of other works, not distinguishable from none." in details(
        _values(excess=0.0), ("one",), [3], SMALL
    )
    said = headline(_values(low=0.15625), ("one",), [3], SMALL)
    assert said.startswith("S = 80.0 % [15.6, 90.0], not distinguishable from the null (chance, 15.6 %) among 8 candidates: one")
    assert said.endswith("finds too little for a transposition to take anything away.")
    values = _values()
    values[1] = replace(values[1], ci_low=0.2)
    assert headline(values, ("one",), [3], SMALL).startswith("40.0 % [20.0, 50.0] (chance 20.0 %, not distinguishable) of S")
    assert details(values[:2], ("one",), [3], SMALL).endswith("so that only the MIDI was moved.")
    assert details([*values[:3]], ("one",), [3], SMALL).endswith("cannot be said from a single work.")


@pytest.mark.parametrize(("start", "told"), [(0.99, True), (0.9899, False)])
def test_a_ceiling_is_told_of(start: float, told: bool) -> None:
    said = details(_values(start=start), ("one",), [3], SMALL)
    assert ("among 8 candidates: its ceiling, where harm shows late. At +3" in said) is told


def test_the_pool_stands_in_the_tables(found: Result) -> None:
    (pool,) = found.rows(PoolRow)
    assert (pool.part, pool.short, pool.n_queries) == ("S", "8 candidates, 2 of the same work", 12)
    assert pool.n_windows == len(found.rows(WorkWindowRow))
    assert "among 8 candidates" in found.headline
    assert "among 8 candidates, 2 of the same work" in found.rows(SentenceRow)[0].text
