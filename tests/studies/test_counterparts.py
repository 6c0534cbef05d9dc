"""Our numbers beside published ones: the right one stands at every place."""

import gzip
import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from analysis.descriptors.filters import band_names
from analysis.numbers import Value
from analysis.published.published import published
from analysis.results import Result
from analysis.rows import Row, tables_of
from analysis.studies.base.registry import find_study, study_names
from analysis.studies.controls.rows import ScoreRow
from analysis.studies.counterparts import counterparts
from analysis.studies.embedding.rows import MeasureRow
from analysis.studies.replication.rows import ArmRow, PairRow, RunRow
from analysis.studies.shipped import shipped_folder
from analysis.studies.similarity.rows import CellRow
from tests.filled import filled


def result(study: str, values: tuple[Value, ...] = (), **tables: Any) -> Result:
    """A result whose rows hold what is given, and nothing else."""
    kinds = {kind.table: kind for kind in find_study(study).rows} if tables else {}
    rows = [filled(kinds[name], **record) for name, records in tables.items() for record in records]
    return Result(study, {}, "Headline.", values, tables_of(rows), {}, {})


def of_rows(study: str, rows: Iterable[Row]) -> Result:
    return Result(study, {}, "Headline.", [], tables_of(rows), {}, {})


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
    real = ScoreRow("one", "d4a4", "real", "trained", 1, 0.8, 0.7, 0.9, 0.04, 8)
    tables = tables_of([real, replace(real, checkpoint="without", values="zero", value=0.7, ci_low=0.6, ci_high=0.8)])
    found = counterparts(result("controls", (), **tables), {"one": "d4a4", "without": "d4a4-zero"})
    assert found == {("d4a4", "real", "S"): "80.0 % [70.0, 90.0]", ("d4a4", "zero", "S"): "70.0 % [60.0, 80.0]"}


def test_trainings_are_compared_where_there_are_several() -> None:
    score, spread = (0.8, 0.7, 0.9, 0.04, 8), (0.02, None, None, 0.02, "")
    names = {"one": "d4a4", "two": "D0", "three": "a4r"}
    runs = [RunRow(name, arm, "small", None, None, 1, "trained", *score, *spread) for name, arm in names.items()]
    arm = ArmRow("d4a4", "trained", 0.8, 0.7, 0.9, 0.04, 3, 0.02, None, None, 0.75, 0.84, (1, 2, 3), "")
    arms = [arm, replace(arm, arm="D0", n=1, sd=None)]
    pair = PairRow(
        "d4a4", "D0", "trained", 0.09, -0.01, 0.19, 0.0, 6, 1.0, 4.0, 0.2, 1.0,
        paired_difference=0.09, paired_t=1.0, paired_df=2.0, paired_p=0.01, paired_n=3, paired_ci_low=0.05, paired_ci_high=0.13,
    )  # fmt: skip
    other = replace(pair, first="D0", second="a4r", value=-0.05, ci_low=-0.15, ci_high=0.05, n=7, paired_n=2)
    pairs = [pair, other, replace(pair, second="a4r", value=0.04)]
    found = counterparts(result("replication", (), **tables_of([*runs, *arms, *pairs])), names)
    assert found == {
        ("d4a4", "five training seeds", "mean S"): "80.0 % [70.0, 90.0], n = 3",
        ("d4a4", "five training seeds", "SD of S"): "2.0 points, n = 3",
        ("d4a4", "five training seeds", "lowest S"): "75.0 %, n = 3",
        ("d4a4", "five training seeds", "highest S"): "84.0 %, n = 3",
        ("d4a4", "five training seeds", "mean S minus that of D0"): "9.0 points [5.0, 13.0], paired",
        ("a4r", "five training seeds", "mean S minus that of D0"): "5.0 points [-5.0, 15.0], Welch",
    }


def test_a_shift_stands_beside_the_published_one_of_the_other_sign() -> None:
    """Ours of +k reads the recording k samples later; a published one of +k delays it, so that k samples earlier are read."""
    doses = {-8000: 0.6, -4000: 0.7, 0: 0.9, 4000: 0.8, 8000: 0.5}
    scores = [row(share, change="time_shift", dose=float(dose)) for dose, share in doses.items()]
    scores.append(row(0.4, change="note_velocity", dose=1.5))
    found = counterparts(result("invariance", scores=scores), {"one": "D0"})
    places = {one.condition for one in published("invariance", "D0")}
    ours = {condition: text for (_, condition, _), text in found.items() if condition in places}
    assert ours == {
        "audio shifted by +8000 samples": "60.0 % [50.0, 70.0] (at -8000)",
        "audio shifted by +4000 samples": "70.0 % [60.0, 80.0] (at -4000)",
        "audio shifted by -4000 samples": "80.0 % [70.0, 90.0] (at +4000)",
        "audio shifted by -8000 samples": "50.0 % [40.0, 60.0] (at +8000)",
        "note velocity × 1.5": "40.0 % [30.0, 50.0]",
    }


def test_only_the_canonical_pool_is_compared() -> None:
    back = "MIDI to audio"
    values = tuple(
        Value({"checkpoint": "one", **key}, number, None, None, 8, None, "share", "recall")
        for key, number in (
            ({"weights": "trained", "pool": "canonical", "what": "S"}, 0.5),
            ({"weights": "trained", "pool": "no overlap", "what": "S"}, 0.6),
            ({"weights": "untrained", "pool": "canonical", "what": "S"}, 0.1),
            ({"weights": "trained", "pool": "canonical", "direction": back, "what": "accuracy against same piece"}, 0.9),
        )
    )
    assert counterparts(result("retrieval", values), {"one": "D0"}) == {
        ("D0", "canonical pool", "S"): "50.0 %",
        ("D0", "canonical pool", "accuracy against same piece"): "90.0 % (MIDI to audio)",
    }


def test_matched_cosines_and_the_first_layers_are_compared() -> None:
    one = MeasureRow("one", "trained", "cosine of matched pairs", 0.6, 0.5, 0.7, None, 8, "", None, "")
    measures = [one, replace(one, measure="modality gap"), replace(one, weights="untrained", value=0.2, ci_low=0.1)]
    found = counterparts(of_rows("embedding", measures), {"one": "D0"})
    assert found == {("D0", "matched pairs", "mean cosine"): "0.60 [0.50, 0.70]"}
    numbers = 0.1, 0.0, 0.2, None, None, None
    cell = CellRow("one", "audio", "one", "midi", "trained", "1", "1", 8, 8, None, None, "biased CKA", *numbers, None, 8, "")
    cells = [
        cell, replace(cell, estimator="debiased CKA"), replace(cell, first_layer="4", second_layer="4"),
        replace(cell, second_side="audio"),
    ]  # fmt: skip
    found = counterparts(of_rows("similarity", cells), {"one": "D0"})
    assert found == {("D0", "first layers", "biased linear CKA"): "0.10 [0.00, 0.20]"}


def test_what_the_authors_call_a_shuffle_stands_beside_both_exchanges() -> None:
    def ablated(kind: str, share: float, weights: str = "trained") -> dict[str, Any]:
        score = {"s": share, "s_ci_low": share - 0.1, "s_ci_high": share + 0.1}
        return {"checkpoint": "one", "weights": weights, "input": "A4", "kind": kind, "n": 8, **score}

    rows = [
        ablated("as it is", 0.9) | {"input": "none"},
        ablated("zero", 0.1),
        ablated("noise, mean and SD of the window", 0.3),
        ablated("noise, mean and SD of the training set", 0.4),
        ablated("shuffled in time within the window", 0.8),
        ablated("exchanged across all windows", 0.5),
        ablated("of another window of the same work", 0.6),
        ablated("of another window of the same work", 0.2, "untrained"),
        ablated("of a window of another work", 0.45),
    ]
    assert counterparts(result("ablation", ablation=rows), {"one": "a4r"}) == {
        ("a4r", "real", "S"): "90.0 % [80.0, 100.0]",
        ("a4r", "zero A4", "S"): "10.0 % [0.0, 20.0]",
        ("a4r", "noise A4", "S"): "40.0 % [30.0, 50.0]",
        ("a4r", "shuffle A4", "S"): "60.0 % [50.0, 70.0] same work; 50.0 % [40.0, 60.0] all windows",
    }
    assert counterparts(result("ablation", ablation=rows[:-3]), {"one": "a4r"}).get(("a4r", "shuffle A4", "S")) is None


def test_bands_of_a4_are_compared_at_the_published_dose() -> None:
    edges = [46.875 * 2.0**octave for octave in range(9)]
    names: dict[float | None, str] = dict(zip(edges, band_names(edges), strict=False))

    def shifted(low: float | None, dose: float, change: float) -> dict[str, Any]:
        norm = {"l2": change, "l2_ci_low": change - 0.1, "l2_ci_high": change + 0.1}
        high = None if low is None else 2 * low
        return row(0.5, low_hz=low, high_hz=high, band=names.get(low, "random direction"), dose=dose, **norm)

    rows = [shifted(low, dose, 0.1 * (1 + band)) for band, low in enumerate(edges[:8]) for dose in (-0.1, 0.1, 1.0)]
    found = counterparts(result("bands", doses=[*rows, shifted(None, 0.1, 9.0)]), {"one": "a4r"})
    assert len(found) == 8
    measure = "L2 change of the embedding, +0.1"
    assert found["a4r", "band 0, 47–94 Hz", measure] == "0.10 [0.00, 0.20]"
    assert found["a4r", "band 5, 1,500–3,000 Hz", measure] == "0.60 [0.50, 0.70]"
    assert found["a4r", "band 7, 6,000–12,000 Hz", measure] == "0.80 [0.70, 0.90]"
    assert counterparts(result("bands"), {"one": "a4r"}) == {}


def test_nothing_is_compared_about_which_nothing_is_published() -> None:
    assert counterparts(result("clip"), {"one": "D0"}) == {}


# Of several trainings or controls, of doses that are not shipped, or of models and data that are others'.
NO_NUMBERS = ("controls", "replication", "bands", "stems", "onsets", "structure", "tokens")
NOT_OURS = ("accuracy against random pieces", "R@20 ", "mean rank ")  # measures that no study of ours computes
STUDIES = [study for study in study_names() if study not in NO_NUMBERS and find_study(study).has_demo]


@pytest.mark.parametrize("study", STUDIES)
def test_every_comparable_published_number_finds_ours_among_what_is_shipped(study: str) -> None:
    arms = {f"{arm}-small": arm for arm in ("D0", "d4a4", "a4r", "d4-a4r")}
    (place,) = shipped_folder().glob(f"{study}-*.json.gz")
    document = json.loads(gzip.decompress(place.read_bytes()))
    with np.load(place.with_name(place.name.replace(".json.gz", ".npz"))) as arrays:
        ours = counterparts(Result.from_document(document, dict(arrays)), arms)
    places = {(one.arm, one.condition, one.measure) for one in published(study) if one.arm in arms.values()}
    missing = {place for place in places - set(ours) if not place[2].startswith(NOT_OURS)}
    assert missing == set()
