"""COCOLA: its sizes, its two spectrograms, and what of it a checkpoint keeps."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from analysis.cli import main
from analysis.errors import CheckpointError, ShapeError
from analysis.models.checkpoint import open_checkpoint, save_checkpoint
from analysis.models.cocola.config import SCALES
from analysis.models.cocola.efficientnet import Bottleneck
from analysis.models.cocola.encoder import Cocola, build, outline
from analysis.models.cocola.flow import count, flow_of, multiply_adds
from analysis.models.cocola.parts import HarmonicPercussive, mel_bands
from analysis.models.cocola_family import card, parse
from analysis.models.families import find_family
from analysis.models.sound import AudioBatch
from analysis.models.taps import capture
from analysis.sources import closure

TINY, PAPER = SCALES["tiny"], SCALES["paper"]


def noise(n: int = 2, seed: int = 0, n_samples: int = TINY.n_samples) -> Tensor:
    return 0.1 * torch.randn(n, n_samples, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def model() -> Cocola:
    return build(TINY, 3).eval()


def test_the_counts_are_those_of_the_source() -> None:
    """EfficientNet-B0 has 5,288,548 parameters for three channels and 1000 classes."""
    without_classes = 5_288_548 - 1280 * 1000 - 1000 - 32 * 9
    one_layer = 1280 * 512 + 512
    two_layers = one_layer + 2 * 512 + 512 * 512 + 512
    compared = 2 * 512 + 512**2
    assert count(SCALES["original"])["total"] == without_classes + one_layer + compared == 4_926_300
    assert count(PAPER)["total"] == without_classes + two_layers + compared == 5_189_980
    assert round(count(PAPER)["total"] / 1e6, 1) == 5.2
    assert PAPER.grids()[-1] == (320, 2, 16)
    assert [stage.blocks for stage in PAPER.stages] == [1, 2, 2, 3, 3, 4, 1]


def test_bands_are_those_of_librosa() -> None:
    import librosa

    theirs = librosa.filters.mel(sr=16_000, n_fft=1024, n_mels=64, fmin=60, fmax=7800)
    np.testing.assert_allclose(mel_bands(PAPER), theirs, atol=1e-7)


def test_parts_are_those_of_librosa() -> None:
    """Of a tone with clicks, magnitudes of both parts, cell by cell."""
    import librosa

    times_s = np.arange(16_000) / 16_000
    sound = (
        0.2 * np.sin(2 * np.pi * 700 * times_s) + (np.arange(16_000) % 4000 < 20) + 0.01 * noise(1, n_samples=16_000)[0].numpy()
    )
    magnitude = np.abs(librosa.stft(sound, n_fft=1024, hop_length=160, win_length=400)).astype(np.float32)
    ours = HarmonicPercussive(PAPER).separated(torch.from_numpy(magnitude)).numpy()
    for part, theirs in zip(ours, librosa.decompose.hpss(magnitude), strict=True):
        np.testing.assert_allclose(part, theirs, atol=1e-4 * magnitude.max())
    np.testing.assert_allclose(ours.sum(axis=0), magnitude, rtol=1e-5, atol=1e-5)


def test_a_tone_is_harmonic_and_a_click_percussive() -> None:
    spectra, times = HarmonicPercussive(PAPER), torch.arange(80_000) / 16_000
    tone, click = torch.sin(2 * torch.pi * 700 * times), torch.zeros(80_000)
    click[40_000:40_010] = 1
    both = spectra.separated(torch.stft(0.1 * tone + click, 1024, 160, 400, spectra.window, return_complex=True).abs())
    of_tone, of_click = both[:, 45, 100], both[:, 200, 250]
    assert of_tone[0] > 10 * of_tone[1]
    assert of_click[1] > 10 * of_click[0]


def test_levels_are_below_the_loudest_of_each_part() -> None:
    spectra = HarmonicPercussive(TINY)
    levels = spectra(noise())
    assert levels.shape == (2, 2, 32, 101)
    torch.testing.assert_close(levels.amax(dim=(2, 3)), torch.zeros(2, 2))
    assert levels.min() >= -80
    torch.testing.assert_close(spectra(10 * noise()), levels, atol=1e-2, rtol=0)
    assert spectra(torch.zeros(1, TINY.n_samples)).isfinite().all()
    torch.testing.assert_close(spectra(torch.cat([noise(1), 50 * noise(1, 1)]))[:1], spectra(noise(1)))
    with pytest.raises(ShapeError, match=r"COCOLA reads windows of 2,560 samples or more; got shape \(1, 100\)"):
        spectra(torch.zeros(1, 100))


@torch.no_grad()
def test_parts_can_be_heard_alone(model: Cocola) -> None:
    kept = torch.tensor([[True, False], [True, True]])
    embeddings = model(noise(), kept)
    torch.testing.assert_close(embeddings[1], model(noise())[1])
    assert (embeddings[0] - model(noise())[0]).abs().max() > 1e-3
    assert embeddings.abs().max() <= 1
    torch.testing.assert_close(model.score(embeddings, embeddings)[0, 1], embeddings[0] @ model.form @ embeddings[1])
    assert not torch.allclose(model.score(embeddings, embeddings), model.score(embeddings, embeddings).T)


@torch.no_grad()
def test_what_is_heard_does_not_fade_before_training(model: Cocola) -> None:
    with capture(model, [f"audio.block.{stage}" for stage in range(1, 8)]) as seen:
        embeddings = model(noise(4))
    assert all(0.05 < activation.std() < 50 for activation in seen.values())
    assert embeddings.std(dim=0).mean() > 1e-3
    assert model.get_submodule("stem.1").num_batches_tracked == 1
    assert build(TINY, 3).training


def test_blocks_that_are_dropped_add_nothing() -> None:
    block = Bottleneck(16, SCALES["paper"].stages[0], 1, 0.5).train()
    cells = torch.randn(64, 16, 4, 4, generator=torch.Generator().manual_seed(0))
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        same = (block(cells) == cells).flatten(1).all(dim=1)
    assert 15 < same.sum() < 49


@pytest.mark.parametrize("scale", SCALES)
def test_the_flow_has_every_parameter(scale: str) -> None:
    config = SCALES[scale]
    assert flow_of(config).total == count(config)["total"] == sum(tensor.numel() for tensor in outline(config).parameters())
    assert config.sizes["weights"] == pytest.approx(count(config)["total"], rel=0.6)
    tower, batch = outline(config).towers["audio"], AudioBatch(torch.zeros(1, config.n_samples))
    axis = tower.axis("audio.block.7", batch)
    assert axis is not None
    assert (axis.n, axis.times_s[1]) == (config.grids()[-1][2], pytest.approx(32 * config.hop_length / 16_000))


def test_multiplications_are_nearly_those_of_its_layers(model: Cocola) -> None:
    """Counted on the convolutions while they compute; those that squeeze are left out."""
    counted: list[int] = []

    def of_convolution(module: Any, _given: Any, output: Tensor) -> None:
        counted.append(output[0].numel() * module.weight[0].numel())

    convolutions = [module for module in model.modules() if isinstance(module, torch.nn.Conv2d)]
    hooks = [module.register_forward_hook(of_convolution) for module in convolutions]
    with torch.no_grad():
        model(noise(1))
    for hook in hooks:
        hook.remove()
    spectra = 2 * TINY.n_frames() * 257 * (32 + 9)
    assert multiply_adds(TINY) == pytest.approx(sum(counted) + spectra, rel=0.02)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"n_fft": 511}, "n_fft = 511"), ({"window_length": 513}, "expected an even number from the window's length"),
        ({"median_length": 8}, "median_length = 8; expected an odd number"), ({"median_length": 103}, "not more than there are"),
        ({"f_max_hz": 9000.0}, "expected rising frequencies up to 8,000 Hz"), ({"width_factor": 0.0}, "width_factor must be"),
        ({"hop_length": 1, "n_samples": 2**22, "median_length": 255}, "values in one activation"),
        ({"width_factor": 8.0, "depth_factor": 8.0}, "weights; at most"), ({"extra": 1}, "unknown fields"),
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CheckpointError, match=f"mine: .*{sentence}"):
        parse({"arm": "cocola", "model": {**asdict(TINY), **changed}}, "mine")


def test_its_checkpoint_opens_and_holds_no_constants(tmp_path: Path) -> None:
    described = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": "# One"}
    saved = save_checkpoint(tmp_path / "mine", build(TINY, 3), arm="cocola", scale="tiny", **described)
    opened = open_checkpoint(tmp_path / "mine")
    assert opened.ref == ("cocola", "folder", "", saved.sha256)
    assert not [name for name in opened.model().state_dict() if name.startswith("spectra.")]
    with torch.no_grad():
        torch.testing.assert_close(opened.model()(noise()), opened.untrained_twin()(noise()), atol=3e-2, rtol=3e-2)


def test_it_stands_on_no_other_family() -> None:
    files = closure((find_family("cocola").module,))
    assert not [name for name in files if "dual" in name or "vit1d" in name or "phalar" in name]


def test_the_command_line_describes_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "cocola"]) == 0
    assert "5,189,980 parameters; the authors of PHALAR say 5.2 million." in capsys.readouterr().out
    assert "ours: 32 bands, 10 blocks" in card(SCALES["small"])["sizes"]
    assert card(SCALES["original"])["sizes"] == "those of the source"
