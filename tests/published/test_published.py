"""The published numbers are well-formed, carry their source, and are those that were published."""

import copy
import json
from dataclasses import asdict
from importlib import resources
from typing import Any

import pytest

from analysis.errors import ConfigError
from analysis.published.published import FILE, Published, published, published_studies, read_records


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
            assert one.correction == "" or one.correction.endswith(".")
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


def test_every_sentence_is_used(document: dict[str, Any]) -> None:
    for name, sentences in (("source", "sources"), ("correction", "corrections")):
        assert set(document[sentences]) == {row[name] for row in document["records"]} - {""}


def test_questions_about_what_is_not_published() -> None:
    with pytest.raises(ConfigError, match="Nothing is published about a study 'heads': expected one of scoreboard, ablation"):
        published("heads")
    with pytest.raises(ConfigError, match="Nothing is published about arm 'a4x' in controls: expected one of d4a4"):
        published("controls", "a4x")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": "73"}, "value in record 0 .* is '73'; expected a finite number"),
        ({"value": float("nan")}, "value in record 0 .* is nan; expected a finite number"),
        ({"value": True}, "value in record 0 .* is True; expected a finite number"),
        ({"arm": ""}, "arm in record 0 .* is ''; expected text"),
        ({"source": "hearsay"}, "Record 0 .* names the source 'hearsay': expected one of paper"),
        ({"correction": "typo"}, "Record 0 .* names the correction 'typo': expected one of overlap"),
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
    assert all(isinstance(item, str | float) for one in read_records(document) for item in asdict(one).values())
