"""What the tests of PHALAR share: a small model with branches that do something, and sound for it."""

import torch
from torch import Tensor

from analysis.models.phalar.backbone import Scale
from analysis.models.phalar.config import SCALES
from analysis.models.phalar.encoder import Phalar, build

TINY, PAPER = SCALES["tiny"], SCALES["paper"]


def noise(n: int = 2, seed: int = 0, n_samples: int = TINY.n_samples) -> Tensor:
    return 0.1 * torch.randn(n, n_samples, generator=torch.Generator().manual_seed(seed))


def with_branches() -> Phalar:
    """A tiny model with branches that add something, as trained ones do."""
    built = build(TINY, 3).eval()
    rng = torch.Generator().manual_seed(4)
    for module in built.modules():
        if isinstance(module, Scale):
            torch.nn.init.normal_(module.factor, std=0.5, generator=rng)
    return built


def as_complex(parts: Tensor) -> Tensor:
    return torch.complex(parts[:, 0], parts[:, 1])
