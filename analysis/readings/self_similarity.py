"""How alike the moments of one window are to each other, layer by layer, in any tower."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray

from analysis.measures.geometry import cosine
from analysis.models.taps import capture
from analysis.models.tower import LAYERS, Model, SegmentLike, Tap


class SelfSimilarity(NamedTuple):
    """Of one layer.

    Attributes:
        tap: the layer.
        times_s: of the tokens, seconds from the window's start; special tokens, such as a class token, are left out.
        matrix: cosine of every token to every other, `(tokens, tokens)`.
    """

    tap: Tap
    times_s: Float[ndarray, " tokens"]
    matrix: Float[ndarray, "tokens tokens"]


@torch.no_grad()
def self_similarities(
    model: Model, tower: str, segment: SegmentLike, *, standardised: bool = False, most: int | None = None
) -> Iterator[SelfSimilarity]:
    """Self-similarity of one window at every tap of a tower that has tokens and a layer's kind; one pass is made.

    Args:
        model: on any device.
        tower: name of one of its towers.
        segment: the window.
        standardised: whether every dimension is first given mean 0 and standard deviation 1 over the window; what all tokens
            share, which makes all of them alike, is taken away with that.
        most: where there are more moments, neighbours are averaged; tokens of one moment always are. None for tokens as they are.
    """
    for moments in token_moments(model, tower, segment, most=most):
        rows = standardise(moments.rows) if standardised else moments.rows
        yield SelfSimilarity(moments.tap, moments.times_s, cosine(rows))


class TokenMoments(NamedTuple):
    """Tokens of one layer in one window.

    Attributes:
        tap: the layer.
        times_s: of the tokens, or of the moments that they were averaged to, seconds from the window's start.
        rows: what the layer holds there.
    """

    tap: Tap
    times_s: Float[ndarray, " moments"]
    rows: Float[ndarray, "moments width"]


@torch.no_grad()
def token_moments(model: Model, tower: str, segment: SegmentLike, *, most: int | None = None) -> Iterator[TokenMoments]:
    """Tokens of one window at every tap of a tower that has tokens and a layer's kind; one pass is made.

    Args:
        model: on any device.
        tower: name of one of its towers.
        segment: the window.
        most: see `self_similarities`.
    """
    reading = model.towers[tower]
    batch = reading.collate([segment]).to(next(model.parameters()).device)
    axes = {tap: axis for tap in reading.taps() if tap.kind in LAYERS and (axis := reading.axis(tap.name, batch)) is not None}
    with capture(model, [tap.name for tap in axes]) as seen:
        reading(batch)
    for tap, axis in axes.items():
        tokens = seen[tap.name][0, axis.special :].detach().float().cpu().numpy()
        times_s = np.atleast_2d(axis.times_s)[0]
        yield TokenMoments(tap, *((times_s, tokens) if most is None else averaged(times_s, tokens, most)))


def standardise(rows: Float[ndarray, "n d"]) -> Float[ndarray, "n d"]:
    """Every dimension with mean 0 and standard deviation 1; what does not vary becomes 0."""
    spread = rows.std(axis=0)
    return (rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1)


def averaged(
    times_s: Float[ndarray, " tokens"], rows: Float[ndarray, "tokens width"], most: int
) -> tuple[Float[ndarray, " moments"], Float[ndarray, "moments width"]]:
    """Tokens of one time as their mean, and so many neighbouring moments together that there are `most` or fewer.

    >>> times_s, rows = averaged(np.array([0.0, 0.0, 1.0, 2.0]), np.array([[1.0], [3.0], [4.0], [6.0]]), 2)
    >>> times_s.tolist(), rows.tolist()
    ([0.5, 2.0], [[3.0], [6.0]])
    """
    for of_row in (np.unique(times_s, return_inverse=True)[1], None):
        numbers = np.arange(len(rows)) // max(1, -(-len(rows) // most)) if of_row is None else of_row
        if (n := int(numbers.max()) + 1) < len(rows):
            counts = np.bincount(numbers, minlength=n)
            total = np.zeros((n, rows.shape[1]))
            np.add.at(total, numbers, rows)
            times_s, rows = np.bincount(numbers, times_s, n) / counts, total / counts[:, None]
    return times_s, rows
