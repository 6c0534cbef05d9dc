"""Patterns that are read with hooks, against torch's own attention and against the outputs they explain."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from analysis.models.arms import REAL_ARMS
from analysis.models.dual_encoder import build_arm
from analysis.models.patterns import AttentionInput, attention_modules, read_attention
from analysis.models.transformer import MultiHeadAttention
from tests.tiny import build_narrow


@pytest.fixture(scope="module")
def windows() -> torch.Tensor:
    noise = np.random.default_rng(3).normal(0, 0.1, (2, 96_000)).astype(np.float32)
    return torch.from_numpy(noise)


@pytest.mark.parametrize("n_queries", [7, 11])
def test_cross_attention_equals_torch(n_queries: int) -> None:
    generator = torch.Generator().manual_seed(0)
    ours = MultiHeadAttention(16, 4).eval()
    for parameter in ours.parameters():
        nn.init.normal_(parameter, std=0.25, generator=generator)
    theirs = nn.MultiheadAttention(16, 4, batch_first=True).eval()
    theirs.load_state_dict(ours.state_dict())
    query, source = (torch.randn(2, n, 16, generator=generator) for n in (n_queries, 9))
    with torch.no_grad():
        output, pattern = theirs(query, source, source, average_attn_weights=False)
        torch.testing.assert_close(ours.pattern(query, source), pattern, rtol=1e-5, atol=1e-6)
        given = AttentionInput(ours, query, source)
        joined = torch.cat([block for _, block in given.blocks(elements=100)], dim=2)
        torch.testing.assert_close(joined, pattern, rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(given.pattern(2), pattern[:, 2], rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(given.pattern(None), pattern.mean(dim=1), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(ours(query, source), output, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("arm", "n_queries", "n_keys"), [("a4x", 188, 188), ("d4-a4r", 188, 188), ("a4", 0, 0)])
def test_the_injection_is_layer_0(arm: str, n_queries: int, n_keys: int, windows: torch.Tensor) -> None:
    encoder = build_arm(arm, "small").audio.eval()
    states, given = read_attention(encoder, windows)
    assert list(given) == ([0, 1, 2, 3, 4] if n_queries else [1, 2, 3, 4])
    assert len(states) == 5
    if n_queries:
        assert (given[0].query.shape, given[0].source.shape) == ((2, n_queries, 192), (2, n_keys, 192))


@pytest.mark.parametrize("arm", ["a4x", "a4r"])
def test_patterns_times_values_give_the_output_of_every_module(arm: str, windows: torch.Tensor) -> None:
    encoder = build_arm(arm, "small", 1).audio.eval()
    outputs: dict[nn.Module, torch.Tensor] = {}

    def note(module: nn.Module, _: object, output: torch.Tensor) -> None:
        outputs[module] = output

    hooks = [module.register_forward_hook(note) for module in attention_modules(encoder).values()]
    _, given = read_attention(encoder, windows)
    for hook in hooks:
        hook.remove()
    with torch.no_grad():
        for one in given.values():
            pattern = torch.cat([block for _, block in one.blocks()], dim=2)
            torch.testing.assert_close(pattern.sum(dim=-1), torch.ones(pattern.shape[:3]))
            q, k, value = one.module.project(one.query, one.source)
            rebuilt = one.module.out_proj((pattern @ value).transpose(1, 2).flatten(2))
            torch.testing.assert_close(rebuilt, outputs[one.module], rtol=1e-4, atol=1e-5)
            fused = F.scaled_dot_product_attention(q, k, value)
            torch.testing.assert_close(pattern @ value, fused, rtol=1e-4, atol=1e-5)


def test_hooks_are_removed_even_when_the_encoder_refuses(windows: torch.Tensor) -> None:
    encoder = build_arm("a4r", "small").audio.eval()
    read_attention(encoder, windows)
    with pytest.raises(ValueError, match="reads windows of 96000 samples"):
        read_attention(encoder, windows[:, :100])
    assert not any(module._forward_pre_hooks for module in attention_modules(encoder).values())


def test_every_arm_has_its_blocks() -> None:
    for name, arm in REAL_ARMS.items():
        layers = list(attention_modules(build_narrow(name).audio))
        assert layers == list(range(0 if arm.audio and arm.audio.injection in ("cross", "reverse") else 1, 5))
