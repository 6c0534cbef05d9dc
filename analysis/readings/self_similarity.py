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
def self_similarities(model: Model, tower: str, segment: SegmentLike, *, standardised: bool = False) -> Iterator[SelfSimilarity]:
    """Self-similarity of one window at every tap of a tower that has tokens and a layer's kind; one pass is made.

    Args:
        model: on any device.
        tower: name of one of its towers.
        segment: the window.
        standardised: whether every dimension is first given mean 0 and standard deviation 1 over the window; what all tokens
            share, which makes all of them alike, is taken away with that.
    """
    reading = model.towers[tower]
    batch = reading.collate([segment]).to(next(model.parameters()).device)
    axes = {tap: axis for tap in reading.taps() if tap.kind in LAYERS and (axis := reading.axis(tap.name, batch)) is not None}
    with capture(model, [tap.name for tap in axes]) as seen:
        reading(batch)
    for tap, axis in axes.items():
        tokens = seen[tap.name][0, axis.special :].float().cpu().numpy()
        if standardised:
            spread = tokens.std(axis=0)
            tokens = (tokens - tokens.mean(axis=0)) / np.where(spread > 0, spread, 1)
        yield SelfSimilarity(tap, np.atleast_2d(axis.times_s)[0], cosine(tokens))
