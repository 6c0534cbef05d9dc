"""The page of replication: spread of trainings and of pools told apart, tests with their numbers, what is rarely found."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.numbers import Value
from analysis.results import Result
from analysis.rows import Row, tables_of
from analysis.studies.replication.rows import ArmRow, ComponentRow, EvaluationRow, LinkRow, PairRow, RunRow
from analysis.studies.replication.study import WEIGHTS
from analysis.studies.shared_rows import WindowRow
from app import answers
from app.charts.mark import Mark, styles
from app.studies.replication import answer

TRAINED = (("a0", "D0", 0), ("a1", "D0", 1), ("b0", "d4a4", 0), ("b1", "d4a4", 1))


def replicated(models: tuple[Any, ...] = TRAINED, *, piece: str = "piece", left_out: str = "") -> Result:
    """What the study could have found on 2 pools of 4 queries: the second arm is 10 points better."""
    runs, evaluations, links, values = [], [], [], []
    windows = [WindowRow(f"{piece} {i}", 10.0 * i) for i in range(4)]
    arrays: dict[str, Any] = {"asked": np.array([2, 2, 1, 0], np.int32)}
    for (name, arm, seed), weights in product(models, WEIGHTS):
        s = (0.5 + 0.1 * (arm == "d4a4") + 0.02 * seed) if weights == "trained" else 0.06
        score, spread = (s, s - 0.05, s + 0.05, 0.0625, 4), (0.013, 0.006, 0.4, 0.02)
        runs.append(RunRow(name, arm, "small", "x", 7, seed, weights, *score, *spread, left_out))
        for seed_of_pool in (42, 43):
            evaluations.append(EvaluationRow(name, weights, seed_of_pool, s + 0.01 * (seed_of_pool - 42), 0.0625, 4))
        numbers = (s + 0.005, s - 0.06, s + 0.07, 2, 0.0625)
        key = {"checkpoint": name, "weights": weights, "evaluation_seeds": 2, "what": "mean S"}
        values.append(Value(key, *numbers, "share", "mean"))
        arrays[f"found.{len(links)}"] = np.array([[1, 0.5, 0, 0], [1, 1, 0 if arm == "D0" else 1, 0]], np.float32)
        arrays[f"instead.{len(links)}"] = np.array([[3, 2, 1, -1], [2, 0, 0, -1]], np.int32)
        links.append(LinkRow(name, weights, "", f"found.{len(links)}", f"instead.{len(links)}"))
    tables = tables_of([*_over_trainings(models), *runs, *evaluations, *links, *windows])
    made = {"command": "otoscope study replication a0", "seconds": 5.0, "seed": 42}
    request = {"checkpoints": [name for name, *_ in models], "corpus": "small"}
    return Result("replication", request, "d4a4 has the highest mean.", values, tables, arrays, made)


def _over_trainings(models: tuple[Any, ...]) -> list[Row]:
    rows: list[Row] = []
    counts = {arm: sum(one == arm for _, one, _ in models) for _, arm, _ in models}
    for (arm, n), weights in product(counts.items(), WEIGHTS):
        many = n > 1
        mean = (0.51, 0.38, 0.64) if many else (0.51, None, None)
        spread = (0.0141, 0.006, 0.45) if many else (None, None, None)
        rows.append(ArmRow(arm, weights, *mean, 0.0625, n, *spread, 0.5, 0.52, tuple(range(n)), ""))
        if many:
            rows.append(ComponentRow(arm, weights, n, 2, 0.000144, 0.012, -0.1, None, 0.000016, 0.004))
    if len([n for n in counts.values() if n > 1]) > 1:
        welch, paired = (0.1, 0.01, 0.19, 0.0, 4, 7.07, 2.0, 0.0194, 7.07), (0.1, None, 1.0, None, 2, 0.1, 0.1)
        rows.append(PairRow("d4a4", "D0", "trained", *welch, *paired))
    return rows


@pytest.fixture
def opened(open_page, monkeypatch, checkpoint):
    """The page with the checkpoints of a result."""

    def on(result: Result, store: Any):
        names = [str(name) for name in result.request["checkpoints"]]
        arms = {row.checkpoint: row.arm for row in result.rows(RunRow)}
        found = [checkpoint(name) for name in names]
        for one in found:
            one.arm, one.training = arms[one.name], {"seed": 0, "corpus": "demo-small", "steps": 700}
        monkeypatch.setattr("app.caching.checkpoints", lambda: found)
        store[tuple(names)] = result
        return open_page("views/replication.py", checkpoints=names, corpus="small")

    return on


def test_trainings_and_pools_are_told_apart(queue, store, opened):
    app = opened(replicated(), store)
    assert app.title[0].value == "Would another training give the same?"
    assert [one.value for one in [*app.header, *app.subheader[:2]]] == [
        "d4a4 has the highest mean.",
        "From training to training",
        "From pool to pool",
    ]
    first, second = (chart.proto.spec for chart in app.get("plotly_chart"))
    assert "mean of trainings" in first
    assert "mean of pools" not in first
    assert "mean of pools" in second
    assert not app.info


def test_every_test_has_t_df_p_d_interval_and_what_it_is_about(queue, store, opened):
    app = opened(replicated(), store)
    welch, paired = app.dataframe[0].value.to_dict("records")
    assert welch == {
        "pair": "d4a4 − D0", "weights": "trained", "spread": "between trainings (Welch)", "difference": "10.0 [1.0, 19.0]",
        "t": 7.07, "df": 2.0, "p": "0.019", "d": 7.07, "n": 4,
    }  # fmt: skip
    assert (paired["spread"], paired["n"]) == ("of pairs of one seed (paired)", 2)
    assert pd.isna(paired["p"])
    means = app.dataframe[1].value.to_dict("records")
    assert (means[0]["mean"], means[0]["sd"], means[0]["n"]) == ("51.0 % [38.0, 64.0]", "1.4 [0.6, 45.0]", "2 trainings")
    assert means[0]["parts"] == "1.2, < 0, 0.4"


def test_one_training_per_arm_is_said_with_the_line_that_makes_another(queue, store, opened):
    app = opened(replicated(TRAINED[::2]), store)
    assert "cannot be told" in app.info[0].value
    assert app.code[0].value == "otoscope train D0 --scale small --seed 1 --corpus small --steps 700"
    assert len(app.get("plotly_chart")) == 1
    runs = app.dataframe[0].value.to_dict("records")
    assert (runs[0]["checkpoint"], runs[0]["S"], runs[0]["twin"]) == ("a0", "50.0 % [45.0, 55.0]", "○ 6.0 % [1.0, 11.0]")
    assert (runs[0]["sd"], runs[0]["binomial"], runs[0]["pooled"]) == ("1.3 [0.6, 40.0]", "2.0", "yes")


def test_a_checkpoint_that_is_left_out_is_told_why(queue, store, opened):
    app = opened(replicated(TRAINED[:1], left_out="trained with steps 7 instead of 700"), store)
    assert app.dataframe[0].value["pooled"].tolist() == ["no: trained with steps 7 instead of 700"]


def test_a_chosen_checkpoint_leads_to_the_sound_of_what_it_rarely_finds(queue, store, opened, ran):
    app = opened(replicated(), store)
    heard = app.dataframe[3].value.to_dict("records")
    assert [(row["start_s"], row["audio to MIDI"], row["others"], row["asked"]) for row in heard] == [
        ("0:20", 0.0, "0 %", 1), ("0:10", 50.0, "50 %", 2),
    ]  # fmt: skip
    assert "**Asked: this window**: piece 2, 0:20 to 0:24" in [text.value for text in app.markdown]
    app.session_state["numbers__4"] = {"selection": {"rows": [2], "columns": [], "cells": []}}
    ran(app)
    assert app.dataframe[3].value["MIDI to audio"].tolist() == [100.0, 100.0]
    assert any(caption.value.startswith("b0: windows whose match") for caption in app.caption)


def test_what_was_ranked_first_instead_is_heard_too(queue, store, opened):
    app = opened(replicated(), store)
    said = [text.value for text in app.markdown]
    assert "**Ranked first instead**: piece 1, 0:10 to 0:14" in said
    assert len(app.get("audio")) == 2
    assert "instead" not in app.dataframe[3].value


def test_published_seeds_stand_beside_those_of_their_kind(queue, store, opened):
    app = opened(replicated(), store)
    table = app.dataframe[-1].value
    of_mean = table[table["measure"] == "mean S"].iloc[0]
    assert (of_mean["published"], of_mean["ours"]) == ("84.0 %", "51.0 % [38.0, 64.0], n = 2")
    first, second = (chart.proto.spec for chart in app.get("plotly_chart"))
    assert "published: 87.6" in first  # a training seed
    assert "published: 87.6" not in second
    assert "published: 88.4" in second  # an evaluation seed


def test_the_mean_of_a_model_is_its_own(queue, store, opened):
    pools = answer.pool_marks(replicated(), "a0", "untrained")
    assert [(mark.series, mark.twin) for mark in pools] == [("one pool", True), ("one pool", True), ("mean of pools", True)]
    assert pools[-1].value == pytest.approx(0.065)


def test_a_name_is_no_markup(queue, store, opened, evil, obeyed):
    name = evil.split("/", 1)[0]
    app = opened(replicated(((name, "D0", 0),), piece=evil), store)
    shown = "\n".join(
        str(one.value) for kind in ("markdown", "caption", "header", "subheader", "info") for one in getattr(app, kind)
    )
    assert shown.count("alert(1)") >= 2
    assert not obeyed(shown)
    assert "<script" not in "".join(chart.proto.spec for chart in app.get("plotly_chart"))


def test_further_trainings_are_drawn_on_demand(queue, store, opened, ran, monkeypatch):
    monkeypatch.setattr(answers, "result_with_more", lambda *_: replicated())
    app = opened(replicated(TRAINED[::2]), store)
    assert "With 2 further trainings" in app.info[0].value
    assert "From training to training" not in [one.value for one in app.subheader]
    app.toggle(key="with_more_trainings").set_value(True)
    app = ran(app)
    assert "From training to training" in [one.value for one in app.subheader]


def test_single_runs_of_twins_are_drawn_small_and_pale_like_those_of_the_trained() -> None:
    marks = [Mark("D0", answer.ONE_POOL, 0.5), Mark("D0", answer.ONE_POOL, 0.1, twin=True)]
    assert {style.label for style in styles(marks).values()} == {answer.ONE_POOL, f"{answer.ONE_POOL}, untrained twin"}
    assert {style.label for style in styles(marks).values()} <= set(answer.SINGLE)
