"""A study that nobody wrote yet is one package and one row: the command line, a page and the battery find it."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from streamlit.testing.v1 import AppTest

from analysis.cli import main
from analysis.models.checkpoint import Checkpoint
from analysis.studies.base import registry
from analysis.studies.base.record import Cost, Study
from analysis.studies.battery import run_battery
from app.main import OTHERS, pages_by_group
from tests.conformance import made_up_study

NAME = "loudness"
STUDY = Study(NAME, "Loudness", "Which work is the loudest?", "made_up", Cost(1, 1, 1, 1), small={"windows_per_piece": 2})


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setitem(sys.modules, "made_up", ModuleType("made_up"))
    monkeypatch.setitem(sys.modules, "made_up.study", made_up_study)
    registry.register(STUDY)
    yield NAME
    registry.forget(NAME)


def test_a_made_up_study_is_found_by_the_command_line(
    made_up: str, make_checkpoint: Callable[..., Checkpoint], corpus_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = make_checkpoint("D0", 1).name
    asked = ["--set", f"corpus={corpus_folder}", "--set", "windows_per_piece=3"]
    assert main(["study", made_up, name, *asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["study"] == made_up
    assert told["headline"].startswith("4 works")
    assert main(["study", made_up, name, "--set", "windows_per_piece=0"]) == 2
    assert "windows_per_piece of loudness is 0; expected a number from 1 to 2,000" in capsys.readouterr().err


def test_a_made_up_study_is_part_of_the_battery(
    made_up: str, make_checkpoint: Callable[..., Checkpoint], corpus_folder: Path
) -> None:
    (part,) = run_battery([make_checkpoint("D0", 1).name], str(corpus_folder), studies=[made_up])
    assert part.result is not None
    assert made_up in registry.study_names()


def test_a_made_up_study_has_a_page(made_up: str, make_checkpoint: Callable[..., Checkpoint], corpus_folder: Path) -> None:
    name = make_checkpoint("D0", 1).name
    assert main(["study", made_up, name, "--set", f"corpus={corpus_folder}"]) == 0
    assert made_up in pages_by_group()[OTHERS]
    app = AppTest.from_string(f"from app.studies import any_study\nany_study.show({made_up!r})", default_timeout=300)
    app.query_params.update({"checkpoints": [name], "corpus": [str(corpus_folder)]})
    app.run()
    assert not app.exception
    assert app.title[0].value == STUDY.question
    assert any(one.value.startswith("4 works") for one in app.header)
    assert len(app.dataframe) == 2  # its values, and its table
