"""Patterns of heads over moments: special tokens apart, tokens of one moment joined; how wide they are and how far they reach."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64
from numpy import ndarray

from analysis.errors import ShapeError
from analysis.measures.attention import attention_entropy


@dataclass(frozen=True, eq=False)
class TimedAttention:
    """Attention of the heads of one place in one window.

    Attributes:
        pattern: share of every moment in the attention of every moment, mean over the tokens of the query's; what goes to special
            tokens is missing, so that rows sum to 1 or less.
        query_times_s: rising, in seconds.
        key_times_s: rising, in seconds.
        key_tokens: tokens of every moment of the keys.
        entropy_bits: of the rows of tokens with a time, special keys included, mean over them, in bits.
        distance_s: mean |key − query| in seconds over the attention that goes to tokens with a time.
        special_share: share of the attention of tokens with a time that goes to special tokens.
    """

    pattern: Float64[ndarray, "heads queries keys"]
    query_times_s: Float64[ndarray, " queries"]
    key_times_s: Float64[ndarray, " keys"]
    key_tokens: Int64[ndarray, " keys"]
    entropy_bits: Float64[ndarray, " heads"]
    distance_s: Float64[ndarray, " heads"]
    special_share: Float64[ndarray, " heads"]

    @property
    def n_heads(self) -> int:
        """Heads."""
        return len(self.pattern)

    @property
    def uniform(self) -> Float64[ndarray, " keys"]:
        """Share of every moment where all tokens with a time get the same."""
        return self.key_tokens / self.key_tokens.sum()


def timed_attention(
    pattern: Float[ndarray, "heads queries keys"],
    query_times_s: Float[ndarray, " timed_queries"],
    key_times_s: Float[ndarray, " timed_keys"],
    query_special: int = 0,
    key_special: int = 0,
) -> TimedAttention:
    """Patterns of heads as attention between moments.

    Args:
        pattern: every row a distribution over keys; no padding.
        query_times_s: of the queries after the special ones, in seconds; several tokens may have the same, such as notes of a
            chord or bands of a frame.
        key_times_s: of the keys after the special ones.
        query_special: how many queries without a time come first.
        key_special: how many keys without a time come first.

    Raises:
        ShapeError: times and special tokens do not add up to the pattern, no token has a time, or a row is no distribution.
    """
    expected = query_special + len(query_times_s), key_special + len(key_times_s)
    if pattern.shape[1:] != expected or not len(query_times_s) or not len(key_times_s):
        raise ShapeError(f"A pattern of {expected[0]} queries and {expected[1]} keys was expected; got {pattern.shape[1:]}.")
    rows = np.asarray(pattern[:, query_special:], np.float64)
    entropy = attention_entropy(torch.from_numpy(np.ascontiguousarray(pattern[:, query_special:])))
    timed = rows[:, :, key_special:]
    distance = np.abs(np.asarray(key_times_s, np.float64) - np.asarray(query_times_s, np.float64)[:, None])
    mass = timed.sum(axis=(1, 2))
    reach_s = np.divide((timed * distance).sum(axis=(1, 2)), mass, out=np.zeros_like(mass), where=mass > 0)
    keys, of_keys = join_moments(timed, key_times_s, 2)
    queries, joined = join_moments(of_keys, query_times_s, 1)
    return TimedAttention(
        joined / queries.tokens[:, None],
        queries.times_s,
        keys.times_s,
        keys.tokens,
        entropy.mean(dim=1).double().numpy(),
        reach_s,
        rows[:, :, :key_special].sum(axis=2).mean(axis=1),
    )


class Moments(NamedTuple):
    """Different times of tokens, rising, and how many tokens each has."""

    times_s: Float64[ndarray, " moments"]
    tokens: Int64[ndarray, " moments"]


def join_moments(values: ndarray, times_s: Float[ndarray, " tokens"], axis: int) -> tuple[Moments, ndarray]:
    """Sums along an axis of tokens over those of the same time, in the order of time.

    >>> moments, joined = join_moments(np.array([[1.0, 2.0, 4.0]]), np.array([0.5, 0.1, 0.5]), 1)
    >>> moments.times_s.tolist(), moments.tokens.tolist(), joined.tolist()
    ([0.1, 0.5], [1, 2], [[2.0, 5.0]])
    """
    different, moment, tokens = np.unique(times_s, return_inverse=True, return_counts=True)
    moments, n = Moments(different.astype(np.float64), tokens.astype(np.int64)), len(different)
    if n == values.shape[axis] and (np.diff(moment) > 0).all():
        return moments, values
    shape = [*values.shape]
    shape[axis] = n
    joined = np.zeros(shape)
    np.add.at(np.moveaxis(joined, axis, 0), moment, np.moveaxis(values, axis, 0))
    return moments, joined
