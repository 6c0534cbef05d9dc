"""What a card says of recordings that were not trained on: every number from the records, and no claim that intervals refuse."""

import json
from dataclasses import replace

import pytest

from analysis.training.elsewhere import ELSEWHERE, Elsewhere, Ends, elsewhere_section, read_elsewhere

RECORD = Elsewhere(
    "tokens", "recordings of mine", "", "chord", "accuracy", "block 2", "block 1", "chroma", Ends(0.31, 0.26, 0.36),
    Ends(0.2, 0.15, 0.25), Ends(0.11, 0.02, 0.2), Ends(0.5, 0.44, 0.55), Ends(-0.19, -0.3, -0.1), 0.08, 4000, 11,
)  # fmt: skip


def evaluation(*records: Elsewhere) -> dict[str, object]:
    """As a configuration holds them."""
    return json.loads(json.dumps({"split": "test", ELSEWHERE: [record.record() for record in records]}))


def test_records_come_back_as_they_were() -> None:
    without = replace(RECORD, task="key", sound="", of_sound=None, over_sound=None, settings="windows_per_piece=2")
    assert read_elsewhere(evaluation(RECORD, without)) == [RECORD, without]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("score", None),
        ("score", [0.1, 0.2]),
        ("twin", "high"),
        ("null", "none"),
        ("n", "many"),
        ("study", "other"),
        ("score", [0.1, 0.2, float("inf")]),
    ],
)
def test_what_is_no_record_is_left_out(name: str, value: object) -> None:
    document = evaluation(RECORD, RECORD)
    records = document[ELSEWHERE]
    assert isinstance(records, list)
    records[0][name] = value
    assert read_elsewhere(document) == [RECORD]


@pytest.mark.parametrize("value", [None, 3, {"score": 1}, ["text"]])
def test_an_evaluation_may_say_anything(value: object) -> None:
    assert read_elsewhere({ELSEWHERE: value}) == []
    assert not elsewhere_section({ELSEWHERE: value})


def test_the_section_has_every_number_and_its_controls() -> None:
    text = elsewhere_section(evaluation(RECORD))
    scores = "0.310 [0.260, 0.360] (block 2) | 0.200 [0.150, 0.250] (block 1) | 0.500 [0.440, 0.550] (chroma) | 0.080 |"
    assert scores in text
    assert "4,000 moments, 11 works" in text


def test_a_study_without_layers_and_without_sound() -> None:
    beats = replace(RECORD, study="beats", layer="", twin_layer="", sound="librosa", of_sound=None, n=21)
    text = elsewhere_section(evaluation(beats))
    assert "| 0.310 [0.260, 0.360] | 0.200 [0.150, 0.250] | – | 0.080 | 21 recordings, 11 works |" in text
    assert "nothing is fitted" in text
    assert "Linear probes" not in text


def test_what_is_called_above_or_below_is_what_intervals_allow() -> None:
    text = elsewhere_section(evaluation(RECORD))
    assert "- Above its untrained twin, with disjoint intervals: chord of recordings of mine.\n" in text
    paired = "- Above its untrained twin, the same works drawn for both: chord of recordings of mine"
    assert f"{paired} +0.110 [+0.020, +0.200].\n" in text
    assert "- Below the sound itself, likewise: chord of recordings of mine −0.190 [−0.300, −0.100].\n" in text
    assert "Not distinguishable" not in text


def test_a_paired_difference_counts_where_intervals_overlap() -> None:
    near = replace(RECORD, task="beat", twin=Ends(0.32, 0.27, 0.37), over_twin=Ends(-0.01, -0.02, -0.001))
    text = elsewhere_section(evaluation(near))
    assert "Nothing here lies above its untrained twin with disjoint intervals." in text
    assert "Below its untrained twin, the same works drawn for both: beat of recordings of mine −0.010" in text
    silent = elsewhere_section(evaluation(replace(near, over_twin=Ends(0.01, -0.02, 0.04), over_sound=None)))
    assert "drawn for both" not in silent


def test_what_is_not_above_null_is_named() -> None:
    text = elsewhere_section(evaluation(RECORD, replace(RECORD, task="key", null=0.3)))
    assert "- Not distinguishable from null: key of recordings of mine.\n" in text


def test_settings_that_are_not_usual_stand_beside_the_recordings() -> None:
    few = replace(RECORD, settings="windows_per_piece=2")
    assert "| recordings of mine (windows_per_piece=2) |" in elsewhere_section(evaluation(few))
