"""Blocks against torch's own, and patterns against the outputs they explain."""

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from analysis.models.transformer import Block, MultiHeadAttention


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    """Weights are drawn from torch's global generator, which is given back as it was."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize("norm_first", [True, False])
def test_block_equals_torch_encoder_layer(norm_first: bool) -> None:
    ours = Block(32, 4, 64, 0.1, norm_first=norm_first).eval()
    theirs = nn.TransformerEncoderLayer(32, 4, 64, 0.1, "gelu", batch_first=True, norm_first=norm_first).eval()
    names = {"linear1", "linear2", "norm1", "norm2", "self_attn"}
    assert names <= {name.split(".")[0] for name in ours.state_dict()}
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(3, 7, 32, generator=torch.Generator().manual_seed(0))
    mask = torch.tensor([[True] * 7, [True] * 5 + [False] * 2, [True] + [False] * 6])
    with torch.no_grad():
        got, expected = ours(x, mask), theirs(x, src_key_padding_mask=~mask)
    torch.testing.assert_close(got[mask], expected[mask], rtol=1e-4, atol=1e-5)


def test_pattern_rows_are_distributions_and_reproduce_the_output() -> None:
    attention = MultiHeadAttention(16, 2).eval()
    x = torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        pattern = attention.pattern(x, x)
        value = attention.project(x, x)[2]
        rebuilt = attention.out_proj((pattern @ value).transpose(1, 2).flatten(2))
        torch.testing.assert_close(rebuilt, attention(x, x), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(pattern.sum(dim=-1), torch.ones(2, 2, 5))
