"""What parameter-matched controls are given in place of a descriptor: zeros, noise, another window's values, or another order.

In training all of it is drawn anew at every pass (from torch's global generator, as dropout is), so that it can never become a
code by which a window is learned by heart. Outside training it is drawn from the content of the window itself, so that it is the
same in every batch and at every evaluation, and another as soon as anything in the window is altered. Audio and notes draw apart:
nothing is shared by which the two could be matched.

Source: arXiv 2604.10283, section 5.2; there, too, noise has the statistics of the training set, feature by feature, and
"shuffled" descriptors are those of other windows of the batch. What stands for the batch outside training is a sample of training
windows that the model carries.
"""

import hashlib
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from analysis.errors import ConfigError, ShapeError
from analysis.models.config import DescriptorValues
from analysis.seeding import torch_generator

SAMPLE = 64  # training windows that a control carries


class Substitute(nn.Module):
    """The place of a descriptor; where the mask is False there are zeros, as in the descriptor.

    Attributes:
        values: "real": as it is. "zero". "random": independent normal numbers with the mean and standard deviation that each
            feature has in the training set. "shuffled": the values of another window, from its beginning and again where it is
            shorter. "reordered": the window's own tokens in another order.
    """

    mean: Tensor
    std: Tensor
    sample: Tensor
    lengths: Tensor

    def __init__(self, values: DescriptorValues, n_positions: int, n_features: int, purpose: str) -> None:
        super().__init__()
        self.values: DescriptorValues = values
        self.purpose = purpose
        if values == "random":
            self.register_buffer("mean", torch.zeros(n_features))
            self.register_buffer("std", torch.ones(n_features))
        if values == "shuffled":
            self.register_buffer("sample", torch.zeros(SAMPLE, n_positions, n_features))
            self.register_buffer("lengths", torch.zeros(SAMPLE, dtype=torch.int64))

    def learn(self, windows: Sequence[Float[Tensor, "_ features"]]) -> None:
        """Take statistics and sample from the descriptor of training windows, each without padding.

        Raises:
            ShapeError: there is no window.
        """
        if not windows:
            raise ShapeError("A control learns its noise and its sample from training windows; got none.")
        if self.values == "random":
            together = torch.cat(list(windows)).double()
            self.mean.copy_(together.mean(dim=0))
            self.std.copy_(together.std(dim=0, correction=0))
        if self.values == "shuffled":
            for row in range(SAMPLE):
                window = windows[row % len(windows)][: self.sample.shape[1]]
                self.sample[row, : len(window)] = window
                self.lengths[row] = len(window)

    def forward(
        self, descriptor: Float[Tensor, "batch tokens d"], mask: Bool[Tensor, "batch tokens"], contents: Sequence[Tensor]
    ) -> Float[Tensor, "batch tokens d"]:
        """A descriptor, or what a control puts in its place.

        Args:
            descriptor: as it is.
            mask: True where there is a token; those of a window come first.
            contents: all that a model is given of this side, one row of every tensor per window; masked rows may be padded.

        Raises:
            ConfigError: a shuffled control that has learned no sample is asked outside training.
        """
        if self.values == "real":
            return descriptor
        if self.values == "zero":
            return torch.zeros_like(descriptor)
        if self.values == "random":
            return (self.mean + self.std * self._noise(descriptor, mask, contents)).to(descriptor.dtype) * mask[..., None]
        if self.values == "reordered":
            order = _any_order(mask) if self.training else self._own_order(mask, contents)
            return descriptor.gather(1, order[..., None].expand_as(descriptor))
        return self._of_others(descriptor, mask, contents)

    def _noise(self, descriptor: Tensor, mask: Tensor, contents: Sequence[Tensor]) -> Tensor:
        if self.training:
            return torch.randn_like(descriptor, dtype=torch.float32)
        noise = torch.zeros(descriptor.shape)
        for row, (n, generator) in enumerate(_generators(mask, contents, f"{self.purpose} noise")):
            noise[row, :n] = torch.randn(n, descriptor.shape[2], generator=generator)
        return noise.to(descriptor.device)

    def _own_order(self, mask: Tensor, contents: Sequence[Tensor]) -> Tensor:
        order = torch.arange(mask.shape[1]).repeat(len(mask), 1)
        for row, (n, generator) in enumerate(_generators(mask, contents, f"{self.purpose} order")):
            order[row, :n] = torch.randperm(n, generator=generator)
        return order.to(mask.device)

    def _of_others(self, descriptor: Tensor, mask: Tensor, contents: Sequence[Tensor]) -> Tensor:
        if self.training:
            others = derangement(len(descriptor)).to(mask.device)
            return _repeated(descriptor[others], mask.sum(dim=1)[others], mask)
        if not self.lengths.any():
            raise ConfigError(
                "This control is given descriptors of training windows, and has not seen any yet. Train it, or let it learn some."
            )
        draws = _generators(mask, contents, f"{self.purpose} window")
        chosen = torch.tensor([int(torch.randint(SAMPLE, (1,), generator=generator)) for _, generator in draws])
        chosen = chosen.to(mask.device)
        return _repeated(self.sample[chosen].to(descriptor.dtype), self.lengths[chosen], mask)


def derangement(n: int) -> Tensor:
    """A random order in which nobody keeps its place: one cycle of all `n` (Sattolo), from torch's global generator.

    Raises:
        ShapeError: a single window has no other.
    """
    if n < 2:
        raise ShapeError(f"Windows can be given each other's descriptors from two on; got {n}. Use a larger batch.")
    cycle = torch.randperm(n)
    order = torch.empty(n, dtype=torch.int64)
    order[cycle] = cycle.roll(1)
    return order


def _repeated(others: Tensor, lengths: Tensor, mask: Tensor) -> Tensor:
    """What others have at every position of the mask, from their beginning and again where they are shorter."""
    positions = torch.arange(mask.shape[1], device=mask.device)[None] % lengths[:, None]
    return others.gather(1, positions[..., None].expand(-1, -1, others.shape[2])) * mask[..., None]


def _any_order(mask: Tensor) -> Tensor:
    return torch.rand(mask.shape, device=mask.device).masked_fill(~mask, 2.0).argsort(dim=1)


def _generators(mask: Tensor, contents: Sequence[Tensor], purpose: str) -> list[tuple[int, torch.Generator]]:
    """Number of tokens and a generator of its own for every window."""
    lengths, on_host = mask.sum(dim=1).tolist(), [content.detach().cpu() for content in contents]
    generators = []
    for row, n in enumerate(lengths):
        digest = hashlib.sha256()
        for content in on_host:
            digest.update((content[row, :n] if content.shape == mask.shape else content[row]).contiguous().numpy().tobytes())
        generators.append((n, torch_generator(0, purpose, digest.hexdigest())))
    return generators
