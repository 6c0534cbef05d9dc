"""Linear probes of single tokens: what is planted is read, what is not there is not, and what nobody annotated is not asked."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analysis.datasets.annotations import NO_CHORD, Chord
from analysis.datasets.piece import Piece
from analysis.datasets.segments import Segment
from analysis.errors import CorpusError
from analysis.models import families
from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.results import Result
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import run_study
from analysis.studies.tokens.fit import TokenProbeSettings, TokenSource, ask_all, fit_probes
from analysis.studies.tokens.labels import BEAT, CHORD, KEY, NOTES, TokenTask, in_force
from analysis.studies.tokens.moments import STEP_S, Moments, TokenLayer, moments_of
from analysis.studies.tokens.rows import F1, TokenBestRow, TokenScoreRow, TokenTaskRow
from tests import planted
from tests.conformance import made_up_family
from tests.studies.test_headlines import is_a_headline

FAMILY = made_up_family.FAMILY
Make = Callable[[bool], Checkpoint]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """A checkpoint whose tokens hold chroma, or, deaf, nothing of what it is given."""
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", str(tmp_path / "theirs"))
    monkeypatch.setattr(made_up_family, "Whole", planted.Chromatic)
    families.register(FAMILY)
    about: dict[str, Any] = {"arm": FAMILY.presets()[0], "scale": "", "evaluation": {}, "history": [], "card": "# Made up"}

    def made(deaf: bool) -> Checkpoint:
        monkeypatch.setattr(planted.Chromatic, "deaf", deaf)
        return save_checkpoint(tmp_path / "theirs" / "planted", planted.learnt(), training={"seed": 1, "steps": 9}, **about)

    yield made
    families.forget(FAMILY.name)


def result_on(folder: Path) -> Result:
    settings = {"corpus": str(folder), "split": "all", "windows_per_piece": 4, "folds": 3, "inner_folds": 2}
    return run_study("tokens", build_request("tokens", ["planted"], settings))


def last_layer(result: Result, task: str, weights: str = "trained") -> TokenScoreRow:
    return [row for row in result.rows(TokenScoreRow) if (row.task, row.weights) == (task, weights)][-1]


def test_chroma_in_tokens_is_read_as_pitch_classes_and_chords(make: Make, tmp_path: Path) -> None:
    make(False)
    result = result_on(planted.write_planted(tmp_path / "corpus"))
    notes, chord = last_layer(result, NOTES), last_layer(result, CHORD)
    assert notes.layer == chord.layer == "block 2"
    assert notes.value is not None
    assert notes.ci_low is not None
    assert notes.value > 0.7
    assert notes.ci_low > 0.5 > (notes.null or 0.0) + 0.3
    assert chord.value is not None
    assert chord.value > 0.75 > 0.5 > chord.chance
    assert (last_layer(result, NOTES, "untrained").value or 0.0) < notes.value - 0.3
    best = next(row for row in result.rows(TokenBestRow) if row.task == NOTES)
    assert best.layer == "block 2"
    assert best.above_twin_low is not None
    assert best.above_twin_low > 0
    assert best.above_twin == pytest.approx(notes.value - (best.twin or 0.0))
    assert "block 2 of planted tells" in result.headline
    assert is_a_headline(result.headline), result.headline


def test_a_deaf_tower_tells_nothing(make: Make, tmp_path: Path) -> None:
    make(True)
    result = result_on(planted.write_planted(tmp_path / "corpus"))
    for task in (NOTES, CHORD):
        row = last_layer(result, task)
        assert row.value is not None
        assert row.null is not None
        assert row.value < row.null + 0.1
    assert (last_layer(result, NOTES).value or 0.0) < 0.05
    heard = [row for row in result.rows(TokenScoreRow) if (row.weights, row.layer, row.task) == ("input", "chroma", NOTES)]
    assert (heard[0].value or 0.0) > 0.5


def test_what_is_not_annotated_is_not_asked(make: Make, tmp_path: Path) -> None:
    make(False)
    folder = planted.write_planted(tmp_path / "corpus", chords=False)
    result = result_on(folder)
    assert {row.task for row in result.rows(TokenScoreRow)} == {NOTES}
    reasons = {row.task: row.reason for row in result.rows(TokenTaskRow)}
    assert reasons[CHORD] == "0 of the works have annotations of chords; expected 3 or more"
    assert [reasons[NOTES], bool(reasons[KEY]), bool(reasons[BEAT])] == ["", True, True]
    assert any(row["text"].startswith("Beat is not asked: 0 of the works") for row in result.tables["sentences"])
    for path in folder.glob("*.mid"):
        path.unlink()
    with pytest.raises(CorpusError, match="Nothing is known of .*: of pitch classes 0 of the works have MIDI files"):
        result_on(folder)


def test_no_more_moments_than_enough_are_read(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.studies.tokens.moments.MOST_MOMENTS", 240)
    make(False)
    result = result_on(planted.write_planted(tmp_path / "corpus"))
    windows = [(row["piece"], row["start_s"]) for row in result.tables["windows"]]
    assert len(windows) == 12
    assert len({piece for piece, _ in windows}) == planted.N_WORKS


def test_a_chord_of_another_quality_counts_as_none() -> None:
    chords = [Chord(0.0, 1.0, 9, "min", "A:min"), Chord(1.0, 2.0, 9, "dim", "A:dim"), Chord(2.0, 3.0, None, "none", "N")]
    assert in_force(chords, np.array([0.5, 1.5, 2.5, 3.5])).tolist() == [21, NO_CHORD, NO_CHORD, -1]


@pytest.mark.parametrize(("share", "is_read"), [(1.0, True), (0.0, False)])
def test_beats_are_peaks_of_what_is_predicted(share: float, is_read: bool) -> None:
    rng, n_windows = np.random.default_rng(3), 24
    times_s = moments_of([], 4.0).times_s
    events = [np.arange(start, 4.0, 0.5) for start in rng.uniform(0, 0.5, n_windows)]
    near = np.concatenate([np.abs(times_s[:, None] - of).min(axis=1) <= STEP_S / 2 for of in events]).astype(float)
    rows = rng.standard_normal((len(near), 6))
    rows[:, 2] += 6 * share * near

    about: dict[str, Any] = {"composer": "nobody", "title": "", "split": "test", "duration_s": 4.0, "midi_path": None}
    pieces = [Piece(str(n), group=f"work {n // 3}", audio_path=Path("none.wav"), **about) for n in range(n_windows)]
    moments = Moments([Segment(piece, 0.0, 4.0) for piece in pieces], times_s)
    task = TokenTask(BEAT, F1, np.arange(len(near)), near[:, None], events)
    questions = ask_all(moments, [task], TokenProbeSettings(4, 2, 1, 0))
    (score,) = fit_probes(
        TokenSource("", "input", {TokenLayer("", "made up"): rows}), questions, torch.device("cpu"), lambda: None
    )
    value, low, high = score.interval()
    assert value is not None
    assert low is not None
    assert high is not None
    assert score.shuffled is not None
    if is_read:
        assert value > 0.9 > 0.6 > max(score.chance, score.shuffled)
        assert low > score.chance
    else:
        assert abs(value - score.chance) < 0.12
