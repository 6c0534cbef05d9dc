"""Rows dealt into batches, for estimates that are averaged over these."""

import torch
from jaxtyping import Int64
from torch import Tensor

from analysis.errors import ConfigError
from analysis.measures.kernels import MIN_ROWS
from analysis.seeding import torch_generator


def deal_batches(n: int, batch_size: int, seed: int) -> Int64[Tensor, " n"]:
    """Number of the batch of every row: shuffled, in as few batches of at most `batch_size` as there must be, of equal size ± 1.

    Raises:
        ConfigError: `batch_size` is below 4.
    """
    if batch_size < MIN_ROWS:
        raise ConfigError(f"batch_size is {batch_size}; expected {MIN_ROWS} or more, as the debiased estimate needs.")
    n_batches = min(-(-n // batch_size), max(1, n // MIN_ROWS))
    return (torch.arange(n) % n_batches)[torch.randperm(n, generator=torch_generator(seed, "batches of rows"))]
