"""A run that is interrupted and resumed gives the weights of one that was not."""

from pathlib import Path
from typing import Any

import numpy as np
import pretty_midi
import pytest
import soundfile
import torch

from analysis.datasets.paired_folder import load_paired_folder
from analysis.datasets.segments import list_segments
from analysis.errors import ConfigError, CorpusError
from analysis.models.dual_encoder import build_arm
from analysis.training.evaluation import fit_pool
from analysis.training.loop import LEARNING_RATES, Run, TrainRequest, parameter_groups, train


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    for index in range(3):
        midi = pretty_midi.PrettyMIDI()
        midi.instruments.append(pretty_midi.Instrument(0))
        starts, pitches = np.arange(0, 9, 0.5), rng.integers(40, 80, 18)
        midi.instruments[0].notes += [pretty_midi.Note(80, int(p), s, s + 0.4) for s, p in zip(starts, pitches, strict=True)]
        midi.write(str(tmp_path / f"piece{index}.mid"))
        soundfile.write(tmp_path / f"piece{index}.wav", 0.1 * rng.standard_normal(10 * 24_000), 24_000)
    return tmp_path


def test_resumed_run_equals_uninterrupted_run(folder: Path) -> None:
    segments = list_segments(load_paired_folder(folder, sample_rate=24_000, split="train").pieces)
    request = TrainRequest("d4a4", steps=3, batch_size=4, warmup=0)
    whole = Run(request, torch.device("cpu"))
    rows = [whole.train_step(segments) for _ in range(3)]
    half = Run(request, torch.device("cpu"))
    half.train_step(segments)
    half.save(folder / "resume.pt")
    resumed = Run(request, torch.device("cpu"))
    resumed.restore(folder / "resume.pt")
    assert [resumed.train_step(segments) for _ in range(2)] == rows[1:]
    for name, weight in whole.model.state_dict().items():
        assert torch.equal(weight, resumed.model.state_dict()[name]), name


def test_other_settings_are_refused(folder: Path) -> None:
    run = Run(TrainRequest("D0", steps=3), torch.device("cpu"))
    run.save(folder / "resume.pt")
    with pytest.raises(ConfigError, match="was trained with another steps; use the same again"):
        Run(TrainRequest("D0", steps=4), torch.device("cpu")).restore(folder / "resume.pt")
    with pytest.raises(ConfigError, match="was trained with another corpus; use the same again"):
        Run(TrainRequest("D0", steps=3), torch.device("cpu"), "another").restore(folder / "resume.pt")
    (folder / "resume.pt").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(ConfigError, match="cannot be resumed: it is damaged"):
        run.restore(folder / "resume.pt")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"arm": "D9"}, "Unknown arm 'D9'"),
        ({"scale": "big"}, "Unknown scale 'big'"),
        ({"schedule": "bogus"}, "Unknown schedule 'bogus'"),
        ({"steps": -3}, "steps is -3; expected 0 or more"),
        ({"batch_size": 1}, "batch_size is 1; expected 2 or more"),
    ],
)
def test_a_request_is_checked_before_anything_is_read(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        TrainRequest(**{"arm": "D0", **changed})


def test_an_interrupted_run_is_not_overwritten(folder: Path) -> None:
    corpus = load_paired_folder(folder, sample_rate=24_000)
    (folder / "run").mkdir()
    Run(TrainRequest("D0", steps=3), torch.device("cpu")).save(folder / "run" / "resume.pt")
    with pytest.raises(ConfigError, match="holds an interrupted run. Go on with --resume"):
        train(TrainRequest("D0", steps=3), corpus, folder / "run")


def test_every_parameter_has_one_rate() -> None:
    model = build_arm("d4-a4r", "small", 0)
    groups = parameter_groups(model, "small")
    grouped = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(grouped) == sorted(id(parameter) for parameter in model.parameters())
    rates = {id(parameter): group["lr"] for group in groups for parameter in group["params"]}
    by_name = {name: rates[id(parameter)] for name, parameter in model.named_parameters()}
    expected = LEARNING_RATES["small"]
    assert {by_name[name] for name in by_name if ".a4_" in name or ".d4_" in name} == {expected["descriptors"]}
    assert {by_name[name] for name in by_name if name.startswith("audio_head.")} == {expected["heads"]}
    assert {by_name[name] for name in by_name if name.startswith("audio.blocks.3.")} == {expected["audio_late"]}


def test_pools_shrink_to_what_the_windows_can_fill(folder: Path) -> None:
    segments = list_segments(load_paired_folder(folder, sample_rate=24_000, split="test").pieces)
    assert len(segments) == 21
    eight = {"pool_size": 8, "n_same_piece": 2, "n_same_composer": 1, "n_queries": 21}
    assert fit_pool(segments, n_queries=500) == eight  # one of 16 may need 15 windows of the other two works, which have 14
    assert fit_pool(segments, n_queries=5, pool_size=8)["n_queries"] == 5
    with pytest.raises(CorpusError, match="Retrieval cannot be scored on 5 windows"):
        fit_pool(segments[:5], n_queries=500)
