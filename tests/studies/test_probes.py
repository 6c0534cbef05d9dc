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
from analysis.readings.study_run import Desk
from analysis.run import Cancel, RunContext
from analysis.store import Store
from analysis.studies.probes.labels import Task
from analysis.studies.probes.solve import Exam, Score, Settings, Source, one_thread, set_exam, solve, solve_mlp
from analysis.studies.probes.study import Request, run
from analysis.studies.probes.tables import best_rows, class_rows, confusion_rows, headline, output_rows, score_rows, score_values
from analysis.studies.study import build_request, run_study

CPU = torch.device("cpu")
SETTINGS = Settings(folds=3, inner_folds=2, shuffles=2, resamples=200, seed=0)
N_WORKS, PER_WORK = 12, 8
WORKS = [f"work {i // PER_WORK:02d}" for i in range(N_WORKS * PER_WORK)]
COMPOSERS = [f"composer {i // PER_WORK % 2}" for i in range(N_WORKS * PER_WORK)]
EVERYTHING = np.arange(len(WORKS))


def exams_of(numbers: np.ndarray, classes: np.ndarray) -> list[Exam]:
    tasks = [Task("note density", EVERYTHING, numbers, ("notes/s",)), Task("composer", EVERYTHING, classes, classes=("A", "B"))]
    return [set_exam(task, WORKS, COMPOSERS, None, SETTINGS) for task in tasks]


@pytest.fixture
def scores(rng: np.random.Generator) -> list[Score]:
    """Trained: layer 2 holds both labels. Untrained and input: noise."""
    layers = {f"audio.block.{i}": rng.normal(size=(len(WORKS), 5)) for i in (1, 2, 3)}
    planted = layers["audio.block.2"]
    classes = np.arange(len(WORKS)) // PER_WORK % 2
    planted[:, 4] += 6 * classes
    exams = exams_of(planted[:, :1] + 0.1 * rng.normal(size=(len(WORKS), 1)), classes)
    noise = {name: rng.normal(size=rows.shape) for name, rows in layers.items()}
    sources = [
        Source("model", "trained", "audio", layers), Source("model", "untrained", "audio", noise),
        Source("input", "input", "audio", {"log-mel": noise["audio.block.1"]}),
    ]  # fmt: skip
    return [score for source in sources for score in solve(source, exams, CPU, lambda: None)]


def test_a_planted_label_is_found_in_its_layer_only(scores: list[Score]) -> None:
    rows, arrays = score_rows(scores, {"key": "no labels"})
    found = {(row["weights"], row["layer"], row["task"]): row for row in rows}
    for task, high in (("note density", 0.95), ("composer", 0.95)):
        row = found["trained", "audio.block.2", task]
        assert row["value"] > high
        assert row["ci_low"] <= row["value"] <= row["ci_high"]
        assert row["selectivity"] == pytest.approx(row["value"] - row["shuffled"])
        others = [one for key, one in found.items() if key[2] == task and one is not row]
        assert max(one["value"] for one in others) < row["ci_low"]
        assert row["shuffled"] < (0.1 if task == "note density" else 0.7)
        assert (row["n"], row["n_works"]) == (len(WORKS), N_WORKS)
    assert found[None, None, "key"]["reason"] == "no labels"
    row = found["trained", "audio.block.2", "note density"]
    assert arrays[row["errors"]].shape == (7, len(WORKS))
    assert 1 - arrays[row["errors"]][row["row"]].mean() == pytest.approx(row["value"], abs=1e-6)
    values = {value.name: value for value in score_values(rows)}
    assert values["model, trained, audio block 2, note density: R²"].null == max(0.0, row["shuffled"])
    assert values["key: not available"].value is None


def test_tables_lead_from_the_best_layer_to_its_classes_and_controls(scores: list[Score]) -> None:
    best = {row["task"]: row for row in best_rows(scores)}
    row = best["composer"]
    assert row["layer"] == "audio.block.2"
    assert row["above_untrained_low"] > 0
    assert row["above_input"] == pytest.approx(row["value"] - row["input"])
    confusion = [one for one in confusion_rows(scores) if one["weights"] == "trained"]
    assert [(one["true"], one["predicted"]) for one in confusion] == [("A", "A"), ("A", "B"), ("B", "A"), ("B", "B")]
    right = [one["value"] for one in confusion if one["true"] == one["predicted"]]
    assert np.mean(right) == pytest.approx(row["value"])
    recall = [one for one in class_rows(scores) if one["weights"] == "trained" and one["layer"] == "audio.block.2"]
    assert [one["value"] for one in recall] == pytest.approx(right)
    output = next(one for one in output_rows(scores) if one["weights"] == "trained")
    assert output["value"] == pytest.approx(best["note density"]["value"])
    said = headline(list(best.values()), {})
    assert said.startswith(("R² ", "Balanced accuracy "))
    assert ": note density from audio block 2 of model (" in said or ": composer from audio block 2 of model (" in said


def test_the_mlp_is_a_row_of_its_own(scores: list[Score]) -> None:
    planted = [score for score in scores if score.source.weights == "trained" and score.layer == "audio.block.2"]
    mlps = [solve_mlp(one.source, one.exam, one.layer, CPU, lambda: None) for one in planted]
    rows, arrays = score_rows([*scores, *mlps], {})
    assert [row["probe"] for row in rows[-2:]] == ["MLP-512"] * 2
    assert all(row["value"] > 0.5 > row["shuffled"] - 0.2 for row in rows[-2:])
    assert rows[-2]["row"] == len(arrays[rows[-2]["errors"]]) - 1
    assert best_rows([*scores, *mlps]) == best_rows(scores)
    assert score_values(rows)[-1].name == "model, trained, audio block 2, composer: balanced accuracy (MLP-512)"


def test_threads_are_as_before_whatever_happens() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(ZeroDivisionError):
            one_thread()(lambda: 1 / (torch.get_num_threads() - 1))()  # 1 / 0 on one thread alone
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def best_row(**changed: Any) -> dict[str, Any]:
    row = {
        "task": "note density", "checkpoint": "D0", "side": "audio", "layer": "audio.block.2", "measure": "R²", "value": 0.71,
        "ci_low": 0.64, "ci_high": 0.77, "shuffled": 0.0, "n": 700, "n_works": 35, "n_layers": 6, "untrained": 0.48,
        "input_layer": "log-mel", "input": 0.55, "above_untrained_low": 0.1, "above_input_low": 0.01,
    }  # fmt: skip
    return {**row, **changed}


def test_the_headline_names_what_training_adds_with_its_controls() -> None:
    less = best_row(task="composer", above_untrained_low=0.005)
    assert headline([less, best_row()], {}) == (
        "R² 0.71 [0.64, 0.77]: note density from audio block 2 of D0 (input 0.55, untrained twin 0.48)."
    )
    control = best_row(checkpoint="zero", above_untrained_low=0.3, above_input_low=0.3)
    assert " of D0 (" in headline([best_row(), control], {}, ("D0",))


def test_the_headline_says_what_stands_in_the_other_panel() -> None:
    notes = best_row(side="midi", layer="midi.block.1", value=0.991, untrained=0.998, above_untrained_low=-0.02)
    said = headline([best_row(), notes], {})
    assert said.endswith("(input 0.55, untrained twin 0.48); from MIDI 0.991 (twin 0.998).")
    share = {"measure": "balanced accuracy", "task": "key"}
    assert len(headline([best_row(**share), {**notes, **share}], {}).split()) <= 30


@pytest.mark.parametrize(("low", "adds"), [(0.001, True), (0.0, False), (-0.1, False)])
def test_the_headline_at_the_boundary(low: float, adds: bool) -> None:
    said = headline([best_row(above_input_low=low)], {})
    assert said.startswith("Nothing is read better than from input and untrained twin. Nearest: R²") is not adds
    assert len(said.split()) <= 30


def test_the_headline_inside_the_null_and_without_tasks() -> None:
    said = headline([best_row(value=0.02, ci_low=-0.01, ci_high=0.05, above_input_low=-0.2)], {})
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
    rows = result.tables["scores"]
    assert {row["weights"] for row in rows if row["weights"]} == {"trained", "untrained", "input"}
    assert {row["layer"] for row in rows if row["side"] == "midi" and row["weights"] == "trained"} == {
        "midi.in", "midi.block.1", "midi.block.2", "midi.block.3", "midi.block.4", "midi.embedding",
    }  # fmt: skip
    reasons = {row["task"]: row["reason"] for row in rows if row["value"] is None}
    assert reasons["composer"] == "not defined: a classifier needs 2 composers with 2 works each; there are 0"
    assert reasons["key"].startswith("no labels: expected *.harmony.tsv")
    assert reasons["downbeat"].startswith("no labels: expected *.amaps_beats_key.tsv")
    row = next(row for row in rows if row["task"] == "spectral centroid")
    assert result.arrays[row["errors"]].shape[1] == row["n"] == len(result.tables["windows"])
    assert set(result.tables["windows"][0]) == {"piece", "start_s"}
    assert len(result.values) == len(rows)


def test_the_bar_runs_once_and_a_run_can_be_stopped(corpus: Corpus, make_checkpoint: Callable[[str], Checkpoint]) -> None:
    checkpoint, seen, told = make_checkpoint("D0"), list[float](), list[str]()
    desk = Desk({checkpoint.name: checkpoint}, corpus, CPU, None, RunContext(lambda done, total, _: seen.append(done / total)))
    request = Request((checkpoint.name,), windows_per_piece=3, tasks="note density")
    answer = run(request, replace(desk, context=replace(desk.context, notice=told.append)))
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
        run(request, replace(desk, context=RunContext(cancel=Stop())))


def test_a_transfer_scores_test_pieces_only(corpus: Corpus, make_checkpoint: Callable[[str], Checkpoint]) -> None:
    def dealt(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
        return tuple(replace(piece, split="test" if number == 3 else "train") for number, piece in enumerate(pieces))

    checkpoint = make_checkpoint("D0")
    desk = Desk({checkpoint.name: checkpoint}, replace(corpus, pieces=dealt(corpus.pieces)), CPU)
    answer = run(Request((checkpoint.name,), split="transfer", windows_per_piece=3, tasks="mean velocity"), desk)
    scored = answer.arrays["windows.mean_velocity"]
    assert {answer.tables["windows"][int(row)]["piece"] for row in scored} == {corpus.pieces[3].piece_id}
    everything = replace(corpus, pieces=tuple(replace(piece, split="test") for piece in corpus.pieces))
    with pytest.raises(CorpusError, match="has no windows to fit or none to score; expected train and test pieces"):
        run(Request((checkpoint.name,), split="transfer", tasks="note density"), replace(desk, corpus=everything))


def test_requests_are_checked(corpus: Corpus, make_checkpoint: Callable[[str], Checkpoint]) -> None:
    desk = Desk({}, corpus, CPU)
    with pytest.raises(ConfigError, match="There is no task 'genre': expected some of pitch histogram, "):
        run(Request((), tasks="note density, genre"), desk)
    with pytest.raises(ConfigError, match="mlp is 'True'; expected one of no, best, all"):
        run(Request((), mlp="True"), desk)
    with pytest.raises(ConfigError, match="inner_folds is 1; expected 2 or more"):
        run(Request((), inner_folds=1), desk)
    with pytest.raises(CorpusError, match="Probes need windows of 3 works or more; .* has 1 there"):
        run(Request((), split="test"), desk)
