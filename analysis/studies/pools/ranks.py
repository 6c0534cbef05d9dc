"""Ranks of the matches of a pool, audio to MIDI and MIDI to audio, and what is ranked before them."""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from analysis.datasets.pools import Pools
from analysis.measures.retrieval import pool_similarities, ranks

K = 10
ESTIMATOR = "min of R@10 both ways"


def both_ranks(audio: Float[ndarray, "n d"], midi: Float[ndarray, "n d"], pool: Pools) -> Int[ndarray, "2 q"]:
    """Ranks of the matches, audio to MIDI and MIDI to audio."""
    return np.stack([ranks(audio[pool.query], midi, pool.candidates), ranks(midi[pool.query], audio, pool.candidates)])


def best_wrong(
    audio: Float[ndarray, "n d"], midi: Float[ndarray, "n d"], pool: Pools
) -> tuple[Int[ndarray, "2 q"], Float[ndarray, "2 q"]]:
    """For every query the number of the window ranked highest among the wrong ones, and its cosine similarity to the query.

    A similarity that is not a number counts as the highest, as it does against the match in `analysis.measures.retrieval.ranks`.
    """
    windows, closeness = [], []
    for queries, candidates in ((audio, midi), (midi, audio)):
        similarity = pool_similarities(queries[pool.query], candidates, pool.candidates)[:, 1:]
        similarity = np.where(np.isnan(similarity), np.inf, similarity)
        best = similarity.argmax(axis=1, keepdims=True)
        windows.append(np.take_along_axis(pool.candidates, 1 + best, axis=1)[:, 0])
        closeness.append(np.take_along_axis(similarity, best, axis=1)[:, 0])
    return np.stack(windows), np.stack(closeness)
