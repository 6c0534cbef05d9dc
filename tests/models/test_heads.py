"""Outputs of heads: those of their patterns, their means without padding, and replacement for whoever asked alone."""

import numpy as np
import pytest
import torch

from analysis.errors import ConfigError, ShapeError
from analysis.models.dual_towers import AudioBatch
from analysis.models.heads import HeadId, head_outputs, mean_head_outputs, replace_heads
from analysis.models.midi_encoder import collate_notes
from analysis.models.patterns import read_attention
from tests.tiny import build_narrow


@pytest.fixture(scope="module")
def windows() -> AudioBatch:
    noise = np.random.default_rng(3).normal(0, 0.1, (2, 96_000)).astype(np.float32)
    return AudioBatch(torch.from_numpy(noise))


@pytest.mark.parametrize(("arm", "layers"), [("D0", [1, 2, 3, 4]), ("a4x", [0, 1, 2, 3, 4]), ("a4r", [0, 1, 2, 3, 4])])
@torch.no_grad()
def test_a_head_adds_its_pattern_times_its_values(arm: str, layers: list[int], windows: AudioBatch) -> None:
    model = build_narrow(arm).eval()
    outputs = head_outputs(model.towers["audio"], windows)
    assert list(outputs) == layers
    for layer, given in read_attention(model.audio, windows.waveform)[1].items():
        _, _, value = given.module.project(given.query, given.source)
        for head in range(given.module.n_heads):
            torch.testing.assert_close(outputs[layer][:, :, head], given.pattern(head) @ value[:, head], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_padding_does_not_count_in_the_mean() -> None:
    tower = build_narrow("d4").eval().towers["midi"]
    rng = np.random.default_rng(0)

    def columns(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return rng.integers(40, 80, n), rng.integers(30, 100, n), np.full(n, 0.3)

    pieces = [columns(3), columns(7)]
    together = collate_notes(pieces, onsets_s=[np.arange(3.0), np.arange(7.0)])
    alone = [collate_notes([piece], onsets_s=[np.arange(float(len(piece[0])))]) for piece in pieces]
    padded, apart = mean_head_outputs(tower, [together]), mean_head_outputs(tower, alone)
    for layer, mean in padded.items():
        torch.testing.assert_close(mean, apart[layer], rtol=1e-4, atol=1e-5)
        outputs = torch.cat([head_outputs(tower, batch)[layer].flatten(0, 1) for batch in alone])
        torch.testing.assert_close(mean, outputs.mean(dim=0), rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_the_model_is_as_before_afterwards(windows: AudioBatch) -> None:
    tower = build_narrow("a4r").eval().towers["audio"]
    plain = tower(windows)
    with replace_heads(tower, windows, {HeadId(0, 1): torch.zeros(4)}):
        assert not torch.equal(tower(windows), plain)
    assert torch.equal(tower(windows), plain)


def test_what_cannot_be_replaced_is_refused(windows: AudioBatch) -> None:
    tower = build_narrow("D0").eval().towers["audio"]
    with pytest.raises(ConfigError, match="no head 8 in layer 1"), replace_heads(tower, windows, {HeadId(1, 8): torch.zeros(4)}):
        pass
    with pytest.raises(ShapeError, match="Take windows of one length"):
        with replace_heads(tower, windows, {HeadId(1, 0): torch.zeros(5, 4)}):
            tower(windows)
    with pytest.raises(ConfigError, match="needs a window"):
        mean_head_outputs(tower, [])
