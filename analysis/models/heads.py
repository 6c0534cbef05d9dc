"""Heads of attention: what each of them adds to the tokens, and what a model does with something else in their place."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from analysis.errors import ConfigError, ShapeError
from analysis.models.taps import own_hooks
from analysis.models.tower import AttentionPlace, B, Inputs, Tower


class HeadId(NamedTuple):
    """A head of a tower: the layer of its attention as the tower counts it, and its number from 0."""

    layer: int
    head: int


def cuttable_heads(tower: Tower[B], batch: B) -> tuple[HeadId, ...]:
    """Heads whose output can be replaced, layer by layer."""
    cuttable = (attention for attention in tower.attention(batch) if attention.projection is not None)
    return tuple(HeadId(attention.layer, head) for attention in cuttable for head in range(attention.n_heads))


@torch.no_grad()
def head_outputs(tower: Tower[B], batch: B) -> dict[int, Float[Tensor, "batch queries heads width"]]:
    """What every head adds before the projection behind the heads, by layer; one pass is made.

    Raises:
        ConfigError: the model does not pass the projection that its tower names.
    """
    attentions = [attention for attention in tower.attention(batch) if attention.projection is not None]
    given: dict[nn.Module, Inputs] = {}
    with own_hooks(before=[(_projection(attention), given.__setitem__) for attention in attentions]):
        tower(batch)
    for attention in attentions:
        if _projection(attention) not in given:
            raise ConfigError(f"{attention.title} names a projection that is not passed. Name the module that joins its heads.")
    return {attention.layer: given[_projection(attention)][0].unflatten(-1, (attention.n_heads, -1)) for attention in attentions}


def mean_head_outputs(tower: Tower[B], batches: Iterable[B]) -> dict[int, Float[Tensor, "heads width"]]:
    """Mean over the tokens of all windows of what every head adds, by layer; padding does not count.

    Raises:
        ConfigError: there is no window.
    """
    sums: dict[int, Tensor] = {}
    counts: dict[int, float] = {}
    for batch in batches:
        for layer, outputs in head_outputs(tower, batch).items():
            weight = _weight(batch.mask, outputs)
            sums[layer] = sums.get(layer, 0.0) + (outputs.double() * weight[:, :, None, None]).sum(dim=(0, 1))
            counts[layer] = counts.get(layer, 0.0) + float(weight.sum())
    if not sums:
        raise ConfigError("The mean of what heads add needs a window with heads that can be replaced; got none.")
    return {layer: (total / counts[layer]).float() for layer, total in sums.items()}


@contextmanager
def replace_heads(tower: Tower[B], batch: B, values: Mapping[HeadId, Tensor]) -> Iterator[None]:
    """Let a model go on with other outputs of some heads.

    Args:
        tower: of any model, which may be in use elsewhere at the same time.
        batch: that it will be given.
        values: by head what it adds instead, `(width,)`, `(queries, width)` or `(batch, queries, width)`.

    Raises:
        ConfigError: there is no such head, or its output cannot be replaced.
        ShapeError: (while the model computes) the values do not fit.
    """
    by_layer: dict[int, dict[int, Tensor]] = {}
    for (layer, head), value in values.items():
        by_layer.setdefault(layer, {})[head] = value
    attentions = {attention.layer: attention for attention in tower.attention(batch)}
    _check_heads(values, attentions)
    hooks = [(_projection(attentions[layer]), _replacing(attentions[layer], heads)) for layer, heads in by_layer.items()]
    with own_hooks(before=hooks):
        yield


def _replacing(attention: AttentionPlace, heads: Mapping[int, Tensor]) -> Callable[[nn.Module, Inputs], Inputs]:
    def replaced(_module: nn.Module, given: Inputs) -> Inputs:
        outputs = given[0].unflatten(-1, (attention.n_heads, -1)).clone()
        for head, value in heads.items():
            try:
                outputs[:, :, head] = value.to(outputs)
            except RuntimeError as error:
                got, expected = tuple(value.shape), tuple(outputs[:, :, head].shape)
                raise ShapeError(
                    f"A head of {attention.title} adds {expected}; got {got}. Take windows of one length."
                ) from error
        return (outputs.flatten(-2), *given[1:])

    return replaced


def _check_heads(heads: Iterable[HeadId], attentions: Mapping[int, AttentionPlace]) -> None:
    for layer, head in heads:
        attention = attentions.get(layer)
        if attention is None or not 0 <= head < attention.n_heads:
            known = ", ".join(f"{known.n_heads} in layer {number}" for number, known in attentions.items())
            raise ConfigError(f"There is no head {head} in layer {layer}, counted from 0; heads are {known or 'nowhere'}.")
        if attention.projection is None:
            raise ConfigError(f"The heads of {attention.title} cannot be told apart in what they add. Choose another layer.")


def _projection(attention: AttentionPlace) -> nn.Module:
    if attention.projection is None:
        raise ConfigError(f"The heads of {attention.title} cannot be told apart in what they add. Choose another layer.")
    return attention.projection


def _weight(mask: Tensor | None, outputs: Tensor) -> Tensor:
    """1 where a query is a token, 0 where it is padding."""
    fits = mask is not None and mask.shape == outputs.shape[:2]
    return mask.double() if fits and mask is not None else outputs.new_ones(outputs.shape[:2], dtype=torch.float64)
