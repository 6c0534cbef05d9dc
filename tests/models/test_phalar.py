"""PHALAR: its sizes, the laws of its phasors, of its head and of its similarity, and what of it a checkpoint keeps."""

import json
import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from analysis.cli import main
from analysis.errors import CheckpointError, ConfigError, ShapeError
from analysis.models.cells import to_cells, to_tokens
from analysis.models.checkpoint import open_checkpoint, save_checkpoint
from analysis.models.families import find_family
from analysis.models.phalar.backbone import Scale
from analysis.models.phalar.complex_layers import Bilinear, ComplexHead, ComplexLinear, ModReLU
from analysis.models.phalar.config import SCALES, PhalarConfig
from analysis.models.phalar.cqt import ConstantQ
from analysis.models.phalar.encoder import Phalar, build, outline
from analysis.models.phalar.equivariance import trajectories
from analysis.models.phalar.flow import count, flow_of, multiply_adds
from analysis.models.phalar.phasors import SpectralPooling
from analysis.models.phalar_family import card, parse
from analysis.models.sound import AudioBatch
from analysis.models.taps import capture
from analysis.sources import closure

TINY, PAPER = SCALES["tiny"], SCALES["paper"]


def noise(n: int = 2, seed: int = 0, n_samples: int = TINY.n_samples) -> Tensor:
    return 0.1 * torch.randn(n, n_samples, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def model() -> Phalar:
    """With branches that add something, as trained ones do."""
    built = build(TINY, 3).eval()
    rng = torch.Generator().manual_seed(4)
    for module in built.modules():
        if isinstance(module, Scale):
            torch.nn.init.normal_(module.factor, std=0.5, generator=rng)
    return built


def test_the_counts_are_those_of_the_source() -> None:
    counts = count(PAPER)
    assert counts["total"] == 2_293_104
    assert counts["first convolution"] + counts["stages"] == 127_344
    assert counts["spectral pooling"] == 96 * 60 * 80 == 460_800
    assert counts["complex head"] == 2 * 640 * 512 + 512 + 512 + 2 * 512 * 512 == 1_180_672
    assert counts["similarity"] == 2 * 512 * 512
    assert PAPER.sizes["weights"] == pytest.approx(counts["total"], rel=0.001)


@pytest.mark.parametrize(
    ("seconds", "frames"), [(2, 7), (3, 10), (4, 13), (5, 16), (6, 19), (8, 26), (10, 32)]
)  # fmt: skip
def test_frames_are_halved_as_in_the_source(seconds: int, frames: int) -> None:
    assert PAPER.frames(16_000 * seconds)[-1] == frames
    assert PAPER.frames(16_000 * seconds)[0] == 100 * seconds + 1


@torch.no_grad()
@pytest.mark.parametrize("seconds", [1.0, 2.0, 2.37, 3.5])
def test_windows_of_other_lengths_are_read(seconds: float, model: Phalar) -> None:
    n_samples = round(seconds * TINY.sample_rate)
    windows, tower = noise(n_samples=n_samples), model.towers["audio"]
    with capture(model, ["audio.block.1", "audio.block.2"]) as seen:
        assert model(windows).shape == (2, tower.width)
    for stage, activation in enumerate(seen.values(), start=1):
        axis = tower.axis(f"audio.block.{stage}", AudioBatch(windows))
        assert axis is not None
        assert activation.shape[1] == axis.n == TINY.frames(n_samples)[stage]
        assert np.diff(axis.times_s) == pytest.approx(0.01 * 2**stage)


def test_a_window_too_short_for_its_kernels_is_refused(model: Phalar) -> None:
    expected = rf"windows of {TINY.least_samples:,} samples or more .*; got shape \(1, {TINY.least_samples - 1}\)"
    with pytest.raises(ShapeError, match=expected):
        model(torch.zeros(1, TINY.least_samples - 1))
    assert model(noise(1, n_samples=TINY.least_samples)).isfinite().all()


def by_hand(config: PhalarConfig, sound: np.ndarray, bin_number: int, frame: int) -> float:
    """Amplitude of one cell, by its definition."""
    frequency_hz = config.f_min_hz * 2 ** (bin_number / config.bins_per_octave)
    length = math.ceil(config.sample_rate / frequency_hz / (2 ** (1 / config.bins_per_octave) - 1))
    offsets = np.arange(length) - math.ceil(length / 2)
    mirrored = np.pad(sound, length, mode="reflect")[offsets + length + frame * config.hop_length]
    hann = np.sin(np.pi * np.arange(length) / length) ** 2
    turning = np.exp(-2j * np.pi * frequency_hz * offsets / config.sample_rate)
    return float(abs(np.sum(mirrored * hann * turning)) / hann.sum() * np.sqrt(length))


@torch.no_grad()
@pytest.mark.parametrize("config", [PAPER, SCALES["small"]], ids=["paper", "small"])
def test_the_transform_cell_by_cell(config: PhalarConfig) -> None:
    sound = noise(1, n_samples=32_000)
    amplitudes = ConstantQ(config).power(sound)[0].sqrt().numpy()
    assert amplitudes.shape == (config.n_bins, 201)
    rng, exact = np.random.default_rng(1), sound[0].double().numpy()
    cells = [(0, 0), (0, 100), (config.n_bins - 1, 200), *rng.integers(0, (config.n_bins, 201), (20, 2)).tolist()]
    expected = [by_hand(config, exact, bin_number, frame) for bin_number, frame in cells]
    np.testing.assert_allclose([amplitudes[cell] for cell in map(tuple, cells)], expected, rtol=1e-3, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("frequency_hz", [55.0, 440.0, 1234.5, 3000.0])
def test_tones_are_as_librosa_has_them(frequency_hz: float) -> None:
    """With kernels of the same length: librosa's are 3 % longer, because it goes by another bandwidth."""
    import librosa

    ratio = 2 ** (2 / 12)
    scale = (ratio - 1) / (ratio + 1) / (2 ** (1 / 12) - 1)
    tone = 0.3 * np.sin(2 * np.pi * frequency_hz * np.arange(48_000) / 16_000)
    theirs = np.abs(
        librosa.cqt(tone, sr=16_000, hop_length=160, fmin=PAPER.f_min_hz, n_bins=96, filter_scale=scale, pad_mode="reflect")
    )
    ours = ConstantQ(PAPER).power(torch.from_numpy(tone[None]).float())[0].sqrt().numpy()
    inner = slice(100, 200)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours[:, inner], theirs[:, inner], atol=0.01 * theirs.max())
    nearest = round(12 * math.log2(frequency_hz / PAPER.f_min_hz))
    assert set(ours[:, inner].argmax(axis=0)) == {nearest}


def test_levels_are_scaled_cut_off_and_can_be_differentiated() -> None:
    transform, sound = ConstantQ(TINY), noise(1).requires_grad_()
    levels = transform(sound)
    assert (levels.max() - levels.min()).item() <= 1 + 1e-6
    torch.testing.assert_close(transform(10 * sound) - levels, torch.full_like(levels, 20 / 80), atol=1e-4, rtol=0)
    levels.sum().backward()
    assert sound.grad is not None
    assert sound.grad.isfinite().all()
    assert sound.grad.any()
    silent = torch.zeros(1, TINY.n_samples, requires_grad=True)
    quiet = transform(silent)
    torch.testing.assert_close(quiet, torch.full_like(quiet, (80 - 200) / 80))
    quiet.sum().backward()
    assert silent.grad is not None
    assert silent.grad.isfinite().all()
    click = torch.zeros(1, TINY.n_samples)
    click[0, 16_000] = 1
    assert (transform(click).max() - transform(click).min()).item() == pytest.approx(1, abs=1e-5)


def test_a_window_does_not_depend_on_its_batch() -> None:
    both = torch.cat([noise(1), 300 * noise(1, seed=1)])
    torch.testing.assert_close(ConstantQ(TINY)(both)[:1], ConstantQ(TINY)(noise(1)))


def test_a_token_is_a_frame_with_all_its_bins() -> None:
    cells = torch.arange(2 * 3 * 5 * 7).reshape(2, 3, 5, 7).float()
    tokens = to_tokens(cells)
    assert tokens.shape == (2, 7, 15)
    assert torch.equal(tokens[1, 4], cells[1, :, :, 4].T.flatten())
    assert torch.equal(to_cells(tokens, 5), cells)


def test_untrained_branches_add_nothing() -> None:
    plain = build(TINY, 0).eval()
    tokens = torch.randn(1, 9, TINY.n_bins * TINY.width, generator=torch.Generator().manual_seed(0))
    expected = to_tokens(plain.stages[0].get_submodule("halving")(to_cells(tokens, TINY.n_bins)))
    torch.testing.assert_close(plain.stages[0](tokens), expected)


def pooling(config: PhalarConfig = TINY) -> SpectralPooling:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return SpectralPooling(config).double()


def frames(n: int, config: PhalarConfig = TINY) -> Tensor:
    rng = torch.Generator().manual_seed(n)
    return torch.randn(2, n, config.n_bins * config.widths[-1], dtype=torch.float64, generator=rng)


def as_complex(parts: Tensor) -> Tensor:
    return torch.complex(parts[:, 0], parts[:, 1])


@torch.no_grad()
@pytest.mark.parametrize("n", [TINY.least_frames, 16, 51])
@pytest.mark.parametrize("shift", [1, 3, -4])
def test_what_moves_in_a_circle_turns_every_phasor(n: int, shift: int) -> None:
    pool = pooling()
    before, after = (as_complex(pool(tokens)) for tokens in (frames(n), frames(n).roll(shift, dims=1)))
    k = torch.arange(1, TINY.n_components + 1, dtype=torch.float64)
    law = before * torch.exp(-2j * math.pi * k * shift / n)
    assert (after - law).abs().max() < 1e-12
    assert (after - before).abs().max() > 0.1


@torch.no_grad()
def test_short_windows_are_padded_and_turn_in_the_padded_circle() -> None:
    pool, n = pooling(), TINY.least_frames
    over_time = pool.over_time(frames(6))
    assert over_time.shape[-1] == n
    assert not over_time[..., :2].any()
    assert not over_time[..., 8:].any()
    left = SpectralPooling(replace(TINY, centred=False)).double()
    left.load_state_dict(pool.state_dict())
    assert torch.equal(left.over_time(frames(6)).roll(2, dims=-1), over_time)
    k = torch.arange(1, TINY.n_components + 1, dtype=torch.float64)
    law = as_complex(left(frames(6))) * torch.exp(-2j * math.pi * k * 2 / n)
    assert (as_complex(pool(frames(6))) - law).abs().max() < 1e-12


@torch.no_grad()
def test_what_is_constant_in_time_has_no_phasors() -> None:
    pool = pooling()
    still = frames(1).expand(-1, 16, -1)
    assert pool(still).abs().max() < 1e-6  # rounding, over 1e-6
    spectrum = torch.fft.rfft(pool.over_time(still), norm="ortho")
    assert spectrum[..., 0].abs().min() > 1e-3
    torch.testing.assert_close(pool(frames(16) + still), pool(frames(16)), atol=1e-10, rtol=0)


@torch.no_grad()
def test_amplitudes_are_1_on_average_over_a_window() -> None:
    pool = pooling()
    phasors = as_complex(pool(frames(16)))
    torch.testing.assert_close(phasors.abs().mean(dim=(1, 2)), torch.ones(2, dtype=torch.float64), atol=1e-5, rtol=0)
    torch.testing.assert_close(pool(7 * frames(16)), pool(frames(16)), atol=1e-5, rtol=0)
    assert phasors.abs().mean(dim=2).std() > 0.01  # channels keep their proportions


def head() -> ComplexHead:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        made = ComplexHead(24, 8, 0.5).double().eval()
    torch.nn.init.normal_(made.layers.get_parameter("1.gain"), generator=torch.Generator().manual_seed(2))
    torch.nn.init.constant_(made.layers.get_parameter("2.threshold"), -0.5)
    return made


def turned(parts: Tensor, angle: float) -> Tensor:
    z = torch.complex(parts[:, 0], parts[:, 1]) * complex(math.cos(angle), math.sin(angle))
    return torch.stack([z.real, z.imag], dim=1)


@torch.no_grad()
@pytest.mark.parametrize("angle", [0.3, 2.0, math.pi])
def test_the_head_keeps_a_common_phase(angle: float) -> None:
    phasors = torch.randn(3, 2, 6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    before = head()(phasors).unflatten(1, (2, 8))
    after = head()(turned(phasors, angle)).unflatten(1, (2, 8))
    assert (after - turned(before, angle)).abs().max() < 1e-12
    each = turned(phasors, 0.0)
    each[..., 1:] = turned(phasors, angle)[..., 1:]  # a phase that components do not share
    assert (head()(each).unflatten(1, (2, 8)) - turned(before, angle)).abs().max() > 0.01


def test_dropout_takes_both_parts_of_a_number() -> None:
    made = head().train()
    made.layers = torch.nn.Sequential()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        parts = made(torch.ones(4, 2, 6, 4, dtype=torch.float64)).unflatten(1, (2, 24))
    assert torch.equal(parts[:, 0], parts[:, 1])
    assert set(parts.unique().tolist()) == {0.0, 2.0}


@torch.no_grad()
def test_complex_layers_are_those_of_complex_numbers() -> None:
    rng = torch.Generator().manual_seed(0)
    layer, z = ComplexLinear(5, 3).double(), torch.randn(4, 2, 5, dtype=torch.float64, generator=rng)
    torch.testing.assert_close(as_complex(layer(z)), as_complex(z) @ layer.matrix().T)
    gate = ModReLU(5).double()
    torch.nn.init.constant_(gate.threshold, -1.0)
    amplitudes, gated = as_complex(z).abs(), as_complex(gate(z))
    torch.testing.assert_close(gated.abs(), (amplitudes - 1).clamp(min=0), atol=1e-5, rtol=0)
    kept = amplitudes > 1.1
    torch.testing.assert_close((gated / gated.abs())[kept], (as_complex(z) / amplitudes)[kept])


@pytest.fixture(scope="module")
def form() -> Bilinear:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(6)
        return Bilinear(8).double()


def embeddings(n: int, seed: int) -> Tensor:
    return 100 * torch.randn(n, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def test_scores_are_those_of_the_complex_form(form: Bilinear) -> None:
    x, y = embeddings(3, 1), embeddings(5, 2)
    z, w = (torch.complex(*rows.unflatten(1, (2, 8)).unbind(1)) for rows in (x, y))
    z, w = (rows / rows.norm(dim=1, keepdim=True) for rows in (z, w))
    torch.testing.assert_close(form(x, y), (z @ form.form.matrix().T @ w.conj().T).real)
    torch.testing.assert_close(form(5 * x, y), form(x, y))


@torch.no_grad()
def test_scores_are_symmetric_with_the_flag_alone(form: Bilinear) -> None:
    x = embeddings(6, 3)
    torch.testing.assert_close(form(x, x, hermitian=True), form(x, x, hermitian=True).T)
    torch.testing.assert_close(form(x, x, hermitian=True), (form(x, x) + form(x, x).T) / 2)
    assert (form(x, x) - form(x, x).T).abs().max() > 0.01
    for hermitian in (False, True):
        scores = form(embeddings(200, 4), embeddings(200, 5), hermitian).abs()
        assert 0.2 * form.bound(hermitian) < scores.max() <= form.bound(hermitian)
    assert form.bound(True) < form.bound()


@torch.no_grad()
def test_the_configuration_decides_how_a_model_scores() -> None:
    x = torch.randn(4, 16, generator=torch.Generator().manual_seed(0))
    plain, hermitian = build(TINY, 1), build(replace(TINY, hermitian=True), 1)
    assert plain.pairs == (("audio", "audio"),)
    torch.testing.assert_close(hermitian.score(x, x), (plain.score(x, x) + plain.score(x, x).T) / 2)
    assert not torch.allclose(plain.score(x, x), hermitian.score(x, x))
    common = torch.complex(*x.unflatten(1, (2, 8)).unbind(1)) * 1j
    moved = torch.cat([common.real, common.imag], dim=1)
    torch.testing.assert_close(plain.score(moved, moved), plain.score(x, x))  # relative phase alone counts
    assert not torch.allclose(plain.score(moved, x), plain.score(x, x), atol=1e-3)


@torch.no_grad()
def test_phasors_can_be_looked_at(model: Phalar) -> None:
    with capture(model, ["audio.lsp", "audio.block.2", "audio.embedding"]) as seen:
        embedding = model(noise())
    assert seen["audio.lsp"].shape == (2, 2, TINY.lsp_channels, TINY.n_components)
    torch.testing.assert_close(seen["audio.lsp"], model.pooling(seen["audio.block.2"]))
    torch.testing.assert_close(model.head(seen["audio.lsp"]), embedding)


def test_trajectories_keep_the_law_in_a_circle_and_deviate_from_it_in_truth(model: Phalar) -> None:
    recording = noise(1, n_samples=64_000)[0].numpy()
    shifts = [-5, 0, 2, 9]
    moved = trajectories(model, recording, shifts, start=16_000)
    assert moved.n_frames == TINY.frames()[-1] == 51
    assert moved.circular.shape == moved.law.shape == (4, TINY.lsp_channels, TINY.n_components)
    assert moved.deviation.max() < 1e-5
    np.testing.assert_allclose(moved.shifts_s, [-0.2, 0, 0.08, 0.36])
    np.testing.assert_allclose(moved.components_hz, np.arange(1, 5) / (51 * 0.04))
    assert moved.real is not None
    assert moved.real_deviation is not None
    np.testing.assert_allclose(moved.real[1], moved.law[1], atol=1e-5)
    assert moved.real_deviation[1].max() < 1e-5
    assert moved.real_deviation[[0, 2, 3]].mean() > 0.01
    assert trajectories(model, recording, shifts).real is None  # there is nothing before its first sample
    with pytest.raises(ConfigError, match="The recording has 64,000 samples, too few for a window of 32,000 samples from sample"):
        trajectories(model, recording, shifts, start=40_000)


def test_a_burst_far_from_the_ends_moves_as_the_law_says() -> None:
    """What moves within the window loses nothing at its ends; a law of the other sign would be wrong."""
    burst = 1e-6 * noise(1, n_samples=64_000)[0].numpy()
    burst[32_000:33_000] += np.sin(2 * np.pi * 1000 * np.arange(1000) / 16_000)
    moved = trajectories(build(TINY, 0).eval(), burst, [-6, -3, 3, 6], start=16_000)
    assert moved.real_deviation is not None
    assert moved.real_deviation.max() < 0.1
    assert (1 - np.real(moved.circular * moved.law[::-1].conj()).sum() / (np.abs(moved.law) ** 2).sum()) > 0.2


@pytest.mark.parametrize("scale", SCALES)
def test_the_flow_has_every_parameter(scale: str) -> None:
    config = SCALES[scale]
    flow = flow_of(config)
    assert flow.total == count(config)["total"] == sum(tensor.numel() for tensor in outline(config).parameters())
    assert flow.part("similarity").shape == "1 number"
    assert ("2,293,104 parameters" in " ".join(flow.notes)) == (scale == "paper")
    assert f"{config.frames()[-1]} frames × {config.n_bins * config.widths[-1]:,}" in [part.shape for part in flow.parts]


def test_multiplications_are_those_of_its_layers(model: Phalar) -> None:
    """Counted on the layers while they compute."""
    counted: list[int] = []

    def of_convolution(module: Any, _given: Any, output: Tensor) -> None:
        counted.append(output[0].numel() * module.weight[0].numel())

    def of_linear(module: Any, _given: Any, output: Tensor) -> None:
        counted.append(output[0].numel() * module.in_features)

    kinds = {torch.nn.Conv2d: of_convolution, torch.nn.Linear: of_linear}
    hooks = [
        module.register_forward_hook(kinds[type(module)])
        for name, module in model.named_modules()
        if type(module) in kinds and "similarity" not in name
    ]
    with torch.no_grad():
        model(noise(1))
    for hook in hooks:
        hook.remove()
    transform = sum(buffer.numel() for buffer in model.cqt.buffers()) * TINY.frames()[0]
    assert multiply_adds(TINY) == sum(counted) + transform


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"width": 0}, "width must be a whole number from 1 to 512; got 0"), ({"depth": 2.5}, "depth must be a whole number"),
        ({"n_bins": 72}, "The highest of 72 bins is at 31,605 Hz; expected less than 8,000 Hz, half the sample rate"),
        ({"f_min_hz": float("nan")}, "f_min_hz must be a number"), ({"dropout": 1.5}, "dropout must be a number"),
        ({"hermitian": 1}, "hermitian must be true or false; got 1"), ({"centred": "yes"}, "centred must be true or false"),
        ({"f_min_hz": 4.0}, "n_samples = 32,000; expected 33,"), ({"extra": 1}, r"unknown fields \['extra'\]"),
        ({"width": 512, "depth": 12}, "weights; at most"), ({"hop_length": 1, "n_samples": 2**23}, "values in one activation"),
        ({"n_bins": 900, "bins_per_octave": 96, "f_min_hz": 4.0, "n_samples": 2**22, "sample_rate": 48_000}, "in the kernels"),
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused(changed: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CheckpointError, match=f"mine: .*{sentence}"):
        parse({"arm": "phalar", "model": {**asdict(TINY), **changed}}, "mine")


def test_a_missing_size_or_another_arm_is_refused() -> None:
    values = asdict(TINY)
    del values["lsp_channels"]
    with pytest.raises(ConfigError, match="lacks lsp_channels"):
        PhalarConfig.from_dict(values)
    with pytest.raises(CheckpointError, match="mine is of unknown arm 'falar': expected phalar"):
        parse({"arm": "falar", "model": asdict(TINY)}, "mine")


def test_its_checkpoint_opens_and_holds_no_kernels(tmp_path: Path) -> None:
    described = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": "# One"}
    saved = save_checkpoint(tmp_path / "mine", build(TINY, 3), arm="phalar", scale="tiny", **described)
    opened = open_checkpoint(tmp_path / "mine")
    assert opened.ref == ("phalar", "folder", "", saved.sha256)
    assert opened.model_config == TINY
    assert not [name for name in opened.model().state_dict() if name.startswith("cqt.")]
    with torch.no_grad():
        torch.testing.assert_close(opened.model()(noise()), opened.untrained_twin()(noise()), atol=2e-2, rtol=2e-2)


def test_it_stands_on_no_other_family() -> None:
    files = closure((find_family("phalar").module,))
    assert not [name for name in files if "dual" in name or "vit1d" in name or "injections" in name]


def test_the_card_says_which_sizes_are_ours() -> None:
    assert card(PAPER)["sizes"] == "those of the source"
    assert "ours: 4 stages, 64 bins from 65.40 Hz" in card(SCALES["small"])["sizes"]
    assert "the source has 5 stages, 96 bins from 16.35 Hz" in card(SCALES["small"])["sizes"]


def test_the_command_line_describes_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "phalar", "--scale", "paper"]) == 0
    text = capsys.readouterr().out
    assert "PHALAR phalar-paper" in text
    assert "2,293,104" in text
    assert "up to 1.32 Hz (79 beats per minute), in a window of 5 s" in text
    assert main(["describe", "phalar", "--scale", "small", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"]["total"] == count(SCALES["small"])["total"] == 269_692
