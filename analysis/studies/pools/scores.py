"""S before and after a change on one pool, the paired difference and what is left, with intervals by work."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Float64, Int
from numpy import ndarray

from analysis.datasets.pools import Pools, build_pools
from analysis.datasets.segments import Segment
from analysis.errors import CorpusError
from analysis.measures.paired_scores import s_on_resamples
from analysis.measures.resampling import WorkDraws
from analysis.measures.retrieval import chance_of_s, s_score
from analysis.numbers import SHARE, WHAT, Key, Value
from analysis.readings.study_run import StudyRun
from analysis.studies.pools.ranks import ESTIMATOR, K, best_wrong, both_ranks
from analysis.training.evaluation import fit_pool

DROP, RETAINED = "drop in S", "S retained"  # quantities


@dataclass(frozen=True)
class PoolScores:
    """A pool of windows and the scores of embeddings on it; `groups` is the work of every query."""

    segments: Sequence[Segment]
    pool: Pools
    groups: ndarray
    seed: int

    @property
    def chance(self) -> float:
        """S of a random order on average."""
        return chance_of_s(*self.pool.candidates.shape, k=K)

    @property
    def chance_each_way(self) -> float:
        """R@10 of a random order in one direction: 10 / pool size."""
        return min(1.0, K / self.pool.candidates.shape[1])

    @cached_property
    def draws(self) -> WorkDraws:
        """Works drawn for the intervals."""
        return WorkDraws(self.groups, self.seed)

    @cached_property
    def window_draws(self) -> WorkDraws:
        """Works drawn for means over all windows."""
        return WorkDraws(np.array([segment.piece.group for segment in self.segments]), self.seed)

    def ranks(self, audio: Float[ndarray, "n d"], midi: Float[ndarray, "n d"]) -> Int[ndarray, "2 q"]:
        """Ranks of the matches, audio to MIDI and MIDI to audio, from embeddings of all windows."""
        return both_ranks(audio, midi, self.pool)

    def best_wrong(self, audio: Float[ndarray, "n d"], midi: Float[ndarray, "n d"]) -> Int[ndarray, "2 q"]:
        """The window that is ranked highest among the wrong ones, audio to MIDI and MIDI to audio."""
        return best_wrong(audio, midi, self.pool)[0].astype(np.int32)

    def s_value(self, key: Key, ranks: Int[ndarray, "2 q"], null: float | None = None) -> Value:
        """S beside chance, or beside another `null`; `key` says of what, all but the quantity."""
        return self._value(
            {**key, WHAT: "S"}, s_score(*ranks), self.s_on_draws(ranks), self.chance if null is None else null, ESTIMATOR
        )

    def drop(self, key: Key, before: Int[ndarray, "2 q"], after: Int[ndarray, "2 q"]) -> Value:
        """S before minus S after, the same queries in both; above 0 where the change does harm."""
        lost = s_score(*before) - s_score(*after)
        resampled = self.s_on_draws(before) - self.s_on_draws(after)
        return self._value({**key, WHAT: DROP}, lost, resampled, 0.0, f"paired, {ESTIMATOR}")

    def retention(self, key: Key, before: Int[ndarray, "2 q"], *after: Int[ndarray, "2 q"]) -> Value:
        """Mean S after the changes, as a share of S before; its null is what chance would leave.

        None where S before is 0; without an interval where it is 0 in a resample.
        """
        key, estimator = {**key, WHAT: RETAINED}, f"ratio of {ESTIMATOR}"
        first = s_score(*before)
        if first == 0:
            return Value(key, None, None, None, before.shape[1], None, SHARE, estimator)
        below, above = self.s_on_draws(before), np.mean([self.s_on_draws(ranks) for ranks in after], axis=0)
        left = float(np.mean([s_score(*ranks) for ranks in after])) / first
        resampled = above / below if below.all() else None
        return self._value(key, left, resampled, self.chance / first, estimator)

    def s_on_draws(self, ranks: Int[ndarray, "2 q"]) -> Float64[ndarray, " draws"]:
        """S on every draw of works."""
        return s_on_resamples(self.draws, ranks, K)

    def _value(self, key: Key, value: float, resampled: ndarray | None, null: float, estimator: str) -> Value:
        """A value with its interval; none from a single work."""
        low, high = (None, None) if resampled is None else self.draws.interval(resampled)
        return Value(key, float(value), low, high, len(self.groups), null, SHARE, estimator)


def build_pool(
    study_run: StudyRun,
    segments: Sequence[Segment],
    *,
    n_queries: int = 500,
    pool_size: int = 256,
    n_same_piece: int = 64,
    n_same_composer: int = 32,
    seed: int = 42,
    no_overlap: bool = False,
) -> PoolScores:
    """A pool of these sizes, or the largest in the proportions 1 : ¼ : ⅛ that these windows can fill, with a notice.

    Args:
        study_run: gets a notice where the pool shrank.
        segments: windows that are embedded.
        n_queries: number of queries.
        pool_size: candidates per query, the match included.
        n_same_piece: of them from the same piece.
        n_same_composer: of them from other works by the composer.
        seed: of the draw and of the intervals.
        no_overlap: whether same-piece candidates begin at least 4 s from the match; in the canonical pool they need not.

    Raises:
        CorpusError: not even pools of 8 can be filled, or the pool has no room for what is asked for.
    """
    wanted = {"n_queries": n_queries, "pool_size": pool_size, "n_same_piece": n_same_piece, "n_same_composer": n_same_composer}
    try:
        pool = build_pools(segments, **wanted, seed=seed, no_overlap=no_overlap)
    except CorpusError:
        if pool_size <= n_same_piece + n_same_composer or n_queries < 1:
            raise
        sizes = fit_pool(segments, n_queries=n_queries, pool_size=pool_size)
        pool = build_pools(segments, **sizes._asdict(), seed=seed, no_overlap=no_overlap)
        study_run.notice(
            f"{len(segments)} windows fill pools of {sizes.pool_size} candidates and {sizes.n_queries} queries, "
            f"not {pool_size} and {n_queries}: chance is {100 * chance_of_s(sizes.n_queries, sizes.pool_size, K):.1f} %."
        )
    groups = np.array([segments[i].piece.group for i in pool.query])
    return PoolScores(segments, pool, groups, seed)
