"""A sweep trains what is not finished, refuses what was trained otherwise, and compares arms by work."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.cli import main
from analysis.cli.parser import build_parser
from analysis.datasets import corpora
from analysis.datasets.piece import Corpus
from analysis.errors import Cancelled, ConfigError
from analysis.jobs.kinds import sweep as sweep_kind
from analysis.measures.paired_scores import hits_exchange_p, s_exchange_p
from analysis.measures.statistics import holm
from analysis.models.arms import build_config
from analysis.models.checkpoint import CONFIG_FILE, Checkpoint, save_checkpoint
from analysis.models.dual_encoder import build_model
from analysis.run import RunContext
from analysis.training import sweep
from analysis.training.loop import TrainRequest
from analysis.training.sweep import finished, members, train_all
from analysis.training.sweep_table import headline, sweep_table, table_lines
from analysis.training.work_counts import read_counts
from tests.tiny import NARROW

WORKS, QUERIES = ["a", "b", "c", "d", "e"], [40, 40, 40, 40, 40]
REACHED = {"D0": 20, "d4": 24, "a4": 33, "a4-zero": 36}  # of 40 queries of a work, both ways alike but for one


def evaluation(arm: str, seed: int) -> dict[str, Any]:
    """Made-up counts of an arm, a little different for every seed and work."""
    forward = [REACHED[arm] + (seed + number) % 3 for number in range(5)]
    pools = {}
    for weights, hits in (("trained", forward), ("untrained", [2, 1, 2, 1, 2])):
        by_work = {"works": WORKS, "queries": QUERIES, "audio_to_midi": hits, "midi_to_audio": [hit + 1 for hit in hits]}
        pools[weights] = {"canonical": {"S": sum(hits) / 200, "chance": 0.039, "by_work": by_work}}
    return pools


class Trainer:
    """Trains nothing: it writes narrow checkpoints, and stops after so many."""

    def __init__(self, stop_after: int = 99) -> None:
        self.asked: list[tuple[str, int, bool]] = []
        self.stop_after = stop_after

    def __call__(self, request: TrainRequest, corpus: Corpus, out: Path, *, resume: bool, progress: Any, **_: Any) -> Checkpoint:
        if len(self.asked) == self.stop_after:
            raise Cancelled("Cancelled.")
        self.asked.append((request.arm, request.seed, resume))
        progress(1, 2, "loss 1.00")
        model = build_model(replace(build_config(request.arm, "small"), **NARROW), request.seed)
        training = {**asdict(request), "corpus_sha256": corpus.sha256}
        return save_checkpoint(
            out, model, arm=request.arm, scale="small", training=training, evaluation=evaluation(request.arm, request.seed),
            history=[], card="",
        )  # fmt: skip


LIKE = TrainRequest("D0", steps=3)
Use = Callable[..., Trainer]


@pytest.fixture
def trainer(monkeypatch: pytest.MonkeyPatch, corpus: Corpus) -> Use:
    def use(stop_after: int = 99) -> Trainer:
        one = Trainer(stop_after)
        monkeypatch.setattr(sweep, "train_checkpoint", one)
        return one

    monkeypatch.setattr(corpora, "open_corpus", lambda name, *, progress: corpus)
    return use


def test_what_is_finished_is_not_trained_again_and_the_rest_goes_on(trainer: Use, corpus: Corpus, tmp_path: Path) -> None:
    wanted, stopped = members(LIKE, ["D0", "a4"], [0, 1], tmp_path), trainer(stop_after=3)
    assert [member.folder.name for member in wanted] == ["D0-small-0", "a4-small-0", "D0-small-1", "a4-small-1"]
    with pytest.raises(Cancelled):
        list(train_all(wanted, corpus, RunContext()))
    assert stopped.asked == [("D0", 0, True), ("a4", 0, True), ("D0", 1, True)]
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/model.safetensors")}
    again, told = trainer(), []
    checkpoints = list(train_all(wanted, corpus, RunContext(progress=lambda *step: told.append(step))))
    assert again.asked == [("a4", 1, True)]
    assert [one.name for one in checkpoints] == [member.folder.name for member in wanted]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert told[-1] == (350, 400, "a4, seed 1: loss 1.00")


def test_what_was_trained_otherwise_is_refused_before_any_training(trainer: Use, corpus: Corpus, tmp_path: Path) -> None:
    trainer()
    list(train_all(members(LIKE, ["D0"], [1], tmp_path), corpus, RunContext()))
    fresh = trainer()
    others = members(replace(LIKE, steps=4), ["D0"], [0, 1], tmp_path)
    with pytest.raises(ConfigError, match="D0-small-1 was trained with another steps; use the same again or another --out"):
        list(train_all(others, corpus, RunContext()))
    assert not fresh.asked
    (member,) = members(LIKE, ["D0"], [1], tmp_path)
    with pytest.raises(ConfigError, match="another corpus_sha256"):
        finished(member, replace(corpus, pieces=corpus.pieces[1:]))
    (member.folder / "model.safetensors").write_bytes(b"cut off")
    with pytest.raises(ConfigError, match=r"Remove .*D0-small-1, or choose another --out"):
        finished(member, corpus)


@pytest.mark.parametrize(("arms", "seeds", "said"), [([], [0], "The arms of the sweep are none"), (["D0"], [1, 1], "The seeds")])
def test_arms_and_seeds_come_once(arms: list[str], seeds: list[int], said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        members(LIKE, arms, seeds, tmp_path)
    with pytest.raises(ConfigError, match="Unknown arm 'mine'"):
        members(LIKE, ["mine"], [0], tmp_path)


def test_arms_of_two_families_are_refused_before_any_training(tmp_path: Path) -> None:
    like = replace(LIKE, arm="vit1d")
    assert [member.folder.name for member in members(like, ["vit1d"], [0, 1], tmp_path)] == ["vit1d-small-0", "vit1d-small-1"]
    with pytest.raises(ConfigError, match="which are examined otherwise; expected one family"):
        members(LIKE, ["D0", "vit1d"], [0], tmp_path)


def test_a_training_that_had_no_settings_yet_is_as_one_with_the_usual_ones(trainer: Use, corpus: Corpus, tmp_path: Path) -> None:
    trainer()
    (member,) = members(LIKE, ["D0"], [0], tmp_path)
    list(train_all([member], corpus, RunContext()))
    file = member.folder / CONFIG_FILE
    document = json.loads(file.read_text())
    assert document["training"].pop("settings") == {}
    file.write_text(json.dumps(document))
    assert finished(member, corpus) is not None


def made(arms: list[str], seeds: tuple[int, ...] = (0, 1)) -> list[Checkpoint]:
    return [
        Checkpoint(Path(f"{arm}-{seed}"), arm, "small", {}, {"seed": seed}, evaluation(arm, seed), "0" * 64)
        for seed in seeds
        for arm in arms
    ]


def test_the_table_is_that_of_the_counts() -> None:
    rows = {row.arm: row for row in sweep_table(made(["D0", "d4", "a4", "a4-zero"]))}
    assert list(rows) == ["a4", "d4", "D0", "a4-zero"]  # controls are not ranked
    for arm, row in rows.items():
        hits = [sum(evaluation(arm, seed)["trained"]["canonical"]["by_work"]["audio_to_midi"]) for seed in (0, 1)]
        assert row.s == pytest.approx(sum(hits) / 400)
        assert (row.lowest, row.highest) == (min(hits) / 200, max(hits) / 200)
        assert (row.seeds, row.n_works, row.untrained) == ((0, 1), 5, 0.04)
        assert row.s_low is not None
        assert row.s_low <= row.s
    assert rows["D0"].difference is rows["D0"].p is None
    a4 = rows["a4"]
    assert a4.difference == pytest.approx(a4.s - rows["D0"].s)
    assert (a4.low, a4.high) == (pytest.approx(0.325), pytest.approx(0.325))  # in every work the same: 13 of 40 more
    tested = [rows[arm].p for arm in ("d4", "a4", "a4-zero")]
    assert [rows[arm].p_holm for arm in ("d4", "a4", "a4-zero")] == pytest.approx(holm([p or 0.0 for p in tested]))


def test_the_baseline_is_the_first_arm_where_d0_is_not_there() -> None:
    assert {row.baseline for row in sweep_table(made(["d4", "a4"]))} == {"", "d4"}


def test_other_queries_are_not_compared() -> None:
    ones = made(["D0", "a4"])
    ones[1].evaluation["trained"]["canonical"]["by_work"]["queries"] = [41, 40, 40, 40, 40]
    with pytest.raises(ConfigError, match="examined on other queries"):
        sweep_table(ones)
    del ones[0].evaluation["trained"]["canonical"]["by_work"]
    with pytest.raises(ConfigError, match="D0-0 was examined without counts by work"):
        sweep_table(ones)


@pytest.mark.parametrize(
    "changed",
    [
        {"works": ["b", "a", "c", "d", "e"]}, {"works": "abcde"}, {"queries": [40] * 4}, {"queries": [40.5] * 5},
        {"audio_to_midi": [41] * 5}, {"audio_to_midi": [-1] * 5}, {"midi_to_audio": [[1]] * 5}, {"queries": [2**80] * 5},
    ],
)  # fmt: skip
def test_counts_that_are_unsound_are_none(changed: dict[str, Any]) -> None:
    told = evaluation("D0", 0)
    assert read_counts(told) is not None
    told["trained"]["canonical"]["by_work"] |= changed
    assert read_counts(told) is None
    assert read_counts({"trained": 3}) is None


def test_exchanging_counts_is_exchanging_ranks() -> None:
    rng = np.random.default_rng(4)
    groups, first, second = rng.integers(6, size=80), rng.integers(1, 30, (2, 80)), rng.integers(1, 40, (2, 80))
    counts = [np.stack([np.bincount(groups[ranks <= 10], minlength=6) for ranks in model]) for model in (first, second)]
    assert hits_exchange_p(*counts, seed=3) == s_exchange_p(groups, first, second, seed=3)


@pytest.mark.parametrize("arms", [["D0"], ["D0", "d4", "a4"], ["d4", "D0"], ["a4", "d4"]])
def test_the_headline_has_at_most_30_words_and_its_control(arms: list[str]) -> None:
    said = headline(rows := sweep_table(made(arms)))
    assert len(said.split()) <= 30, said
    assert said.startswith(f"S = {100 * rows[0].s:.1f} %")
    assert "chance 3.9 %" in said
    assert ("Holm)" in said) is (len(arms) > 1)
    tested = [row.p_holm for row in rows if row.p_holm is not None and (row is rows[0] or rows[0].p_holm is None)]
    assert ("not distinguishable from" in said) is (bool(tested) and tested[0] >= 0.05)


def test_the_command_trains_writes_one_table_and_prints_it(
    trainer: Use, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "runs"
    words = ["sweep", "d0", "A4", "--seeds", "0,1", "--steps", "3", "--out", str(out)]
    one = trainer()
    assert main([*words, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [row["arm"] for row in document["rows"]] == ["a4", "D0"]
    assert json.loads((out / "sweep.json").read_text()) == document
    assert pd.read_csv(out / "sweep.csv")["arm"].tolist() == ["a4", "D0"]
    assert len(one.asked) == 4
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert len(one.asked) == 4
    assert document["headline"] in printed
    assert "Differences are from D0, paired by work." in printed
    assert main(["sweep", "D0", "--seeds", "x"]) == 2
    assert "--seeds 'x' are no seeds" in capsys.readouterr().err


def test_a_training_of_a_sweep_is_that_of_train() -> None:
    from analysis.cli.work import training_settings

    parser = build_parser()
    swept, alone = parser.parse_args(["sweep", "D0", "a4", "--hold", "0.8"]), parser.parse_args(["train", "D0", "--hold", "0.8"])
    swept.arm, swept.seed = "D0", 0
    assert training_settings(swept) == training_settings(alone)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"arms": ["D0"], "seeds": [0], "out": "x", "speed": 2}, "Unknown settings speed: expected arms, seeds, out, corpus"),
        ({"arms": "D0", "seeds": [0], "out": "x"}, "Expected arms and seeds"), ({"arms": ["D0"], "seeds": [0]}, "a folder `out`"),
        ({"arms": ["D0"], "seeds": [0.5], "out": "x"}, "Expected seeds as a list of whole numbers"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_refused(request_: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        sweep_kind.sweep(request_, RunContext())


def test_the_table_as_text() -> None:
    lines = table_lines(sweep_table(made(["D0", "a4"])))
    assert lines[0].split()[:2] == ["arm", "seeds"]
    assert lines[1].startswith("a4")
    assert "+32.5 [32.5, 32.5]" in lines[1]
