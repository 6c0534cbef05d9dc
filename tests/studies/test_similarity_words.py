"""What the study of similarity says, at the boundaries."""

from dataclasses import replace

import pytest

from analysis.studies.similarity.rows import AUDIO_WITH_MIDI, MEAN, DifferenceRow, SummaryRow, Weights
from analysis.studies.similarity.words import details, headline

CKA = "debiased CKA"
NO_MORE = "share structure, but not distinguishably more than in the untrained twin: debiased CKA"
INTERVAL = "0.410 [0.362, 0.461]"


def row(name: str, weights: Weights, value: float | None, low: float | None = None, high: float | None = None) -> SummaryRow:
    numbers = value, low, high, 0.001, 0.04, False
    return SummaryRow(name, name, AUDIO_WITH_MIDI, weights, CKA, MEAN, *numbers, n=260, works=22, cells=16, of_cells=16)


def gain(first: str, second: str, low: float | None, high: float | None, weights: Weights = "untrained") -> DifferenceRow:
    return DifferenceRow(first, "trained", second, weights, CKA, 0.1, low, high, 0.0, 260)


ROW = row("a", "trained", 0.41, 0.362, 0.461)
TWIN = row("a", "untrained", 0.031, 0.01, 0.05)


@pytest.mark.parametrize(
    ("its", "gained", "expected"),
    [
        ({}, (0.3, 0.5), f"share structure: {CKA} {INTERVAL} on average, untrained twin 0.03, shuffled pairs 0.00."),
        ({}, (0.0, 0.5), f"{NO_MORE} {INTERVAL}"),
        ({}, (0.001, 0.5), f"share structure: {CKA}"),
        ({}, (-0.5, 0.0), NO_MORE),
        ({}, (-0.5, -0.001), f"share less structure than in the untrained twin: {CKA}"),
        ({}, (None, None), f"share structure: {CKA}"),
        ({"inside_null": True}, (0.3, 0.5), f"are not distinguishable from shuffled pairs (95 %): {CKA} {INTERVAL}"),
        ({"cells": 12}, (0.3, 0.5), f"{CKA} {INTERVAL} on average over 12 of 16 pairs of blocks, untrained twin"),
        ({"null": -0.004}, (0.3, 0.5), "shuffled pairs 0.00."),
    ],
)  # fmt: skip
def test_one_checkpoint(its: dict, gained: tuple, expected: str) -> None:
    said = details([replace(ROW, **its), TWIN], [gain("a", "a", *gained)], CKA)
    assert said.startswith("Audio and MIDI layers ")
    assert expected in said


def test_without_interval_or_null() -> None:
    bare = replace(row("a", "trained", 0.41), null=None, null_high=None, inside_null=None)
    twin = row("a", "untrained", None)
    said = "Audio and MIDI layers cannot be said to share structure: debiased CKA 0.41 (no interval from fewer than 3 works)"
    assert details([bare, twin], [], CKA) == f"{said} on average, untrained twin not available."


def test_nothing_to_compare() -> None:
    said = details([replace(row("a", "trained", None), null=None), TWIN], [], CKA)
    assert said == "No pair of blocks has a value; the cells say why."
    said = headline([replace(row("a", "trained", None), null=None), TWIN], [], CKA)
    assert said == "Audio and MIDI layers cannot be compared by debiased CKA: no pair of blocks has one."


@pytest.mark.parametrize(("low", "alike"), [(-0.01, True), (0.0, True), (0.01, False)])
def test_of_several_the_highest_and_the_lowest(low: float, alike: bool) -> None:
    rows = [TWIN, row("a", "trained", 0.41, 0.36, 0.46), row("b", "untrained", 0.02), row("b", "trained", 0.31, 0.26, 0.36)]
    rows += [row("c", "untrained", 0.02), row("c", "trained", 0.35, 0.3, 0.4)]
    tests = [gain(name, name, 0.1, 0.2) for name in "abc"] + [gain("a", "b", low, 0.2, "trained")]
    said = details(rows, tests, CKA)
    assert said.startswith(
        "Audio and MIDI layers are most alike in a, where they share structure: debiased CKA 0.41 [0.36, 0.46]"
    )
    assert (
        "; least in b, where they share structure: 0.31 [0.26, 0.36] on average, untrained twin 0.02, shuffled pairs 0.00."
        in said
    )
    assert said.endswith("The two are not distinguishable (95 % interval of the difference, by work).") == alike
    assert "most alike in c" in details(rows, tests, CKA, ("b", "c"))  # a is a control


def test_values_are_named_after_what_they_are() -> None:
    mean = row("a", "trained", 0.41, 0.36, 0.46)
    rows = [mean, replace(mean, sides="audio, audio", second="b"), gain("a", "a", 0.0, 0.2), gain("a", "b", 0.0, 0.2, "trained")]
    assert [one.number.name for one in rows] == [
        "a, trained, audio with midi, mean over blocks: debiased CKA",
        "a and b, trained, audio with audio, mean over blocks: debiased CKA",
        "a, trained minus untrained, mean over blocks: difference in debiased CKA",
        "a − b, trained, mean over blocks: difference in debiased CKA",
    ]
    assert (mean.number.n, mean.number.null, mean.number.estimator) == (260, 0.001, CKA)


@pytest.mark.parametrize(
    "missing", [{"null": None, "ci_low": None, "ci_high": None}, {"ci_low": None, "ci_high": None}, {"null": None}]
)
def test_without_an_interval_or_a_null_nothing_is_claimed(missing: dict) -> None:
    said = details([replace(row("a", "trained", 0.87, 0.8, 0.9), **missing), TWIN], [gain("a", "a", None, None)], CKA)
    assert "cannot be said to share structure" in said
    assert "layers share structure" not in said


@pytest.mark.parametrize(
    ("its", "gained", "expected"),
    [
        ({}, (0.001, 0.5), "audio and MIDI layers share structure in a (untrained twin 0.03, shuffled pairs 0.00)."),
        ({}, (0.0, 0.5), "layers share structure, not distinguishably more than the twin in a ("),
        ({}, (-0.5, -0.001), "layers share less structure than the twin in a ("),
        ({"inside_null": True}, (0.3, 0.5), "layers are not distinguishable from shuffled pairs in a ("),
        ({"null": None}, (0.3, 0.5), "layers cannot be said to share structure in a (untrained twin 0.03)."),
    ],
)
def test_the_headline_in_thirty_words(its: dict, gained: tuple, expected: str) -> None:
    said = headline([replace(ROW, **its), TWIN], [gain("a", "a", *gained)], CKA)
    assert said.startswith(f"{INTERVAL} debiased CKA: audio and MIDI layers ")
    assert expected in said
    assert len(said.split()) <= 30


@pytest.mark.parametrize(("low", "most", "least"), [(0.0, "", ", not distinguishable from b"), (0.01, ", most", ", least in b")])
def test_the_headline_of_several_says_whether_they_differ(low: float, most: str, least: str) -> None:
    rows = [TWIN, row("a", "trained", 0.41, 0.36, 0.46), row("b", "untrained", 0.02), row("b", "trained", 0.31, 0.26, 0.36)]
    tests = [gain(name, name, 0.1, 0.2) for name in "ab"] + [gain("a", "b", low, 0.2, "trained")]
    said = headline(rows, tests, CKA)
    assert said.endswith(
        f"layers share structure{most} in a (untrained twin 0.03, shuffled pairs 0.00){least} (0.31 [0.26, 0.36])."
    )
    assert len(said.split()) <= 30
