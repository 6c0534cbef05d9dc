"""Every published number is the one that stands in the source, none is missing, and none was added."""

import re
import runpy
from collections.abc import Iterator
from fractions import Fraction
from math import log2
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analysis.descriptors.a4 import A4_EDGES_HZ
from analysis.published.published import Published, published, published_studies

Place = tuple[str, str, str, str, str, str]  # study, source, arm, condition, measure, unit
SOURCES = {
    "public text": "paper", "report on the test battery": "report", "results of every training seed": "seeds",
    "results of single runs": "runs", "audit of numeric claims": "audit",
}  # fmt: skip
SEEDS = (42, 123, 456, 789, 1337)


def copied() -> Iterator[tuple[Place, float]]:
    """The tables of the files beside this one."""
    for place in sorted(Path(__file__).parent.glob("tables_*.py")):
        for study, source, condition, measure, unit, arms, values in runpy.run_path(str(place))["ROWS"]:
            for arm, value in zip(arms.split(), values.split(), strict=True):
                if value != "-":
                    yield (study, source, arm, condition, measure, unit), float(value)


def recorded() -> Iterator[tuple[Place, float]]:
    for study in published_studies():
        for one in published(study):
            source = SOURCES[one.source.split(", ", 1)[1]]
            yield (study, source, one.arm, one.condition, one.measure, one.unit), one.value


def test_no_table_has_a_place_twice() -> None:
    places = [place for place, _ in copied()]
    assert len(places) == len(set(places))


def test_every_number_is_the_one_of_its_source_and_nothing_is_missing_or_extra() -> None:
    expected, found = dict(copied()), dict(recorded())
    assert {place: value for place, value in expected.items() if place not in found} == {}, "missing"
    assert {place: value for place, value in found.items() if place not in expected} == {}, "extra"
    assert {place: (found[place], value) for place, value in expected.items() if found[place] != value} == {}


def sentence(study: str, begin: str) -> str:
    found = {text for one in published(study) for text in one.corrections if text.startswith(begin)}
    assert len(found) == 1, found
    return found.pop()


def runs(arm: str) -> dict[int, float]:
    by_condition = {one.condition: one.value for one in published("replication", arm)}
    return {seed: by_condition[f"training seed {seed}"] for seed in SEEDS}


def test_table_12_follows_from_the_seeds() -> None:
    mean = {}
    for arm in ("D0", "d4a4", "a4r", "d4-a4r"):
        said = {one.measure: one.value for one in published("replication", arm) if one.condition == "five training seeds"}
        scores = list(runs(arm).values())
        mean[arm] = sum(scores) / 5
        assert said["mean S"] == pytest.approx(mean[arm], abs=0.051)
        assert (said["lowest S"], said["highest S"]) == (min(scores), max(scores))
        if arm != "D0":
            assert said["mean S minus that of D0"] == pytest.approx(mean[arm] - mean["D0"], abs=0.051)


def test_what_is_said_of_the_paired_arms_is_computed_from_the_seeds() -> None:
    said = sentence("replication", "The pool was drawn with the training seed, so that arms are paired")
    scores = {arm: [runs(arm)[seed] for seed in SEEDS] for arm in ("D0", "d4a4", "a4r", "d4-a4r")}
    guided: dict[str, float] = {}
    for other in ("D0", "a4r", "d4-a4r"):
        t, p = stats.ttest_rel(scores["d4a4"], scores[other])
        low, high = stats.ttest_rel(scores["d4a4"], scores[other]).confidence_interval(0.95)
        difference = np.mean(scores["d4a4"]) - np.mean(scores[other])
        told = f"(t = {t:.2f})" if other == "D0" else f"[{low:.2f}, {high:.2f}] (p = {p:.3f})"
        assert f"{other} by {difference:.2f} {'points ' if other == 'D0' else ''}{told}" in said
        guided[other] = float(p)
    between = stats.ttest_rel(scores["a4r"], scores["d4-a4r"])[1]
    assert guided["d4-a4r"] < guided["a4r"] < between
    holm = f"{2 * guided['a4r']:.4f} and {3 * guided['d4-a4r']:.3f}"
    assert f"after Holm's correction over the three guided pairs {holm}" in said
    unpaired = [stats.ttest_ind(scores["d4a4"], scores[arm], equal_var=False)[1] for arm in ("a4r", "d4-a4r")]
    assert f"unpaired p = {unpaired[0]:.3f} and {unpaired[1]:.3f}" in said
    assert "n = 5" in said
    assert "best epoch" in said


def by_band(arm: str) -> list[float]:
    found = [one for one in published("bands", arm) if one.condition.startswith("band ")]
    assert [one.condition.split(",")[0] for one in found] == [f"band {i}" for i in range(8)]
    return [one.value for one in found]


def test_that_high_bands_dominate_contradicts_the_table_itself() -> None:
    said = sentence("bands", "The text says that bands 4 to 7")
    for arm in ("d4a4", "a4r", "d4-a4r"):
        bands = by_band(arm)
        assert f"{sum(bands[4:]) / sum(bands[:4]):.2f} ({arm})" in said
    assert max(by_band("d4a4")[6:]) < by_band("d4a4")[3]
    assert "bands 6 and 7 of d4a4 below its band 3" in said


def values(arm: str, measure: str) -> dict[str, float]:
    return {one.condition: one.value for one in published("descriptors", arm) if one.measure == measure}


def test_rounded_edges_are_those_of_the_bins_and_of_our_descriptor() -> None:
    lower, upper, first, last = (values("A4", name) for name in ("lower edge", "upper edge", "first bin", "bin after the last"))
    for number, condition in enumerate(lower):
        edges = A4_EDGES_HZ[number : number + 2]
        assert (lower[condition], upper[condition]) == pytest.approx(edges, abs=0.5)
        assert first[condition] == edges[0] / (24_000 / 2048)
        assert last[condition] == edges[1] / (24_000 / 2048) + (number == 7)  # that of 12 kHz is in the last band
        assert re.search(rf"{lower[condition]:,.0f}–{upper[condition]:,.0f} Hz", condition)


def test_the_ratios_of_a7_are_what_their_names_say() -> None:
    octaves, cents = values("A7", "log2 of the ratio"), values("A7", "interval")
    for condition, its in octaves.items():
        exact = log2(Fraction(condition.split(", ")[1]))
        assert its == pytest.approx(exact, abs=0.0005)
        assert cents[condition] == pytest.approx(1200 * exact, abs=0.5)


def test_withdrawn_and_wrong_statements_are_gone() -> None:
    everything: list[Published] = [one for study in published_studies() for one in published(study)]
    assert not [one for one in everything if one.measure in ("t", "Cohen's d", "shift")]
    said = " ".join(one.correction for one in everything)
    for wrong in ("only the five training seeds", "is not significant", "ended early", "playback", "in no result file"):
        assert wrong not in said
