"""The map study finds what is planted, says so, and leads from every number to its windows."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from analysis import rows
from analysis.datasets.piece import Corpus
from analysis.errors import Cancelled, ConfigError, CorpusError
from analysis.models.checkpoint import Checkpoint
from analysis.numbers import Value, the
from analysis.readings.study_run import Answer, StudyRun
from analysis.results import Result
from analysis.rows import R
from analysis.run import Cancel, RunContext
from analysis.store import Store
from analysis.studies.base import parts
from analysis.studies.base.registry import find_study
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import run_study
from analysis.studies.embedding import study as embedding
from analysis.studies.embedding.modalities import AUC_OTHER, AUC_SAME, COSINE, GAP, MINUS_TWIN, SHARED
from analysis.studies.embedding.rows import (
    BinRow,
    DescribedWindowRow,
    ExampleRow,
    MeasureRow,
    ProjectionRow,
    SpaceRow,
    VarianceRow,
)
from analysis.studies.embedding.study import Request
from analysis.studies.embedding.words import details, headline
from analysis.studies.shared_rows import SentenceRow

CPU = torch.device("cpu")
run = partial(parts.run, find_study("embedding"))
ONLY_PCA = {"split": "all", "windows_per_piece": 6, "methods": "PCA"}


@pytest.fixture
def checkpoint(make_checkpoint: Callable[[str], Checkpoint]) -> Checkpoint:
    return make_checkpoint("a4r")


@pytest.fixture
def study_run(corpus: Corpus, checkpoint: Checkpoint) -> StudyRun:
    return StudyRun({checkpoint.name: checkpoint}, corpus, CPU)


def plant(monkeypatch: pytest.MonkeyPatch, noise: float, away: float = 0.0, n: int = 24) -> None:
    """Trained: MIDI is audio with noise, `away` from it; untrained: nothing in common."""
    rng = np.random.default_rng(5)
    audio = rng.standard_normal((n, 16)).astype(np.float32)
    apart = np.pad([away], (0, 15)).astype(np.float32)
    midi = audio + apart + noise * rng.standard_normal((n, 16)).astype(np.float32)
    other = rng.standard_normal((n, 16)).astype(np.float32)
    pairs = {"trained": (audio, midi), "untrained": (audio, other)}
    monkeypatch.setattr(embedding, "embed", lambda _study_run, _checkpoint, _segments, weights: pairs[weights])


def values_of(answer: Answer, weights: str = "trained") -> dict[str, Value]:
    return {value.what: value for value in answer.values if value.is_of(weights=weights) and "method" not in value.key}


def rows_of(kind: type[R], answer: Answer) -> tuple[R, ...]:
    return rows.rows_of(kind, answer.tables[kind.table])


def value(weights: str, what: str, numbers: tuple[float | None, ...], null: float | None, unit: str = "") -> Value:
    number, low, high = numbers
    return Value({"checkpoint": "one", "weights": weights, "what": what}, number, low, high, 480, null, unit, "")


def test_planted_pairs_are_found_and_the_twin_has_none(study_run: StudyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, noise=0.1)
    answer = run(Request(("x",), **ONLY_PCA), study_run)
    found, twin = values_of(answer), values_of(answer, "untrained")
    assert found[AUC_OTHER].value == found[AUC_SAME].value == 1
    assert (found[SHARED].value or 0) > 0.7
    assert (found[COSINE].value or 0) > 0.98
    assert found[GAP].inside_null
    assert twin[AUC_OTHER].inside_null
    assert twin[SHARED].null == 10 / 23
    assert all(value.ci_low is not None and value.n for value in (*found.values(), *twin.values()))
    assert answer.headline.startswith(
        "AUC 1.00 [1.00, 1.00]: matched audio and MIDI are closer than mismatched in a4r-1 (chance 0.5"
    )
    assert "not distinguishable from exchanged labels (" in rows_of(SentenceRow, answer)[0].text


def test_without_a_plant_nothing_is_found(study_run: StudyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, noise=1000.0)
    answer = run(Request(("x",), **ONLY_PCA), study_run)
    assert values_of(answer)[AUC_OTHER].inside_null
    assert "cannot be said to be closer than mismatched in " in answer.headline


def test_a_planted_gap_is_found_and_its_size_said(study_run: StudyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, noise=0.1, away=40.0)
    answer = run(Request(("x",), **ONLY_PCA), study_run)
    gap = values_of(answer)[GAP]
    assert gap.value == pytest.approx(1, abs=0.2)
    assert gap.inside_null is False
    row = next(row for row in rows_of(MeasureRow, answer) if row.measure == GAP and row.weights == "trained")
    assert row.p == pytest.approx(1 / 8, abs=0.03)  # of the 16 exchanges of 4 works two leave the gap
    space = rows_of(SpaceRow, answer)[0]
    assert answer.arrays[space.gap or ""].mean() == pytest.approx(gap.value, abs=1e-5)


def test_every_number_leads_to_its_windows(study_run: StudyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, noise=0.5)
    answer = run(Request(("x",), **ONLY_PCA), study_run)
    windows, arrays = rows_of(DescribedWindowRow, answer), answer.arrays
    assert [window.window for window in windows] == list(range(24))
    assert all(window.piece.startswith("work") and window.composer and window.split for window in windows)
    assert arrays["cosine.0"].mean() == pytest.approx(values_of(answer)[COSINE].value, abs=1e-6)
    bars = {(bar.model, bar.key): bar for bar in rows_of(BinRow, answer)}
    for row in rows_of(ExampleRow, answer):
        audio, midi = windows[row.audio], windows[row.midi]
        assert {"matched": row.audio == row.midi, "other works": audio.work != midi.work, "same work": True}[row.kind]
        assert row.kind != "same work" or abs(audio.start_s - midi.start_s) >= 4
        bar = bars[row.model, row.key]
        assert bar.bin_low <= row.cosine <= bar.bin_high + 1e-12
        assert bar.pairs
    shares: dict[Any, float] = {}
    for bar in bars.values():
        shares[bar.model, bar.kind] = shares.get((bar.model, bar.kind), 0) + bar.share
    assert list(shares.values()) == pytest.approx([1.0] * 6)
    rival = arrays[rows_of(SpaceRow, answer)[0].rival or ""]
    assert all(windows[i].work != windows[int(j)].work for side in rival for i, j in enumerate(side))


def test_maps_carry_seed_quality_and_stability(study_run: StudyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, noise=0.5)
    request = Request(("x",), split="all", windows_per_piece=6, methods="PCA,t-SNE", n_seeds=2, seed=7)
    answer = run(request, study_run)
    again = run(request, study_run)
    rows = rows_of(ProjectionRow, answer)
    assert [(row.weights, row.method, row.seed, row.start) for row in rows] == [
        ("trained", "PCA", 7, ""), ("trained", "t-SNE", 7, "pca"), ("trained", "t-SNE", 8, "random"), ("untrained", "PCA", 7, ""),
    ]  # fmt: skip
    for row in rows:
        assert answer.arrays[row.array].shape == (2, 24, 2)
        assert answer.arrays[row.trust].mean() == pytest.approx(row.trustworthiness, abs=1e-6)
        assert answer.arrays[row.kept].mean() == pytest.approx(row.neighbours_kept, abs=1e-6)
        assert row.neighbours_kept_null == 10 / 47
        assert row.space == "joint"
        assert row.n == 48
    assert rows[1].perplexity == pytest.approx(47 / 3)
    assert rows[0].perplexity is None
    assert (rows[2].moved or 0.0) > 0
    assert rows[1].moved is None
    assert [row.displaced for row in rows] == [None, None, "moved.0", None]
    assert answer.arrays["moved.0"].shape == (2, 24)
    kept = the(answer.values, checkpoint="a4r-1", weights="trained", method="PCA", what="variance kept")
    assert kept.name == "a4r-1, trained, PCA: variance kept"
    assert kept.null == 2 / 16
    assert kept.value == pytest.approx(sum(row.share for row in rows_of(VarianceRow, answer)[:2]))
    assert [value for value in answer.values if value.is_of(method="PCA", weights="trained")] == [
        rows[0].quality(what) for what in rows[0].qualities
    ]
    assert all(np.array_equal(again.arrays[name], array) for name, array in answer.arrays.items())
    assert again.values == answer.values
    assert again.tables == answer.tables


def test_a_real_model_through_the_store_and_a_layer_whose_sides_are_apart(
    corpus_folder: Any, checkpoint: Checkpoint, store: Store
) -> None:
    settings = {"corpus": str(corpus_folder), **ONLY_PCA, "windows_per_piece": 3}
    joint = run_study("embedding", build_request("embedding", (str(checkpoint.path),), settings), store=store)
    assert isinstance(joint, Result)
    assert joint.rows(ProjectionRow)[0].space == "joint"
    settings["layer"] = "block.1"
    progress: list[float] = []
    request = build_request("embedding", (str(checkpoint.path),), settings)
    result = run_study(
        "embedding", request, store=store, context=RunContext(progress=lambda done, total, what: progress.append(done / total))
    )
    rows = result.rows(ProjectionRow)
    assert [(row.weights, row.space, row.array) for row in rows] == [
        (weights, side, f"points.{i}") for i, weights in enumerate(("trained", "untrained")) for side in ("audio", "midi")
    ]
    assert result.arrays["points.0"].shape == (2, 12, 2)
    assert len(result.select(checkpoint="a4r-1", weights="trained", method="PCA", side="midi", what="trustworthiness")) == 1
    missing = [row for row in result.rows(MeasureRow) if row.value is None]
    assert {row.measure for row in missing} == {AUC_OTHER, AUC_SAME, COSINE, GAP}
    assert all("have spaces of their own before the joint embedding" in row.note for row in missing)
    assert " of a window's neighbours do audio and MIDI share at block.1 in a4r-1 (chance " in result.headline
    said = result.rows(SentenceRow)[0].text
    assert said.startswith("At block.1 audio and MIDI have spaces of their own; in a4r-1 the two share ")
    own = progress[max(i for i, done in enumerate(progress) if done == 0.0) :]  # after the corpus has been read
    assert own == sorted(own)
    assert 0.8 < own[-1] <= 1


def test_a_collapsed_model_has_a_note_instead_of_maps(study_run: StudyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    one = np.ones((24, 16), np.float32)
    monkeypatch.setattr(embedding, "embed", lambda *_: (one, one))
    answer = run(Request(("x",), split="all", windows_per_piece=6, methods="PCA,t-SNE", n_seeds=1), study_run)
    assert {row.note for row in rows_of(ProjectionRow, answer)} == {"Not available: all its windows are in one place."}
    assert values_of(answer)[AUC_OTHER].value == 0.5
    assert "cannot be said to be closer" in answer.headline


@pytest.mark.parametrize(
    ("setting", "match"),
    [
        ({"layer": "block.99"}, "a4r-1 has no layer 'block.99' on both sides; expected one of in, block.1"),
        ({"methods": "PCA,MDS"}, "There is no method 'MDS'; expected some of PCA,t-SNE,UMAP"),
        ({"methods": " ,"}, "methods names none"),
        ({"n_neighbors": 1}, "n_neighbors is 1; expected 2 or more"),
        ({"k": 0}, "k is 0; expected 1 or more"),
        ({"n_seeds": 0}, "n_seeds is 0; expected 1 or more"),
        ({"perplexity": 0.5}, "perplexity is 0.5; expected 1 or more, or 0 to let"),
        ({"perplexity": float("nan")}, "perplexity is nan"),
        ({"seed": -1}, "seed is -1; expected 0 to 4294967292"),
    ],
)
def test_wrong_settings_are_refused_before_anything_is_read(setting: dict[str, Any], match: str, study_run: StudyRun) -> None:
    study_run.context.progress = lambda *_: pytest.fail("began")
    with pytest.raises(ConfigError, match=match):
        run(Request(("x",), **setting), study_run)


def test_too_few_windows_are_refused_and_few_are_said(study_run: StudyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CorpusError, match="has 4 windows that no other equals; expected at least 5 to lay out a space"):
        run(Request(("x",), split="all", windows_per_piece=1), study_run)
    told: list[str] = []
    study_run.context.notice = told.append
    plant(monkeypatch, noise=0.1, n=8)
    run(Request(("x",), split="all", windows_per_piece=2, methods="PCA,t-SNE", perplexity=30.0, n_seeds=1), study_run)
    assert told == [
        "16 points are few; maps are judged by 7 nearest neighbours instead of 10.",
        "16 points are few; t-SNE has perplexity 5.0 instead of 30.",
    ]


def test_it_can_be_stopped_between_steps(study_run: StudyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch, noise=0.1)
    last: list[str] = []

    class AtMaps(Cancel):
        def check(self) -> None:
            if last and "PCA" in last[-1]:
                raise Cancelled

    study_run.context.progress, study_run.context.cancel = (lambda done, total, what: last.append(what)), AtMaps()
    with pytest.raises(Cancelled):
        run(Request(("x",), **ONLY_PCA), study_run)


def said(
    auc: tuple[float, float, float], difference: tuple[float, float, float], gap: tuple[float, float, float], p: float
) -> str:
    values = [
        value("trained", AUC_OTHER, auc, 0.5), value("untrained", AUC_OTHER, (0.52, 0.48, 0.56), 0.5),
        value(MINUS_TWIN, AUC_OTHER, difference, 0.0), value("trained", GAP, gap, 0.03),
    ]  # fmt: skip
    return details(values, ("one",), "embedding", {"one": p})


@pytest.mark.parametrize(
    ("auc", "difference", "expected"),
    [
        (
            (0.97, 0.95, 0.98),
            (0.45, 0.4, 0.5),
            "are closer than mismatched ones: AUC 0.97 [0.95, 0.98], untrained twin 0.52 [0.48, ",
        ),
        ((0.97, 0.95, 0.98), (0.45, 0.0, 0.5), "0.98], but not distinguishably more than in the untrained twin 0.52 [0.48, 0."),
        ((0.51, 0.501, 0.52), (-0.1, -0.2, -0.01), ", but less than in the untrained twin 0.52"),
        ((0.52, 0.5, 0.56), (0.1, 0.0, 0.2), "cannot be said to be closer than mismatched ones: AUC 0.52 [0.50, 0.56], not dist"),
        ((0.4, 0.3, 0.499), (-0.1, -0.2, 0.0), "are farther apart than mismatched ones: AUC 0.400 [0.300, 0.499] (chance 0.5);"),
    ],
)
def test_the_details_at_the_boundaries_of_chance(auc: Any, difference: Any, expected: str) -> None:
    assert expected in said(auc, difference, (0.21, 0.18, 0.24), 0.0004)


@pytest.mark.parametrize(
    ("gap", "p", "expected"),
    [
        ((0.21, 0.18, 0.24), 0.0004, "; the two modalities lie 0.21 [0.18, 0.24] apart (exchanged labels 0.03, p < 0.001)."),
        ((0.21, 0.18, 0.24), 0.049, "0.24] apart (exchanged labels 0.03, p = 0.049)."),
        ((0.21, 0.18, 0.24), 0.05, "0.24] apart, not distinguishable from exchanged labels (0.03, p = 0.05)."),
        ((0.21, 0.03, 0.24), 0.012, "0.24] apart, little more than exchanged labels give (0.03, p = 0.012)."),
        ((0.02, 0.0, 0.05), 0.7, "apart, not distinguishable from exchanged labels (0.03, p = 0.7)."),
    ],
)
def test_the_details_at_the_boundaries_of_the_gap(gap: Any, p: float, expected: str) -> None:
    assert expected in said((0.97, 0.95, 0.98), (0.4, 0.3, 0.5), gap, p)


@pytest.mark.parametrize(
    ("low", "expected"),
    [
        (
            0.02,
            "share 31.0 % [2.0, 40.0] of a window's neighbours, not distinguishable from chance (2.0 %), untrained twin 5.0 %",
        ),
        (0.021, "share 31.0 % [2.1, 40.0] of a window's neighbours (chance 2.0 %, untrained twin 5.0 % [4.0, 6.0])."),
    ],
)
def test_the_details_of_a_layer(low: float, expected: str) -> None:
    values = [
        value("trained", SHARED, (0.31, low, 0.4), 0.02, "share"), value("untrained", SHARED, (0.05, 0.04, 0.06), 0.02, "share"),
    ]  # fmt: skip
    assert expected in details(values, ("one",), "block.2", {})


def test_one_work_is_too_few_to_judge_and_says_so() -> None:
    values = [value(weights, AUC_OTHER, (None, None, None), None) for weights in ("trained", "untrained")]
    values.append(value("trained", GAP, (0.2, None, None), 0.2))
    assert details(values, ("one",), "embedding", {"one": 1.0}) == (
        "one: there is one work only, so that no mismatched pairs can be made; the two modalities lie 0.20 apart, "
        "one work being too few to judge that."
    )


def test_two_works_are_too_few_for_a_claim() -> None:
    values = [value(weights, AUC_OTHER, (0.492, None, None), 0.5) for weights in ("trained", "untrained")]
    values.append(value("trained", GAP, (0.2, None, None), 0.2))
    found = details(values, ("one",), "embedding", {"one": 0.5})
    assert "cannot be said to be closer than mismatched ones: AUC 0.492, of two works;" in found
    assert found.endswith("two works being too few to judge that.")


@pytest.mark.parametrize(
    ("auc", "difference", "expected"),
    [
        (
            (0.97, 0.95, 0.98), (0.45, 0.4, 0.5),
            "AUC 0.97 [0.95, 0.98]: matched audio and MIDI are closer than mismatched in one (chance 0.5, untrained twin 0.52 "
            "[0.48, 0.56]).",
        ),
        ((0.97, 0.95, 0.98), (0.45, 0.0, 0.5), "(chance 0.5, untrained twin 0.52 [0.48, 0.56], not distinguishable)."),
        ((0.51, 0.501, 0.52), (-0.1, -0.2, -0.01), "(chance 0.5, untrained twin 0.52 [0.48, 0.56], which is higher)."),
        ((0.52, 0.5, 0.56), (0.1, 0.0, 0.2), " cannot be said to be closer than mismatched in one (chance 0.5, "
         "untrained twin 0.52 [0.48, 0.56])."),
        ((0.4, 0.3, 0.499), (0.1, 0.01, 0.2), " MIDI are farther apart than mismatched in one (chance 0.5, untrained twin 0.52"),
        ((None, None, None), (0.1, 0.0, 0.2), "one is given one work only, so that no mismatched pairs can be made."),
    ],
)  # fmt: skip
def test_the_headline_in_thirty_words(auc: Any, difference: Any, expected: str) -> None:
    values = [
        value("trained", AUC_OTHER, auc, 0.5), value("untrained", AUC_OTHER, (0.52, 0.48, 0.56), 0.5),
        value(MINUS_TWIN, AUC_OTHER, difference, 0.0),
    ]  # fmt: skip
    found = headline(values, ("one",), "embedding")
    assert expected in found
    assert len(found.split()) <= 30


@pytest.mark.parametrize(("low", "unclear"), [(0.02, ", not distinguishable"), (0.021, "")])
def test_the_headline_of_a_layer_in_thirty_words(low: float, unclear: str) -> None:
    values = [
        value("trained", SHARED, (0.31, low, 0.4), 0.02, "share"), value("untrained", SHARED, (0.05, 0.04, 0.06), 0.02, "share"),
    ]  # fmt: skip
    found = headline(values, ("one",), "block.2")
    assert found.endswith(f"do audio and MIDI share at block.2 in one (chance 2.0 %{unclear}; untrained twin 5.0 % [4.0, 6.0]).")
    assert len(found.split()) <= 30
