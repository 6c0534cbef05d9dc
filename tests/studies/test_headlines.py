"""Every headline is one sentence of at most 30 words, number first, with its control and the pool of every S."""

import re
from dataclasses import replace

import pytest

from analysis import paths
from analysis.models.checkpoint import open_checkpoint
from analysis.results import Result
from analysis.studies.base.registry import find_study, study_names
from analysis.studies.cautions import sentences
from analysis.studies.rewording import reworded, shipped_checkpoints
from analysis.studies.shared_rows import SentenceRow
from analysis.studies.shipped import SHIPPED, SHIPPED_CONTROLS, shipped_folder
from analysis.training.comparison import compare_details, compare_headline
from tests.shared import read_shipped

MOST_WORDS = 30
NUMBER_FIRST = re.compile(r"(S = |AUC |R² )?[+-]?\d")
CONTROL = re.compile(r"untrained|chance|twin|unaltered|sample later")
S = re.compile(r"\bS\b")


@pytest.fixture(params=sorted(path.name for path in shipped_folder().glob("*.json.gz")))
def result(request: pytest.FixtureRequest) -> Result:
    """A result that came with the library, by the name of its file."""
    study = request.param.split("-")[0]
    return read_shipped(study)[files_of(study).index(request.param)]


def files_of(study: str) -> list[str]:
    return sorted(path.name for path in shipped_folder().glob(f"{study}-*.json.gz"))


def is_a_headline(said: str) -> bool:
    """One sentence of at most 30 words that begins with a number, names its control, and the pool where it speaks of S."""
    one_sentence = said.endswith(".") and ". " not in said and len(said.split()) <= MOST_WORDS
    return bool(
        one_sentence and NUMBER_FIRST.match(said) and CONTROL.search(said) and (not S.search(said) or "candidates" in said)
    )


@pytest.mark.parametrize(
    "said",
    [
        "D0 finds S = 75.2 % among 256 candidates (chance 3.4 %).",
        "S = 75.2 % (chance 3.4 %).", "S = 75.2 % among 256 candidates.",
        "S = 75.2 % among 256 candidates (chance 3.4 %). More.", f"S = 75.2 % among 256 candidates (chance 3.4 %){' so' * 22}.",
    ],
)  # fmt: skip
def test_what_is_no_headline(said: str) -> None:
    assert is_a_headline("S = 75.2 % among 256 candidates (chance 3.4 %).")
    assert not is_a_headline(said)


def test_a_shipped_headline_is_one(result: Result) -> None:
    assert is_a_headline(result.headline), result.headline


def test_a_shipped_result_has_the_words_of_today(result: Result) -> None:
    worn = {SentenceRow.table: [SentenceRow("Worn.").record()]} if sentences(result) else {}
    before = replace(result, headline="Worn.", tables={**result.tables, **worn})
    assert reworded(before, shipped_checkpoints(result)) == result


def test_every_study_is_among_them() -> None:
    for study in study_names():
        assert len(read_shipped(study)) == len(files_of(study))
        assert bool(files_of(study)) is find_study(study).has_demo


def test_the_headline_of_the_checkpoints_is_one() -> None:
    found = [open_checkpoint(paths.repository() / "checkpoints" / name) for name in (*SHIPPED, *SHIPPED_CONTROLS)]
    for some in (found, found[:1], found[:2]):
        assert is_a_headline(compare_headline(some)), compare_headline(some)
    said = compare_details(found).split("Controls, not ranked: ")[1]
    assert all(name in said for name in SHIPPED_CONTROLS)
