"""The study of similarity: what is planted is found with its controls, and what is not there is not."""

from pathlib import Path

import numpy as np
import pytest
import torch

from analysis.datasets.piece import Corpus
from analysis.datasets.segments import list_segments, segment_notes
from analysis.errors import Cancelled, ConfigError
from analysis.measures.cka import linear_cka
from analysis.measures.layer_grids import shuffles_by_work
from analysis.measures.registry import MEASURES, measure
from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.readings.layer_means import SIDES, layer_means
from analysis.readings.study_run import StudyRun
from analysis.results import Result
from analysis.run import RunContext
from analysis.store import Store
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import run_study
from analysis.studies.shared_rows import SentenceRow, WorkWindowRow
from analysis.studies.similarity import means, windows
from analysis.studies.similarity import study as similarity
from analysis.studies.similarity import words as similarity_words
from analysis.studies.similarity.estimates import mean_of
from analysis.studies.similarity.grids import LayerGrid, compare
from analysis.studies.similarity.layers import Stack, layer_rows, read_inputs
from analysis.studies.similarity.outliers import WITHOUT_LARGEST, without_largest
from analysis.studies.similarity.plan import ACROSS, WEIGHTS, Plan, plan_between, plan_within
from analysis.studies.similarity.rows import (
    AUDIO_WITH_MIDI,
    LAST,
    MEAN,
    SAME_LAYER,
    CellRow,
    Compared,
    GridRow,
    Weights,
    WorkRow,
)
from analysis.studies.similarity.windows import WorkShuffles
from tests.tiny import build_narrow

LABELS = ["input", "in", "1", "2", "3", "4", "emb"]
SMALL = {"split": "all", "windows_per_piece": 4, "n_shuffles": 20}
N_WORKS, N_EACH = 8, 5


def nothing() -> None:
    """Go on."""


@pytest.fixture
def works() -> WorkShuffles:
    of_window = np.repeat(np.arange(N_WORKS), N_EACH)
    names = tuple(f"work {number}" for number in range(N_WORKS))
    return WorkShuffles(names, of_window, shuffles_by_work(of_window, 100, seed=0))


@pytest.fixture
def planted(rng: np.random.Generator) -> tuple[Stack, Stack]:
    """Block 3 of audio and block 2 of MIDI share half of their variance; nothing else shares anything; block 4 is constant."""
    n = N_WORKS * N_EACH
    shared = rng.standard_normal((n, 5))

    def stack(side, width: int, where: str) -> Stack:
        layers = {label: rng.standard_normal((n, width)).astype(np.float32) for label in LABELS}
        layers[where] = np.hstack([shared, rng.standard_normal((n, 5))]).astype(np.float32)
        layers["4"] = np.full((n, width), 2.5, np.float32)
        return Stack("one", "trained", side, layers)

    return stack("audio", 9, "3"), stack("midi", 7, "2")


@pytest.mark.parametrize("name", ["debiased CKA", "minibatch CKA", "RSA, correlation, rho-a", "debiased RBF CKA, t = 0.8"])
def test_what_is_planted_is_found_and_nothing_else(name: str, planted: tuple[Stack, Stack], works: WorkShuffles) -> None:
    grid = compare(*planted, measure(name), works, nothing, behind=True)
    high = {(row, column): mean_of(grid, works, [(row, column)]) for row in grid.rows for column in grid.columns}
    found = {cell for cell, one in high.items() if one is not None and not one.inside_null}
    assert ("3", "2") in found
    assert len(found) <= 8  # one of twenty of the other 35, by chance
    known = {cell: one.value for cell, one in high.items() if one is not None}
    best = max(known, key=lambda cell: known[cell])
    assert best == ("3", "2")
    assert grid.contributions is not None
    assert grid.contributions.sum(axis=2) == pytest.approx(grid.value, abs=1e-5)


def test_a_layer_that_does_not_vary_gets_a_sentence(planted: tuple[Stack, Stack], works: WorkShuffles) -> None:
    grid = compare(*planted, measure("debiased CKA"), works, nothing)
    assert "4" not in grid.rows
    assert "the same in every row" in grid.reasons[0, "4"]
    assert mean_of(grid, works, [("4", "1")]) is None
    (flat,) = (row for row in layer_rows(planted[0]) if row.layer == "4")
    assert (flat.p, flat.participation_ratio) == (9, None)
    value, n, why = without_largest(*planted, nothing)["4", "1"]
    assert (value, n) == (None, 0)
    assert "the same in every row" in why


def test_the_summary_counts_what_is_not_defined(planted: tuple[Stack, Stack], works: WorkShuffles) -> None:
    grid = compare(*planted, measure("debiased CKA"), works, nothing)
    within: dict[tuple[str, Weights, str], LayerGrid] = {("one", weights, "debiased CKA"): grid for weights in WEIGHTS}
    summary = means.summarise(within, [(planted, grid)], works)
    differences = means.gains(within, works, "debiased CKA")
    rows = {(row.sides, row.what): row for row in summary if row.weights == "trained"}
    mean, last = rows[AUDIO_WITH_MIDI, MEAN], rows[AUDIO_WITH_MIDI, LAST]
    assert (mean.cells, mean.of_cells, last.cells, last.of_cells, last.value) == (9, 16, 0, 1, None)
    assert differences[0].value == 0
    said = similarity_words.details(summary, differences, "debiased CKA")
    assert " on average over 9 of 16 pairs of blocks, untrained twin " in said


def test_a_cell_without_a_work_is_its_similarity(planted: tuple[Stack, Stack], works: WorkShuffles) -> None:
    audio, midi = planted
    grid = compare(audio, midi, measure("debiased CKA"), works, nothing)
    kept = works.of_window != 6
    expected = linear_cka(audio.layers["3"][kept], midi.layers["2"][kept])
    assert grid.without[6, grid.rows.index("3"), grid.columns.index("2")] == pytest.approx(expected, abs=1e-9)


def test_layers_all_of_which_are_constant_are_no_error(planted: tuple[Stack, Stack], works: WorkShuffles) -> None:
    audio, midi = planted
    flat = Stack("one", "trained", "audio", {label: audio.layers["4"] for label in LABELS})
    grid = compare(flat, midi, measure("debiased CKA"), works, nothing, behind=True)
    assert grid.value.shape == (0, 6)
    assert mean_of(grid, works, [("1", "1")]) is None


def test_one_work_has_neither_interval_nor_null(planted: tuple[Stack, Stack]) -> None:
    alone = WorkShuffles(("only",), np.zeros(40, np.int64), np.empty((0, 40), np.int64))
    found = mean_of(compare(*planted, measure("debiased CKA"), alone, nothing), alone, [("3", "2")])
    assert found is not None
    assert found.value > 0.2
    assert (found.ci_low, found.ci_high, found.null, found.null_high, found.inside_null) == (None,) * 5


def test_inputs_are_spectra_and_pitches(corpus: Corpus) -> None:
    segments = list_segments(corpus.pieces, max_per_piece=1)
    inputs = read_inputs(StudyRun({}, corpus, torch.device("cpu")), segments)
    assert inputs["audio"].shape == inputs["midi"].shape == (4, 128)
    assert np.allclose(inputs["midi"].sum(axis=1), 1)
    pitches = segment_notes(segments[2]).pitch
    assert inputs["midi"][2, pitches[0]] == pytest.approx(np.mean(pitches == pitches[0]))
    assert -80 <= inputs["audio"].min() <= inputs["audio"].max() < 0


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkpoint, Checkpoint]:
    folder, made = tmp_path_factory.mktemp("checkpoints"), []
    for seed, arm in enumerate(("D0", "d4a4")):
        model, training = build_narrow(arm, seed), {"seed": seed, "steps": 0}
        saved = {"arm": arm, "scale": "small", "training": training, "evaluation": {}, "history": [], "card": ""}
        made.append(save_checkpoint(folder / arm, model, **saved))
    return made[0], made[1]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def result(checkpoints: tuple[Checkpoint, Checkpoint], corpus_folder: Path, store: Store) -> Result:
    names = [str(one.path) for one in checkpoints]
    return run_study("similarity", build_request("similarity", names, {**SMALL, "corpus": str(corpus_folder)}), store=store)


def test_a_run_has_every_cell_with_its_controls(
    result: Result, checkpoints: tuple[Checkpoint, Checkpoint], corpus: Corpus
) -> None:
    cells = result.rows(CellRow)
    names = [one.name for one in checkpoints]
    within = [row for row in cells if row.first == row.second]
    assert len(within) == 2 * 2 * 49 * (len(MEASURES) + 1)
    assert len(cells) - len(within) == 2 * 2 * 49 * 2  # sides, weights, layers, biased and debiased
    assert {row.estimator for row in within} == {*MEASURES, WITHOUT_LARGEST}
    for row in within:
        assert (row.value is None) == bool(row.reason)
        if row.estimator != WITHOUT_LARGEST and row.value is not None:
            assert row.null is not None
            assert row.null_high is not None
            assert row.null <= row.null_high
            assert row.ci_low is None or row.ci_low <= row.value <= (row.ci_high or 0.0)
        assert (row.gaussian_null is not None) == (row.estimator == "biased CKA")
    whose = Compared(names[1], "audio", names[1], "midi")
    (row,) = (
        row for row in cells
        if row.compared == whose and (row.weights, row.estimator) == ("untrained", "debiased CKA")
        and (row.first_layer, row.second_layer) == ("2", "emb")
    )  # fmt: skip
    segments = list_segments(corpus.pieces, max_per_piece=4)
    study_run = StudyRun({}, corpus, torch.device("cpu"))
    audio = layer_means(study_run, checkpoints[1], segments, "untrained", "audio")["audio.block.2"]
    midi = layer_means(study_run, checkpoints[1], segments, "untrained", "midi")["midi.embedding"]
    assert row.value == pytest.approx(linear_cka(audio, midi), abs=1e-4)
    assert (row.p, row.q, row.n) == (audio.shape[1], midi.shape[1], 16)


def test_cells_lead_to_their_clips(result: Result) -> None:
    grids = result.rows(GridRow)
    cells = {(*row.compared, row.weights, row.estimator, row.first_layer, row.second_layer): row for row in result.rows(CellRow)}
    assert len(grids) == 2 * 2 + 2 * 2
    for row in grids:
        shares, without = result.arrays[row.contributions or ""], result.arrays[row.without_work or ""]
        shape = (len(row.rows), len(row.columns))
        assert shares.shape == (*shape, len(result.rows(WorkWindowRow)))
        assert without.shape == (*shape, len(result.rows(WorkRow)))
        cell = cells[*row.compared, row.weights, row.estimator, row.rows[2], row.columns[3]]
        assert shares[2, 3].sum() == pytest.approx(cell.value, abs=1e-5)


def test_summary_values_and_sentence_belong_together(result: Result, checkpoints: tuple[Checkpoint, Checkpoint]) -> None:
    one, two = (checkpoint.name for checkpoint in checkpoints)
    mean = result.value(checkpoint=one, weights="trained", sides=AUDIO_WITH_MIDI, cells=MEAN, what="debiased CKA")
    blocks = [
        row.value
        for row in result.rows(CellRow)
        if row.first == row.second == one and (row.weights, row.estimator) == ("trained", "debiased CKA") and row.of_blocks
    ]
    assert len(blocks) == 16
    assert mean.value == pytest.approx(np.mean(np.array(blocks, float)))
    assert mean.null is not None
    difference = {"cells": MEAN, "what": "difference in debiased CKA"}
    assert len(result.select(checkpoint=one, weights="trained minus untrained", **difference)) == 1
    assert len(result.select(first=one, second=two, weights="trained", **difference)) == 1
    assert len(result.select(first=one, other=two, weights="trained", sides="audio, audio", cells=SAME_LAYER)) == 1
    names = [value.name for value in result.values]
    assert len(set(names)) == len(names)
    assert " debiased CKA: audio and MIDI layers " in result.headline
    assert result.rows(SentenceRow)[0].text.startswith("Audio and MIDI layers are most alike in ")


def plans_of(across: str) -> tuple[Plan, Plan]:
    """Of one checkpoint, and of two."""
    sides = {"a": SIDES, "b": SIDES}
    return plan_within({"a": SIDES}, "debiased CKA", across), plan_between([("a", "b")], "debiased CKA", across, sides)


def test_every_side_and_none(checkpoints: tuple[Checkpoint, Checkpoint], corpus_folder: Path, store: Store) -> None:
    names, settings = [one.name for one in checkpoints], {**SMALL, "corpus": str(corpus_folder)}
    within, between = ([len(plan.comparisons) / 2 for plan in plans] for plans in zip(*map(plans_of, ACROSS), strict=True))
    assert (within, between) == ([1, 3, 1], [2, 4, 0])  # each with both kinds of weights
    request = build_request("similarity", [str(checkpoints[0].path)], {**settings, "across": "every side"})
    result = run_study("similarity", request, store=store)
    rows = result.rows(CellRow)
    itself = [row for row in rows if row.first_side == row.second_side == "midi" and row.estimator == "debiased CKA"]
    same = [row.value for row in itself if row.first_layer == row.second_layer]
    assert same == pytest.approx([1.0] * 14)
    assert {row.first for row in rows} == {names[0]}
    keys = [tuple(value.key.items()) for value in result.values]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"across": "all"}, r"across is 'all'; expected one of 'same side', 'every side', none"),
        ({"measure": "CKA"}, r"measure is 'CKA'; expected one of 'debiased CKA', "),
        ({"n_shuffles": 5}, r"n_shuffles is 5; expected 20 or more"),
    ],
)
def test_requests_are_checked_before_anything_is_computed(
    setting: dict, message: str, checkpoints: tuple[Checkpoint, Checkpoint], corpus_folder: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        build_request("similarity", [str(checkpoints[0].path)], {**SMALL, "corpus": str(corpus_folder), **setting})


def test_a_large_corpus_is_thinned_with_a_notice(
    checkpoints: tuple[Checkpoint, Checkpoint], corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "MAX_WINDOWS", 6)
    told: list[str] = []
    study_run = StudyRun({}, corpus, torch.device("cpu"), context=RunContext(notice=told.append))
    segments = list_segments(corpus.pieces, max_per_piece=4)
    kept, _ = windows.choose(segments, 20, 0, nothing)
    assert len(kept) == 6
    assert {one.piece.piece_id for one in kept} == {one.piece.piece_id for one in segments}
    similarity.measure(similarity.Request((), split="all", windows_per_piece=4, n_shuffles=20), study_run)
    assert told == ["Of 16 windows 6, evenly spread, are compared."]


def test_it_stops_while_it_draws_its_shuffles(corpus: Corpus) -> None:
    def stop() -> None:
        raise Cancelled

    segments = list_segments(corpus.pieces, max_per_piece=4)
    with pytest.raises(Cancelled):
        windows.choose(segments, 20, 0, stop)


def test_it_stops_while_it_shuffles(planted: tuple[Stack, Stack], works: WorkShuffles) -> None:
    calls = []

    def stop() -> None:
        calls.append(1)
        if len(calls) > 60:
            raise Cancelled

    with pytest.raises(Cancelled):
        compare(*planted, measure("debiased CKA"), works, stop)
