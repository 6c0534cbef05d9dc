"""`otoscope summary`: the table of what is at hand, as lines and as one document; nothing is computed."""

import json
from pathlib import Path

import pytest

from analysis import paths
from analysis.cli import main
from analysis.studies.at_hand import AtHand
from analysis.studies.summary import summarise
from tests.shared import read_shipped

PAIR = ["a4r-small", "D0-small"]


@pytest.fixture(autouse=True)
def shipped_checkpoints_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path))
    monkeypatch.delenv("OTOSCOPE_CHECKPOINTS", raising=False)


@pytest.fixture
def at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes with the library is at hand, of whichever training its weights are."""
    monkeypatch.setattr(summarise, "exact_result", lambda study, *_: next(map(AtHand, read_shipped(study)), None))


@pytest.mark.usefixtures("at_hand")
def test_it_prints_a_line_a_checkpoint_under_the_headline(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", *PAIR]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("S = ")
    assert len(lines[0].split()) <= 30
    table = lines[2:5]
    assert table[0].split("  ")[0] == "checkpoint"
    assert [line.split("  ")[0] for line in table[1:]] == PAIR
    column = table[0].index("Drop of S without A4")
    assert table[2][column:].startswith("no A4")
    assert table[1][column:].lstrip()[0].isdigit()
    assert any("cannot test that claim" in line for line in lines)


@pytest.mark.usefixtures("at_hand")
def test_the_document_is_a_result_with_every_cell(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.studies.base.study.finish_study", lambda *_, **__: pytest.fail("something was computed"))
    assert main(["summary", *PAIR, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["study"] == "summary"
    assert document["request"] == {"checkpoints": PAIR, "corpus": "full"}
    cells = document["tables"]["cells"]
    assert [cell["checkpoint"] for cell in cells] == PAIR * 7
    (found,) = [one for one in cells if one["checkpoint"] == "D0-small" and one["test"] == "S, canonical pool"]
    assert found["ci_low"] < found["value"] < found["ci_high"]
    assert found["published_as"] == "73.4 %"
    assert document["provenance"]["command"] == "otoscope summary a4r-small D0-small"
    assert set(document["provenance"]["checkpoint_sha256"]) == set(PAIR)


def test_where_nothing_is_at_hand_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "D0-small", "--corpus", "small"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("No result about these checkpoints is stored or came with them")
    assert out.count("not computed") == 6


def test_what_is_wrong_is_a_sentence(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert main(["summary", "nobody"]) == 2
    assert "There is no checkpoint 'nobody'" in capsys.readouterr().err
    assert main(["summary", "D0-small", str(paths.repository() / "checkpoints" / "D0-small")]) == 2
    assert "Two checkpoints have the same name" in capsys.readouterr().err
    monkeypatch.setattr(paths, "checkpoint_roots", lambda: (tmp_path,))
    assert main(["summary"]) == 2
    assert "There is no checkpoint to sum up" in capsys.readouterr().err
