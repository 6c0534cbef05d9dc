"""The summary: what is read of which result, in which order, and what it says at the boundaries."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pytest

from analysis.numbers import Value, select, the
from analysis.results import Result
from analysis.rows import Row, tables_of
from analysis.studies.ablation.rows import AblationRow
from analysis.studies.at_hand import AtHand
from analysis.studies.controls.rows import ScoreRow
from analysis.studies.embedding.rows import MeasureRow
from analysis.studies.invariance import rows as invariance
from analysis.studies.retrieval.rows import CANONICAL, PairRow, SearchedPoolRow
from analysis.studies.similarity.rows import SummaryRow
from analysis.studies.summary import published as summary_published
from analysis.studies.summary.panels import NO_A4, NOT_COMPUTED, QUESTIONS, Summary, assemble, order_subjects
from analysis.studies.summary.summarise import STUDIES
from analysis.studies.summary.words import (
    ONLY_CONTROLS,
    UNSCORED,
    as_result,
    bottleneck,
    cell_rows,
    headline,
    pools_sentence,
    second_line,
    sentence,
    text_table,
)
from analysis.studies.transposition import rows as transposition
from analysis.studies.transposition.rows import RetentionRow
from tests.filled import filled
from tests.shared import read_shipped

R = TypeVar("R", bound=Row)

ARMS = {"zero": "d4a4-zero", "base": "D0", "both": "d4a4", "reverse": "a4r"}


def scoreboard(scores: Mapping[str, float], p: float = 0.3, n_candidates: int = 256, half: float = 0.05) -> Result:
    """What the scoreboard would say of these S, every pair tested with the same p."""
    values = [
        Value(
            {"checkpoint": name, "weights": weights, "pool": CANONICAL, "what": "S"},
            s,
            s - half,
            s + half,
            500,
            0.034,
            "share",
            "min of R@10 both ways",
        )
        for name, own in scores.items()
        for weights, s in (("trained", own), ("untrained", 0.06))
    ]
    names = list(scores)
    pairs = [
        PairRow(pool, first, second, apart, apart - 0.01, apart + 0.02, p, 500)
        for number, first in enumerate(names)
        for second in names[number + 1 :]
        for pool, apart in ((CANONICAL, scores[first] - scores[second]), ("no overlap", 0.5))
    ]
    kind = np.tile(np.array([0] + [1] * 64 + [3] * (n_candidates - 65), np.int8), (500, 1))
    arrays = {"candidates.0": np.zeros((500, n_candidates), np.int32), "kind.0": kind}
    made = {"checkpoint_sha256": dict.fromkeys(names, "a" * 64), "corpus_sha256": {"full": "c" * 64}, "command": "otoscope study"}
    tables = tables_of([*pairs, SearchedPoolRow(CANONICAL, 0)])
    return Result("retrieval", {"checkpoints": names, "pool_size": n_candidates}, "Found.", values, tables, arrays, made)


def row(kind: type[R], value: float | None, /, **more: Any) -> R:
    low, high = (None, None) if value is None else (value - 0.05, value + 0.05)
    whose = {} if kind is SummaryRow else {"checkpoint": "both"}
    numbers = {"value": value, "null": 0.0, "n": 96, "ci_low": low, "ci_high": high}
    return filled(kind, **{**numbers, **whose, "weights": "trained", **more})


def of(study: str, *rows: Row) -> dict[str, list[AtHand]]:
    request = {"checkpoints": ["both"], "pool_size": 64}
    return {study: [AtHand(Result(study, request, "Headline.", (), tables_of(rows), {}, {}))]}


def summary_of(*results: Result, arms: Mapping[str, str] = ARMS) -> Summary:
    found: dict[str, list[AtHand]] = {}
    for result in results:
        found.setdefault(result.study, []).append(AtHand(result))
    return assemble(arms, found)


@pytest.fixture(scope="module")
def shipped() -> dict[str, list[AtHand]]:
    """What comes with the library, by study."""
    return {study: [AtHand(one, "came with the checkpoints") for one in read_shipped(study)] for study in STUDIES}


def test_controls_stand_below_their_arm_and_after_all_where_it_is_missing() -> None:
    arms = {"r": "a4r-zero", **ARMS, "noise": "d4a4-random"}
    assert [(one.name, one.is_control) for one in order_subjects({**arms, "reverse": "d4-a4r"})] == [
        ("base", False), ("both", False), ("zero", True), ("noise", True), ("reverse", False), ("r", True),
    ]  # fmt: skip
    assert order_subjects({"x": "an arm of tomorrow"})[0].is_control is False


def test_every_number_of_what_is_shipped_is_that_of_its_study(shipped: dict[str, list[AtHand]]) -> None:
    arms = {f"{arm}-small": arm for arm in ("D0", "d4a4", "a4r", "d4-a4r")}
    summary = assemble(arms, shipped)
    values = [value for results in shipped.values() for one in results for value in one.result.values]
    for name, arm in arms.items():
        cell = {panel.question.key: panel.cell(name) for panel in summary.panels}
        own = select(values, checkpoint=name, weights="trained")
        same = {"s": the(own, pool=CANONICAL, what="S"), "cosine": the(own, what="cosine of matched pairs")}
        same["cka"] = the(own, sides="audio, midi", cells="mean over blocks", what="debiased CKA")
        for key, wanted in same.items():
            value = cell[key].value
            assert value is not None
            assert (value.value, value.ci_low, value.ci_high, value.n) == (wanted.value, wanted.ci_low, wanted.ci_high, wanted.n)
        drop = cell["without_a4"]
        if arm == "D0":
            assert (drop.value, drop.missing) == (None, NO_A4)
        else:
            share = the(own, input="A4", kind="zero", what="drop in S").value
            assert drop.value is not None
            assert drop.value.value == pytest.approx(100 * (share or 0.0))
        moved = the(own, without=cell["band"].detail, what="distance").value
        apart = the(own, what="distance between works").value
        band = cell["band"].value
        assert band is not None
        assert band.value == pytest.approx((moved or 0.0) / (apart or 1.0))
        assert moved == max(value.value or 0.0 for value in select(own, what="distance") if "without" in value.key)
        assert cell["noise"].twin is not None
        assert cell["retention"].published is not None


def test_each_reader_takes_the_row_that_is_asked_for() -> None:
    moved = partial(row, RetentionRow, moved="MIDI alone", semitones=3)
    kept = of("transposition", moved(0.9, moved="both"), moved(0.3), moved(0.7, semitones=6), moved(1.2, weights="untrained"))
    white = partial(row, invariance.ScoreRow, change="white_noise", dose=5)
    noise = of(
        "invariance", white(0.5), white(0.4, dose=0), white(0.6, change="time_shift"), white(0.1, dose=0, weights="untrained"),
    )  # fmt: skip
    without = partial(row, AblationRow, kind="zero")
    drop = of("ablation", without(0.02, input="D4"), without(0.2, input="A4"))
    cka = partial(row, SummaryRow, first="both", second="both", sides="audio, midi", what="mean over blocks")
    alike = of(
        "similarity", cka(0.8, estimator="biased CKA"), cka(0.01, estimator="debiased CKA", null_high=0.2, inside_null=True),
        cka(0.6, what="last blocks", estimator="debiased CKA"),
    )  # fmt: skip
    summary = assemble({"both": "d4a4"}, {**kept, **noise, **drop, **alike})
    cells = {panel.question.key: panel.cells[0] for panel in summary.panels}
    found = {key: cell.value and cell.value.value for key, cell in cells.items()}
    assert found == {
        "s": None, "without_a4": 20.0, "retention": 0.3, "cka": 0.01, "band": None, "noise": 0.5, "cosine": None,
    }  # fmt: skip
    twins = {key: cell.twin.value for key, cell in cells.items() if cell.twin}
    assert twins == {"retention": 1.2, "noise": 0.1}
    assert (cells["cka"].undecided, cells["cka"].null_high) == (True, 0.2)  # the permutation test decides, not the interval
    assert cells["cka"].published is not None
    assert cells["cka"].published.ours is not None
    assert cells["cka"].published.ours.value == 0.8
    assert cells["noise"].pool is not None
    assert cells["noise"].pool.words == "96 queries among 64 candidates"


def test_of_an_s_that_is_chance_nothing_is_kept() -> None:
    moved = partial(row, RetentionRow, 0.9, moved="MIDI alone", semitones=3)
    score = partial(row, transposition.ScoreRow, moved="MIDI alone", semitones=0, null=0.1)
    by_chance, above = {"ci_low": 0.05, "ci_high": 0.2}, {"ci_low": 0.15, "ci_high": 0.3}
    for trained, twin, shown in (
        (above, by_chance, (0.9, None)),
        (above, above, (0.9, 0.9)),
        (by_chance, by_chance, (None, None)),
    ):
        scores = score(0.2, **trained), score(0.2, weights="untrained", **twin)
        result = of("transposition", moved(), moved(weights="untrained"), *scores)
        cell = assemble({"both": "d4a4"}, result).panel("retention").cells[0]
        assert (cell.value and cell.value.value, cell.twin and cell.twin.value) == shown
        assert bool(cell.missing) == (shown[0] is None)


def test_what_is_missing_says_why() -> None:
    summary = assemble({"both": "d4a4", "base": "D0"}, {
        **of("transposition", row(transposition.ScoreRow, 0.9)),
        **of("embedding", row(MeasureRow, None, measure="cosine of matched pairs", note="spaces of their own")),
    })  # fmt: skip
    why = {panel.question.key: panel.cell("both").missing for panel in summary.panels}
    assert why["retention"] == "±3 semitones not among its doses"
    assert why["cosine"] == "spaces of their own"
    assert why["s"] == why["band"] == NOT_COMPUTED
    assert summary.panel("without_a4").cell("base").missing == NO_A4
    assert summary.panel("without_a4").cell("both").missing == NOT_COMPUTED
    assert summary.panel("s").is_empty


def test_what_needs_notes_is_not_said_of_models_that_read_sound_alone() -> None:
    layers = row(
        SummaryRow, 0.9, first="both", second="both", sides="audio, audio", what="mean over blocks", estimator="biased CKA"
    )
    noise = row(invariance.ScoreRow, 0.9, change="white_noise", dose=5)
    at_hand = {**of("similarity", layers), **of("invariance", noise)}
    summary = assemble({"both": "vit1d"}, at_hand, alone=["both"])
    assert {panel.question.key: panel.cells[0].missing for panel in summary.panels} == {
        **dict.fromkeys(("s", "without_a4", "retention", "cka", "noise", "cosine"), "sound alone"), "band": NOT_COMPUTED,
    }  # fmt: skip
    assert sentence(summary.panel("cka"), summary.real) == "Read sound alone: both."
    assert assemble({"both": "d4a4"}, at_hand).panel("noise").cells[0].value is not None


def test_s_of_a_control_is_read_where_controls_are_scored_and_the_preferred_result_wins() -> None:
    score = partial(row, ScoreRow)
    scores = [score(0.7, checkpoint="zero"), score(0.1, checkpoint="zero", weights="untrained"), score(0.2)]
    controls = Result("controls", {"pool_size": 256}, "So.", (), tables_of(scores), {}, {})
    summary = summary_of(scoreboard({"both": 0.8}), scoreboard({"both": 0.3, "base": 0.5}), controls)
    found = {cell.checkpoint: cell.value.value for cell in summary.panel("s").cells if cell.value}
    assert found == {"base": 0.5, "both": 0.8, "zero": 0.7}


@pytest.mark.parametrize(
    ("scores", "p", "wanted"),
    [
        (
            {"base": 0.81, "both": 0.804},
            0.8541,
            "S = 81.0 % [76.0, 86.0]: base ranks first (n = 500, chance 3.4 %, untrained twin 6.0 %), 0.6 points [-0.4, 2.6] "
            "above both (not distinguishable, p = 0.854).",
        ),
        (
            {"base": 0.5, "both": 0.8, "reverse": 0.6},
            0.0004,
            "S = 80.0 % [75.0, 85.0]: both ranks first (n = 500, chance 3.4 %, untrained twin 6.0 %), 20.0 points [19.0, 22.0] "
            "above reverse (p < 0.001).",
        ),
        ({"base": 0.8}, 0.5, "S = 80.0 % [75.0, 85.0]: base finds the match (n = 500, chance 3.4 %, untrained twin 6.0 %)."),
        (
            {"base": 0.06, "both": 0.05},
            0.5,
            "S = 6.0 % [1.0, 11.0]: base ranks first (n = 500, chance 3.4 %, untrained twin 6.0 %), not "
            "distinguishable from chance.",
        ),
        ({"zero": 0.9}, 0.5, UNSCORED),
    ],
)
def test_the_headline_names_the_best_real_arm_with_its_controls(scores: dict[str, float], p: float, wanted: str) -> None:
    summary = summary_of(scoreboard({**scores, "zero": 0.95}, p))
    assert headline(summary) == wanted
    assert len(headline(summary).split()) <= 30
    if len(scores) > 1:  # a control that finds less leaves the best where it is
        assert headline(summary_of(scoreboard({**scores, "zero": 0.01}, p))) == wanted.replace("ranks first", "finds most")


def test_the_headline_corrects_p_as_the_second_line_does() -> None:
    summary = summary_of(scoreboard({"base": 0.81, "both": 0.6, "reverse": 0.5}, p=0.03))
    assert headline(summary).endswith("above both (not distinguishable, p = 0.060).")
    assert "both (p = 0.060)" in second_line(summary)


def test_without_a_paired_test_the_next_arm_is_named_with_its_interval() -> None:
    said = headline(summary_of(scoreboard({"base": 0.8}), scoreboard({"both": 0.7})))
    assert said.endswith("next both: 70.0 % [65.0, 75.0]; no paired test at hand.")
    assert len(said.split()) <= 30


def test_arms_that_were_searched_in_another_pool_are_not_compared() -> None:
    several = scoreboard({"base": 0.5, "both": 0.6})
    assert headline(summary_of(several, scoreboard({"reverse": 0.99}, n_candidates=128))).startswith(
        "S = 60.0 % [55.0, 65.0]: both"
    )


def test_controls_alone_are_not_ranked_and_nothing_is_said_of_nothing() -> None:
    assert headline(summary_of(scoreboard({"zero": 0.9}), arms={"zero": "d4a4-zero"})) == ONLY_CONTROLS
    assert headline(summary_of()).startswith("No result about these checkpoints is stored")
    assert second_line(summary_of()) == pools_sentence(summary_of()) == ""


def test_the_second_line_corrects_for_the_number_of_arms_and_sets_controls_apart() -> None:
    said = second_line(summary_of(scoreboard({"base": 0.81, "both": 0.6, "reverse": 0.5, "zero": 0.9}, p=0.02)))
    assert said == (
        "base is above both (p = 0.040) and reverse (p = 0.040) (paired permutation by work, Holm over the arms; one training "
        "each). Controls, not ranked: zero 90.0 % [85.0, 95.0]."
    )
    unclear = second_line(summary_of(scoreboard({"base": 0.81, "both": 0.6, "reverse": 0.5}, p=0.03)))
    assert unclear.startswith("base is not distinguishable from both (p = 0.060) and reverse (p = 0.060)")


def test_pools_are_said_to_differ_only_where_they_do() -> None:
    same = summary_of(scoreboard({"base": 0.8, "both": 0.7}))
    assert pools_sentence(same) == (
        "Every S here is of one pool. “S, canonical pool”: 500 queries among 256 candidates, 64 of the same piece."
    )
    noise = of("invariance", row(invariance.ScoreRow, 0.5, change="white_noise", dose=5))
    both = assemble(ARMS, {"retrieval": [AtHand(scoreboard({"both": 0.7}))], **noise})
    assert pools_sentence(both).startswith("The pools differ between columns")
    assert "“S at 5 dB white noise”: 96 queries among 64 candidates" in pools_sentence(both)


def test_a_sentence_ranks_real_arms_in_its_own_scope() -> None:
    summary = summary_of(scoreboard({"base": 0.81, "both": 0.05, "zero": 0.9}))
    assert sentence(summary.panel("s"), summary.real) == (
        "From 5.0 % [0.0, 10.0] in both to 81.0 % [76.0, 86.0] in base (chance 3.4 %, untrained twin 6.0 %). "
        "Not distinguishable from chance: both. Not computed: reverse."
    )
    alone = summary_of(scoreboard({"base": 0.81}), arms={"base": "D0"})
    assert sentence(alone.panel("s"), alone.real) == "81.0 % [76.0, 86.0] in base (chance 3.4 %, untrained twin 6.0 %)."
    assert sentence(summary.panel("cka"), summary.real) == "Not computed yet for these checkpoints."
    drop = sentence(summary.panel("without_a4"), summary.real)
    assert drop == "Without A4: base. Not computed: both, zero and reverse."


def test_published_values_are_others_and_only_where_they_are_of_the_same_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    drop = summary_published.published_number("without_a4", "a4r")
    assert drop is not None
    assert drop.value == pytest.approx(82.0 - 4.4)
    assert "not comparable in absolute terms" in drop.source.comparability
    assert summary_published.published_number("noise", "d4a4-zero", "d4a4", "zero") is None
    record = replace(
        drop.source, study="embedding", condition="seed 42", measure="mean cosine of matched pairs", value=0.72, unit=""
    )
    own = summary_published.published
    monkeypatch.setattr(
        summary_published, "published", lambda study, arm=None: (record,) if study == "embedding" else own(study, arm)
    )
    found = summary_published.published_number("cosine", "d4a4")
    assert found is not None
    assert (found.value, found.text) == (0.72, "0.72")
    assert summary_published.note("cosine", ()) == ""


def test_without_our_biased_cka_no_published_one_stands_beside_ours(shipped: dict[str, list[AtHand]]) -> None:
    whole = shipped["similarity"][0].result
    without = tables_of(row for row in whole.rows(SummaryRow) if row.estimator != "biased CKA")
    panel = summary_of(replace(whole, tables={**whole.tables, **without}), arms={"D0-small": "D0"}).panel("cka")
    assert panel.cells[0].value is not None
    assert panel.cells[0].published is None
    assert panel.note == summary_published.NO_BIASED


def test_the_table_and_the_document_hold_every_cell(shipped: dict[str, list[AtHand]]) -> None:
    arms = {"d4a4-zero-small": "d4a4-zero", "d4a4-small": "d4a4"}
    summary = assemble(arms, shipped)
    rows = cell_rows(summary)
    assert len(rows) == len(QUESTIONS) * 2
    first = rows[0]
    assert (first.checkpoint, first.test, first.unit) == ("d4a4-small", "S, canonical pool", "share")
    assert first.published_as == "83.8 %"
    table = text_table(summary)
    assert table[0].split("  ")[0] == "checkpoint"
    assert table[2].startswith("  control: d4a4-zero-small")
    result = as_result(summary, {"checkpoints": list(arms)}, shipped, "otoscope summary")
    assert Result.from_document(result.to_document(), {}) == result
    assert result.headline == headline(summary)
    assert set(result.provenance["checkpoint_sha256"]) <= set(arms)


def test_the_bottleneck_is_counted() -> None:
    assert "188 CNN tokens meet 188 A4 frames" in bottleneck()
    assert "(2,400 → 188 at the scale of the paper)" in bottleneck()
