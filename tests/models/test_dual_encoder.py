"""Every arm embeds; padding and global random state do not matter."""

import numpy as np
import pytest
import torch

from analysis.errors import ShapeError
from analysis.models.arms import REAL_ARMS
from analysis.models.config import DESCRIPTOR_VALUES
from analysis.models.controls import learn_descriptors
from analysis.models.dual_encoder import build_arm
from analysis.models.midi_encoder import collate_notes
from tests.tiny import build_narrow


def _window(n: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(21, 109, n), rng.integers(1, 128, n), rng.uniform(0.02, 5, n)


@pytest.mark.parametrize("arm", [*REAL_ARMS, *(f"d4a4cm-{values}" for values in DESCRIPTOR_VALUES[1:]), "t3-wt-shuffled"])
def test_every_arm_embeds_both_sides(arm: str) -> None:
    model = build_narrow(arm).eval()
    clips = torch.randn(2, 96_000, generator=torch.Generator().manual_seed(0))
    learn_descriptors(model, clips, collate_notes([_window(5, 2), _window(9, 3)]))
    with torch.no_grad():
        audio, midi = model.embed(clips, collate_notes([_window(5, 0), _window(9, 1)]))
    assert audio.shape == midi.shape == (2, 128)
    assert torch.isfinite(audio).all()
    assert torch.isfinite(midi).all()


@pytest.mark.parametrize("arm", ["D0", "d4a4"])
def test_padding_does_not_change_a_window(arm: str) -> None:
    model = build_arm(arm, "small").eval()
    with torch.no_grad():
        alone = model.embed_midi(collate_notes([_window(5, 0)]))
        padded = model.embed_midi(collate_notes([_window(5, 0), _window(40, 1)]))[:1]
    torch.testing.assert_close(alone, padded, rtol=1e-4, atol=1e-5)


def test_same_seed_same_weights_and_global_state_untouched() -> None:
    before = torch.random.get_rng_state()
    first, second, other = (build_arm("D0", "small", seed).audio.positions for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_messages() -> None:
    with pytest.raises(ShapeError, match=r"windows of 96000 samples \(4 s\); got shape \(1, 1000\)"):
        build_arm("D0", "small").embed_audio(torch.zeros(1, 1000))
    with pytest.raises(ShapeError, match="at least one note"):
        collate_notes([_window(0, 0)])
