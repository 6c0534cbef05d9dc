"""The probes find what was planted in a layer and only there; a run says what it cannot ask, and leads to its windows."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from analysis.datasets.piece import Corpus, Piece
from analysis.errors import Cancelled, ConfigError, CorpusError
from analysis.models.checkpoint import Checkpoint
from analysis.numbers import the
from analysis.readings.study_run import StudyRun
from analysis.run import Cancel, RunContext
from analysis.store import Store
from analysis.studies.base.parts import run
from analysis.studies.base.registry import find_study
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import run_study
from analysis.studies.probes.fit import (
    ProbeScore,
    ProbeSettings,
    ProbeTask,
    Source,
    fit_linear_probes,
    fit_mlp_probe,
    one_thread,
    split_task,
)
from analysis.studies.probes.labels import Task
from analysis.studies.probes.rows import ACCURACY, BestRow, MissingRow, ScoreRow
from analysis.studies.probes.study import Request, share
from analysis.studies.probes.tables import (
    best_rows,
    class_rows,
    confusion_rows,
    headline,
    missing_values,
    output_rows,
    score_rows,
    score_values,
)
from analysis.studies.shared_rows import WindowRow

CPU, PROBES = torch.device("cpu"), find_study("probes")
SETTINGS = ProbeSettings(folds=3, inner_folds=2, shuffles=2, resamples=200, seed=0)
N_WORKS, PER_WORK = 12, 8
WORKS = [f"work {i // PER_WORK:02d}" for i in range(N_WORKS * PER_WORK)]
COMPOSERS = [f"composer {i // PER_WORK % 2}" for i in range(N_WORKS * PER_WORK)]
EVERYTHING = np.arange(len(WORKS))


def exams_of(numbers: np.ndarray, classes: np.ndarray) -> list[ProbeTask]:
    tasks = [Task("note density", EVERYTHING, numbers, ("notes/s",)), Task("composer", EVERYTHING, classes, classes=("A", "B"))]
    return [split_task(task, WORKS, COMPOSERS, None, SETTINGS) for task in tasks]


@pytest.fixture
def scores(rng: np.random.Generator) -> list[ProbeScore]:
    """Trained: layer 2 holds both labels. Untrained and input: noise."""
    layers = {f"audio.block.{i}": rng.normal(size=(len(WORKS), 5)) for i in (1, 2, 3)}
    planted = layers["audio.block.2"]
    classes = np.arange(len(WORKS)) // PER_WORK % 2
    planted[:, 4] += 6 * classes
    probe_tasks = exams_of(planted[:, :1] + 0.1 * rng.normal(size=(len(WORKS), 1)), classes)
    noise = {name: rng.normal(size=rows.shape) for name, rows in layers.items()}
    sources = [
        Source("model", "trained", "audio", layers), Source("model", "untrained", "audio", noise),
        Source("", "input", "audio", {"log-mel": noise["audio.block.1"]}),
    ]  # fmt: skip
    return [score for source in sources for score in fit_linear_probes(source, probe_tasks, CPU, lambda: None)]


def test_a_planted_label_is_found_in_its_layer_only(scores: list[ProbeScore]) -> None:
    rows, arrays = score_rows(scores)
    by_probe = {(row.weights, row.layer, row.task): row for row in rows}
    for task, high in (("note density", 0.95), ("composer", 0.95)):
        row = by_probe["trained", "audio.block.2", task]
        assert (row.value or 0.0) > high
        assert (row.ci_low or 0.0) <= (row.value or 0.0) <= (row.ci_high or 0.0)
        assert row.selectivity == pytest.approx((row.value or 0.0) - (row.shuffled or 0.0))
        others = [other for key, other in by_probe.items() if key[2] == task and other is not row]
        assert max(other.value or 0.0 for other in others) < (row.ci_low or 0.0)
        assert (row.shuffled or 0.0) < (0.1 if task == "note density" else 0.7)
        assert (row.n, row.n_works) == (len(WORKS), N_WORKS)
    row = by_probe["trained", "audio.block.2", "note density"]
    assert row.errors == "errors.note_density.0"
    assert arrays[row.errors].shape == (3, len(WORKS))
    assert arrays["errors.note_density"].shape == (1, len(WORKS))
    assert 1 - arrays[row.errors][row.row].mean() == pytest.approx(row.value, abs=1e-6)
    values = [*score_values(rows), *missing_values([MissingRow("key", "no labels")])]
    value = the(values, checkpoint="model", weights="trained", layer="audio.block.2", task="note density", what="R²")
    assert value.name == "model, trained, audio block 2, note density: R²"
    assert value.null == max(0.0, row.shuffled or 0.0)
    assert (
        the(values, weights="input", side="audio", task="composer").name == "input, audio, log-mel, composer: balanced accuracy"
    )
    assert (values[-1].name, values[-1].value, values[-1].estimator) == ("key: not available", None, "no labels")


def test_tables_lead_from_the_best_layer_to_its_classes_and_controls(scores: list[ProbeScore]) -> None:
    best = {row.task: row for row in best_rows(scores)}
    row = best["composer"]
    assert row.layer == "audio.block.2"
    assert (row.over_twin.ci_low or 0.0) > 0
    assert row.over_input.value == pytest.approx((row.value or 0.0) - (row.input or 0.0))
    assert row.margin == min(row.over_twin.ci_low or 0.0, row.over_input.ci_low or 0.0)
    confusion = [row for row in confusion_rows(scores) if row.weights == "trained"]
    assert [(row.true, row.predicted) for row in confusion] == [("A", "A"), ("A", "B"), ("B", "A"), ("B", "B")]
    right = [row.value or 0.0 for row in confusion if row.true == row.predicted]
    assert np.mean(right) == pytest.approx(row.value)
    recall = [row for row in class_rows(scores) if row.weights == "trained" and row.layer == "audio.block.2"]
    assert [row.value for row in recall] == pytest.approx(right)
    output = next(row for row in output_rows(scores) if row.weights == "trained")
    assert output.value == pytest.approx(best["note density"].value)
    said = headline(list(best.values()), {})
    assert said.startswith(("R² ", "Balanced accuracy "))
    assert ": note density from audio block 2 of model (" in said or ": composer from audio block 2 of model (" in said


def test_the_mlp_is_a_row_of_its_own(scores: list[ProbeScore]) -> None:
    planted = [score for score in scores if score.source.weights == "trained" and score.layer == "audio.block.2"]
    mlps = [fit_mlp_probe(one.source, one.probe_task, one.layer, CPU, lambda: None) for one in planted]
    rows, arrays = score_rows([*scores, *mlps])
    assert [row.probe for row in rows[-2:]] == ["MLP-512"] * 2
    assert all((row.value or 0.0) > 0.5 > (row.shuffled or 0.0) - 0.2 for row in rows[-2:])
    assert rows[-2].row == len(arrays[rows[-2].errors]) - 1 == 3
    assert best_rows([*scores, *mlps]) == best_rows(scores)
    value = score_values(rows)[-1]
    assert value.is_of(checkpoint="model", weights="trained", layer="audio.block.2", task="composer", probe="MLP-512")
    assert value.name == "model, trained, audio block 2, composer, MLP-512: balanced accuracy"


def test_threads_are_as_before_whatever_happens() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(ZeroDivisionError):
            one_thread()(lambda: 1 / (torch.get_num_threads() - 1))()  # 1 / 0 on one thread alone
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


BEST = BestRow(
    "note density", "D0", "audio", "audio.block.2", "ridge", "R²", 0.71, 0.64, 0.77, 0.0, 700, 35, 6,
    "audio.in", 0.48, None, None, 0.2, 0.1, 0.3, "log-mel", 0.55, None, None, 0.1, 0.01, 0.2,
)  # fmt: skip


def test_the_headline_names_what_training_adds_with_its_controls() -> None:
    less = replace(BEST, task="composer", above_untrained_low=0.005)
    assert headline([less, BEST], {}) == (
        "R² 0.71 [0.64, 0.77]: note density from audio block 2 of D0 (input 0.55, untrained twin 0.48)."
    )
    control = replace(BEST, checkpoint="zero", above_untrained_low=0.3, above_input_low=0.3)
    assert " of D0 (" in headline([BEST, control], {}, ("D0",))


def test_the_headline_says_what_stands_in_the_other_panel() -> None:
    notes = replace(BEST, side="midi", layer="midi.block.1", value=0.991, untrained=0.998, above_untrained_low=-0.02)
    said = headline([BEST, notes], {})
    assert said.endswith("(input 0.55, untrained twin 0.48); from MIDI 0.991 (twin 0.998).")
    shares = [replace(row, measure=ACCURACY, task="key") for row in (BEST, notes)]
    assert len(headline(shares, {}).split()) <= 30


@pytest.mark.parametrize(("low", "adds"), [(0.001, True), (0.0, False), (-0.1, False)])
def test_the_headline_at_the_boundary(low: float, adds: bool) -> None:
    said = headline([replace(BEST, above_input_low=low)], {})
    assert said.startswith("Nothing is read better than from input and untrained twin. Nearest: R²") is not adds
    assert len(said.split()) <= 30


def test_the_headline_inside_the_null_and_without_tasks() -> None:
    said = headline([replace(BEST, value=0.02, ci_low=-0.01, ci_high=0.05, above_input_low=-0.2)], {})
    assert "of D0, not distinguishable from shuffled labels (0.00)." in said
    assert len(said.split()) <= 30
    assert headline([], {"key": "has no labels"}) == "No task can be asked of this corpus: key has no labels."


def test_a_run_says_everything_and_leads_to_its_windows(
    corpus_folder: Any, make_checkpoint: Callable[[str], Checkpoint], store: Store
) -> None:
    checkpoint = make_checkpoint("d4a4")
    small = {"corpus": str(corpus_folder), "windows_per_piece": 5, "folds": 2, "inner_folds": 2}
    asked = {"tasks": "spectral centroid, note density,composer,key,downbeat"}
    request = build_request("probes", (str(checkpoint.path),), {**small, **asked, "split": "all"})
    result = run_study("probes", request, store=store)
    rows = result.rows(ScoreRow)
    assert {row.weights for row in rows} == {"trained", "untrained", "input"}
    assert {row.layer for row in rows if row.side == "midi" and row.weights == "trained"} == {
        "midi.in", "midi.block.1", "midi.block.2", "midi.block.3", "midi.block.4", "midi.embedding",
    }  # fmt: skip
    reasons = {row.task: row.reason for row in result.rows(MissingRow)}
    assert reasons["composer"] == "not defined: a classifier needs 2 composers with 2 works each; there are 0"
    assert reasons["key"].startswith("no labels: expected *.harmony.tsv")
    assert reasons["downbeat"].startswith("no labels: expected *.amaps_beats_key.tsv")
    row = next(row for row in rows if row.task == "spectral centroid")
    assert result.arrays[row.errors].shape[1] == row.n == len(result.rows(WindowRow))
    assert len(result.values) == len(rows) + len(reasons)
    assert {value.key["checkpoint"] for value in result.values if "checkpoint" in value.key} == {checkpoint.name}


def test_the_bar_runs_once_and_a_run_can_be_stopped(corpus: Corpus, make_checkpoint: Callable[[str], Checkpoint]) -> None:
    checkpoint, seen, told = make_checkpoint("D0"), list[float](), list[str]()
    study_run = StudyRun(
        {checkpoint.name: checkpoint}, corpus, CPU, None, RunContext(lambda done, total, _: seen.append(done / total))
    )
    request = Request((checkpoint.name,), windows_per_piece=3, tasks="note density")
    answer = run(PROBES, request, replace(study_run, context=replace(study_run.context, notice=told.append)))
    assert "4 works" not in told[0]
    assert "outside its train split, too few for 5 folds: all its pieces are used" in told[0]
    assert len(answer.tables["windows"]) == 12
    working = seen[seen.index(next(one for one in seen if one > 0.2)) :]
    assert working == sorted(working)
    assert max(seen) <= 1

    class Stop(Cancel):
        def check(self) -> None:
            raise Cancelled

    with pytest.raises(Cancelled):
        run(PROBES, request, replace(study_run, context=RunContext(cancel=Stop())))


def test_a_transfer_scores_test_pieces_only(corpus: Corpus, make_checkpoint: Callable[[str], Checkpoint]) -> None:
    def dealt(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
        return tuple(replace(piece, split="test" if number == 3 else "train") for number, piece in enumerate(pieces))

    checkpoint = make_checkpoint("D0")
    study_run = StudyRun({checkpoint.name: checkpoint}, replace(corpus, pieces=dealt(corpus.pieces)), CPU)
    answer = run(PROBES, Request((checkpoint.name,), split="transfer", windows_per_piece=3, tasks="mean velocity"), study_run)
    scored = answer.arrays["windows.mean_velocity"]
    assert {answer.tables["windows"][int(row)]["piece"] for row in scored} == {corpus.pieces[3].piece_id}
    everything = replace(corpus, pieces=tuple(replace(piece, split="test") for piece in corpus.pieces))
    with pytest.raises(CorpusError, match="has no windows to fit or none to score; expected train and test pieces"):
        run(PROBES, Request((checkpoint.name,), split="transfer", tasks="note density"), replace(study_run, corpus=everything))


def test_requests_are_checked(corpus: Corpus, make_checkpoint: Callable[[str], Checkpoint]) -> None:
    study_run = StudyRun({}, corpus, CPU)
    with pytest.raises(ConfigError, match="There is no task 'genre': expected some of pitch histogram, "):
        share(Request((), tasks="note density, genre"), study_run)
    with pytest.raises(ConfigError, match="mlp is 'True'; expected one of no, best, all"):
        share(Request((), mlp="True"), study_run)
    with pytest.raises(ConfigError, match="inner_folds is 1; expected 2 or more"):
        share(Request((), inner_folds=1), study_run)
    with pytest.raises(CorpusError, match="Probes need windows of 3 works or more; .* has 1 there"):
        share(Request((), split="test"), study_run)
