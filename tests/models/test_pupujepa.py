"""PupuJEPA: what the source fixes of it, and what of it sees what."""

from dataclasses import replace
from typing import Any

import librosa
import numpy as np
import pytest
import torch
from torch import Tensor

from analysis.errors import ShapeError
from analysis.models.patterns import attention_patterns, pattern_blocks
from analysis.models.pupujepa.blocks import gather_tokens, positions_of, rotate, turns_of
from analysis.models.pupujepa.config import PAPER, SCALES, PupuConfig, in_one_dimension
from analysis.models.pupujepa.flow import count
from analysis.models.pupujepa.masks import draw_mask, masks_of, n_masked
from analysis.models.pupujepa.mel import MelImage, bands_of_patches
from analysis.models.pupujepa.network import PupuJepa, build
from analysis.models.pupujepa.tower import attention_of, patch_axis
from analysis.models.pupujepa_family import preset
from analysis.models.sound import AudioBatch
from analysis.models.taps import capture, own_hooks
from analysis.seeding import numpy_generator

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
