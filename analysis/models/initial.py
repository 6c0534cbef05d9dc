"""Models as they are before anything is learned: drawn from a seed, or without memory for their tensors."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from analysis.seeding import derive

Built = TypeVar("Built", bound=nn.Module)
Sizes = TypeVar("Sizes", bound=Hashable)
UNDRAWN = nn.init.normal_, nn.init.uniform_, nn.init.kaiming_uniform_, Tensor.normal_, Tensor.uniform_


def drawn(build: Callable[[], Built], seed: int) -> Built:
    """What `build` makes, untrained; the same seed gives the same weights and leaves global random state as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "initial weights"))
        return build()


@lru_cache(maxsize=64)
def without_memory(build: Callable[[Sizes], Built], config: Sizes) -> Built:
    """What `build` makes of a configuration with the names and shapes of its tensors, without memory for them.

    Nothing is drawn: for tensors without memory PyTorch would first load its compiler, which takes longer than all the rest.
    It is made once for each configuration: to be looked at and never changed.
    """
    with torch.device("meta"), _Undrawn():
        return build(config)


class _Undrawn(TorchFunctionMode):
    """Where a distribution would be drawn from, nothing is."""

    def __torch_function__(
        self, func: Callable[..., object], types: object, args: Sequence[object] = (), kwargs: Mapping[str, object] | None = None
    ) -> object:
        """The tensor as it was, or whatever else was asked for."""
        given = kwargs or {}
        if func in UNDRAWN:
            return args[0] if args else given["tensor"]
        return func(*args, **given)
