"""Retrieval on pools that are drawn anew from the same windows, once per evaluation seed."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Int
from numpy import ndarray

from analysis.datasets.pools import Pools, build_pools
from analysis.datasets.segments import Segment
from analysis.errors import CorpusError
from analysis.measures.paired_scores import s_on_resamples
from analysis.measures.resampling import WorkDraws
from analysis.measures.retrieval import chance_of_s, s_score
from analysis.numbers import SHARE, Key, Value
from analysis.readings.study_run import StudyRun
from analysis.studies.pools.ranks import ESTIMATOR, K
from analysis.training.evaluation import SMALLEST_POOL, fit_pool


def redrawn_pools(
    study_run: StudyRun, segments: Sequence[Segment], *, n_queries: int, pool_size: int, seeds: Sequence[int]
) -> list[Pools]:
    """One canonical pool per seed, all of one size: the largest up to `pool_size` that every seed can fill.

    What is smaller than asked for is told as a notice.

    Args:
        study_run: whose listener is told.
        segments: windows.
        n_queries: asked for.
        pool_size: asked for; a quarter is of the same piece, an eighth of the same composer.
        seeds: of the draws.

    Raises:
        CorpusError: not even pools of 8 can be filled.
        Cancelled: somebody asked to stop.
    """
    size, pools = pool_size, None
    while pools is None:
        sizes = fit_pool(segments, n_queries=n_queries, pool_size=size)
        try:
            pools = []
            for number, seed in enumerate(seeds):
                study_run.step(number, len(seeds), "drawing pools")
                pools.append(build_pools(segments, seed=seed, no_overlap=False, **sizes._asdict()))
        except CorpusError:
            if (size := sizes.pool_size // 2) < SMALLEST_POOL:
                raise
            pools = None
    if (got := pools[0].candidates.shape) != (n_queries, pool_size):
        study_run.notice(f"The corpus fills pools of {got[1]} for {got[0]} queries, not of {pool_size} for {n_queries}.")
    return pools


def pool_arrays(pool: Pools) -> dict[str, ndarray]:
    """The windows of a pool, as arrays of a result."""
    return {"query": pool.query.astype(np.int32), "candidates": pool.candidates.astype(np.int32), "kind": pool.kind}


def pool_size(arrays: Mapping[str, ndarray]) -> int:
    """Candidates of every query of the pool that `pool_arrays` gave."""
    return arrays["candidates"].shape[1]


def chance(pool: Pools) -> float:
    """S of a random order on average."""
    return chance_of_s(*pool.candidates.shape, k=K)


def s_value(key: Key, ranks: Int[ndarray, "2 q"], pool: Pools, draws: WorkDraws) -> Value:
    """S beside chance with its interval over works; without an interval where there is one work alone."""
    low, high = draws.interval(s_on_resamples(draws, ranks))
    return Value(key, s_score(*ranks), low, high, ranks.shape[1], chance(pool), SHARE, ESTIMATOR)
