"""The page of controls: arms beside their controls, what is missing and how to train it, and from a difference to the sound."""

from dataclasses import replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.results import Result
from analysis.rows import tables_of
from analysis.studies.controls.rows import CAPACITY, REAL, DifferenceRow, MissingRow, RanksRow, ScoreRow
from analysis.studies.controls.study import WEIGHTS
from analysis.studies.shared_rows import SentenceRow, WindowRow
from app.studies import controls

MODELS = (("one", "d4a4", "real", 0.6), ("zeros", "d4a4", "zero", 0.5), ("D0", "D0", "real", 0.4))


def controlled(
    models: tuple[Any, ...] = MODELS,
    *,
    missing: tuple[str, ...] = (),
    piece: str = "piece",
    p: float | None = 0.0004,
) -> Result:
    """What the study could have found for 4 queries: the real arm finds one match more than the control."""
    scores, links, arrays = [], [], {"query": np.array([5, 1, 2, 3])}
    for (name, arm, values, s), weights in product(models, WEIGHTS):
        share = s if weights == "trained" else 0.05
        scores.append(ScoreRow(name, arm, values, weights, 0, share, share - 0.04, share + 0.1, 0.0625, 4))
        arrays[f"ranks.{len(links)}"] = np.array(
            [[1, 9, 3, 4], [2, 2, 2, 2]] if name == "one" else [[1, 40, 3, 4], [2, 2, 2, 11]]
        )
        number = len(links)
        links.append(RanksRow(name, weights, f"ranks.{number}", f"instead.{number}"))
        arrays[f"instead.{number}"] = np.array([[0, 4, 0, 0], [0, 0, 0, 5]]) if name == "zeros" else np.zeros((2, 4), int)
    names = [name for name, *_ in models]
    pairs: list[Any] = [(REAL, "one", "zeros"), (CAPACITY, "zeros", "D0")] if {"one", "zeros"} <= set(names) else []
    differences = []
    for (kind, first, second), weights in product(pairs, WEIGHTS):
        lost, array = (0.1 if weights == "trained" else 0.0), f"gained.{len(differences)}"
        about = {"value": lost, "ci_low": lost - 0.05, "ci_high": lost + 0.05, "null": 0.0, "n": 4, "n_works": 2}
        about |= {"p": p if p is None or weights == "trained" else 1.0, "training_seed": 0, "array": array}
        differences.append(DifferenceRow(kind, "d4a4", "zero", first, second, weights, **about))
        arrays[array] = np.array([[0, 1, 0, 0], [0, 0, 0, 1]], np.float32) * (kind == REAL)
    texts = [MissingRow("one", "d4a4", True, text) for text in missing]
    windows = [WindowRow(f"{piece} {i}", 10.0 * i) for i in range(6)]
    tables = tables_of([*scores, *differences, *links, *texts, *windows])
    made = {"command": "otoscope study controls one", "seconds": 5.0, "seed": 42}
    return Result(
        "controls", {"checkpoints": names, "corpus": "small"}, "one is better than its control.", [], tables, arrays, made
    )


@pytest.fixture
def opened(open_page, monkeypatch, checkpoint):
    """The page with checkpoints of these names and arms."""

    def on(result: Result, store: Any, arms: tuple[str, ...]):
        names = [str(name) for name in result.request["checkpoints"]]
        found = []
        for name, arm in zip(names, arms, strict=True):
            one = checkpoint(name)
            one.arm, one.training = arm, {"seed": 3, "corpus": "demo-full", "steps": 700, "batch_size": 64, "schedule": "cosine"}
            found.append(one)
        monkeypatch.setattr("app.caching.checkpoints", lambda: found)
        store[tuple(names)] = result
        return open_page("views/controls.py", checkpoints=names, corpus="small")

    return on


ALL = ("d4a4", "d4a4-zero", "D0")


def test_the_stored_answer_is_shown_with_numbers_and_controls(queue, store, opened):
    app = opened(controlled(), store, ALL)
    assert app.title[0].value == "Is it the information or the parameters?"
    assert app.header[0].value == "one is better than its control."
    assert len(app.get("plotly_chart")) == 2
    rows = app.dataframe[0].value.to_dict("records")
    assert rows[0] == {
        "kind": "real − control", "first": "one", "second": "zeros", "difference": "10.0 [5.0, 15.0]",
        "twins": "○ 0.0 [-5.0, 5.0]", "p": "< 0.001",
    }  # fmt: skip
    assert any("n = 4 queries of 2 works, paired" in caption.value for caption in app.caption)
    assert [row["kind"] for row in rows] == ["real − control", "control − baseline"]
    scores = app.dataframe[2].value.to_dict("records")
    assert [(row["given"], row["S"]) for row in scores] == [
        ("real", "60.0 [56.0, 70.0]"), ("zeros", "50.0 [46.0, 60.0]"), ("no descriptors", "40.0 [36.0, 50.0]"),
    ]  # fmt: skip
    assert not app.info


def test_a_difference_leads_to_the_sound_of_what_makes_it(queue, store, opened, ran):
    app = opened(controlled(), store, ALL)
    heard = app.dataframe[1].value.to_dict("records")
    assert [(row["found by"], row["direction"], row["ranks"], row["start_s"]) for row in heard] == [
        ("one", "audio → MIDI", "9, 40", "0:10"), ("one", "MIDI → audio", "2, 11", "0:30"),
    ]  # fmt: skip
    assert any("2 found by one alone, 0 by zeros alone, of 8" in caption.value for caption in app.caption)
    assert "**Asked: this window**: piece 1, 0:10 to 0:14" in [text.value for text in app.markdown]
    app.session_state["numbers__2"] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    ran(app)
    assert any("zeros and D0 find the same matches" in caption.value for caption in app.caption)


def test_every_arm_has_a_sentence_of_its_own(queue, store, opened, evil, obeyed):
    result, said = controlled(), f"{evil} reaches S = 60.0 % (chance 6.2 %, untrained twin 5.0 %)."
    told = replace(result, tables={**result.tables, **tables_of([SentenceRow(said)])})
    captions = [caption.value for caption in opened(told, store, ALL).caption]
    shown = next(caption for caption in captions if "reaches S" in caption)
    assert not obeyed(shown)
    assert not any("reaches S" in caption.value for caption in opened(result, store, ALL).caption)  # of an earlier version


def test_what_the_other_ranked_first_instead_is_heard_too(queue, store, opened, ran):
    app = opened(controlled(), store, ALL)
    said = [text.value for text in app.markdown]
    assert "**Ranked first instead by zeros, the match being number 40**: piece 4, 0:40 to 0:44" in said
    assert len(app.get("audio")) == 2
    assert "instead" not in app.dataframe[1].value
    app.session_state["apart_gained.0_one_zeros"] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    ran(app)
    said = [text.value for text in app.markdown]
    assert "**Ranked first instead by zeros, the match being number 11**: piece 5, 0:50 to 0:54" in said


def test_without_a_control_the_page_says_so_and_how_to_train_one(queue, store, opened):
    text = "Of one there is no control here: d4a4-zero, d4a4-random, d4a4-shuffled."
    app = opened(controlled(MODELS[:1], missing=(text,)), store, ("d4a4",))
    assert app.info[0].value.startswith(text)
    train = "otoscope train d4a4-zero --scale small --seed 3 --corpus full --steps 700 --batch-size 64 --schedule cosine"
    assert train in [code.value for code in app.code]
    assert len(app.get("plotly_chart")) == 1
    assert not app.get("audio")


def test_a_control_without_its_arm_asks_for_the_arm(queue, store, opened):
    app = opened(controlled(MODELS[1:2], missing=("Of zeros there is no real arm here: d4a4.",)), store, ("d4a4-zero",))
    assert any(code.value.startswith("otoscope train d4a4 --scale") for code in app.code)


def test_published_controls_stand_beside_ours(queue, store, opened):
    app = opened(controlled(), store, ALL)
    table = {row["condition"]: row for row in app.dataframe[3].value.to_dict("records")}
    assert (table["real"]["published"], table["real"]["ours"]) == ("83.0 %", "60.0 % [56.0, 70.0]")
    assert table["zero"]["published"] == "75.0 %"
    assert pd.isna(table["random"]["ours"])
    assert "published value" in app.get("plotly_chart")[0].proto.spec


@pytest.mark.parametrize(("p", "hollow"), [(0.052, True), (0.049, False)])
def test_the_test_that_the_headline_tells_decides_whether_a_mark_is_hollow(p, hollow):
    row = replace(controlled().rows(DifferenceRow)[0], value=-0.034, ci_low=-0.077, ci_high=-0.001, p=p)
    assert controls.difference_mark(row).undecided is hollow


def test_a_single_work_has_no_test(queue, store, opened):
    result = controlled(p=None)
    assert "p =" not in controls.difference_mark(result.rows(DifferenceRow)[0]).note
    assert opened(result, store, ALL).dataframe[0].value["p"].isna().all()


def test_a_name_is_no_markup(queue, store, opened, evil, obeyed):
    name = evil.split("/", 1)[0]
    models = ((name, "d4a4", "real", 0.6),)
    app = opened(controlled(models, missing=(f"Of {name} there is no control here.",), piece=evil), store, ("d4a4",))
    shown = "\n".join(
        str(one.value) for kind in ("markdown", "caption", "header", "subheader", "info") for one in getattr(app, kind)
    )
    assert "alert(1)" in app.info[0].value
    assert not obeyed(shown)
    assert "<script" not in "".join(chart.proto.spec for chart in app.get("plotly_chart"))
    found = partial(controls.difference_mark, controlled().rows(DifferenceRow)[0])
    assert found().group == "d4a4: real − zeros"
