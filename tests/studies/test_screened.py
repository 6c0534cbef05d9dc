"""What is published about the screening, grouped and worded, beside what is trained here."""

from types import SimpleNamespace
from typing import Any

import pytest

from analysis.errors import ConfigError
from analysis.published.published import Published
from analysis.studies import screened
from analysis.studies.screened import Configuration, confirmed, headline, here_text, mechanism, trained_here


def record(arm: str, value: float, condition: str = "5 epochs", measure: str = "S", study: str = "screening") -> Published:
    return Published(study, arm, condition, measure, value, "%", "paper", (), "somebody", "not comparable")


RECORDS = [
    record("D0", 60.2), record("d4a4", 69.8), record("a4r", 68.6), record("D4r", 64.2), record("a4", 63.6),
    record("moe-a4", 58.2),
    record("moe-a4", 58.8, "3 epochs"), record("D0", 90.0, measure="accuracy against same piece"),
    record("a4", 80.6, "Cosine-tail-60", study="confirmation"), record("d4a4", 83.8, "Cosine-60", study="confirmation"),
    record("d4a4", 83.8, "Cosine-60", study="confirmation"), record("d4a4", 60.0, "Cosine-60", "epochs", "confirmation"),
]  # fmt: skip


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Published]:
    """What is published."""
    records = list(RECORDS)

    def published(study: str) -> tuple[Published, ...]:
        if not (found := tuple(one for one in records if one.study == study)):
            raise ConfigError("nothing")
        return found

    monkeypatch.setattr(screened, "published", published)
    return records


def checkpoint(name: str, arm: str, s: float | None) -> Any:
    numbers = (
        {"S": s, "S_ci": [s - 0.05, s + 0.05], "chance": 0.04, "n_queries": 500, "n_works": 24, "pool_size": 256} if s else {}
    )
    return SimpleNamespace(name=name, arm=arm, scale="small", training={}, evaluation={"trained": {"canonical": numbers}})


def test_the_best_mechanism_stands_first_and_the_best_arm_in_it(told: list[Published]) -> None:
    found = screened.screened()
    assert [one.arm for one in found] == ["d4a4", "a4", "a4r", "D4r", "D0", "moe-a4"]
    assert [one.mechanism for one in found][::2] == ["concatenation", "reverse cross-attention", "baseline"]
    assert {one.arm: one.same_piece for one in found}["D0"] == 90.0
    assert {one.arm: one.s for one in found}["moe-a4"] == 58.2  # after 5 epochs, not the best epoch


def test_long_runs_are_listed_once_by_score(told: list[Published]) -> None:
    assert [(one.arm, one.condition, one.s) for one in confirmed()] == [
        ("d4a4", "Cosine-60", 83.8),
        ("a4", "Cosine-tail-60", 80.6),
    ]
    told.append(record("t3-wt", 81.2, "Trapez-50, epoch 50"))
    assert [one.arm for one in confirmed()] == ["d4a4", "t3-wt", "a4"]
    assert "t3-wt" not in [one.arm for one in screened.screened()]


def test_nothing_published(told: list[Published]) -> None:
    told.clear()
    assert screened.screened() == confirmed() == ()
    with pytest.raises(ConfigError, match="No screening is published here"):
        headline((), {})


@pytest.mark.parametrize(
    ("arm", "expected"),
    [("a4x", "cross-attention"), ("d4", "concatenation"), ("A7x", "cross-attention"), ("A7", "concatenation"),
     ("d4a4cm", "into the other modality"), ("film-dual", "FiLM"), ("t3-wt", "third tower"), ("d4-a4x", "cross-attention")],
)  # fmt: skip
def test_every_arm_has_its_mechanism(arm: str, expected: str) -> None:
    assert mechanism(arm) == expected


def test_the_headline_names_the_leader_its_distance_and_ours(told: list[Published]) -> None:
    found = screened.screened()
    assert headline(found, {"d4a4": []}) == (
        "69.8 % by d4a4: the highest S of 6 published configurations after 5 epochs, 9.6 points over the baseline D0 (60.2 %); "
        "ours have other data and another scale."
    )
    assert headline(found, {"d4a4-zero": []}).endswith("; none of them is trained here.")
    assert len(headline(found, {"D0": []}).split()) <= 30


def test_the_headline_at_its_boundaries() -> None:
    base = Configuration("D0", "5 epochs", "baseline", 60.0)
    tied = [Configuration(arm, "5 epochs", "x", 70.0) for arm in ("a", "b")]
    assert headline([*tied, base], {}).startswith("70.0 % by a and b: the highest S of 3")
    assert "70.0 % by a: the highest S of 1 published configurations after 5 epochs; none" in headline(tied[:1], {})
    assert ", which no descriptor exceeds; none" in headline([base, Configuration("a", "5 epochs", "x", 50.0)], {})


def test_checkpoints_of_an_arm_in_words() -> None:
    numbers = {"a": ("D0", 0.3), "b": ("D0", 0.4), "c": ("D0", None), "d": ("a4", 0.2)}
    here = trained_here([checkpoint(name, *one) for name, one in numbers.items()])
    assert [one.name for one, _ in here["D0"]] == ["b", "a"]
    assert here_text(here["D0"]) == "2 of 30.0 to 40.0 %"
    assert here_text(here["a4"]) == "20.0 % [15.0, 25.0]"
    assert here_text([]) == "not trained here"
