"""What no run could use is refused in a sentence that names the setting, before anything is opened."""

import pytest

from analysis.errors import ConfigError
from analysis.studies.base.registry import find_study, study_names
from analysis.studies.base.requests import build_request
from analysis.studies.base.settings import settings_of

WINDOWED = [name for name in study_names() if "windows_per_piece" in settings_of(find_study(name).request)]


@pytest.mark.parametrize("study", WINDOWED)
@pytest.mark.parametrize("value", ["100000000", "-3000"])
def test_every_study_of_windows_refuses_numbers_of_them_beyond_reason(study: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"windows_per_piece of {study} is {value}; expected a number from 1 to 2,000"):
        build_request(study, ["x"], {"windows_per_piece": value})


def test_all_studies_but_that_of_beats_are_of_windows() -> None:
    assert set(study_names()) - set(WINDOWED) == {"beats"}


@pytest.mark.parametrize("study", study_names())
@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("split", "nonsense", "There is no split 'nonsense'; expected one of .*test"),
        ("corpus", "x" * 3_000, "corpus of {} has 3,000 characters; expected at most 2,000"),
    ],
)
def test_every_study_refuses_splits_and_corpora_beyond_reason(study: str, setting: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message.format(study)):
        build_request(study, ["x"], {setting: value})


@pytest.mark.parametrize(
    ("study", "setting", "value", "message"),
    [
        ("retrieval", "n_queries", "-10000000", "n_queries of retrieval is -10000000; expected a number from 1 to 20,000"),
        ("controls", "n_queries", "0", "n_queries of controls is 0; expected a number from 1 to 20,000"),
        ("similarity", "n_shuffles", "1000000000", "n_shuffles of similarity is 1000000000; expected a number from 0 to 2,000"),
        ("similarity", "n_shuffles", "3", "n_shuffles is 3; expected 20 or more"),
        ("similarity", "across", "everything", "across is 'everything'; expected one of"),
        ("embedding", "perplexity", "nan", "perplexity of embedding is nan; expected a number from 0 to 1,000"),
        ("embedding", "n_seeds", "1000000000", "n_seeds of embedding is 1000000000; expected a number from 0 to 20"),
        ("embedding", "methods", "LDA", "LDA"),
        ("embedding", "pairs", "10000", "pairs of embedding is 10000; expected a number from 0 to 4,000"),
        ("embedding", "pairs", "3", "pairs is 3; expected 5 or more, or 0 to go by windows_per_piece"),
        ("probes", "tasks", "xyz", "There is no task 'xyz'"),
        ("probes", "shuffles", "1000000000", "shuffles of probes is 1000000000; expected a number from 0 to 200"),
        ("bands", "doses", "much", "much"),
        ("beats", "stride_ms", "0", "stride_ms of beats is 0; expected a number from 10 to 200"),
        ("beats", "bpm_step", "31", "bpm_step of beats is 31; expected a number from 1 to 30"),
        ("beats", "seconds", "1000000", "seconds of beats is 1000000; expected a number from 2 to 1,200"),
        ("bands", "attribution_windows", "1000000000", "attribution_windows of bands is 1000000000; expected"),
        ("transposition", "semitones", "half", "half"),
        ("invariance", "changes", "weather", "changes names 'weather'; expected “all” or some of"),
        (
            "replication",
            "evaluation_seeds",
            "100000",
            "evaluation_seeds of replication is 100000; expected",
        ),
    ],
)
def test_a_setting_is_refused_by_name(study: str, setting: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_request(study, ["x"], {setting: value})


def test_any_seed_will_do() -> None:
    assert build_request("retrieval", ["x"], {"seed": "123456789012"}).seed == 123_456_789_012
