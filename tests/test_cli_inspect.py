"""`otoscope inspect`: the lanes of the clip page as files, of one recording or of many, by any tower that hears."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from matplotlib.figure import Figure

from analysis.cli import main
from analysis.datasets.annotation_files import read_annotations
from analysis.figures import saving
from analysis.models import families
from analysis.models.checkpoint import Checkpoint, save_checkpoint
from tests.conformance.made_up_family import FAMILY, Listener, build, preset

HANGING = b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\x09\0\x90\x3c\x50\x83\x60\xff\x2f\0"
PNG, SVG = b"\x89PNG\r\n", b"<?xml"


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Checkpoint]:
    """A checkpoint of a family with a class token, two heads and two layers, on windows of 2 s."""
    families.register(FAMILY)
    training = {"seed": 3, "steps": 0}
    described = {"arm": "tiny", "scale": "", "training": training, "evaluation": {}, "history": [], "card": ""}
    yield save_checkpoint(tmp_path / "theirs" / "listener", build(preset("tiny"), 3), **described)
    families.forget(FAMILY.name)


@pytest.fixture
def recordings(tmp_path: Path, rng: np.random.Generator) -> Path:
    """A folder of two recordings, notes and beats of the second, and a file that only says that it is a recording."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for name in ("one", "=two"):
        soundfile.write(folder / f"{name}.wav", 0.1 * rng.standard_normal(3 * 8_000), 8_000)
    (folder / "=two.mid").write_bytes(HANGING)
    (folder / "=two.csv").write_text("0.5,beat 1\n1.5,beat 2\n")
    (folder / "broken.wav").write_bytes(b"RIFF of no use")
    return folder


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are made and not drawn, which takes seconds."""
    monkeypatch.setattr(saving, "save", lambda figure, target, **_: target.write_bytes(b"drawn"))


def inspect(checkpoint: Checkpoint, *arguments: object) -> int:
    return main(["inspect", *map(str, arguments), "--checkpoint", str(checkpoint.path)])


def rows_of(path: Path) -> list[list[float]]:
    return [[float(cell) for cell in line.split(",")] for line in path.read_text().splitlines()]


def test_every_lane_of_the_page_is_a_picture_a_drawing_and_a_layer(
    listener: Checkpoint, recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = saving.save

    def drawn_together(figure: Figure, target: Path, **how: Any) -> None:
        """What shows all lanes is drawn, the others are only made, which saves seconds."""
        if target.name.startswith(".desk"):
            draw(figure, target, **how | {"dpi": 40})
        else:
            target.write_bytes({"png": PNG, "svg": SVG}[how["format"]])

    monkeypatch.setattr(saving, "save", drawn_together)
    out, files = tmp_path / "out", ["--midi", recordings / "=two.mid", "--annotations", recordings / "=two.csv"]
    asked = ["--layer", 2, "--head", 1, "--overlap", "half", "--beside", "twin", "--at", 2.5]
    assert inspect(listener, recordings / "=two.wav", *files, *asked, "--out", out) == 0
    told = json.loads((out / "inspection.json").read_text())
    lanes = [lane["id"] for lane in told["lanes"]]
    assert lanes == [
        "waveform", "log_mel", "constant_q", "notes", "marks_1", "received", "attention", "attention_beside", "similarity",
        "similarity_beside", "similarity_difference", "novelty", "descriptor_a4",
    ]  # fmt: skip
    for name in [*lanes, "desk", "heads"]:
        assert (out / f"{name}.png").read_bytes().startswith(PNG)
        assert (out / f"{name}.svg").read_bytes().startswith(SVG)
    assert {path.name for lane in told["lanes"] for path in map(Path, lane["layers"])} == {
        path.name for path in out.glob("*.csv")
    }
    assert (told["layer"], told["head"], told["overlap"], told["n_windows"]) == (2, 1, "half", 2)
    assert told["attention_window_s"] == [1.0, 3.0]
    assert told["headline"].startswith("Layer 2, head 1 spreads each query over")
    assert "untrained twin: " in told["headline"]
    assert told["annotations"] == [{"title": "=two", "marks": [[0.5, None, "beat 1"], [1.5, None, "beat 2"]]}]


@pytest.mark.usefixtures("undrawn")
def test_layers_hold_what_the_lanes_show(listener: Checkpoint, recordings: Path, tmp_path: Path) -> None:
    out, files = tmp_path / "out", ["--midi", recordings / "=two.mid", "--annotations", recordings / "=two.csv"]
    assert inspect(listener, recordings / "=two.wav", *files, "--out", out) == 0
    (marks,) = read_annotations((out / "marks_1.csv").read_bytes(), "marks_1.csv").values()
    assert [(mark.start_s, mark.text) for mark in marks] == [(0.5, "beat 1"), (1.5, "beat 2")]
    onset, pitch, duration, velocity, name = (out / "notes.csv").read_text().strip().split(",")
    assert (float(onset), float(pitch), float(duration), name) == (0.0, 60.0, 0.5, "C4")
    assert float(velocity) == pytest.approx(80 / 127, abs=1e-3)
    with np.load(out / "arrays.npz") as arrays:
        received, novelty = np.array(rows_of(out / "received_trained.csv")), np.array(rows_of(out / "novelty_untrained_twin.csv"))
        np.testing.assert_allclose(received[:, 0], arrays["received_times_s"], atol=1e-6)
        np.testing.assert_allclose(received[:, 1], arrays["received"] * 20, rtol=1e-4)
        np.testing.assert_allclose(novelty[:, 1], arrays["untrained_novelty"], atol=1e-4)
        picture = np.array(rows_of(out / "similarity.csv"))
        np.testing.assert_allclose(picture[:, 1:], arrays["self_similarity"].T, atol=1.01 / 255)
        np.testing.assert_allclose(np.diff(picture[:, 0]), 0.1, atol=1e-5)
        assert arrays["special_rows"].shape == (2, 3, 1, 21)
        np.testing.assert_allclose(arrays["special_rows"].sum(axis=3), 1, rtol=1e-4)
        np.testing.assert_allclose(arrays["received_by_head"][0], arrays["received"])


@pytest.mark.usefixtures("undrawn")
def test_a_tower_that_does_not_attend_has_its_other_lanes(
    listener: Checkpoint, recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Listener, "attention", lambda *_: ())
    out = tmp_path / "out"
    assert inspect(listener, recordings / "one.wav", "--out", out) == 0
    told = json.loads((out / "inspection.json").read_text())
    assert told["headline"] == "listener hears this recording in 2 windows and has no attention to show."
    assert [lane["id"] for lane in told["lanes"]] == [
        "waveform",
        "log_mel",
        "constant_q",
        "similarity",
        "novelty",
        "descriptor_a4",
    ]
    assert (out / "desk.png").is_file()
    assert not (out / "heads.png").exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--layer", "9"], "There is no layer 9: expected 1 to 2"),
        (["--head", "3"], "There is no head 3: expected 0 for the mean, or 1 to 2"),
        (["--at", "3"], "There is no second 3 in a clip of 3.0 s"),
        (["--overlap", "most"], "There is no overlap 'most': expected one of none, half, three quarters"),
        (["--beside", "nobody"], "There is no checkpoint 'nobody'"),
        (["--annotations", "none.lab"], "There is no file none.lab"),
    ],
)
def test_what_is_not_there_is_a_sentence(
    wrong: list[str], said: str, listener: Checkpoint, recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inspect(listener, recordings / "one.wav", *wrong, "--out", tmp_path / "out") == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out" / "inspection.json").exists()


@pytest.mark.usefixtures("undrawn")
def test_a_folder_has_a_subfolder_a_recording_and_a_summary(
    listener: Checkpoint, recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert inspect(listener, recordings, "--out", out, "--json") == 0
    printed = capsys.readouterr()
    assert "broken.wav" in printed.err
    assert "skipped" in printed.err
    assert sorted(path.name for path in out.iterdir()) == ["_two", "one", "summary.csv"]
    with (out / "summary.csv").open(newline="") as file:
        first, second, broken = sorted(csv.DictReader(file), key=lambda row: row["folder"] or "~")
    assert (first["file"], first["folder"], second["file"]) == ("'=two.wav", "_two", "one.wav")
    told = json.loads((out / "one" / "inspection.json").read_text())
    assert second["sha256"] == told["clip_sha256"]
    with np.load(out / "one" / "arrays.npz") as arrays:
        numbers = {"effective_tokens": "effective_tokens", "untrained_effective_tokens": "untrained_effective_tokens"}
        numbers |= {"entropy_bits": "entropy_bits", "distance_s": "distance_s"}
        assert {name: float(second[name]) for name in numbers} == pytest.approx({k: arrays[v][0] for k, v in numbers.items()})
    assert (out / "_two" / "notes.csv").is_file()
    assert (out / "_two" / "marks_1.csv").is_file()
    assert broken["file"] == "broken.wav"
    assert broken["error"]
    document = json.loads(printed.out)
    assert [Path(one["file"]).name for one in document["failed"]] == ["broken.wav"]


@pytest.mark.usefixtures("undrawn")
def test_nothing_that_works_is_a_wrong_request(
    listener: Checkpoint, recordings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inspect(listener, recordings / "broken.wav", recordings / "no.wav", "--out", tmp_path / "out") == 2
    assert "None of the 2 recordings could be inspected" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert inspect(listener, tmp_path / "empty", "--out", tmp_path / "out") == 2
    assert "holds no recording" in capsys.readouterr().err
    assert inspect(listener, recordings, "--midi", recordings / "=two.mid", "--out", tmp_path / "out") == 2
    assert "--midi belongs to one recording" in capsys.readouterr().err


def test_ctrl_c_leaves_whole_files_and_what_was_finished(
    listener: Checkpoint, recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved, out = [], tmp_path / "out"

    def interrupted(figure: object, target: Path, **options: object) -> None:
        saved.append(target)
        target.write_bytes(b"half")
        if len(saved) > 3 and target.parent.name == "one":
            raise KeyboardInterrupt

    monkeypatch.setattr(saving, "save", interrupted)
    assert inspect(listener, recordings, "--out", out) == 130
    assert not [path for path in out.rglob("*") if path.name.startswith(".")]
    with (out / "summary.csv").open(newline="") as file:
        assert "_two" in {row["folder"] for row in csv.DictReader(file)}
