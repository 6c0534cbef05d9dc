"""The published numbers are well-formed, carry their source, and are those that were published."""

import copy
import json
from dataclasses import asdict
from importlib import resources
from typing import Any

import pytest

from analysis.errors import ConfigError
from analysis.models.counting import count_parameters
from analysis.published.published import FILE, Published, published, published_studies, read_records
from analysis.results import Result

LARGEST = {"%": 100, "points": 100, "M": 100, "Hz": 12_000, "cents": 1200, "": 1025}  # half the rate, an octave, bins of the STFT


@pytest.fixture
def document() -> dict[str, Any]:
    return json.loads(resources.files("analysis.published").joinpath(FILE).read_text("utf-8"))


def of(study: str, arm: str, condition: str, measure: str = "S") -> Published:
    found = [one for one in published(study, arm) if (one.condition, one.measure) == (condition, measure)]
    assert len(found) == 1, found
    return found[0]


def test_every_number_says_whose_it_is_and_why_it_is_not_ours() -> None:
    for study in published_studies():
        for one in published(study):
            assert "arXiv 2604.10283" in one.source
            assert "arXiv 2604.10283" in one.citation
            assert "not comparable in absolute terms" in one.comparability
            assert one.corrections, one
            assert all(sentence.endswith(".") for sentence in one.corrections)
            assert one.correction == " ".join(one.corrections)
            assert 0 <= one.value <= LARGEST[one.unit], one


def test_facts() -> None:
    assert [of("replication", "d4a4", f"training seed {seed}").value for seed in (42, 123, 456, 789, 1337)] == [
        83.6, 87.6, 81.4, 81.6, 86.0,
    ]  # fmt: skip
    assert of("ablation", "d4a4", "zero A4").value == 7.8
    assert "near chance and above it" in of("ablation", "d4a4", "zero A4").correction
    assert of("controls", "d4a4", "shuffled").value == 73.6
    assert "73.2 %" in of("controls", "d4a4", "shuffled").correction
    assert of("invariance", "d4a4", "noise at 20 dB SNR").value == 54.8
    assert of("similarity", "D0", "last layers", "biased linear CKA").value == 0.722
    assert of("retrieval", "d4-a4r", "canonical pool", "accuracy against same piece").value == 94.2
    rsa = [(one.condition, one.source) for one in published("similarity", "D0") if one.measure == "RSA"]
    assert len(rsa) == len(set(rsa)) == 3  # of the mean there is one in the paper and another in the report


def test_retention_follows_from_the_scores() -> None:
    for arm in ("D0", "d4a4", "a4r", "d4-a4r"):
        score = {shift: of("transposition", arm, f"{shift} semitones").value for shift in ("-3", "0", "+3")}
        retention = 100 * (score["-3"] + score["+3"]) / 2 / score["0"]
        assert of("transposition", arm, "±3 semitones", "retention").value == pytest.approx(retention, abs=0.05)


def test_s_is_the_worse_direction() -> None:
    for arm in ("D0", "d4a4", "a4r", "d4-a4r"):
        both = [of("retrieval", arm, "canonical pool", f"R@10 {way}").value for way in ("audio to MIDI", "MIDI to audio")]
        assert of("retrieval", arm, "canonical pool").value == min(both)


def test_unmodified_scores_are_the_same_everywhere() -> None:
    for arm in ("d4a4", "a4r", "d4-a4r"):
        assert of("ablation", arm, "real").value == of("retrieval", arm, "canonical pool").value
        assert of("transposition", arm, "0 semitones").value == of("retrieval", arm, "canonical pool").value


LINEARLY = "A4 read linearly, arms with A4 together"
CHOSEN = "The best epoch was chosen on the very pool that is reported"
OVERLAP = "Negatives of the same piece may overlap the match by 75 %"


def test_every_s_says_how_its_epoch_and_its_pool_were_chosen() -> None:
    for study in ("retrieval", "ablation", "controls", "transposition", "invariance", "replication"):
        for one in published(study):
            if one.unit == "%" and one.measure != "accuracy against random pieces":
                assert OVERLAP in one.correction, one
                is_chosen = one.arm != "d4" and not one.condition.startswith("evaluation seed")
                assert (CHOSEN in one.correction) == is_chosen, one


@pytest.mark.parametrize(
    ("study", "arm", "condition", "measure", "phrases"),
    [
        ("retrieval", "D0", "canonical pool", "S", ["72.8 % for D0", "Cosine-30", "equal schedule"]),
        ("transposition", "d4a4", "0 semitones", "S", ["equal schedule", "MIDI side alone"]),
        ("probes", "a4r", "chroma from audio", "R²", ["256 → 128 → ReLU", "16 kHz", "random split", "equal schedule"]),
        ("similarity", "d4a4", "last layers", "biased linear CKA", ["pad the MIDI", "mechanism", "15 to 21 %", "0.58"]),
        ("retrieval", "a4r", "canonical pool", "R@20 MIDI to audio", ["79.4 % for a4r", "Cosine-tail-60", "30 epochs each"]),
        ("bands", "a4r", LINEARLY, "mean |r| over dimensions, upper bound", ["0 by construction", "largest is below 0.28"]),
        ("bands", "d4a4", "band 3, 375–750 Hz", "L2 change of the embedding, +0.1", ["adds 0.1", "off the manifold", "0.526"]),
        ("controls", "D0", "all components", "parameters", ["76.7 million", "74,194,432", "12,610,560", "658,688"]),
        ("controls", "d4-a4r", "A4 reverse attention", "parameters", ["78,874,624", "4,414,464"]),
        ("controls", "d4a4", "random", "S", ["every feature", "first 50 training batches", "drawn anew at every pass"]),
        ("ablation", "d4", "shuffle D4", "S", ["5 epochs", "exchanged between windows", "consecutive windows"]),
        ("ablation", "a4r", "noise A4", "S", ["all features of the descriptor together"]),
        ("invariance", "D0", "audio shifted by +8000 samples", "S", ["reads it k samples later", "ours of the other sign"]),
        ("replication", "D0", "training seed 42", "S", ["another pool, drawn with that seed"]),
        ("probes", "d4-a4r", "chroma from MIDI", "R²", ["The report has 0.252."]),
        ("screening", "D0", "5 epochs", "accuracy against same piece", ["here these are windows of the same piece"]),
        ("screening", "film-a4", "5 epochs", "S", ["told nothing of A4", "58.8 %"]),
        ("confirmation", "d4a4", "Cosine-tail-60", "best epoch", ["end at epoch 55"]),
    ],
)
def test_what_is_known_to_be_wrong_stands_beside_the_number(
    study: str, arm: str, condition: str, measure: str, phrases: list[str]
) -> None:
    said = of(study, arm, condition, measure).correction
    assert [phrase for phrase in phrases if phrase not in said] == []


def test_rows_of_the_component_table_do_not_add_up_to_its_totals() -> None:
    for arm in ("D0", "d4a4", "a4r", "d4-a4r"):
        parts = {one.condition: one.value for one in published("controls", arm) if one.measure == "parameters"}
        total = parts.pop("all components")
        assert sum(parts.values()) - total > 1.2  # million
        assert total == round(count_parameters(arm, "paper")["total"] / 1e6, 1)


def test_every_sentence_is_used(document: dict[str, Any]) -> None:
    assert set(document["sources"]) == {row["source"] for row in document["records"]}
    assert set(document["corrections"]) == {name for row in document["records"] for name in row["corrections"]}


def test_questions_about_what_is_not_published() -> None:
    with pytest.raises(ConfigError, match="Nothing is published about a study 'heads': expected one of retrieval, ablation"):
        published("heads")
    with pytest.raises(
        ConfigError, match="Nothing is published about arm 'a4x' in controls: expected one of d4a4, D0, a4r, d4-a4r"
    ):
        published("controls", "a4x")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": "73"}, "value in record 0 .* is '73'; expected a finite number"),
        ({"value": float("nan")}, "value in record 0 .* is nan; expected a finite number"),
        ({"value": True}, "value in record 0 .* is True; expected a finite number"),
        ({"arm": ""}, "arm in record 0 .* is ''; expected text"),
        ({"source": "hearsay"}, "Record 0 .* names the source 'hearsay': expected one of paper"),
        ({"corrections": ["typo"]}, "Record 0 .* names the correction 'typo': expected one of overlap"),
        ({"corrections": "overlap"}, "corrections in record 0 .* is 'overlap'; expected a list of different names"),
        ({"corrections": ["overlap"] * 2}, "corrections in record 0 .* expected a list of different names"),
        ({"corrections": [["overlap"]]}, "corrections in record 0 .* expected a list of different names"),
        ({"correction": "overlap"}, "Record 0 .* lacks or should not have correction"),
        ({"n": 5}, "Record 0 .* lacks or should not have n"),
    ],
)
def test_a_damaged_record_is_named(document: dict[str, Any], change: dict[str, Any], message: str) -> None:
    damaged = copy.deepcopy(document)
    damaged["records"][0].update(change)
    with pytest.raises(ConfigError, match=message):
        read_records(damaged)


def test_missing_parts_and_repeated_records(document: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="The published numbers lack citation"):
        read_records({name: part for name, part in document.items() if name != "citation"})
    twice = {**document, "records": [*document["records"], document["records"][3]]}
    with pytest.raises(ConfigError, match=rf"Record {len(document['records'])} .* repeats record 3"):
        read_records(twice)


def test_records_are_flat(document: dict[str, Any]) -> None:
    """They go into tables of results as they are."""
    rows = [asdict(one) for one in read_records(document)]
    table = Result("replication", {}, "Headline.", (), {"published": rows}, {}, {}).tables["published"]
    assert [row["value"] for row in table] == [row["value"] for row in document["records"]]
    assert all(isinstance(item, str | float) for row in table for name, item in row.items() if name != "corrections")
    assert all(isinstance(sentence, str) for row in table for sentence in row["corrections"])
