"""Muon for matrices, AdamW for all else: both move parameters as PyTorch's do, and PHALAR's are dealt between them."""

import pytest
import torch

from analysis.errors import ConfigError
from analysis.models.phalar.config import SCALES
from analysis.models.phalar.encoder import outline
from analysis.training.muon import MuonAdamW, orthogonalised
from analysis.training.objective import find_objective


def test_muon_moves_matrices_as_torch_does() -> None:
    rng = torch.Generator().manual_seed(0)
    start, gradients = torch.randn(6, 4, generator=rng), torch.randn(3, 6, 4, generator=rng)
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    group = {"params": [ours], "lr": 0.02, "base_lr": 0.02, "muon": True}
    steps = MuonAdamW([group], (0.9, 0.95), 1e-3), torch.optim.Muon([theirs], lr=0.02, weight_decay=1e-3)
    for gradient in gradients:
        for parameter, optimiser in zip((ours, theirs), steps, strict=True):
            parameter.grad = gradient.clone()
            optimiser.step()
    assert (ours - start).abs().max() > 0.01
    torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=0)  # torch iterates in bf16
    values = torch.linalg.svdvals(orthogonalised(gradients[0]))
    assert 0.6 < values.min() <= values.max() < 1.3


def test_groups_without_muon_are_moved_by_adamw() -> None:
    rng = torch.Generator().manual_seed(0)
    start, gradient = torch.randn(5, generator=rng), torch.randn(5, generator=rng)
    ours, theirs = (torch.nn.Parameter(start.clone()) for _ in range(2))
    group = {"lr": 0.01, "weight_decay": 1e-3}
    both = (
        MuonAdamW([{"params": [ours], **group}], (0.9, 0.95), 1e-3),
        torch.optim.AdamW([{"params": [theirs], **group}], betas=(0.9, 0.95)),
    )
    for parameter, optimiser in zip((ours, theirs), both, strict=True):
        parameter.grad = gradient.clone()
        optimiser.step()
    assert torch.equal(ours, theirs)
    with pytest.raises(ConfigError, match="got a parameter of one dimension"):
        MuonAdamW([{"params": [ours], "muon": True}], (0.9, 0.95), 0.0)


def test_at_the_scale_of_the_paper_matrices_of_the_encoder_are_moved_by_muon() -> None:
    model = outline(SCALES["paper"])
    matrices, others = find_objective("phalar").groups(model, "paper")
    assert (matrices["muon"], matrices["lr"], others["muon"], others["lr"]) == (True, 0.02, False, 0.004)
    assert all(tensor.ndim > 1 for tensor in matrices["params"])
    flat = [name for name, tensor in model.named_parameters() if tensor.ndim < 2 or name.startswith("similarity.")]
    assert len(others["params"]) == len(flat)
    assert sum(tensor.numel() for group in (matrices, others) for tensor in group["params"]) == 2_293_104
