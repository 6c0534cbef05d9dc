"""S, its drop and what is retained: the same numbers as the slow way, honest where nothing can be said, smaller with a notice."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from analysis.datasets.piece import Corpus
from analysis.datasets.segments import list_segments
from analysis.errors import CorpusError
from analysis.measures.retrieval import chance_of_s, s_score
from analysis.readings.study_run import StudyRun
from analysis.run import RunContext
from analysis.studies.pools.scores import PoolScores, build_pool
from tests.reference.resampling_literal import bootstrap_by_work

X = {"checkpoint": "x"}
SIZES: dict[str, Any] = {"n_queries": 24, "pool_size": 16, "n_same_piece": 4, "n_same_composer": 2}


@pytest.fixture
def scores(corpus: Corpus) -> PoolScores:
    return build_pool(StudyRun({}, corpus, torch.device("cpu")), list_segments(corpus.pieces, max_per_piece=10), **SIZES)


def test_perfect_and_random_embeddings(scores: PoolScores, rng: np.random.Generator) -> None:
    same, other = rng.standard_normal((2, len(scores.segments), 64))
    perfect, random = scores.ranks(same, same), scores.ranks(same, other)
    assert perfect.tolist() == np.ones((2, 24)).tolist()
    value = scores.s_value(X, perfect)
    assert (value.name, value.value, value.ci_low, value.ci_high, value.n) == ("x: S", 1.0, 1.0, 1.0, 24)
    assert value.null == scores.chance == chance_of_s(len(scores.groups), 16)
    assert scores.chance < scores.chance_each_way == 10 / 16
    drop = scores.drop(X, perfect, random)
    assert drop.value == pytest.approx(1 - s_score(*random))
    assert drop.null == 0
    assert scores.drop(X, random, perfect).value == pytest.approx(s_score(*random) - 1)
    assert scores.retention(X, perfect, random, perfect).value == pytest.approx((s_score(*random) + 1) / 2)


def test_intervals_are_those_of_the_slow_bootstrap(scores: PoolScores, rng: np.random.Generator) -> None:
    before, after = rng.integers(1, 17, (2, 2, 24))
    drop = scores.drop(X, before, after)
    slow = bootstrap_by_work(scores.groups, lambda i: s_score(*before[:, i]) - s_score(*after[:, i]), seed=42)
    assert (drop.ci_low, drop.ci_high) == pytest.approx(slow)
    kept = scores.retention(X, before, after)
    slow = bootstrap_by_work(scores.groups, lambda i: s_score(*after[:, i]) / s_score(*before[:, i]), seed=42)
    assert (kept.ci_low, kept.ci_high) == pytest.approx(slow)
    assert kept.null == pytest.approx(scores.chance / s_score(*before))


def test_what_cannot_be_said_is_none(scores: PoolScores) -> None:
    lost = np.full((2, 24), 16)
    assert scores.retention(X, lost, lost).value is None
    one_work = replace(scores, groups=np.array(["a"] * 24))
    assert one_work.s_value(X, lost).ci_low is None
    assert one_work.s_value(X, lost).value == 0


def test_a_pool_that_is_too_large_shrinks_with_a_notice(corpus: Corpus) -> None:
    told: list[str] = []
    study_run = StudyRun({}, corpus, torch.device("cpu"), context=RunContext(notice=told.append))
    segments = list_segments(corpus.pieces, max_per_piece=10)
    pool = build_pool(study_run, segments, no_overlap=True).pool
    assert pool.candidates.shape == (40, 32)
    assert told == ["40 windows fill pools of 32 candidates and 40 queries, not 256 and 500: chance is 27.1 %."]
    near = [
        abs(segments[pool.query[row]].start_s - segments[i].start_s) < 4
        for row, i in zip(*np.where(pool.kind == 1), strict=True)
        for i in (pool.candidates[row, i],)
    ]
    assert not any(near)
    overlapping = build_pool(StudyRun({}, corpus, torch.device("cpu")), segments).pool  # as in the canonical pool
    assert any(
        abs(segments[overlapping.query[row]].start_s - segments[overlapping.candidates[row, place]].start_s) < 4
        for row, place in zip(*np.where(overlapping.kind == 1), strict=True)
    )


@pytest.mark.parametrize("sizes", [{"pool_size": 8, "n_same_piece": 8}, {"n_queries": 0}])
def test_a_pool_without_room_is_refused(corpus: Corpus, sizes: dict[str, Any]) -> None:
    with pytest.raises(CorpusError, match="has no room|expected 256 or more"):
        build_pool(StudyRun({}, corpus, torch.device("cpu")), list_segments(corpus.pieces, max_per_piece=10), **sizes)


def test_too_few_windows_are_refused(corpus: Corpus) -> None:
    with pytest.raises(CorpusError, match="Retrieval cannot be scored on 4 windows"):
        build_pool(StudyRun({}, corpus, torch.device("cpu")), list_segments(corpus.pieces, max_per_piece=1))
