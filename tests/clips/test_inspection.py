"""What is written about one recording, and that its pictures can be drawn."""

from pathlib import Path

import numpy as np
import pytest

from analysis.clips.inspection import inspect_clip
from analysis.datasets.audio import Waveform
from analysis.datasets.midi import notes_from_rows
from analysis.errors import AudioError, ShapeError
from analysis.figures import draw_inspection
from analysis.models.checkpoint import Checkpoint, save_checkpoint
from tests.tiny import build_narrow


def checkpoint(folder: Path, arm: str) -> Checkpoint:
    kept = {"training": {"seed": 0}, "evaluation": {}, "history": [], "card": ""}
    return save_checkpoint(folder / arm, build_narrow(arm, 7), arm=arm, scale="small", **kept)


@pytest.fixture
def noise(rng: np.random.Generator) -> Waveform:
    return Waveform(rng.normal(0, 0.1, 5 * 24_000).astype(np.float32), 24_000, "noise.wav", "0" * 64)


@pytest.mark.parametrize(("arm", "kinds"), [("a4x", ("CNN token", "A4 token")), ("d4-a4r", ("A4 token", "CNN token"))])
def test_the_cross_attention_comes_with_any_layer(tmp_path: Path, noise: Waveform, arm: str, kinds: tuple[str, str]) -> None:
    opened = checkpoint(tmp_path, arm)
    arrays, described = inspect_clip(opened, noise, 2)
    crossed, about = inspect_clip(opened, noise, 0)
    assert (described["a4_attention_query"], described["a4_attention_key"]) == (about["query"], about["key"]) == kinds
    np.testing.assert_allclose(arrays["a4_attention"], crossed["attention"], rtol=1e-4, atol=1e-7)  # read on two ways
    np.testing.assert_allclose(arrays["a4_attention"].sum(axis=-1), 1, rtol=1e-4)
    assert about["headline"].startswith("A4 cross-attention, mean of 8 heads, spreads each query over")


def test_every_number_has_its_control(tmp_path: Path, noise: Waveform) -> None:
    arrays, described = inspect_clip(checkpoint(tmp_path, "D0"), noise, 1)
    assert arrays["received"].shape == arrays["untrained_received"].shape == arrays["received_times_s"].shape
    assert arrays["effective_tokens"].shape == arrays["untrained_effective_tokens"].shape == (9,)
    assert not np.allclose(arrays["received"], arrays["untrained_received"], rtol=1e-3)
    assert np.all(arrays["entropy_bits"] <= np.log2(described["uniform_effective_tokens"]))
    assert described["untrained_twin_seed"] == 0
    assert described["n_queries"] == len(arrays["received_times_s"])
    assert {name: tuple(shape) for name, shape in described["arrays"].items()} == {k: v.shape for k, v in arrays.items()}
    assert "a4_attention" not in arrays
    drawn = draw_inspection([], arrays, described, tmp_path)["heads"]
    assert [path.name for path in drawn] == ["heads.png", "heads.svg"]
    assert all(path.stat().st_size > 5000 for path in drawn)


def test_a_layer_that_is_not_there(tmp_path: Path, noise: Waveform) -> None:
    with pytest.raises(ShapeError, match="There is no layer 0: expected 1 to 4"):
        inspect_clip(checkpoint(tmp_path, "D0"), noise, 0)


def test_the_attention_of_another_window_and_the_notes_come_when_asked_for(tmp_path: Path, noise: Waveform) -> None:
    notes = notes_from_rows([(0.5, 1.0, 60, 80), (4.2, 4.8, 64, 90)])
    opened = checkpoint(tmp_path, "D0")
    first, about = inspect_clip(opened, noise, 1)
    second, later = inspect_clip(opened, noise, 1, at_s=4.5, notes=notes)
    assert (about["attention_window_s"], later["attention_window_s"]) == ([0.0, 4.0], [4.0, 8.0])
    assert not np.array_equal(first["attention"], second["attention"])
    np.testing.assert_allclose(second["key_times_s"], first["key_times_s"] + 4)
    np.testing.assert_array_equal(first["received"], second["received"])
    assert second["note_pitch"].tolist() == [60, 64]


@pytest.mark.parametrize("at_s", [-1.0, 5.0, float("nan")])
def test_a_second_that_is_not_in_the_clip(tmp_path: Path, noise: Waveform, at_s: float) -> None:
    with pytest.raises(AudioError, match=r"There is no second .* in a clip of 5\.0 s"):
        inspect_clip(checkpoint(tmp_path, "D0"), noise, 1, at_s=at_s)
