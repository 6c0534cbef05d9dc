"""ViT-1D: what the paper fixes of it, and what of it the loss can reach."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor

from analysis.cli import main
from analysis.descriptors.log_mel import mel_filters
from analysis.errors import CheckpointError, ConfigError, ShapeError
from analysis.models.checkpoint import open_checkpoint, save_checkpoint
from analysis.models.families import find_family
from analysis.models.patterns import attention_patterns
from analysis.models.sound import AudioBatch
from analysis.models.taps import capture, intervene
from analysis.models.tower import NotesLike
from analysis.models.vit1d.config import SCALES, VitConfig
from analysis.models.vit1d.encoder import Vit1d, build, outline
from analysis.models.vit1d.flow import count, flow_of
from analysis.models.vit1d.mel import MelFrames
from analysis.models.vit1d_family import parse
from analysis.readings.self_similarity import self_similarities
from analysis.sources import closure

TINY = SCALES["tiny"]


def noise(n: int = 2, seed: int = 0) -> Tensor:
    return 0.1 * torch.randn(n, TINY.n_samples, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def model() -> Vit1d:
    return build(TINY, 3).eval()


def test_the_sizes_are_those_of_the_source() -> None:
    paper = SCALES["paper"]
    assert (paper.sample_rate, paper.n_mels, paper.n_samples, paper.hop_length) == (16_000, 128, 64_000, 512)
    assert (paper.n_layers, paper.d_model, paper.n_heads, paper.n_frames) == (12, 192, 3, 126)
    counts = count(paper)
    block = 4 * 192**2 + 4 * 192 + 2 * 192 * 768 + 768 + 192 + 4 * 192
    assert counts["transformer"] == 12 * block == 12 * 444_864
    assert counts["total"] - counts["positions"] == 12 * block + 128 * 192 + 192 + 192 + 2 * 192 == 5_363_712
    assert counts["positions"] == 126 * 192
    assert round(95e6 / counts["total"]) == 18


@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_has_126_tokens_for_4_s(scale: str) -> None:
    tower = outline(SCALES[scale]).towers["audio"]
    axis = tower.axis("audio.in", AudioBatch(noise()))
    assert axis is not None
    assert (len(axis.times_s), axis.special, axis.n) == (126, 1, 127)
    np.testing.assert_allclose(np.diff(axis.times_s), 0.032)
    assert (axis.times_s[0], axis.times_s[-1]) == (0, 4)


@torch.no_grad()
def test_the_class_token_is_a_learned_vector_plus_the_mean_of_the_frames(model: Vit1d) -> None:
    frames = model.projection(model.mel(noise()))
    tokens = model.tokens(noise())
    torch.testing.assert_close(tokens[:, 0], model.class_token + frames.mean(dim=1))
    torch.testing.assert_close(tokens[:, 1:], frames + model.positions)


@torch.no_grad()
def test_the_embedding_is_the_last_class_token(model: Vit1d) -> None:
    last = model.hidden_states(noise())[-1]
    torch.testing.assert_close(model(noise()), model.norm(last[:, 0]))
    spoiled = torch.cat([last[:, :1], torch.full_like(last[:, 1:], 9.0)], dim=1)
    with intervene(model, f"audio.block.{TINY.n_layers}", lambda _: spoiled.clone()):
        torch.testing.assert_close(model(noise()), model.norm(last[:, 0]))


def test_frames_are_reached_by_the_loss_through_attention_alone(model: Vit1d) -> None:
    """Of the last block the frames give keys and values, and what it makes of them is not looked at."""
    states = model.hidden_states(noise())
    for state in states:
        state.retain_grad()
    model.norm(states[-1][:, 0]).square().mul(torch.arange(TINY.d_model)).sum().backward()
    gradients = [state.grad for state in states if state.grad is not None]
    assert len(gradients) == len(states)
    assert not gradients[-1][:, 1:].any()
    assert gradients[-2][:, 1:].any()
    cut = build(TINY, 3).eval()
    for attention in cut.towers["audio"].attention(AudioBatch(noise())):
        torch.nn.init.zeros_(attention.module.get_parameter("out_proj.weight"))
    start = cut.tokens(noise()).detach().requires_grad_()
    tokens = start
    for block in cut.blocks:
        tokens = block(tokens)
    cut.norm(tokens[:, 0]).square().mul(torch.arange(TINY.d_model)).sum().backward()
    assert start.grad is not None
    assert not start.grad[:, 1:].any()
    assert start.grad[:, 0].any()


@torch.no_grad()
def test_the_class_token_attends_and_is_attended_to(model: Vit1d) -> None:
    batch = AudioBatch(noise())
    for attention, pattern in attention_patterns(model.towers["audio"], batch):
        assert attention.query.special == attention.key.special == 1
        assert pattern.shape == (2, 3, 127, 127)
        assert (pattern[..., 0] > 0).all()


@torch.no_grad()
def test_poolings_are_what_they_are_called(model: Vit1d) -> None:
    tower = model.towers["audio"]
    with capture(model, ["audio.block.2"]) as seen:
        model(noise())
    tokens = seen["audio.block.2"]
    rows = {how: tower.pool(tokens, "audio.block.2", None, how) for how in ("", *tower.poolings)}
    torch.testing.assert_close(rows[""], tokens[:, 1:].mean(dim=1))
    torch.testing.assert_close(rows["mean"], rows[""])
    torch.testing.assert_close(rows["class token"], tokens[:, 0])
    torch.testing.assert_close(rows["mean and class token"], (tokens[:, 1:].mean(dim=1) + tokens[:, 0]) / 2)
    with pytest.raises(ConfigError, match="There is no pooling 'max': expected one of mean, class token"):
        tower.pool(tokens, "audio.block.2", None, "max")


def test_the_spectrogram_frame_by_frame() -> None:
    waveform = noise(1)
    padded = np.pad(waveform[0].double().numpy(), 512, mode="reflect")
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1024) / 1024)
    frames = [hann * padded[512 * number : 512 * number + 1024] for number in range(126)]
    power = np.stack([np.abs(np.fft.rfft(frame)) ** 2 for frame in frames]) / np.sum(hann**2)
    level_db = 10 * np.log10(np.maximum(power @ mel_filters(16_000, 1024, 128).T, 1e-10))
    expected = (np.maximum(level_db, level_db.max() - 100) + 40) / 10
    np.testing.assert_allclose(MelFrames(TINY)(waveform)[0].numpy(), expected, atol=1e-3)


def test_every_band_hears_something_and_silence_is_finite() -> None:
    mel = MelFrames(SCALES["paper"])
    assert (mel.filters.sum(dim=1) > 0).all()
    silent = mel(torch.zeros(1, 64_000))
    assert silent.isfinite().all()
    assert silent.unique().tolist() == pytest.approx([(-100 + 40) / 10])
    loud, soft = mel(noise(1)), mel(0.1 * noise(1))
    torch.testing.assert_close(loud - soft, torch.full_like(loud, 2.0), atol=1e-2, rtol=0)  # 20 dB


def test_a_window_does_not_depend_on_its_batch() -> None:
    both = torch.cat([noise(1), 30 * noise(1, seed=1)])
    torch.testing.assert_close(MelFrames(TINY)(both)[:1], MelFrames(TINY)(noise(1)))


class Halves:
    """Two seconds of a low tone, then two of a high one."""

    start_s = 0.0

    def waveform(self, sample_rate: int, duration_s: float) -> Any:
        times_s = np.arange(round(sample_rate * duration_s)) / sample_rate
        return (0.2 * np.sin(2 * np.pi * np.where(times_s < 2, 300, 2000) * times_s)).astype(np.float32)

    def notes(self) -> NotesLike:
        raise AssertionError("The notes were read.")


def test_self_similarity_shows_two_halves_at_every_layer(model: Vit1d) -> None:
    compared = list(self_similarities(model, "audio", Halves(), standardised=True))
    assert [of.tap.name for of in compared] == ["audio.in", *(f"audio.block.{n}" for n in range(1, TINY.n_layers + 1))]
    for of in compared:
        first, second = of.times_s < 1.9, of.times_s > 2.1
        within = (of.matrix[np.ix_(first, first)].mean() + of.matrix[np.ix_(second, second)].mean()) / 2
        assert within > of.matrix[np.ix_(first, second)].mean() + 0.5
    assert not np.allclose(compared[1].matrix, compared[-1].matrix, atol=1e-3)


def test_another_length_is_refused(model: Vit1d) -> None:
    with pytest.raises(ShapeError, match=r"windows of 64,000 samples \(4 s\); got shape \(1, 100\)"):
        model(torch.zeros(1, 100))


@pytest.mark.parametrize("scale", SCALES)
def test_the_flow_has_every_parameter(scale: str) -> None:
    flow = flow_of(SCALES[scale])
    assert flow.total == count(SCALES[scale])["total"] == sum(tensor.numel() for tensor in outline(SCALES[scale]).parameters())
    assert flow.part("class token").shape.startswith("127 tokens")
    assert bool(flow.notes) == (scale == "paper")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"d_model": 25}, "d_model = 25 is not divisible by n_heads = 3"), ({"d_model": "24"}, "d_model must be a whole number"),
        ({"d_model": True}, "d_model must be a whole number from 1 to 4,096; got True"),
        ({"n_layers": 0}, "n_layers must be"), ({"range_db": float("nan")}, "range_db must be a number"),
        ({"n_fft": 1023}, "n_fft = 1023"), ({"n_fft": 1024, "n_samples": 500}, "expected an even number below twice the samples"),
        ({"hop_length": 1}, "attention scores per window; at most"),
        ({"d_model": 4095, "n_layers": 96}, "weights of its blocks; at most"), ({"extra": 1}, r"unknown fields \['extra'\]"),
    ],
)  # fmt: skip
def test_what_is_no_model_is_refused(changed: dict[str, Any], sentence: str) -> None:
    raw = {"arm": "vit1d", "model": {**asdict(TINY), **changed}}
    with pytest.raises(CheckpointError, match=f"mine: .*{sentence}"):
        parse(raw, "mine")


def test_a_missing_size_or_another_arm_is_refused() -> None:
    values = asdict(TINY)
    del values["d_ff"]
    with pytest.raises(ConfigError, match="lacks d_ff"):
        VitConfig.from_dict(values)
    with pytest.raises(CheckpointError, match="mine is of unknown arm 'vit2d': expected vit1d"):
        parse({"arm": "vit2d", "model": asdict(TINY)}, "mine")


def test_its_checkpoint_opens_and_holds_no_constants(tmp_path: Path) -> None:
    config = replace(TINY, n_layers=2)
    described = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": "# One"}
    saved = save_checkpoint(tmp_path / "mine", build(config, 3), arm="vit1d", scale="tiny", **described)
    opened = open_checkpoint(tmp_path / "mine")
    assert opened.ref == ("vit1d", "folder", "", saved.sha256)
    assert opened.model_config == config
    assert not [name for name in opened.model().state_dict() if name.startswith("mel.")]
    with torch.no_grad():
        torch.testing.assert_close(opened.model()(noise()), opened.untrained_twin()(noise()), atol=2e-2, rtol=2e-2)


def test_it_stands_on_no_other_family() -> None:
    files = closure((find_family("vit1d").module,))
    assert not [name for name in files if "dual" in name or "injections" in name]


def test_the_command_line_describes_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", "vit1d"]) == 0
    text = capsys.readouterr().out
    assert "ViT-1D vit1d-paper" in text
    assert "126 mel frames, one every 32 ms" in text
    assert "5,363,712 parameters without positions, 17.7 times fewer than 95 million; the authors say 18 times fewer." in text
    assert main(["describe", "vit1d", "--scale", "small", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["parameters"]["total"] == count(SCALES["small"])["total"]
    assert main(["describe", "vit1d", "--scale", "huge"]) == 2
    assert "Unknown scale 'huge' of vit1d: expected one of paper, small, tiny" in capsys.readouterr().err


def test_a_recording_is_read_with_it(tmp_path: Path) -> None:
    described = {"training": {"seed": 3}, "evaluation": {}, "history": [], "card": ""}
    save_checkpoint(tmp_path / "mine", build(TINY, 3), arm="vit1d", scale="tiny", **described)
    soundfile.write(tmp_path / "clip.wav", noise(1)[0].repeat(2).numpy()[: 6 * TINY.sample_rate], TINY.sample_rate)
    words = ["inspect", str(tmp_path / "clip.wav"), "--checkpoint", str(tmp_path / "mine"), "--layer", "2"]
    assert main([*words, "--out", str(tmp_path / "out")]) == 0
    with np.load(tmp_path / "out" / "arrays.npz") as arrays:
        assert arrays["attention"].shape[-1] == len(arrays["key_times_s"]) == 126
        np.testing.assert_allclose(np.diff(arrays["key_times_s"]), 0.032)
        assert arrays["self_similarity"].shape == 2 * arrays["self_similarity_times_s"].shape
        assert arrays["received_times_s"].max() < 6
