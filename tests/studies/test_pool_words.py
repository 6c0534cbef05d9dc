"""A pool says what it is: canonical or not, how hard, and whether S has room above it."""

from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch

from analysis.datasets.piece import Corpus
from analysis.datasets.pools import Pools
from analysis.datasets.segments import list_segments
from analysis.measures.retrieval import chance_of_s
from analysis.numbers import Value
from analysis.readings.study_run import StudyRun
from analysis.results import Result
from analysis.rows import tables_of
from analysis.studies.base.requests import build_request
from analysis.studies.cautions import cautions
from analysis.studies.pools.record import pool_row
from analysis.studies.pools.rows import PoolRow
from analysis.studies.pools.scores import PoolScores, build_pool
from analysis.studies.pools.words import WHY_BELOW, at_ceiling, pool_of

VIEWS_OF_S = "ablation bands checkpoints controls invariance replication retrieval transposition".split()
CANONICAL = {"windows_per_piece": 65, "n_queries": 500, "pool_size": 256, "n_same_piece": 64, "n_same_composer": 32}


def made(corpus: Corpus, n_queries: int = 500, pool_size: int = 256, same_piece: int = 64, same_composer: int = 32) -> Any:
    """A pool of the windows of a tiny corpus of which only the kinds and sizes are looked at."""
    segments = list_segments(corpus.pieces, max_per_piece=10)
    kind = np.full((n_queries, pool_size), 3, np.int8)
    kind[:, 0] = 0
    kind[:, 1 : 1 + same_piece] = 1
    kind[:, 1 + same_piece : 1 + same_piece + same_composer] = 2
    query = np.arange(n_queries) % len(segments)
    groups = np.array([segments[i].piece.group for i in query])
    return PoolScores(segments, Pools(query, np.zeros((n_queries, pool_size), np.int64), kind), groups, 42)


@pytest.mark.parametrize("study", ["ablation", "bands", "transposition", "invariance"])
def test_studies_of_stress_ask_for_the_canonical_pool_and_every_size_is_settable(study: str) -> None:
    request = build_request(study, ["a"], {})
    assert {name: getattr(request, name) for name in CANONICAL} == CANONICAL
    asked = {name: number - 1 for name, number in CANONICAL.items()}
    changed = build_request(study, ["a"], asked)
    assert {name: getattr(changed, name) for name in CANONICAL} == asked


def test_the_canonical_pool_says_so(corpus: Corpus) -> None:
    row = pool_row(made(corpus), "S")
    assert row.canonical is True
    assert (row.part, row.short) == ("S", "256 candidates, 64 of the same work")
    assert row.chance == pytest.approx(0.0342, abs=1e-3)
    assert row.sentence == (
        "S is searched in the canonical pool: 500 queries among 256 candidates, 64 of the same work and 32 of the same composer, "
        "drawn from 40 windows of 4 works; chance 3.4 %."
    )


@pytest.mark.parametrize(
    "sizes", [{"n_queries": 499}, {"pool_size": 255}, {"same_piece": 60}, {"same_composer": 30}, {"same_piece": 65}]
)
def test_any_other_pool_says_that_its_numbers_do_not_stand_beside_published_ones(corpus: Corpus, sizes: dict[str, int]) -> None:
    row = pool_row(made(corpus, **sizes), "S")
    assert row.canonical is False
    assert "not the canonical pool" in row.sentence
    assert "not comparable with published ones" in row.sentence


def test_a_few_works_that_are_too_short_leave_a_pool_canonical(corpus: Corpus) -> None:
    scores = made(corpus)
    scores.pool.kind[:16, 60:65] = 3
    row = pool_row(scores, "S")
    assert row.canonical is True
    assert row.short == "256 candidates, 64 of the same work"


def test_a_shrunk_pool_is_told_of_wherever_its_numbers_are(corpus: Corpus) -> None:
    scores = build_pool(StudyRun({}, corpus, torch.device("cpu")), list_segments(corpus.pieces, max_per_piece=10))
    row = pool_row(scores, "S")
    assert row.short == "32 candidates, 8 of the same work"
    assert row.n_queries == 40
    found = Result("transposition", {}, "Headline.", [], tables_of([row]), {}, {"n_works": 24})
    assert cautions(found) == [row.sentence]
    assert cautions(replace(found, tables={"pools": [{"pool": "canonical"}]})) == []


@pytest.mark.parametrize(("share", "there"), [(0.99, True), (1.0, True), (0.9899, False), (None, False)])
def test_a_ceiling_begins_at_99_per_cent(share: float | None, there: bool) -> None:
    assert at_ceiling(Value({"what": "S"}, share, None, None, 500, 0.03, "share", "")) is there


def test_the_pool_of_a_result_is_that_of_the_part_or_of_its_arrays() -> None:
    def result(tables: dict[str, Any], **arrays: Any) -> Result:
        return Result("study", {}, "Headline.", (), tables, arrays, {})

    tables = tables_of([PoolRow("S", 16, 8, 2.0, 1.0, 16, 4, 0.5, False, "8 candidates, 2 of the same work", "A pool.")])
    assert pool_of(result(tables, candidates=np.zeros((4, 16)))) == "8 candidates, 2 of the same work"
    assert pool_of(result(tables), "doses") == ""
    assert pool_of(result({}, **{"candidates.0": np.zeros((4, 16)), "candidates.1": np.zeros((5, 16))})) == "16 candidates"
    assert pool_of(result({}, **{"candidates.0": np.zeros((4, 16)), "candidates.1": np.zeros((4, 8))})) == ""
    assert pool_of(result({})) == ""


def test_chance_of_s_is_one_number_on_every_page_and_below_10_by_candidates() -> None:
    assert chance_of_s(500, 256) < 10 / 256
    views = {name: import_module(f"app.views.{name}").HOW_TO_READ for name in VIEWS_OF_S}
    assert [name for name, text in views.items() if WHY_BELOW not in text] == []
    assert "10 divided" not in "".join(views.values())
