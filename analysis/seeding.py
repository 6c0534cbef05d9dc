"""Random numbers from (seed, purpose), so that no two uses share a stream and nothing sets a global seed."""

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def derive(seed: int, *purpose: str | int) -> int:
    """A 63-bit seed for one purpose.

    >>> derive(0, "init") == derive(0, "init"), derive(0, "init") == derive(0, "batches")
    (True, False)
    """
    text = "\x1f".join([str(seed), *map(str, purpose)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def numpy_generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """A NumPy generator for one purpose."""
    return np.random.default_rng(derive(seed, *purpose))


def torch_generator(seed: int, *purpose: str | int) -> "torch.Generator":
    """A CPU torch generator for one purpose."""
    import torch  # slow to import, and most draw from NumPy

    return torch.Generator().manual_seed(derive(seed, *purpose))
