"""Arms are paired with the controls that were trained alike; a planted gain is found, an absent one is not claimed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.datasets.segments import Segment
from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.models.dual_encoder import build_arm
from analysis.results import Result
from analysis.run import RunContext
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import finish_study
from analysis.studies.controls import study as controls
from analysis.studies.controls.rows import REAL, DifferenceRow, MissingRow, RanksRow, ScoreRow
from analysis.studies.controls.words import details, headline
from analysis.studies.shared_rows import SentenceRow

SMALL = {"split": "all", "n_queries": 60, "pool_size": 32, "windows_per_piece": 17}
FEW = {"n_queries": 12, "pool_size": 8, "windows_per_piece": 4}
NOT_SAID = "; what its descriptors add is not known."
Make = Callable[..., Checkpoint]


@pytest.fixture
def make_run(tmp_path: Path) -> Make:
    """A checkpoint with the weights it begins with, and whatever it says about its training."""

    def make(arm: str, seed: int = 1, **training: Any) -> Checkpoint:
        said = {"seed": seed, "steps": 10, "corpus_sha256": "a" * 64, **training}
        folder, model = tmp_path / f"{arm}-{seed}", build_arm(arm, "small", seed)
        return save_checkpoint(folder, model, arm=arm, scale="small", training=said, evaluation={}, history=[], card="")

    return make


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Arm → share of windows whose two embeddings agree; untrained twins agree nowhere."""
    shares: dict[str, float] = {}

    def fake(
        _study_run: object, checkpoint: Checkpoint, segments: Sequence[Segment], weights: str
    ) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(3)
        midi, other = rng.standard_normal((2, len(segments), 64)).astype(np.float32)
        good = np.arange(len(segments)) % 20 < 20 * (shares[checkpoint.arm] if weights == "trained" else 0)
        return np.where(good[:, None], midi, other), midi

    monkeypatch.setattr(controls, "embed", fake)
    return shares


def ask(folder: Path, checkpoints: Sequence[Checkpoint], **settings: Any) -> Result:
    names = [str(one.path) for one in checkpoints]
    return finish_study("controls", build_request("controls", names, {**SMALL, "corpus": str(folder), **settings})).result


def test_real_models_through_the_whole_study(corpus_folder: Path, make_run: Make) -> None:
    names = [str(make_run(arm).path) for arm in ("d4a4", "d4a4-random", "D0")]
    request = build_request("controls", names, {**SMALL, **FEW, "corpus": str(corpus_folder)})
    steps: list[int] = []
    listen = lambda done, total, _what: steps.append(done) if total == 200 else None  # noqa: E731
    result = finish_study("controls", request, context=RunContext(progress=listen)).result
    assert steps == sorted(steps)
    assert steps[-1] > 150
    kinds = {("real − control", "d4a4-1", "d4a4-random-1"), ("control − baseline", "d4a4-random-1", "D0-1")}
    rows = {(*row.pair, row.weights): row for row in result.rows(DifferenceRow)}
    assert set(rows) == {(*one, weights) for one in kinds for weights in ("trained", "untrained")}
    assert [row.text for row in result.rows(MissingRow)] == [
        "Of d4a4-1 there is no control here: d4a4-zero, d4a4-shuffled.",
        "D0-1 has no descriptors, so there is nothing to control.",
    ]
    scores = {(row.checkpoint, row.weights): row.value for row in result.rows(ScoreRow)}
    for (_kind, first, second, weights), row in rows.items():
        gained = result.arrays[row.array]
        assert (gained.dtype, gained.shape) == (np.float32, (2, 12))
        assert row.value == pytest.approx(scores[first, weights] - scores[second, weights])
        assert row.ci_low is not None
        assert row.ci_high is not None
        assert row.p is not None
        assert row.ci_low <= row.value <= row.ci_high
        assert 0 < row.p <= 1
    for row in result.rows(RanksRow):
        instead, candidates = result.arrays[row.instead], result.arrays["candidates"]
        assert (instead.dtype, instead.shape) == (np.int32, (2, 12))
        assert all((instead[:, [i]] == candidates[i, 1:]).any(axis=1).all() for i in range(12))
    assert result.value(checkpoint="d4a4-1", weights="trained").name == "d4a4-1, trained: S"
    apart = result.value(first="d4a4-1", second="d4a4-random-1", weights="untrained")
    assert apart.name == "d4a4-1 − d4a4-random-1, untrained: difference in S"


def test_a_planted_gain_is_found(corpus_folder: Path, make_run: Make, planted: dict[str, float]) -> None:
    planted |= {"a4": 1.0, "a4-zero": 0.2, "a4-random": 0.3, "a4-shuffled": 0.2, "D0": 0.2}
    result = ask(corpus_folder, [make_run(arm) for arm in planted])
    rows = {(row.first, row.second, row.weights): row for row in result.rows(DifferenceRow)}
    scores = {(row.checkpoint, row.weights): row.value for row in result.rows(ScoreRow)}
    one = rows["a4-1", "a4-zero-1", "trained"]
    assert one.value == pytest.approx(scores["a4-1", "trained"] - scores["a4-zero-1", "trained"])
    assert one.ci_low is not None
    assert one.ci_low > 0
    assert rows["a4-1", "a4-zero-1", "untrained"].value == 0
    assert rows["a4-zero-1", "D0-1", "trained"].value == 0
    assert [row.values for row in result.rows(ScoreRow)] == ["real"] * 4 + ["zero"] * 2 + ["random"] * 2 + ["shuffled"] * 2
    value = result.value(first="a4-1", second="a4-random-1", weights="trained", what="difference in S")
    assert value.value is not None
    assert result.headline.startswith(f"+{100 * value.value:.1f} points of S [")  # of all controls the one that comes closest
    assert "among 32 candidates: a4-1 is not distinguishable from its parameters given noise (" in result.headline  # of 4 works
    missing = [row.text for row in result.rows(MissingRow)]
    assert missing == ["D0-1 has no descriptors, so there is nothing to control."]


def test_no_gain_is_not_claimed(corpus_folder: Path, make_run: Make, planted: dict[str, float]) -> None:
    planted |= {"a4": 0.5, "a4-zero": 0.5}
    result = ask(corpus_folder, [make_run(arm) for arm in planted])
    assert "a4-1 is not distinguishable from its parameters given zeros" in result.headline
    assert result.rows(SentenceRow)[0].text.endswith("adds anything to the parameters is not shown.")


def test_only_what_was_trained_alike_is_paired(corpus_folder: Path, make_run: Make, planted: dict[str, float]) -> None:
    planted |= {"a4": 1.0, "a4-zero": 0.1, "a4-random": 0.1}
    result = ask(corpus_folder, [make_run("a4"), make_run("a4-zero", 2), make_run("a4-random", steps=99)])
    assert result.rows(DifferenceRow) == ()
    said = "a4-1 is not paired: a4-zero-2 has training seed 2 instead of 1; a4-random-1 has steps 99 instead of 10."
    assert result.rows(MissingRow)[0].text == said
    assert result.headline.endswith(NOT_SAID)


def test_the_shipped_situation(corpus_folder: Path, make_run: Make, planted: dict[str, float]) -> None:
    planted |= {"a4r": 0.5, "D0": 0.5}
    result = ask(corpus_folder, [make_run("a4r"), make_run("D0")])
    assert result.headline.endswith(NOT_SAID)
    assert ": a4r-1 without its controls (chance " in result.headline
    (said,) = (row.text for row in result.rows(SentenceRow))
    assert said.startswith("Controls of a4r have its parameters without what its descriptors tell: a4r-zero, a4r-random, ")
    assert [row.text for row in result.rows(MissingRow)] == [
        "Of a4r-1 there is no control here: a4r-zero, a4r-random, a4r-shuffled.",
        "D0-1 has no descriptors, so there is nothing to control.",
    ]
    assert len(result.values) == 4


def test_a_control_without_its_arm_is_named(corpus_folder: Path, make_run: Make, planted: dict[str, float]) -> None:
    planted |= {"a4": 0.9, "a4-zero": 0.1, "d4-random": 0.5}
    result = ask(corpus_folder, [make_run(arm) for arm in planted])
    assert "a4-1 is not distinguishable from its parameters given zeros (" in result.headline  # of 4 works
    assert "Of d4-random-1 there is no real arm here: d4." in [row.text for row in result.rows(MissingRow)]
    (said,) = result.rows(SentenceRow)
    assert said.text.startswith("a4-1 reaches S = ")


def rows_of(
    *differences: tuple[str, float, float | None], arm: str = "real", s: float = 0.83
) -> tuple[list[ScoreRow], list[DifferenceRow]]:
    """Scores and differences of one arm and its controls: (values, real − control, p)."""

    def score(name: str, values: str, s: float) -> list[ScoreRow]:
        trained = ScoreRow(name, "a4", values, "trained", 1, s, None, None, 10 / 256, 500)
        return [trained, replace(trained, weights="untrained", value=0.025)]

    scores, rows = score(arm, "real", s), []
    for values, apart, p in differences:
        scores += score(f"{arm} {values}", values, s - apart)
        low, high = (None, None) if p is None else (apart - 0.04, apart + 0.04)
        whose = (REAL, "a4", values, arm, f"{arm} {values}", "trained")
        row = DifferenceRow(*whose, apart, low, high, 0.0, p, n=500, n_works=8, training_seed=1, array="")
        ends = (None, None) if p is None else (-0.01, 0.02)
        rows += [row, replace(row, weights="untrained", value=0.002, ci_low=ends[0], ci_high=ends[1], p=0.9)]
    return scores, rows


def told(*differences: tuple[str, float, float | None]) -> str:
    """The headline of one arm and its controls."""
    return headline(*rows_of(*differences), 256)


def test_the_headline_of_a_gain_over_every_control() -> None:
    every = ("zero", 0.08, 0.002), ("random", 0.094, 0.0005)
    assert told(*every) == (
        "+8.0 points of S [4.0, 12.0] among 256 candidates: real is above its parameters given zeros (p = 0.002, untrained twins "
        "+0.2 [-1.0, 2.0]): the information matters."
    )
    (row,) = details(*rows_of(*every))
    assert row.text == (
        "real reaches S = 83.0 % (chance 3.9 %, untrained twin 2.5 %): more than the same parameters given zeros (75.0 %: +8.0 "
        "points [4.0, 12.0], p = 0.002; untrained twins +0.2 [-1.0, 2.0]), noise (73.6 %: +9.4 points [5.4, 13.4], p < 0.001; "
        "untrained twins +0.2 [-1.0, 2.0]). What the descriptors tell matters, not the parameters alone."
    )


@pytest.mark.parametrize(
    ("rows", "contains"),
    [
        ([("zero", 0.04, 0.05)], "is not distinguishable from its parameters given zeros"),
        ([("zero", 0.04, 0.05)], "2.0])."),
        ([("zero", 0.04, 0.0499)], "is above its parameters given zeros"),
        ([("zero", 0.04, 0.0499)], "2.0]): the information matters."),
        ([("zero", 0.04, 0.04999)], "p = 0.04999"),
        (
            [("zero", -0.04, 0.01)],
            "-4.0 points of S [-8.0, 0.0] among 256 candidates: real is below its parameters given zeros",
        ),
        ([("shuffled", 0.04, 0.01), ("random", 0.01, 0.4)], "real is not distinguishable from its parameters given noise"),
        (
            [("shuffled", 0.04, 0.01)],
            "given other windows' values (p = 0.010, untrained twins +0.2 [-1.0, 2.0]): the",
        ),
        ([("reordered", 0.04, 0.01)], "given its reordered values (p = 0.010, "),
        ([("zero", 0.04, None)], "a single work, so no test"),
        ([], NOT_SAID),
    ],
)
def test_the_headline_at_the_boundaries(rows: list[tuple[str, float, float | None]], contains: str) -> None:
    said = told(*rows)
    assert contains in said
    assert said.count(". ") == 0  # one sentence
    assert len(said.split()) <= 30


def test_of_several_arms_the_best_is_in_the_headline_and_each_in_a_sentence() -> None:
    one, other = rows_of(("zero", 0.01, 0.4)), rows_of(("zero", 0.2, 0.001), ("random", 0.1, 0.002), arm="good", s=0.9)
    scores, differences = one[0] + other[0], one[1] + other[1]
    said = headline(scores, differences, 256)
    assert said.startswith("+10.0 points of S [6.0, 14.0] among 256 candidates: good is above its parameters given noise (")
    assert [row.text.split()[0] for row in details(scores, differences)] == ["real", "good"]
    assert (
        "zeros (82.0 %: +1.0 points [-3.0, 5.0], p = 0.400; untrained twins +0.2 [-1.0, 2.0])"
        in details(scores, differences)[0].text
    )


def test_a_control_that_is_not_excluded_decides_even_if_another_comes_closer() -> None:
    rows = ("zero", 0.03, 0.01), ("random", 0.05, 0.2)
    assert told(*rows).startswith(
        "+5.0 points of S [1.0, 9.0] among 256 candidates: real is not distinguishable from its parameters given noise (p = 0.200"
    )
    (row,) = details(*rows_of(*rows))
    assert row.text.endswith("is shown against some of the controls only.")
