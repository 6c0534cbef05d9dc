"""Our numbers beside published ones: the right one stands at every place."""

import gzip
import json
from typing import Any

import numpy as np
import pytest

from analysis.published.published import published
from analysis.results import Result, Value
from analysis.studies.counterparts import counterparts
from analysis.studies.shipped import shipped_folder


def result(study: str, values: tuple[Value, ...] = (), **tables: Any) -> Result:
    return Result(study, {}, "Headline.", values, {name: tuple(rows) for name, rows in tables.items()}, {}, {})


def row(number: float | None, **more: Any) -> dict[str, Any]:
    low, high = (None, None) if number is None else (number - 0.1, number + 0.1)
    return {"checkpoint": "one", "weights": "trained", "value": number, "ci_low": low, "ci_high": high, "n": 8, **more}


def test_the_first_checkpoint_of_an_arm_counts_and_twins_do_not() -> None:
    moved = {"moved": "MIDI alone", "semitones": -3}
    scores = [
        row(0.9, **moved) | {"weights": "untrained"},
        row(0.5, **moved),
        row(0.6, **moved) | {"checkpoint": "two"},
        row(0.7, **moved) | {"checkpoint": "stranger"},
        row(0.8, moved="both", semitones=3),
        row(None, moved="MIDI alone", semitones=6),
    ]
    kept = [row(0.4, moved="MIDI alone", semitones=3)]
    found = counterparts(result("transposition", scores=scores, retention=kept), {"one": "D0", "two": "D0"})
    assert found == {
        ("D0", "-3 semitones", "S"): "50.0 % [40.0, 60.0]",
        ("D0", "±3 semitones", "retention"): "40.0 % [30.0, 50.0]",
    }


def test_a_control_stands_beside_the_arm_that_it_controls() -> None:
    scores = [row(0.8, arm="d4a4", values="real"), row(0.7, arm="d4a4", values="zero") | {"checkpoint": "without"}]
    found = counterparts(result("controls", scores=scores), {"one": "d4a4", "without": "d4a4-zero"})
    assert found == {("d4a4", "real", "S"): "80.0 % [70.0, 90.0]", ("d4a4", "zero", "S"): "70.0 % [60.0, 80.0]"}


def test_trainings_are_compared_where_there_are_several() -> None:
    runs = [row(0.8, arm="d4a4"), row(0.8, arm="D0") | {"checkpoint": "two"}]
    arms = [row(0.8, arm="d4a4", sd=0.02) | {"n": 3}, row(0.8, arm="D0", sd=None) | {"n": 1}]
    found = counterparts(result("replication", runs=runs, arms=arms), {"one": "d4a4", "two": "D0"})
    assert found == {
        ("d4a4", "five training seeds", "mean S"): "80.0 % [70.0, 90.0], n = 3",
        ("d4a4", "five training seeds", "SD of S"): "2.0 points, n = 3",
    }


def test_only_the_canonical_pool_is_compared() -> None:
    values = tuple(
        Value(f"one, {weights}, {pool}: {measure}", number, None, None, 8, None, "share", "recall")
        for weights, pool, measure, number in (
            ("trained", "canonical", "S", 0.5),
            ("trained", "no overlap", "S", 0.6),
            ("untrained", "canonical", "S", 0.1),
            ("trained", "canonical", "accuracy against same piece MIDI to audio", 0.9),
        )
    )
    assert counterparts(result("scoreboard", values), {"one": "D0"}) == {
        ("D0", "canonical pool", "S"): "50.0 %",
        ("D0", "canonical pool", "accuracy against same piece"): "90.0 % (MIDI to audio)",
    }


def test_nothing_is_compared_about_which_nothing_is_published() -> None:
    assert counterparts(result("embedding"), {"one": "D0"}) == {}


@pytest.mark.parametrize("study", ["scoreboard", "ablation", "transposition", "invariance", "similarity", "probes"])
def test_every_comparable_published_number_finds_ours_among_what_is_shipped(study: str) -> None:
    arms = {f"{arm}-small": arm for arm in ("D0", "d4a4", "a4r", "d4-a4r")}
    (place,) = shipped_folder().glob(f"{study}-*.json.gz")
    document = json.loads(gzip.decompress(place.read_bytes()))
    with np.load(place.with_name(place.name.replace(".json.gz", ".npz"))) as arrays:
        ours = counterparts(Result.from_document(document, dict(arrays)), arms)
    places = {(one.arm, one.condition, one.measure) for one in published(study) if one.arm in arms.values()}
    missing = {place for place in places - set(ours) if place[2] != "accuracy against random pieces"}
    assert missing == set()
