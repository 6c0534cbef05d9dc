"""The published numbers are well-formed, carry their source, and are those that were published."""

import copy
import json
from dataclasses import asdict
from importlib import resources
from typing import Any

import pytest

from analysis.errors import ConfigError
from analysis.published.published import FILE, Published, published, published_studies, read_records
from analysis.results import Result


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
            assert 0 <= one.value <= 100


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
    assert of("scoreboard", "d4-a4r", "canonical pool", "accuracy against same piece").value == 94.2
    assert len([one for one in published("similarity", "D0") if one.measure == "RSA"]) == 2


def test_retention_follows_from_the_scores() -> None:
    for arm in ("D0", "d4a4", "a4r", "d4-a4r"):
        score = {shift: of("transposition", arm, f"{shift} semitones").value for shift in ("-3", "0", "+3")}
        retention = 100 * (score["-3"] + score["+3"]) / 2 / score["0"]
        assert of("transposition", arm, "±3 semitones", "retention").value == pytest.approx(retention, abs=0.05)


def test_s_is_the_worse_direction() -> None:
    for arm in ("D0", "d4a4", "a4r", "d4-a4r"):
        both = [of("scoreboard", arm, "canonical pool", f"R@10 {way}").value for way in ("audio to MIDI", "MIDI to audio")]
        assert of("scoreboard", arm, "canonical pool").value == min(both)


def test_unmodified_scores_are_the_same_everywhere() -> None:
    for arm in ("d4a4", "a4r", "d4-a4r"):
        assert of("ablation", arm, "real").value == of("scoreboard", arm, "canonical pool").value
        assert of("transposition", arm, "0 semitones").value == of("scoreboard", arm, "canonical pool").value


CHOSEN = "The best epoch was chosen on the very pool that is reported"
OVERLAP = "Negatives of the same piece may overlap the match by 75 %"


def test_every_s_says_how_its_epoch_and_its_pool_were_chosen() -> None:
    for study in ("scoreboard", "ablation", "controls", "transposition", "invariance", "replication"):
        for one in published(study):
            if one.unit == "%" and one.measure not in ("accuracy against random pieces", "SD of S"):
                assert OVERLAP in one.correction, one
                is_chosen = one.arm != "d4" and not one.condition.startswith("evaluation seed")
                assert (CHOSEN in one.correction) == is_chosen, one


@pytest.mark.parametrize(
    ("study", "arm", "condition", "measure", "phrases"),
    [
        ("scoreboard", "D0", "canonical pool", "S", ["72.8 % with a cosine", "Cosine-30", "equal schedule"]),
        ("transposition", "d4a4", "0 semitones", "S", ["equal schedule", "MIDI side alone"]),
        ("probes", "a4r", "chroma from audio", "R²", ["256 → 128 → ReLU", "16 kHz", "random split", "equal schedule"]),
        ("similarity", "d4a4", "last layers", "biased linear CKA", ["pad the MIDI", "mechanism", "15 to 21 %", "0.58"]),
        ("bands", "a4r", "A4 read linearly, arms with A4 together", "|r|, upper bound", ["0 by construction"]),
        ("bands", "d4a4", "band of A4 shifted, arms with A4 together", "shift", ["adds 0.1", "off the manifold"]),
        ("controls", "D0", "all components", "parameters", ["76.7 million", "74,194,432", "12,610,560", "658,688"]),
        ("ablation", "d4", "shuffle D4", "S", ["5 epochs", "exchanged between windows"]),
    ],
)
def test_what_is_known_to_be_wrong_stands_beside_the_number(
    study: str, arm: str, condition: str, measure: str, phrases: list[str]
) -> None:
    said = of(study, arm, condition, measure).correction
    assert [phrase for phrase in phrases if phrase not in said] == []


def test_numbers_of_the_inconsistent_places() -> None:
    assert of("bands", "d4-a4r", "A4 read linearly, arms with A4 together", "|r|, upper bound").value == 0.05
    assert of("bands", "a4r", "band of A4 shifted, arms with A4 together", "shift").value == 1
    parts = {one.condition: one.value for one in published("controls", "D0")}
    assert parts == {
        "all components": 74.2, "audio transformer": 54.5, "MIDI embeddings": 1.2, "MIDI transformer": 10.5, "audio head": 0.8,
        "MIDI head": 0.4,
    }  # fmt: skip


def test_every_sentence_is_used(document: dict[str, Any]) -> None:
    assert set(document["sources"]) == {row["source"] for row in document["records"]}
    assert set(document["corrections"]) == {name for row in document["records"] for name in row["corrections"]}


def test_questions_about_what_is_not_published() -> None:
    with pytest.raises(ConfigError, match="Nothing is published about a study 'heads': expected one of scoreboard, ablation"):
        published("heads")
    with pytest.raises(ConfigError, match="Nothing is published about arm 'a4x' in controls: expected one of d4a4, D0"):
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
