"""A family that is one new file is found by the command line, the page of checkpoints, the studies and the battery."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from analysis.cli import main
from analysis.datasets.piece import Corpus
from analysis.errors import CheckpointError, ConfigError, CorpusError
from analysis.models import families
from analysis.models.checkpoint import Checkpoint, open_checkpoint, save_checkpoint
from analysis.models.tower import InputSpec
from analysis.readings.embeddings import list_windows
from analysis.readings.reader import Reader
from analysis.readings.study_run import StudyRun
from analysis.studies.base.needs import Needs, refusal
from analysis.studies.base.registry import find_study, study_names
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import run_study
from analysis.studies.battery import run_battery, settings_for
from tests.conformance.made_up_family import FAMILY, Listener, build, preset

CPU = torch.device("cpu")


@pytest.fixture
def listener(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Checkpoint]:
    """A checkpoint of the family, which is registered as long as the test lasts."""
    families.register(FAMILY)
    training = {"seed": 3, "steps": 0}
    described = {"arm": "tiny", "scale": "", "training": training, "evaluation": {}, "history": [], "card": "# A listener"}
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", str(tmp_path / "theirs"))
    yield save_checkpoint(tmp_path / "theirs" / "listener", build(preset("tiny"), 3), **described)
    families.forget(FAMILY.name)


def test_its_folder_opens_and_names_the_family(listener: Checkpoint) -> None:
    assert json.loads((listener.path / "config.json").read_text())["family"] == "made-up"
    assert listener.ref == ("made-up", "folder", "", listener.sha256)
    twin, trained = listener.untrained_twin(), listener.model()
    assert all(
        torch.allclose(tensor, twin.state_dict()[name], atol=1e-3) for name, tensor in trained.state_dict().items()
    )  # fp16
    families.forget(FAMILY.name)
    with pytest.raises(CheckpointError, match="unknown family 'made-up': expected one of dual"):
        open_checkpoint(listener.path)


def test_its_configuration_is_checked_by_the_family(listener: Checkpoint) -> None:
    config = listener.path / "config.json"
    config.write_text(config.read_text().replace('"width": 16', '"width": 17'))
    with pytest.raises(CheckpointError, match="expected the sizes of tiny"):
        open_checkpoint(listener.path)


def test_the_command_line_lists_and_describes_it(listener: Checkpoint, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["checkpoints", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["listener"]["family"] == "made-up"
    assert main(["describe", "tiny"]) == 0
    shown = capsys.readouterr().out
    assert "made-up listener tiny\nwidth: 16 numbers per token\ntrained by: nothing here" in shown
    assert f"{FAMILY.count(preset('tiny'))['total']:,}" in shown


def test_a_study_that_it_cannot_serve_refuses_with_a_sentence(
    listener: Checkpoint, corpus_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", "retrieval", "listener", "--set", f"corpus={corpus_folder}"]) == 2
    sentence = find_study("retrieval").refusal([listener])
    assert sentence is not None
    assert "listener, of the family made-up listener, has no tower for notes" in sentence
    assert sentence in capsys.readouterr().err


def test_a_clip_is_read_with_it(listener: Checkpoint, corpus_folder: Path, tmp_path: Path) -> None:
    assert main(["inspect", str(corpus_folder / "work0.wav"), "--checkpoint", "listener", "--out", str(tmp_path)]) == 0
    assert {"attention.png", "similarity.png", "arrays.npz"} <= {path.name for path in tmp_path.iterdir()}


def test_the_page_of_checkpoints_shows_it(listener: Checkpoint) -> None:
    app = AppTest.from_string("from app.views import checkpoints\ncheckpoints.page()", default_timeout=300)
    app.query_params["checkpoint"] = "listener"
    app.run()
    assert not app.exception
    assert not app.error
    (row,) = [row for frame in app.dataframe for row in frame.value.to_dict("records") if row.get("name") == "listener"]
    assert row["family"] == "made-up listener"
    assert row["parameters"] == FAMILY.count(preset("tiny"))["total"]
    assert any(header.value == "listener" for header in app.header)


def test_a_page_of_a_study_says_why_there_is_no_result(listener: Checkpoint, corpus_folder: Path) -> None:
    app = AppTest.from_string(
        "from app.kit import study_page\nfrom app.views import retrieval\nstudy_page.show(retrieval.PAGE)",
        default_timeout=300,
    )
    app.query_params.update({"checkpoints": ["listener"], "corpus": [str(corpus_folder)]})
    app.run()
    assert not app.exception
    assert any("has no tower for notes" in info.value for info in app.info)
    assert not any(button.label == "Compute" for button in app.button)


def test_the_battery_makes_what_serves_it_and_skips_the_rest(listener: Checkpoint, corpus_folder: Path) -> None:
    parts = run_battery(["listener"], str(corpus_folder))
    assert [part.study for part in parts] == list(study_names())
    for part in parts:
        request = build_request(part.study, ["listener"], settings_for(part.study, str(corpus_folder)))
        sentence = find_study(part.study).refusal([listener], request)
        if sentence is not None:
            assert (part.result, part.error) == (None, sentence)
        elif part.result is None:  # a pool of the test split of this corpus cannot be filled
            assert part.study in ("bands", "invariance", "transposition", "onsets")
            assert any(words in part.error for words in ("two works are needed", "rendered", "to choose on one half")), part.error
    assert {part.study for part in parts if part.result is not None} >= {"embedding", "probes", "similarity"}


def test_its_windows_are_as_long_as_its_input_and_are_read_by_any_pooling(listener: Checkpoint, corpus: Corpus) -> None:
    study_run = StudyRun({"listener": listener}, corpus, CPU)
    segments = list_windows(study_run, "all", 3)
    assert {segment.duration_s for segment in segments} == {2.0}
    reader = Reader(study_run, listener, "trained")
    mean, first = (
        reader.rows(segments, {"audio": ("audio.block.2", "audio.embedding")}, pooling=how) for how in ("", "class token")
    )
    assert mean["audio.block.2"].shape == (len(segments), 16)
    assert not np.allclose(mean["audio.block.2"], first["audio.block.2"])
    assert np.allclose(mean["audio.embedding"], first["audio.embedding"])
    head = listener.model().head
    with torch.no_grad():
        assert np.allclose(head(torch.from_numpy(first["audio.block.2"])), first["audio.embedding"], atol=1e-5)


@pytest.mark.parametrize(
    ("needs", "reason"),
    [
        (Needs(), None),
        (Needs(("audio",), attention=True), None),
        (Needs(("audio", "text")), "no tower for text"),
        (Needs(pair=True), "no two towers to be compared"),
        (Needs(descriptor=True), "no place for a descriptor"),
    ],
)
def test_what_is_lacking_is_named(needs: Needs, reason: str | None, listener: Checkpoint) -> None:
    sentence = refusal("Loudness", needs, [listener])
    assert (sentence is None) if reason is None else (sentence is not None and reason in sentence)


def test_too_short_recordings_are_counted_by_the_length_that_is_read(
    listener: Checkpoint, corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Listener, "input", InputSpec(8_000, 30.0))
    with pytest.raises(CorpusError, match="has 0 windows; expected 1 or more. Of its 4 recordings 0 last 30 s or longer"):
        list_windows(StudyRun({"listener": listener}, corpus, CPU), "all", 3, fewest=1)


def test_an_unknown_preset_is_an_unknown_arm(capsys: pytest.CaptureFixture[str]) -> None:
    assert families.find_preset("tiny") is None
    with pytest.raises(ConfigError, match="Unknown family 'made-up'"):
        families.find_family("made-up")
    assert main(["describe", "tiny"]) == 2
    assert "Unknown arm 'tiny'" in capsys.readouterr().err


def test_its_layers_are_probed(listener: Checkpoint, corpus_folder: Path) -> None:
    settings = {"corpus": str(corpus_folder), "split": "all", "windows_per_piece": 4, "folds": 2, "inner_folds": 2}
    result = run_study("probes", build_request("probes", ["listener"], {**settings, "tasks": "pitch histogram,mean velocity"}))
    layers = {row["layer"] for row in result.tables["scores"] if row["checkpoint"] == "listener"}
    assert layers == {"audio.in", "audio.block.1", "audio.block.2", "audio.embedding"}
    assert result.provenance["model_code"] == {"made-up": FAMILY.code}
