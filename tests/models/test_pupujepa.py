"""PupuJEPA: what the source fixes of it, and what of it sees what."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from analysis.cli import main
from analysis.errors import CheckpointError, ConfigError, ShapeError
from analysis.models.checkpoint import open_checkpoint, save_checkpoint
from analysis.models.families import find_family
from analysis.models.patterns import attention_patterns, pattern_blocks
from analysis.models.pupujepa.blocks import gather_tokens, positions_of, rotate, turns_of
from analysis.models.pupujepa.config import PAPER, SCALES, PupuConfig, in_one_dimension
from analysis.models.pupujepa.flow import count, flow_of
from analysis.models.pupujepa.masks import STRATEGIES, draw_mask, mask_probabilities, masks_of, n_masked
from analysis.models.pupujepa.mel import MelImage, bands_of_patches
from analysis.models.pupujepa.network import PupuJepa, build, outline
from analysis.models.pupujepa.tower import attention_of, patch_axis
from analysis.models.pupujepa_family import parse, preset
from analysis.models.sound import AudioBatch
from analysis.models.taps import capture, own_hooks
from analysis.seeding import numpy_generator
from analysis.sources import closure

TINY = SCALES["tiny"]
FLAT = in_one_dimension(TINY)


def noise(n: int = 2, seed: int = 0, config: PupuConfig = TINY) -> Tensor:
    return 0.1 * torch.randn(n, config.n_samples, generator=torch.Generator().manual_seed(seed))


def drawn_mask(strategy: str, grid: tuple[int, int], seed: int = 0, **settings: Any) -> np.ndarray:
    return draw_mask(strategy, grid, numpy_generator(seed, "mask of a test"), **settings)


@pytest.fixture(scope="module")
def model() -> PupuJepa:
    """Teacher and student differ, as after some steps."""
    made = build(TINY, 3).eval()
    generator = torch.Generator().manual_seed(1)
    for parameter in made.student.parameters():
        parameter.data += 0.02 * torch.randn(parameter.shape, generator=generator)
    return made


def masks(n: int = 2, strategy: str = "random") -> Any:
    return masks_of(np.stack([drawn_mask(strategy, TINY.grid, seed) for seed in range(n)]))


def test_the_sizes_are_those_of_the_source() -> None:
    assert (PAPER.sample_rate, PAPER.n_mels, PAPER.n_samples, PAPER.hop_length, PAPER.padding) == (24_000, 128, 245_760, 240, 392)
    assert (PAPER.grid, PAPER.n_tokens, PAPER.n_frames, PAPER.window_s) == ((256, 8), 2048, 1024, 10.24)
    counts, d = count(PAPER), 192
    block = 16 * d**2 + (3 + 1 + 8 + 1) * d + 4 * d + 4 * 64
    assert counts["teacher"] == counts["student"] == 12 * block + 2 * d == 7_120_512
    assert counts["patch embedding"] == 64 * d + d + 2 * d
    assert counts["predictor"] == 6 * block + d + 2 * d + d**2 + d
    assert 12 * 12 * d**2 / 1e6 == pytest.approx(5.3, abs=0.05)  # with plain layers, as the authors call it


def test_the_control_differs_in_its_patches_alone() -> None:
    for scale in SCALES:
        flat, grid = preset(f"pupujepa1d-{scale}"), preset(f"pupujepa-{scale}")
        assert (flat.grid, flat.patch_s) == ((grid.grid[0], 1), grid.patch_s)
        assert replace(flat, patch_mels=grid.patch_mels) == grid
        counts, of_grid = count(flat), count(grid)
        assert {name for name in counts if counts[name] != of_grid[name]} == {"patch embedding", "total"}
    assert patch_axis(FLAT).bands_hz is None


def test_the_spectrogram_is_librosas() -> None:
    waveform = noise(1)
    padded = np.pad(waveform[0].numpy(), 392, mode="reflect")
    magnitude = np.sqrt(np.abs(librosa.stft(padded, n_fft=1024, hop_length=240, center=False)) ** 2 + 1e-9)
    mel = librosa.filters.mel(sr=24_000, n_fft=1024, n_mels=128, fmin=0, fmax=12_000) @ magnitude
    expected = (np.log(np.maximum(mel, 1e-5)) + 4.089994845986366) / 2.0242277159094813
    image = MelImage(TINY)(waveform)[0].numpy()
    assert image.shape == (400, 128)
    np.testing.assert_allclose(image, expected.T, atol=1e-3)
    silent = MelImage(TINY)(torch.zeros(1, TINY.n_samples))
    assert silent.isfinite().all()


def test_patches_stand_in_the_order_of_time_then_of_frequency() -> None:
    bands_hz = bands_of_patches(PAPER)
    assert (bands_hz[0, 0], bands_hz[-1, 1]) == (0, 12_000)
    np.testing.assert_array_equal(bands_hz[1:, 0], bands_hz[:-1, 1])
    centres_hz = librosa.mel_frequencies(n_mels=130, fmin=0, fmax=12_000)[1:-1].reshape(8, 16)
    assert (bands_hz[:, 0] < centres_hz[:, 0]).all()
    assert (centres_hz[:, -1] < bands_hz[:, 1]).all()
    embed, config = build(TINY, 0).patch_embed, TINY
    times_s = np.arange(config.n_samples) / config.sample_rate
    axis = patch_axis(config)
    assert axis.bands_hz is not None
    for token in (13, 55, 90):
        at_hz = float(np.sqrt(max(axis.bands_hz[token, 0], 60) * axis.bands_hz[token, 1]))
        burst = np.exp(-(((times_s - axis.times_s[token]) / 0.03) ** 2)) * np.sin(2 * np.pi * at_hz * times_s)
        quiet = noise(1, seed=2) * 1e-3
        moved = (embed.mel(quiet + torch.from_numpy(burst.astype(np.float32))) - embed.mel(quiet))[0]
        shares = moved.unfold(0, 16, 16).unfold(1, 32, 32).abs().sum(dim=(-1, -2)).flatten()
        assert shares.argmax() == token


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("grid", [(256, 8), (50, 8), (25, 4), (256, 1), (25, 1)])
def test_every_strategy_masks_exactly_as_many_patches_as_it_says(strategy: str, grid: tuple[int, int]) -> None:
    counts = {int(drawn_mask(strategy, grid, seed, stripe=grid[0] // 6).sum()) for seed in range(12)}
    assert counts == {n_masked(strategy, grid)}
    first, again, other = (drawn_mask(strategy, grid, seed, stripe=grid[0] // 6) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_the_counts_are_those_of_the_source() -> None:
    assert [n_masked(strategy, (256, 8)) for strategy in STRATEGIES] == [1639, 1638, 1638]
    assert 2048 - n_masked("random", (256, 8)) == int(2048 * 0.2) == 409


def test_strategies_differ_in_how_masked_patches_lie_together() -> None:
    """Half of the grid: stripes fill moments, blocks lie next to each other, what is random does neither."""

    def borders(mask: np.ndarray) -> int:
        return int((mask[1:] != mask[:-1]).sum() + (mask[:, 1:] != mask[:, :-1]).sum())

    drawn = {s: [drawn_mask(s, (256, 8), seed, ratio=0.5) for seed in range(4)] for s in STRATEGIES}
    lines = {s: np.mean([borders(mask) for mask in drawn[s]]) for s in STRATEGIES}
    assert lines["stripes"] < lines["blocks"] < lines["random"]
    whole = {s: np.mean([mask.all(axis=1).sum() for mask in drawn[s]]) for s in STRATEGIES}
    assert whole["stripes"] > 60 > 8 > whole["random"]


def test_probabilities_of_strategies_sum_to_1_at_every_step() -> None:
    steps = np.linspace(0, 1, 301)
    rows = np.array([mask_probabilities(step, 0.1, 0.3) for step in steps])
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-12)
    assert (rows >= 0).all()
    assert (rows[steps <= 0.1, 0] == 1).all()
    np.testing.assert_allclose(rows[steps >= 0.3], 1 / 3)
    assert (np.diff(rows[:, 0]) <= 0).all()
    assert mask_probabilities(0.0, 0.0, 0.0) == mask_probabilities(1.0, 0.1, 0.3)
    with pytest.raises(ConfigError, match="There is no masking 'diagonal': expected one of random, blocks, stripes"):
        drawn_mask("diagonal", (25, 4))
    with pytest.raises(ConfigError, match="A ratio of 1 masks 100 of 100 patches"):
        drawn_mask("blocks", (25, 4), ratio=1.0)
    uneven = np.stack([drawn_mask("blocks", (25, 4), ratio=ratio) for ratio in (0.5, 0.6)])
    with pytest.raises(ShapeError, match="from 50 to 60 of 100 patches are masked; expected the same number"):
        masks_of(uneven)


@torch.no_grad()
def test_the_teacher_sees_masked_patches_and_the_student_visible_ones(model: PupuJepa) -> None:
    drawn = masks()
    tokens = model.patch_embed(noise())
    spoiled = {
        name: tokens.scatter(1, index[..., None].expand(-1, -1, tokens.shape[-1]), 9.0) for name, index in drawn._asdict().items()
    }
    target, context = model.targets(tokens, drawn.masked), model.encode(model.student, tokens, drawn.visible)
    torch.testing.assert_close(model.targets(spoiled["visible"], drawn.masked), target)
    assert not torch.allclose(model.targets(spoiled["masked"], drawn.masked), target)
    torch.testing.assert_close(model.encode(model.student, spoiled["masked"], drawn.visible), context)
    assert not torch.allclose(model.encode(model.student, spoiled["visible"], drawn.visible), context)
    with capture(model, ["audio.block.1"]) as seen:
        model.predict(noise(), drawn)
    assert seen["audio.block.1"].shape[1] == drawn.masked.shape[1]


def test_no_gradient_reaches_the_teacher_nor_the_patches_through_it(model: PupuJepa) -> None:
    predicted = model.predict(noise(), masks())
    assert not predicted.target.requires_grad
    (predicted.predicted - predicted.target).square().mean().backward()
    assert all(parameter.grad is None for parameter in model.teacher.parameters())
    assert all(parameter.grad is not None for parameter in model.student.parameters())
    assert all(parameter.grad is not None for parameter in model.patch_embed.parameters())
    assert all(parameter.grad is not None for parameter in model.predictor.parameters())
    model.zero_grad()


@torch.no_grad()
def test_patches_keep_the_turns_of_their_places_when_others_are_taken_away(model: PupuJepa) -> None:
    """Between patches that stay, scores before the softmax are as they were, and a pattern is the old one made to sum to 1."""
    tokens, turns = model.patch_embed(noise()), model.turns(TINY.n_heads, TINY.d_model)
    attention: Any = attention_of(model.student.blocks, patch_axis(TINY))[0].module
    index = masks().visible
    whole = attention.pattern(tokens, turns)
    rows = whole.gather(2, index[:, None, :, None].expand(-1, TINY.n_heads, -1, whole.shape[-1]))
    kept = rows.gather(3, index[:, None, None, :].expand(-1, TINY.n_heads, index.shape[1], -1))
    gathered = attention.pattern(gather_tokens(tokens, index), turns[index])
    torch.testing.assert_close(gathered, kept / kept.sum(dim=-1, keepdim=True))
    shifted = attention.pattern(gather_tokens(tokens, index), turns[: index.shape[1]])
    assert not torch.allclose(shifted, gathered, atol=1e-4)


@torch.no_grad()
def test_the_order_in_which_patches_are_given_is_nothing_to_the_encoder(model: PupuJepa) -> None:
    tokens, index = model.patch_embed(noise()), masks().visible
    turned_round = model.encode(model.student, tokens, index.flip(1)).flip(1)
    torch.testing.assert_close(turned_round, model.encode(model.student, tokens, index), atol=1e-5, rtol=1e-5)


def test_what_attends_to_what_depends_on_distances_alone() -> None:
    """Q at p · k at r is a function of p − r, in time and in frequency; the product with itself stays as it was."""
    generator = torch.Generator().manual_seed(0)
    q, k = torch.randn(2, 1, 1, 1, 16, generator=generator)

    def product(p: tuple[float, float], r: tuple[float, float]) -> float:
        turned = (rotate(x, turns_of(torch.tensor([at]), 16)) for x, at in ((q, p), (k, r)))
        return float(torch.mul(*turned).sum())

    assert product((0.1, 0.2), (0.3, -0.1)) == pytest.approx(product((-0.5, 0.6), (-0.3, 0.3)), abs=1e-3)
    assert product((0.1, 0.2), (0.3, -0.1)) != pytest.approx(product((0.1, 0.2), (0.31, -0.1)), abs=1e-2)
    assert product((0.1, 0.2), (0.3, -0.1)) != pytest.approx(product((0.1, 0.2), (0.3, -0.11)), abs=1e-2)
    turned = rotate(q, turns_of(torch.tensor([[0.3, 0.7]]), 16))
    assert float(turned.norm()) == pytest.approx(float(q.norm()), rel=1e-5)
    positions = positions_of((256, 1), torch.device("cpu"))
    assert positions[:, 1].unique().tolist() == [-1]  # so that one band turns all patches alike
    assert not [name for name, _ in build(FLAT, 0).named_parameters() if "rope" in name or "position" in name]


@torch.no_grad()
def test_the_predictor_is_read_at_masked_patches_alone(model: PupuJepa) -> None:
    drawn = masks()
    given: list[Tensor] = []
    with own_hooks(before=[(model.predictor.norm, lambda _module, inputs: given.append(inputs[0]))]):
        predicted = model.predict(noise(), drawn)
    assert given[0].shape[1] == drawn.masked.shape[1] == predicted.predicted.shape[1] == n_masked("random", TINY.grid)
    tokens = model.patch_embed(noise())
    context = model.encode(model.student, tokens, drawn.visible)
    turns = model.turns(TINY.predictor_n_heads, TINY.predictor_d_model)
    masked = turns[drawn.masked]
    again = model.predictor(context, turns[drawn.visible], masked.flip(1)).flip(1)
    torch.testing.assert_close(again, predicted.predicted, atol=1e-5, rtol=1e-5)
    alone = model.predictor(torch.zeros_like(context), turns[drawn.visible], masked)
    assert not torch.allclose(alone, predicted.predicted, atol=1e-3)


@torch.no_grad()
def test_the_teacher_follows_the_student() -> None:
    made = build(TINY, 3)
    start = [parameter.clone() for parameter in made.teacher.parameters()]
    for parameter in made.student.parameters():
        parameter += 1.0
    made.follow(0.996)
    for before, after in zip(start, made.teacher.parameters(), strict=True):
        torch.testing.assert_close(after - before, torch.full_like(after, 0.004), atol=1e-6, rtol=0)
    made.follow(0.0)
    assert all(torch.equal(a, b) for a, b in zip(made.teacher.parameters(), made.student.parameters(), strict=True))


@torch.no_grad()
def test_patterns_come_in_blocks(model: PupuJepa) -> None:
    tower, given = model.towers["audio"], []
    for attention, pattern in attention_patterns(tower, AudioBatch(noise())):
        with own_hooks(before=[(attention.module, lambda _module, inputs: given.append(inputs))]):
            tower(AudioBatch(noise()))
        rows = list(pattern_blocks(attention, given.pop()))
        torch.testing.assert_close(torch.cat([block for _, block in rows], dim=2), pattern)
        assert pattern.shape == (2, TINY.n_heads, 100, 100)


@torch.no_grad()
def test_the_embedding_is_the_mean_of_what_the_teacher_says(model: PupuJepa) -> None:
    tokens, turns = model.patch_embed(noise()), model.turns(TINY.n_heads, TINY.d_model)
    torch.testing.assert_close(model(noise()), model.teacher(tokens, turns).mean(dim=1))
    assert not torch.allclose(model(noise()), model.student(tokens, turns).mean(dim=1), atol=1e-3)


def test_another_length_is_refused(model: PupuJepa) -> None:
    with pytest.raises(ShapeError, match=r"windows of 96,000 samples \(4 s\); got shape \(1, 100\)"):
        model(torch.zeros(1, 100))


@pytest.mark.parametrize("name", find_family("pupujepa").presets())
def test_the_flow_has_every_parameter(name: str) -> None:
    config = preset(name)
    flow = flow_of(config)
    assert flow.total == count(config)["total"] == sum(tensor.numel() for tensor in outline(config).parameters())
    assert flow.part("teacher").shape == f"{config.n_tokens:,} patch tokens × {config.d_model}"
    assert len(flow.notes) == name.endswith("paper") + name.startswith("pupujepa1d")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"d_model": 20}, "d_model = 20 is not divisible by 4 × n_heads = 8"),
        ({"predictor_d_model": 28}, "predictor_d_model = 28 is not divisible by 4 × predictor_n_heads = 8"),
        ({"d_model": "24"}, "d_model must be a whole number"), ({"n_layers": 0}, "n_layers must be"),
        ({"spread": float("nan")}, "spread must be a number"), ({"n_fft": 1023}, "n_fft = 1023"),
        ({"patch_mels": 48}, "n_mels = 128 is not divisible by patch_mels = 48"),
        ({"patch_frames": 17}, "n_samples = 96,000 is no multiple of"), ({"extra": 1}, r"unknown fields \['extra'\]"),
        ({"n_samples": 2**21, "hop_length": 2, "patch_frames": 1}, "attention scores per window; at most"),
        ({"d_model": 4096, "n_layers": 96}, "weights of its blocks; at most"),
        ({"patch_mels": 128}, "is of the arm pupujepa and has 1 band of patches; expected one for pupujepa1d alone"),
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused(changed: dict[str, Any], sentence: str) -> None:
    raw = {"arm": "pupujepa", "model": {**asdict(TINY), **changed}}
    with pytest.raises(CheckpointError, match=f"mine.*{sentence}"):
        parse(raw, "mine")


def test_a_missing_size_or_another_arm_is_refused() -> None:
    values = asdict(TINY)
    del values["n_heads"]
    with pytest.raises(ConfigError, match="lacks n_heads"):
        PupuConfig.from_dict(values)
    with pytest.raises(CheckpointError, match="mine is of unknown arm 'vit1d': expected pupujepa or pupujepa1d"):
        parse({"arm": "vit1d", "model": asdict(TINY)}, "mine")


def test_its_checkpoint_opens_and_holds_no_constants(tmp_path: Path) -> None:
    described = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": "# One"}
    save_checkpoint(tmp_path / "mine", build(FLAT, 3), arm="pupujepa1d", scale="tiny", **described)
    opened = open_checkpoint(tmp_path / "mine")
    assert (opened.family, opened.model_config) == ("pupujepa", FLAT)
    assert not [name for name in opened.model().state_dict() if "mel" in name]
    with torch.no_grad():
        torch.testing.assert_close(opened.model()(noise()), opened.untrained_twin()(noise()), atol=2e-2, rtol=2e-2)


def test_it_stands_on_no_other_family() -> None:
    files = closure((find_family("pupujepa").module,))
    assert not [name for name in files if "dual" in name or "injections" in name or "vit1d" in name]


def test_the_command_line_describes_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "pupujepa"]) == 0
    text = capsys.readouterr().out
    assert "PupuJEPA pupujepa-paper" in text
    assert "2,048 patches of 4 frames × 16 mel bands" in text
    assert "An encoder of 7,120,512 parameters; the authors say 5 million, as 5.3 million in 12 d² a block" in text
    assert main(["describe", "pupujepa1d", "--scale", "small", "--json"]) == 0
    described = json.loads(capsys.readouterr().out)
    assert described["parameters"]["total"] == count(preset("pupujepa1d-small"))["total"]


def test_a_recording_is_read_with_it(tmp_path: Path) -> None:
    described = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": ""}
    save_checkpoint(tmp_path / "mine", build(TINY, 3), arm="pupujepa", scale="tiny", **described)
    soundfile.write(tmp_path / "clip.wav", noise(1)[0].repeat(2).numpy()[: 6 * TINY.sample_rate], TINY.sample_rate)
    words = ["inspect", str(tmp_path / "clip.wav"), "--checkpoint", str(tmp_path / "mine"), "--layer", "2"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    with np.load(tmp_path / "out" / "arrays.npz") as arrays:
        np.testing.assert_allclose(arrays["bands_hz"], bands_of_patches(TINY))
        assert arrays["received_by_band"].shape[:2] == (1 + TINY.n_heads, 4)
        assert arrays["attention"].shape[-1] == len(arrays["key_times_s"])
