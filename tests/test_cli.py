"""The command line's contract: documents on stdout, sentences on stderr, exit codes."""

import json
import os
import socket
from pathlib import Path

import numpy as np
import pytest
import soundfile

from analysis.cli import main
from analysis.cli.work import write_result
from analysis.models.checkpoint import save_checkpoint
from analysis.models.dual_encoder import build_arm
from analysis.numbers import Value
from analysis.results import Result, provenance
from analysis.store import Store, open_store


@pytest.mark.parametrize(("arm", "total"), [("D0", 74_194_432), ("d4-a4r", 78_874_624)])
def test_describe_prints_one_document(arm: str, total: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", arm, "--scale", "paper", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"]["total"] == total


def test_describe_tells_the_flow_of_parts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "d4a4-zero", "--scale", "paper", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert sum(part["parameters"] for part in told["architecture"]["parts"]) == told["parameters"]["total"]
    assert main(["describe", "d4a4-zero", "--scale", "paper"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (line,) = [line for line in lines if line.startswith("audio  zeros in place of A4 ")]
    assert "188 A4 frames × 8" in line
    assert len([line for line in lines if "concatenation with" in line]) == 2


def test_a_wrong_request_is_a_sentence_and_exit_code_2(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["describe", "d5"]) == 2
    assert "Unknown arm 'd5': expected one of D0" in capsys.readouterr().err
    assert main(["inspect", str(tmp_path / "no.wav"), "--checkpoint", "x", "--out", str(tmp_path)]) == 2
    assert "There is no file" in capsys.readouterr().err


def test_checkpoints_lists_good_and_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = build_arm("D0", "small", 0)
    save_checkpoint(tmp_path / "a", model, arm="D0", scale="small", training={}, evaluation={}, history=[], card="")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "config.json").write_text("{}")
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", str(tmp_path))
    assert main(["checkpoints", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["a"]["arm"] == "D0"
    assert "has no model.safetensors" in rows["b"]["error"]


def test_checkpoints_says_how_they_stand_and_what_is_a_control(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OTOSCOPE_CHECKPOINTS", raising=False)
    assert main(["checkpoints"]) == 0
    *listed, _, answer, details = capsys.readouterr().out.splitlines()
    controls = [line.split()[0] for line in listed if "control of d4a4, not ranked: S = " in line]
    assert controls == ["d4a4-random-small", "d4a4-shuffled-small", "d4a4-zero-small"]
    assert answer.startswith("S = ")
    assert "D0-small ranks first" in answer
    assert "cannot be compared with it" in details


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are made and not drawn, which takes seconds."""
    monkeypatch.setattr("analysis.figures.saving.save", lambda figure, target, **_: target.write_bytes(b"drawn"))


@pytest.mark.usefixtures("undrawn")
def test_inspect_writes_pictures_arrays_and_their_description(tmp_path: Path, rng: np.random.Generator) -> None:
    model = build_arm("a4r", "small", 0)
    save_checkpoint(tmp_path / "c", model, arm="a4r", scale="small", training={}, evaluation={}, history=[], card="")
    soundfile.write(tmp_path / "x.wav", 0.1 * rng.standard_normal(5 * 24_000), 24_000)
    out = tmp_path / "out"
    arguments = ["inspect", str(tmp_path / "x.wav"), "--checkpoint", str(tmp_path / "c"), "--layer", "2", "--out", str(out)]
    assert main(arguments) == 0
    assert not [path for path in out.iterdir() if path.name.startswith(".")]
    described = json.loads((out / "inspection.json").read_text())
    assert described["query"] == "A4 token"
    assert described["n_windows"] == 2
    with np.load(out / "arrays.npz") as arrays:
        np.testing.assert_allclose(arrays["attention"].sum(axis=-1), 1, rtol=1e-4)
        np.testing.assert_allclose(np.diag(arrays["self_similarity"]), 1, rtol=1e-4)
    lanes = {"waveform", "log_mel", "constant_q", "received", "attention", "similarity", "novelty", "descriptor_a4"}
    for kind in ("png", "svg"):
        assert {path.stem for path in out.glob(f"*.{kind}")} == lanes | {"desk", "heads", "a4_attention"}
    assert main([*arguments[:5], "9", *arguments[6:]]) == 2


@pytest.mark.usefixtures("undrawn")
def test_inspect_says_what_is_odd_about_the_midi_file(
    tmp_path: Path, rng: np.random.Generator, capsys: pytest.CaptureFixture[str]
) -> None:
    model = build_arm("D0", "small", 0)
    save_checkpoint(tmp_path / "c", model, arm="D0", scale="small", training={}, evaluation={}, history=[], card="")
    soundfile.write(tmp_path / "x.wav", 0.1 * rng.standard_normal(5 * 24_000), 24_000)
    hanging = b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk\0\0\0\x09\0\x90\x3c\x50\x83\x60\xff\x2f\0"
    (tmp_path / "x.mid").write_bytes(hanging)
    files = ["--midi", str(tmp_path / "x.mid"), "--out", str(tmp_path / "out")]
    assert main(["inspect", str(tmp_path / "x.wav"), "--checkpoint", str(tmp_path / "c"), *files]) == 0
    assert "x.mid never ends 1 note" in capsys.readouterr().err
    (said,) = json.loads((tmp_path / "out" / "inspection.json").read_text())["notices"]
    assert said.startswith("x.mid never ends 1 note")


def test_our_own_faults_are_told_apart_and_logged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    monkeypatch.setattr("analysis.models.counting.describe", broken)
    assert main(["describe", "D0"]) == 1
    said = capsys.readouterr().err
    assert "a fault of ours (RuntimeError)" in said
    assert "Traceback" not in said
    assert "RuntimeError: inside" in (tmp_path / "logs" / "cli.log").read_text()


def test_ctrl_c_ends_with_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("analysis.models.counting.describe", interrupted)
    assert main(["describe", "D0"]) == 130
    assert "what was finished is kept" in capsys.readouterr().err


def test_another_address_demands_a_login(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("subprocess.call", lambda command, **_: started.append(command) or 0)
    assert main(["app", "--host", "0.0.0.0"]) == 2
    assert "Binding to 0.0.0.0 would let others in without a login" in capsys.readouterr().err
    assert not started
    assert main(["app", "--host", "0.0.0.0", "--insecure", "--port", "8600"]) == 0
    assert main(["app"]) == 0
    assert "--server.address=0.0.0.0" in started[0]
    assert "--server.port=8600" in started[0]
    assert "--server.address=127.0.0.1" in started[1]


@pytest.mark.parametrize(
    ("arguments", "hosts", "names"),
    [
        ([], {"127.0.0.1", "localhost", "::1"}, set()),
        (["--name", "Lab.example.org"], {"127.0.0.1", "localhost", "::1", "lab.example.org"}, set()),
        (["--host", "192.168.1.7", "--insecure"], {"127.0.0.1", "localhost", "::1", "192.168.1.7"}, set()),
        (["--host", "0.0.0.0", "--insecure", "--name", "x.org"], {"*"}, {"localhost", "x.org", socket.gethostname().lower()}),
        (["--host", "::", "--insecure"], {"*"}, {"localhost", socket.gethostname().lower()}),
    ],
)
def test_only_known_names_reach_the_dashboard(
    arguments: list[str], hosts: set[str], names: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr("subprocess.call", lambda command, env, **_: seen.append((command, env)) or 0)
    assert main(["app", *arguments]) == 0
    command, environment = seen[0]
    assert {part.partition("=")[2] for part in command if part.startswith("--server.allowedHosts=")} == hosts
    told = set(environment["OTOSCOPE_NAMES"].split(","))
    assert names <= told
    assert hosts == {"*"} or told == hosts


def test_the_name_that_a_login_leads_back_to_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text('[auth]\nredirect_uri = "https://ears.example.org/oauth2callback"\n')
    monkeypatch.setattr("analysis.paths.repository", lambda: tmp_path)
    seen: list[list[str]] = []
    monkeypatch.setattr("subprocess.call", lambda command, **_: seen.append(command) or 0)
    assert main(["app"]) == 0
    assert "--server.allowedHosts=ears.example.org" in seen[0]


@pytest.mark.parametrize("port", ["-1", "0", "65536", "99999999", "9" * 400])
def test_a_port_that_is_none_is_refused(port: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("subprocess.call", lambda *_, **__: pytest.fail("it was started"))
    assert main(["app", "--port", port]) == 2
    said = capsys.readouterr().err
    assert "is no port; expected a whole number from 1 to 65535" in said
    assert len(said) < 200


def test_further_checkpoint_folders_reach_the_dashboard(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr("subprocess.call", lambda _, env, **__: seen.append(env["OTOSCOPE_CHECKPOINTS"]) or 0)
    monkeypatch.setenv("OTOSCOPE_CHECKPOINTS", "/one")
    assert main(["app", "--checkpoints", "/two", "--checkpoints", "/three"]) == 0
    assert seen == [os.pathsep.join(("/one", "/two", "/three"))]


def test_settings_of_a_study_are_checked_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "retrieval", "x", "--set", "seed"]) == 2
    assert "expected KEY=VALUE" in capsys.readouterr().err
    assert main(["study", "retrieval", "x", "--set", "seed=1", "--set", "seed=2"]) == 2
    assert "gives seed twice" in capsys.readouterr().err
    assert main(["study", "scores", "x"]) == 2
    assert "There is no study 'scores'" in capsys.readouterr().err


def test_cache_is_shown_and_emptied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    open_store().put(Store.key(a=1), {"a": 1}, {"x": np.zeros(1000)})
    assert main(["cache", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["entries"] == 1
    assert main(["cache", "--clear", "--json"]) == 0
    emptied = json.loads(capsys.readouterr().out)
    assert emptied["entries"] == 0
    assert emptied["freed_bytes"] > 8000


def test_a_result_is_written_whole(tmp_path: Path) -> None:
    made = provenance(checkpoints={}, corpora={}, device="cpu", dtype="float32", seed=0, seconds=0.0, command="otoscope")
    value = Value({"what": "S"}, 0.5, 0.4, 0.6, 10, 0.1, "share", "recall")
    result = Result("retrieval", {"seed": 1}, "So it is.", [value], {"pairs": [{"p": 0.5}]}, {"ranks.0": np.arange(3)}, made)
    write_result(result, tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"result.json", "values.csv", "pairs.csv", "arrays.npz"}
    with np.load(tmp_path / "out" / "arrays.npz") as arrays:
        document = json.loads((tmp_path / "out" / "result.json").read_text())
        assert Result.from_document(document, dict(arrays)) == result


@pytest.mark.parametrize("name", ["../../escaped", "<b>x</b>", "a/b", ".hidden"])
def test_an_imported_checkpoint_cannot_be_called_anything(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "x.pt").write_bytes(b"")
    assert main(["import", str(tmp_path / "x.pt"), "--arm", "D0", "--name", name]) == 2
    assert "A checkpoint cannot be called" in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} <= {"x.pt", "cache"}


def test_an_import_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("OTOSCOPE_CACHE", str(tmp_path))
    (tmp_path / "checkpoints" / "one").mkdir(parents=True)
    assert main(["import", "--remove", "two"]) == 2
    assert "There is no import 'two': expected one of one" in capsys.readouterr().err
    assert main(["import", "--remove", "one", "--arm", "D0"]) == 2
    assert main(["import"]) == 2
    assert "Expected a .pt file and --arm, or --remove NAME" in capsys.readouterr().err
    assert main(["import", "--remove", "one", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"removed": "one"}
    assert not (tmp_path / "checkpoints" / "one").exists()


@pytest.mark.parametrize("name", ["x" * 5000, "~nobody-of-that-name", os.fsdecode(b"M\xfcller")])
def test_names_that_nothing_has_are_a_sentence(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["study", "retrieval", name],
        ["inspect", name, "--checkpoint", "x", "--out", str(tmp_path)],
        ["study", "retrieval", "x", "--set", f"corpus={name}"],
    ):
        assert main(arguments) == 2
        said = capsys.readouterr().err
        assert "There is no" in said or "not text" in said or "expected at most 2,000" in said
        assert len(said) < 1000
