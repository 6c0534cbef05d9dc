"""What may be said of one checkpoint and of several, at the boundary cases."""

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.training.comparison import by_score, compare_details, compare_headline, other_score, score_headline
from analysis.training.scores import read_score, recall_words, retrieval_rows

CHANCE = 10 / 256


def scores(value: float, low: float, high: float) -> dict[str, Any]:
    ranks = {"R@1": 0.1, "R@1_ci": [0.08, 0.125], "R@5": 0.2, "R@10": value, "MRR": 0.15, "MRR_ci": [0.12, 0.18]}
    return {
        "S": value, "S_ci": [low, high], "chance": CHANCE, "n_queries": 500, "n_works": 24, "pool_size": 256,
        "audio_to_midi": ranks, "midi_to_audio": ranks,
    }  # fmt: skip


def checkpoint(
    name: str, *interval: float, twin: tuple[float, float, float] | None = (0.036, 0.016, 0.049), corpus="demo", arm: str = "D0"
) -> Any:
    """A checkpoint with S, low and high on both pools; without numbers one without scores."""
    evaluation: dict[str, Any] = {"split": "test", "n_windows": 2346}
    if interval:
        evaluation["trained"] = {pool: scores(*interval) for pool in ("canonical", "no_overlap")}
        if twin:
            evaluation["untrained"] = {pool: scores(*twin) for pool in ("canonical", "no_overlap")}
    return SimpleNamespace(name=name, arm=arm, training={"corpus_sha256": corpus}, evaluation=evaluation if interval else {})


def test_no_checkpoint():
    assert compare_headline([]) == "There is no checkpoint yet."


def test_no_evaluation():
    assert "came without scores" in compare_headline([checkpoint("x")])
    assert compare_details([checkpoint("x")]) == ""
    expected = "None of the 2 checkpoints carries scores, so none can be called best."
    assert compare_headline([checkpoint("x"), checkpoint("y")]) == expected


def test_one_checkpoint_with_its_controls():
    one = [checkpoint("D0", 0.344, 0.289, 0.403)]
    assert score_headline(one[0]) == (
        "S = 34.4 % [28.9, 40.3] among 256 candidates (n = 500 queries of 24 works); chance 3.9 %, "
        "untrained twin 3.6 % [1.6, 4.9]. "
        "Above chance and its untrained twin."
    )
    assert compare_headline(one) == (
        "S = 34.4 % [28.9, 40.3] among 256 candidates: D0 finds the match (chance 3.9 %, untrained twin 3.6 % [1.6, 4.9])."
    )
    assert compare_details(one) == "n = 500 queries of 24 works. Above chance and its untrained twin."


def test_one_of_two_has_scores():
    both = [checkpoint("y"), checkpoint("D0", 0.344, 0.289, 0.403)]
    assert compare_headline(both).startswith("S = 34.4 % [28.9, 40.3] among 256 candidates: D0 finds the match (")
    assert compare_details(both).endswith("1 other carries no scores.")


def test_what_is_scored_otherwise_is_said_with_its_twin():
    def scored(pool, value):
        score = {"S": value, "S_ci": [value, value], "chance": 0.0, "n_queries": 9, "n_works": 3, "pool_size": 64}
        return {pool: score}

    explained = {"explained": 0.5, "explained_ci": [0.4, 0.6], "n_windows": 9, "n_works": 3}
    stems = {"trained": scored("stems", 0.25), "untrained": scored("stems", 0.125)}
    masked = {
        "trained": {"prediction": {"all": explained}},
        "untrained": {"prediction": {"all": {**explained, "explained": -3.0}}},
    }
    assert other_score(stems) == "stems 25.0 % [25.0, 25.0] (12.5 %)"
    assert other_score({"trained": scored("views", 0.5)}) == "views 50.0 % [50.0, 50.0]"
    assert other_score(masked) == "explained 50.0 % [40.0, 60.0] (< −100 %)"
    assert other_score({"trained": scored("canonical", 0.5)}) is None
    both = [checkpoint("y"), checkpoint("D0", 0.344, 0.289, 0.403)]
    both[0].evaluation.update(masked)
    assert compare_details(both).endswith("1 other is scored on masked patches alone.")


def test_overlapping_intervals_are_not_called_different():
    both = [checkpoint("a", 0.34, 0.29, 0.40), checkpoint("b", 0.42, 0.40, 0.46)]
    said = compare_headline(both)
    assert said.startswith("S = 42.0 % [40.0, 46.0] among 256 candidates: b finds most (")
    assert said.endswith("; its interval overlaps that of a.")
    assert compare_details(both).endswith("Its interval overlaps that of a; the paired test is on the Retrieval page.")
    assert "lies above" not in said + compare_details(both)


def test_separate_intervals():
    both = [checkpoint("a", 0.34, 0.29, 0.399), checkpoint("b", 0.42, 0.40, 0.46)]
    assert compare_headline(both).endswith("; its interval lies above that of a.")
    assert compare_details(both).endswith("Its interval lies above that of a.")
    assert "Not distinguishable" not in compare_details(both)


def test_some_overlap_and_some_do_not():
    several = [checkpoint("a", 0.1, 0.05, 0.15), checkpoint("b", 0.42, 0.40, 0.46), checkpoint("c", 0.41, 0.38, 0.45)]
    assert compare_details(several).endswith(
        "Its interval overlaps that of c; the paired test is on the Retrieval page. Its interval lies above that of a."
    )


def test_many_names_are_shortened():
    several = [checkpoint(name, 0.4, 0.3, 0.5) for name in "abcdef"]
    assert compare_headline(several).endswith("; its interval overlaps those of 5 others.")
    assert "Its interval overlaps that of b, c and 3 others;" in compare_details(several)


def test_other_test_sets_are_not_compared():
    several = [checkpoint("a", 0.3, 0.2, 0.4), checkpoint("b", 0.31, 0.2, 0.4), checkpoint("z", 0.9, 0.8, 1.0, corpus="easy")]
    assert compare_headline(several).startswith("S = 31.0 % [20.0, 40.0] among 256 candidates: b finds most (")
    assert compare_details(several).endswith("1 other was examined on another test set and cannot be compared with it.")


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        ((0.06, 0.0492, 0.08), "Above chance and its untrained twin."),
        ((0.06, 0.0488, 0.08), "Not distinguishable from its untrained twin (95 % intervals)."),
        ((0.06, 0.0389, 0.08), "Not distinguishable from chance or its untrained twin (95 % intervals)."),
        ((0.01, 0.002, 0.015), "Below chance and its untrained twin."),
    ],
)
def test_verdict_at_the_boundaries(interval, verdict):
    assert score_headline(checkpoint("x", *interval)).endswith(f". {verdict}")


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        ((0.06, 0.0488, 0.08), ": not distinguishable from its untrained twin."),
        ((0.06, 0.0389, 0.08), ": not distinguishable from chance or its untrained twin."),
        ((0.01, 0.002, 0.015), ": below chance and its untrained twin."),
    ],
)
def test_the_headline_says_what_the_best_is_not_above(interval, verdict):
    several = [checkpoint("x", *interval), *(checkpoint(name, 0.009, 0.001, 0.02) for name in "abcd")]
    said = compare_headline(several)
    assert said.endswith(verdict)
    assert len(said.split()) <= 30


def test_a_missing_twin_is_said():
    said = score_headline(checkpoint("x", 0.3, 0.2, 0.4, twin=None))
    assert "chance 3.9 %, no untrained twin was scored. Above chance." in said


@pytest.mark.parametrize(
    "change",
    [
        {"S": "high"}, {"S": float("nan")}, {"S": 1.2}, {"S_ci": [0.5, 0.4]}, {"S_ci": [0.1]}, {"S_ci": None},
        {"chance": -0.1}, {"n_queries": 0}, {"n_works": None}, {"pool_size": float("inf")},
    ],
)  # fmt: skip
def test_what_is_not_a_score_is_none(change):
    assert read_score({"trained": {"canonical": scores(0.3, 0.2, 0.4)}}) is not None
    assert read_score({"trained": {"canonical": scores(0.3, 0.2, 0.4) | change}}) is None


@given(st.recursive(st.none() | st.floats() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["trained", "untrained", "canonical", "no_overlap", "S", "S_ci", "audio_to_midi", "R@1"]), inner
)).filter(lambda found: isinstance(found, dict)))  # fmt: skip
def test_no_evaluation_is_too_strange(evaluation):
    strange: Any = SimpleNamespace(name="x", arm="D0", training={}, evaluation=evaluation)
    assert score_headline(strange)
    assert isinstance(retrieval_rows(evaluation), list)


def test_rows_of_retrieval_are_percentages_with_the_twin():
    evaluation = checkpoint("x", 0.3, 0.2, 0.4).evaluation
    rows = retrieval_rows(evaluation)
    assert [(row["pool"], row["query → match"]) for row in rows][:2] == [
        ("canonical", "audio → MIDI"),
        ("canonical", "MIDI → audio"),
    ]
    assert rows[0]["R@1"] == "10.0 [8.0, 12.5]"
    assert rows[0]["R@10"] == "30.0"  # no interval came with it
    assert rows[0]["untrained R@10"] == "3.6"
    assert rows[0]["MRR"] == "0.150 [0.120, 0.180]"
    assert recall_words(evaluation, "trained", "canonical", "audio_to_midi", 1) == "10.0 % [8.0, 12.5]"
    assert recall_words(evaluation, "trained", "canonical", "audio_to_midi", 10) == "30.0 %"
    assert recall_words({}, "trained", "canonical", "audio_to_midi", 10) == "–"
    del evaluation["untrained"], evaluation["trained"]["no_overlap"]
    assert [row["untrained R@10"] for row in retrieval_rows(evaluation)] == [None, None]


def test_order_is_by_score_then_name_with_the_unscored_last():
    several = [checkpoint("n"), checkpoint("b", 0.3, 0.2, 0.4), checkpoint("a", 0.3, 0.2, 0.4), checkpoint("c", 0.5, 0.4, 0.6)]
    assert [one.name for one in by_score(several)] == ["c", "a", "b", "n"]


def test_a_control_is_not_ranked_and_stands_below_its_arm():
    arms = {"zero": "d4a4-zero", "base": "D0", "both": "d4a4", "stray": "a4r-random"}
    found = [checkpoint(name, value, value - 0.05, value + 0.05, arm=arms[name]) for name, value in
             (("zero", 0.9), ("base", 0.5), ("both", 0.6), ("stray", 0.8))]  # fmt: skip
    assert [one.name for one in by_score(found)] == ["both", "zero", "base", "stray"]
    assert compare_headline(found).startswith("S = 60.0 % [55.0, 65.0] among 256 candidates: both ranks first (")
    assert compare_details(found).endswith("Controls, not ranked: zero 90.0 % [85.0, 95.0] and stray 80.0 % [75.0, 85.0].")
    below = [checkpoint("zero", 0.55, 0.5, 0.6, arm="d4a4-zero"), *found[1:3]]
    assert ": both finds most (" in compare_headline(below)
    assert compare_headline([found[0], found[3]]).startswith("Only controls are here")
    assert ": zero finds the match (" in compare_headline(found[:1])  # alone there is no ranking
