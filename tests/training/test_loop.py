"""A run that is interrupted and resumed gives the weights of one that was not."""

from pathlib import Path

import numpy as np
import pretty_midi
import pytest
import soundfile
import torch

from analysis.datasets.paired_folder import load_paired_folder
from analysis.datasets.segments import list_segments
from analysis.errors import ConfigError
from analysis.training.loop import Run, TrainRequest


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
    with pytest.raises(ConfigError, match="trained with other settings"):
        Run(TrainRequest("D0", steps=4), torch.device("cpu")).restore(folder / "resume.pt")
