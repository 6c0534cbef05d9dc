"""Training seeds and redrawn pools are told apart; only runs of one recipe are pooled; nothing is said that cannot be told."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.datasets.pools import Pools
from analysis.datasets.segments import Segment
from analysis.errors import Cancelled, ConfigError
from analysis.measures.replication import paired, spread, welch
from analysis.models.checkpoint import Checkpoint, save_checkpoint
from analysis.models.dual_encoder import build_arm
from analysis.published.published import published
from analysis.results import Result
from analysis.run import Cancel, RunContext
from analysis.seeding import numpy_generator
from analysis.store import Store
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import finish_study
from analysis.studies.replication import study as replication
from analysis.studies.replication.rows import ArmRow, ComponentRow, EvaluationRow, LinkRow, PairRow, RunRow
from analysis.studies.replication.words import chosen_test, details, headline
from analysis.studies.shared_rows import SentenceRow, WindowRow

SMALL = {"split": "all", "n_queries": 20, "pool_size": 8, "evaluation_seeds": 3, "windows_per_piece": 15}
FEW = {"n_queries": 12, "windows_per_piece": 4}
Make = Callable[..., Checkpoint]


@pytest.fixture
def make_run(tmp_path: Path) -> Make:
    """A checkpoint with the weights it begins with, and whatever it says about its training."""

    def make(name: str, arm: str, seed: int | None, **training: Any) -> Checkpoint:
        said = {"steps": 10, "corpus_sha256": "a" * 64, "batch_size": 8, "schedule": "cosine", **training}
        said |= {} if seed is None else {"seed": seed}
        model = build_arm(arm, "small", 1)
        return save_checkpoint(tmp_path / name, model, arm=arm, scale="small", training=said, evaluation={}, history=[], card="")

    return make


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Name of a checkpoint → share of windows whose two embeddings agree; untrained twins agree nowhere."""
    shares: dict[str, float] = {}

    def fake(
        _study_run: object, checkpoint: Checkpoint, segments: Sequence[Segment], weights: str
    ) -> tuple[np.ndarray, np.ndarray]:
        rng = numpy_generator(0, checkpoint.name, weights)
        midi = rng.standard_normal((len(segments), 64)).astype(np.float32)
        other = rng.standard_normal(midi.shape).astype(np.float32)
        good = np.arange(len(segments)) % 20 < 20 * (shares[checkpoint.name] if weights == "trained" else 0)
        return np.where(good[:, None], midi, other), midi

    monkeypatch.setattr(replication, "embed", fake)
    return shares


def ask(folder: Path, checkpoints: Sequence[Checkpoint], **settings: Any) -> Result:
    notices: list[str] = []
    request = build_request("replication", [str(one.path) for one in checkpoints], {**SMALL, "corpus": str(folder), **settings})
    return finish_study("replication", request, context=RunContext(notice=notices.append)).result


def test_shipped_situation_one_seed_per_arm(
    corpus_folder: Path, make_checkpoint: Callable[[str], Checkpoint], store: Store
) -> None:
    request = build_request("replication", [str(make_checkpoint("D0").path)], {**SMALL, **FEW, "corpus": str(corpus_folder)})
    reports: list[tuple[int, int]] = []
    listen = lambda done, total, _what: reports.append((done, total))  # noqa: E731
    result = finish_study("replication", request, store=store, context=RunContext(progress=listen)).result
    assert " points is the SD of S over 3 redrawn pools of 8 candidates (independent queries " in result.headline
    assert result.headline.endswith("; every arm was trained once.")
    said = result.rows(SentenceRow)[0].text
    assert said.startswith("How far S differs from training to training cannot be told: no arm is here with two training")
    assert "(3 evaluation seeds) move S of one checkpoint by a standard deviation of" in said
    of_seeds = [row.value for row in result.rows(EvaluationRow) if row.weights == "trained"]
    assert len(of_seeds) == 3
    model = {"checkpoint": "D0-1", "weights": "trained"}
    assert result.value(**model, what="S").value == of_seeds[0]
    redrawn = result.value(**model, what="SD of S", evaluation_seeds=3)
    assert redrawn.name == "D0-1, trained, over 3 evaluation seeds: SD of S"
    assert redrawn.value == pytest.approx(np.std(of_seeds, ddof=1))
    assert result.value(checkpoint="D0-1", weights="untrained", what="S").null == 1.0
    assert result.rows(PairRow) == result.rows(ComponentRow) == ()
    assert result.rows(ArmRow)[0].note == "one training seed: its spread cannot be told"
    assert result.arrays[result.rows(LinkRow)[0].shares].shape == (2, len(result.rows(WindowRow)))
    assert result.arrays["asked"].sum() == 3 * 12
    instead = result.arrays[result.rows(LinkRow)[0].instead]
    assert (instead.dtype, instead.shape) == (np.int32, (2, len(result.rows(WindowRow))))
    assert ((instead == -1) == (result.arrays["asked"] == 0)).all()
    assert (instead != np.arange(instead.shape[1])).all()
    most = max(total for _, total in reports)
    steps = [done for done, total in reports if total == most]
    assert steps == sorted(steps)
    assert steps[-1] > 0.8 * most
    assert finish_study("replication", request, store=store).result == result


def test_of_all_pools_the_nearest_wrong_window_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    pools = [Pools(np.array(query), np.zeros((2, 4), int), np.zeros((2, 4), np.int8)) for query in ([0, 1], [1, 3])]
    nearest = {
        id(pools[0]): (np.array([[5, 6], [7, 8]]), np.array([[0.1, 0.2], [0.3, np.inf]])),
        id(pools[1]): (np.array([[9, 4], [2, 2]]), np.array([[0.9, -1.0], [0.9, 0.0]])),
    }
    monkeypatch.setattr(replication, "best_wrong", lambda _audio, _midi, pool: nearest[id(pool)])
    nothing = np.empty(0)
    assert replication._instead(nothing, nothing, pools, 5).tolist() == [[5, 9, -1, 4, -1], [7, 8, -1, 2, -1]]


def test_queries_that_are_hardly_redrawn_are_said(corpus_folder: Path, make_run: Make, planted: dict[str, float]) -> None:
    planted["one"] = 0.5
    told = ask(corpus_folder, [make_run("one", "D0", 1)], n_queries=500)
    n = len(told.rows(WindowRow))
    assert f"That is too small: every pool asks for {n} of the {n} windows" in told.rows(SentenceRow)[0].text


def test_a_planted_difference_is_found_and_an_absent_one_is_not(
    corpus_folder: Path, make_run: Make, planted: dict[str, float]
) -> None:
    runs = [make_run(f"{arm}{seed}", arm, seed) for arm in ("a4", "d4", "D0") for seed in (1, 2, 3)]
    shares = {"a4": (0.95, 0.9, 0.85), "d4": (0.85, 0.9, 0.95), "D0": (0.2, 0.3, 0.1)}
    planted |= {one.name: shares[one.arm][one.training["seed"] - 1] for one in runs}
    result = ask(corpus_folder, runs, n_queries=60, pool_size=32)
    assert "% [" in result.headline
    assert "] over 3 trainings among 32 candidates: " in result.headline
    said = result.rows(SentenceRow)[0].text
    assert "is best is not significant with n = 3: not distinguishable from" in said
    assert "better than D0 by" in said
    arms = {(row.arm, row.weights): row for row in result.rows(ArmRow)}
    of_runs = {row.checkpoint: row.value for row in result.rows(RunRow) if row.weights == "trained"}
    scores = {arm: [of_runs[f"{arm}{seed}"] for seed in (1, 2, 3)] for arm in shares}
    assert arms["a4", "trained"].sd == pytest.approx(spread(scores["a4"]).sd)
    pairs = {row.pair: row for row in result.rows(PairRow) if row.weights == "trained"}
    assert pairs["a4", "D0"].p == pytest.approx(welch(scores["a4"], scores["D0"]).p)
    by_seed = paired(dict(enumerate(scores["a4"])), dict(enumerate(scores["D0"])))
    assert by_seed is not None
    assert (pairs["a4", "D0"].paired_n, pairs["a4", "D0"].paired_t) == (3, pytest.approx(by_seed.t))
    assert arms["a4", "untrained"].value < 0.6
    parts = {row.arm: row for row in result.rows(ComponentRow) if row.weights == "trained"}
    assert (parts["D0"].n_training, parts["D0"].n_evaluation) == (3, 3)
    apart = result.value(first="a4", second="D0", weights="trained")
    assert apart.name == "a4 − D0, trained: difference in mean S over training seeds"
    mean = result.value(arm="a4", weights="untrained", training_seeds=3, what="mean S")
    assert mean.name == "a4, untrained, over 3 training seeds: mean S"


def test_runs_of_other_recipes_are_left_out_by_name(corpus_folder: Path, make_run: Make, planted: dict[str, float]) -> None:
    runs = [
        make_run("one", "a4", 1), make_run("two", "a4", 2), make_run("again", "a4", 2), make_run("long", "a4", 3, steps=99),
        make_run("nameless", "a4", None), make_run("elsewhere", "a4", 4, corpus_sha256="b" * 64),
    ]  # fmt: skip
    planted |= {one.name: 0.5 for one in runs}
    result = ask(corpus_folder, runs)
    said = result.rows(SentenceRow)[0].text
    assert "Not pooled: again, of the same arm and training seed as two; long, trained with steps 99 instead of 10" in said
    assert "nameless, its training seed is not recorded" in said
    assert "elsewhere, trained with corpus bbbbbbbbbbbb instead of aaaaaaaaaaaa" in said
    assert said.startswith("a4 reaches S = ")
    assert "no other arm is here with two training seeds to compare it with" in said
    assert ") over 2 trainings among 8 candidates: a4 finds the match (" in result.headline
    arm = result.rows(ArmRow)[0]  # two trainings give no useful interval
    assert (arm.n, arm.ci_low, arm.ci_high, arm.sd_ci_low) == (2, None, None, None)
    assert f"({100 * arm.lowest:.1f} and {100 * arm.highest:.1f} %, of which no useful interval can be made)" in said
    assert [row.training_seeds for row in result.rows(ArmRow)] == [(1, 2), (1, 2)]
    assert len(result.rows(RunRow)) == 12


def test_requests_are_checked_and_a_run_can_be_stopped(corpus_folder: Path, make_checkpoint: Callable[[str], Checkpoint]) -> None:
    class Stop(Cancel):
        def check(self) -> None:
            raise Cancelled

    checkpoint = make_checkpoint("D0")
    with pytest.raises(ConfigError, match="evaluation_seeds is 1; expected 2 to 200, because a spread needs two"):
        ask(corpus_folder, [checkpoint], evaluation_seeds=1)
    request = build_request("replication", [str(checkpoint.path)], {**SMALL, "corpus": str(corpus_folder)})
    with pytest.raises(Cancelled):
        finish_study("replication", request, context=RunContext(cancel=Stop()))


def of_arms(scores: dict[str, list[float]]) -> tuple[list[ArmRow], list[PairRow], list[RunRow]]:
    """Rows as the study makes them, from S of every training seed."""
    by_seed = {arm: {seed: np.array([s]) for seed, s in enumerate(values)} for arm, values in scores.items()}
    arms = [replication._arm(arm, "trained", runs, 10 / 256) for arm, runs in by_seed.items()]
    for row in list(arms):
        low, high = (0.02, 0.03) if row.n > 2 else (row.ci_low, row.ci_high)
        arms.append(replace(row, weights="untrained", value=0.025, ci_low=low, ci_high=high))
    many = {arm: runs for arm, runs in by_seed.items() if len(runs) > 1}
    pairs = [replication._pair(a, b, "trained", many[a], many[b]) for a in many for b in many if a < b]
    about = {"value": 0.7, "ci_low": 0.6, "ci_high": 0.8, "null": 0.04, "n": 500, "left_out": "", "binomial_sd": 0.0164}
    spread = {"evaluation_sd": 0.024, "evaluation_sd_ci_low": None, "evaluation_sd_ci_high": None}
    run = RunRow("x", "D0", "small", "demo", 10, 1, "trained", **about, **spread)
    return arms, pairs, [run, replace(run, weights="untrained", evaluation_sd=0.007)]


SEEDS = (42, 123, 456, 789, 1337)


def published_seeds() -> dict[str, list[float]]:
    """S of every published training seed, in the order of the seeds."""
    said: dict[str, dict[str, float]] = {}
    for one in published("replication"):
        said.setdefault(one.arm, {})[one.condition] = one.value / 100
    return {arm: [of_arm[f"training seed {seed}"] for seed in SEEDS] for arm, of_arm in said.items()}


def test_the_published_five_seeds_are_worded_as_they_allow() -> None:
    text = details(*of_arms(published_seeds()), 5, 9000)
    assert text.startswith(
        "d4a4 has the highest mean, S = 84.0 ± 2.7 % (mean ± SD) over 5 training seeds (chance 3.9 %, untrained twins 2.5 % "
        "[2.0, 3.0]); better than D0 by 8.8 points [6.4, 11.3] "
        "(p = 0.003), a4r by 3.3 points [0.7, 6.0] (p = 0.04967) and d4-a4r by 2.9 points [1.0, 4.7] "
        "(p = 0.036) (paired t test over training seeds; p corrected for 6 pairs of arms, Holm)."
    )
    assert text.endswith("by a standard deviation of 2.4 points (independent queries: at most 1.6; untrained twins 0.7).")


def test_without_common_seeds_arms_are_compared_by_welch() -> None:
    arms, pairs, runs = of_arms(published_seeds())
    apart = [replace(row, paired_n=0, paired_p=None) for row in pairs]
    text = details(arms, apart, runs, 5, 9000)
    assert (
        "but that d4a4 is best is not significant with n = 5: not distinguishable from a4r (p = 0.177) and d4-a4r (p = 0.237); "
        "better than D0 by 8.8 points [5.2, 12.5] (p = 0.004) (Welch's t test; p corrected for 6 pairs of arms, Holm)."
    ) in text
    some = [row if "D0" in row.pair else replace(row, paired_n=4) for row in pairs]
    text = details(arms, some, runs, 5, 9000)
    assert "by 8.8 points [6.4, 11.3]" in text
    assert "a4r (p = 0.177)" in text
    assert "(paired t test over training seeds where both arms have the same seeds, else Welch's t test; p corrected" in text


def test_where_no_difference_varies_the_other_test_is_read() -> None:
    arms, pairs, runs = of_arms({"a4": [0.7, 0.71, 0.72], "d4": [0.8, 0.81, 0.82]})
    assert (pairs[0].paired_p, chosen_test(pairs[0]).by_seed) == (None, False)
    assert "d4 has the highest mean" in details(arms, pairs, runs, 5, 9000)
    assert "better than a4 by 10.0 points" in details(arms, pairs, runs, 5, 9000)


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (0.05, "is best is not significant with n = 3: not distinguishable from a4 (p = 0.050)"),
        (0.0499, "better than a4 by"), (0.04999, "(p = 0.04999)"), (None, "not distinguishable from a4 (p cannot be computed"),
    ],
)  # fmt: skip
def test_the_headline_at_the_boundary(p: float | None, expected: str) -> None:
    arms, pairs, runs = of_arms({"a4": [0.7, 0.71, 0.72], "d4": [0.8, 0.81, 0.83]})
    assert chosen_test(pairs[0]).by_seed
    text = details(arms, [replace(pairs[0], p=p, paired_p=p)], runs, 5, 9000)
    assert expected in text
    assert "d4 has the highest mean" in text


@pytest.mark.parametrize(("n_windows", "is_said"), [(999, True), (1000, False)])
def test_half_of_the_windows_is_where_redrawing_is_called_small(n_windows: int, is_said: bool) -> None:
    text = details(*of_arms({"a4": [0.7], "d4": [0.9]}), 5, n_windows)
    assert ("every pool asks for 500 of the 999 windows" in text) is is_said


def test_an_arm_with_one_seed_beside_one_with_many() -> None:
    text = details(*of_arms({"a4": [0.7, 0.71, 0.72], "d4": [0.9]}), 5, 9000)
    assert text.startswith("a4 reaches S = 71.0 ± 1.0 % (mean ± SD) over 3 training seeds")
    assert "Of d4 there is one training seed: nothing can be told." in text


def test_a_control_is_never_the_best_arm() -> None:
    seeds = {"d4a4-zero": [0.9, 0.91, 0.92], "d4a4": [0.7, 0.71, 0.72], "D0": [0.6, 0.61, 0.62]}
    said = details(*of_arms(seeds), 5, 9000)
    assert said.startswith("d4a4 has the highest mean")
    assert "d4a4-zero" not in said
    alone = details(*of_arms({"d4a4-zero": [0.9, 0.91, 0.92], "D0": [0.6]}), 5, 9000)
    assert alone.startswith("Two training seeds are here of controls alone, which are not ranked: d4a4-zero.")


@pytest.mark.parametrize(
    ("seeds", "expected"),
    [
        (
            {"a4": [0.7, 0.71, 0.72], "d4": [0.8, 0.81, 0.83]},
            "S = 81.3 % [77.5, 85.1] over 3 trainings among 256 candidates: d4 finds most (chance 3.9 %, untrained twins 2.5 % "
            "[2.0, 3.0]).",
        ),
        (
            {"a4": [0.7, 0.75], "d4": [0.72, 0.73], "D0": [0.71, 0.72], "a4r": [0.7, 0.71]},
            "S = 72.5 % (70.0 to 75.0) over 2 trainings among 256 candidates: a4 finds most (chance 3.9 %, untrained twins "
            "2.5 %), not distinguishable from the others.",
        ),
        (
            {"a4": [0.7], "d4": [0.9]},
            "2.4 points is the SD of S over 5 redrawn pools of 256 candidates (independent queries 1.6, untrained twins 0.7); "
            "every arm was trained once.",
        ),
        ({"d4a4-zero": [0.9, 0.91, 0.92], "D0": [0.6]}, "; only controls were trained twice."),
    ],
)
def test_the_headline_in_thirty_words(seeds: dict[str, list[float]], expected: str) -> None:
    said = headline(*of_arms(seeds), 5, 256)
    assert said.endswith(expected)
    assert len(said.split()) <= 30
