"""What the parameter-matched controls are given in place of a descriptor: zeros, noise, or its own values in another order.

Noise and order are drawn anew at every pass in training (from torch's global generator, as dropout is), so that they can never
become a code by which a window is learned by heart; outside training they are drawn from the content of the window itself, so
that they are the same in every batch and at every evaluation, and others as soon as anything in the window is altered. Audio and
notes draw apart: nothing is shared by which the two could be matched.
"""

import hashlib
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from analysis.models.config import DescriptorValues
from analysis.seeding import torch_generator


def substitute(
    descriptor: Float[Tensor, "batch tokens d"],
    mask: Bool[Tensor, "batch tokens"],
    contents: Sequence[Tensor],
    values: DescriptorValues,
    *,
    training: bool,
) -> Float[Tensor, "batch tokens d"]:
    """A descriptor, or what a control puts in its place; where the mask is False there are zeros, as in the descriptor.

    Args:
        descriptor: as it is.
        mask: True where there is a token; those of a window come first.
        contents: all that a model is given of this side, one row of every tensor per window; masked rows may be padded.
        values: "real" as it is; "zero"; "random": independent standard normal numbers; "shuffled": tokens in another order.
        training: whether to draw anew rather than from the contents.
    """
    if values == "real":
        return descriptor
    if values == "zero":
        return torch.zeros_like(descriptor)
    if values == "random":
        return (torch.randn_like(descriptor) if training else _own_noise(descriptor, mask, contents)) * mask[..., None]
    order = _any_order(mask) if training else _own_order(mask, contents)
    return descriptor.gather(1, order[..., None].expand_as(descriptor))


def _own_noise(descriptor: Tensor, mask: Tensor, contents: Sequence[Tensor]) -> Tensor:
    noise = torch.zeros(descriptor.shape)
    for row, (n, generator) in enumerate(_generators(mask, contents, "descriptor noise")):
        noise[row, :n] = torch.randn(n, descriptor.shape[2], generator=generator)
    return noise.to(descriptor)


def _any_order(mask: Tensor) -> Tensor:
    return torch.rand(mask.shape, device=mask.device).masked_fill(~mask, 2.0).argsort(dim=1)


def _own_order(mask: Tensor, contents: Sequence[Tensor]) -> Tensor:
    order = torch.arange(mask.shape[1]).repeat(len(mask), 1)
    for row, (n, generator) in enumerate(_generators(mask, contents, "descriptor order")):
        order[row, :n] = torch.randperm(n, generator=generator)
    return order.to(mask.device)


def _generators(mask: Tensor, contents: Sequence[Tensor], purpose: str) -> list[tuple[int, torch.Generator]]:
    """Number of tokens and a generator of its own for every window."""
    lengths, on_host = mask.sum(dim=1).tolist(), [content.detach().cpu() for content in contents]
    found = []
    for row, n in enumerate(lengths):
        digest = hashlib.sha256()
        for content in on_host:
            digest.update((content[row, :n] if content.shape == mask.shape else content[row]).contiguous().numpy().tobytes())
        found.append((n, torch_generator(0, purpose, digest.hexdigest())))
    return found
