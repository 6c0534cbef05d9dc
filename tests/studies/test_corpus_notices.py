"""What a corpus says reaches whoever asks a study of it; what it lacks is said in a sentence."""

import json
from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile

from analysis import paths
from analysis.cli import main
from analysis.errors import ConfigError, CorpusError
from analysis.models.checkpoint import save_checkpoint
from analysis.models.dual_encoder import build_arm
from analysis.run import RunContext
from analysis.store import Store
from analysis.studies.base.requests import build_request
from analysis.studies.base.study import finish_study
from analysis.studies.cautions import cautions
from analysis.training.evaluation import fit_pool

RATE = 24_000


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv(paths.CACHE_VARIABLE, str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def checkpoint(tmp_path: Path) -> str:
    folder = tmp_path / "D0"
    saved = save_checkpoint(
        folder, build_arm("D0", "small", 1), arm="D0", scale="small", training={"seed": 1}, evaluation={}, history=[], card=""
    )
    return str(saved.path)


def write_pair(folder: Path, name: str, seconds: float, seed: int) -> None:
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    midi = pretty_midi.PrettyMIDI()
    midi.instruments.append(pretty_midi.Instrument(0))
    midi.instruments[0].notes += [
        pretty_midi.Note(80, int(pitch), 0.5 * i, 0.5 * i + 0.4)
        for i, pitch in enumerate(rng.integers(40, 80, round(2 * seconds)))
    ]
    midi.write(str(folder / f"{name}.mid"))
    soundfile.write(folder / f"{name}.wav", 0.1 * rng.standard_normal(round(seconds * RATE)), RATE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(3):
        write_pair(tmp_path / "mine", f"work{number}", 8.0, number)
    (tmp_path / "mine" / "lonely.wav").write_bytes(b"")
    return tmp_path / "mine"


def test_a_study_tells_it_keeps_it_and_tells_it_again(checkpoint: str, folder: Path, tmp_path: Path) -> None:
    request = build_request("similarity", [checkpoint], {"corpus": str(folder), "split": "all", "windows_per_piece": 3})
    told: list[str] = []
    store = Store(tmp_path / "store")
    first = finish_study("similarity", request, store=store, context=RunContext(notice=told.append))
    expected = "Audio files without one MIDI file of the same name (1): lonely.wav."
    assert expected in told
    assert first.result.provenance["corpus_notices"] == [expected]
    assert expected in cautions(first.result)
    told.clear()
    again = finish_study("similarity", request, store=store, context=RunContext(notice=told.append))
    assert (again.result, told) == (first.result, [expected])


@pytest.mark.parametrize(
    ("seconds", "seeds", "said"),
    [
        (2.0, (1,), "has 0 windows; expected 4 or more. Of its 1 recordings 0 last 4 s or longer, and 0 windows were left out"),
        (6.0, (1, 1), "has 0 windows; expected 4 or more. Of its 2 recordings 2 last 4 s or longer, and 6 windows were left out"),
        (5.0, (1,), "has 2 windows; expected 4 or more. Of its 1 recordings 1 last 4 s or longer, and 0 windows were left out"),
    ],
)
def test_similarity_of_too_few_windows_is_a_sentence(
    checkpoint: str, seconds: float, seeds: tuple[int, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, seed in enumerate(seeds):
        write_pair(tmp_path / "few", f"work{number}", seconds, seed)
    (tmp_path / "few" / "pieces.csv").write_text("name,split\n" + "".join(f"work{number},test\n" for number in range(len(seeds))))
    assert main(["study", "similarity", checkpoint, "--set", f"corpus={tmp_path / 'few'}"]) == 2
    assert f"The split test of few {said}" in capsys.readouterr().err


EVERY = ["retrieval", "replication", "controls", "ablation", "bands", "transposition", "invariance", "probes", "embedding"]
ENOUGH = "window|works"  # what the sentence says there are too few of


@pytest.mark.parametrize("study", EVERY)
def test_every_study_refuses_an_empty_split_in_a_sentence(study: str, checkpoint: str, tmp_path: Path) -> None:
    write_pair(tmp_path / "few", "work", 2.0, 0)
    (tmp_path / "few" / "pieces.csv").write_text("name,split\nwork,test\n")
    request = build_request(study, [checkpoint], {"corpus": str(tmp_path / "few")})
    with pytest.raises((CorpusError, ConfigError), match="(split .?test|Probes need).* window"):
        finish_study(study, request)


@pytest.mark.parametrize("study", EVERY)
@pytest.mark.parametrize("seeds", [(1,), (1, 1)], ids=["one piece", "all windows twice"])
def test_one_piece_and_windows_that_are_all_alike_are_refused_in_a_sentence(
    study: str, seeds: tuple[int, ...], checkpoint: str, tmp_path: Path
) -> None:
    for number, seed in enumerate(seeds):
        write_pair(tmp_path / "few", f"work{number}", 7.0, seed)
    request = build_request(study, [checkpoint], {"corpus": str(tmp_path / "few"), "split": "all"})
    with pytest.raises((CorpusError, ConfigError), match=ENOUGH):
        finish_study(study, request)


def test_training_says_what_it_left_out_and_what_it_lacks(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", "D0", "--corpus", str(folder), "--steps", "1", "--batch-size", "2", "--out", str(tmp_path / "run")]
    assert main(command) == 2
    said = capsys.readouterr().err
    assert "Audio files without one MIDI file of the same name (1): lonely.wav." in said
    assert "Retrieval cannot be scored on 5 windows of 1 work (the split test of mine). The wrong answers are windows of" in said
    assert main([*command, "--pool-size", "4"]) == 2
    assert "validation_pool is 4; expected 8 or more" in capsys.readouterr().err


def test_training_goes_on_without_a_bad_midi_file_and_records_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(7):
        write_pair(tmp_path / "mine", f"work{number}", 12.0, number)
    (tmp_path / "mine" / "work3.mid").write_bytes(b"no MIDI")
    out = tmp_path / "run"
    command = ["train", "D0", "--corpus", str(tmp_path / "mine"), "--steps", "1", "--batch-size", "2", "--out", str(out)]
    assert main([*command, "--pool-size", "8", "--validation-queries", "6", "--validation-windows", "7"]) == 0
    assert "left out because their MIDI cannot be read (1): work3.wav (work3.mid is not a MIDI" in capsys.readouterr().err
    training = json.loads((out / "config.json").read_text())["training"]
    assert "work3.wav" in training["corpus_notices"][0]
    assert (training["validation_pool"], training["validation_queries"], training["validation_windows_per_piece"]) == (8, 6, 7)


def test_a_pool_of_no_windows_is_a_sentence() -> None:
    with pytest.raises(CorpusError, match=r"cannot be scored on 0 windows of 0 works \(the split test of x\)\. The wrong"):
        fit_pool([], n_queries=5, where="the split test of x")
