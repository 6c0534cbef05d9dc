"""Can audio find its MIDI, and MIDI its audio? Recall on two pools, beside chance and the untrained twin, and pairwise tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy import ndarray

from analysis.datasets.pools import SAME_COMPOSER, SAME_PIECE, Pools, build_pools, size_words
from analysis.datasets.segments import Segment
from analysis.errors import CorpusError
from analysis.measures.paired_scores import s_exchange_p, s_on_resamples
from analysis.measures.resampling import WorkDraws
from analysis.measures.retrieval import (
    chance_of_s,
    mean_reciprocal_rank,
    pairwise_accuracy,
    pool_similarities,
    recall_at,
    s_score,
)
from analysis.models.checkpoint import Checkpoint
from analysis.numbers import ALPHA, SHARE, Key, Value, format_value, p_words, pick, the
from analysis.readings.embeddings import embed, list_windows
from analysis.readings.study_run import Answer, StudyRun
from analysis.rows import Row
from analysis.studies.base.measurement import About, Measurement, ranked
from analysis.studies.base.settings import Seed
from analysis.studies.pools.ranks import ESTIMATOR, best_wrong, both_ranks
from analysis.studies.pools.request import HardPoolRequest
from analysis.studies.retrieval.rows import CANONICAL, PairRow, RanksRow, SearchedPoolRow
from analysis.studies.shared_rows import SentenceRow, Weights, WindowRow, window_rows
from analysis.training.comparison import listed
from analysis.training.evaluation import fit_pool

POOLS = {CANONICAL: False, "no overlap": True}
DIRECTIONS = ("audio to MIDI", "MIDI to audio")
WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
RanksOf = dict[
    tuple[str, Weights, str], ndarray
]  # (checkpoint, weights, pool) → ranks, or the windows that came before the match


@dataclass(frozen=True)
class Request(HardPoolRequest):
    """The canonical pool: 500 queries among 256 candidates, of which 64 are of the same piece and 32 of the same composer."""

    seed: Seed = 42


def measure(request: Request, study_run: StudyRun) -> Measurement:
    """Score every checkpoint and its untrained twin on both pools.

    Raises:
        CorpusError: the corpus has too few windows for the pools.
        Cancelled: somebody asked to stop.
    """
    segments = list_windows(study_run, request.split, request.windows_per_piece, fewest=1)
    pools = _pools(request, segments, study_run)
    groups = {name: np.array([segments[i].piece.group for i in pool.query]) for name, pool in pools.items()}
    ranks: RanksOf = {}
    first_wrong: RanksOf = {}
    values: list[Value] = []
    models = study_run.every_model
    for number, (checkpoint, weights) in enumerate(models):
        audio, midi = embed(study_run.part(number, len(models)), checkpoint, segments, weights)
        for pool_name, pool in pools.items():
            ranks[checkpoint.name, weights, pool_name] = both = both_ranks(audio, midi, pool)
            first_wrong[checkpoint.name, weights, pool_name] = best_wrong(audio, midi, pool)[0][0]
            model, works = {"checkpoint": checkpoint.name, "weights": weights, "pool": pool_name}, groups[pool_name]
            values += _scores(model, both, works, request.seed, pool.candidates.shape[1], study_run)
            values += _hard_negatives(model, audio, midi, pool, works, request.seed, study_run)
    behind, arrays = _behind_the_scores(ranks, first_wrong, pools)
    return Measurement(values, [*behind, *window_rows(segments)], arrays)


def compare(request: Request, study_run: StudyRun, pairs: Sequence[About], singles: Measurement) -> Measurement:
    """Difference in S of two trained checkpoints on the same queries, with its interval and its p.

    Raises:
        Cancelled: somebody asked to stop.
    """
    work_of = {piece.piece_id: piece.group for piece in study_run.corpus.pieces}
    works = np.array([work_of[window.piece] for window in singles.of(WindowRow)])
    trained = {(row.checkpoint, row.pool): singles.arrays[row.array] for row in singles.of(RanksRow) if row.weights == "trained"}
    rows: list[PairRow] = []
    for pool in singles.of(SearchedPoolRow):
        groups = works[singles.arrays[f"query.{pool.array}"]]
        draws = WorkDraws(groups, request.seed)
        for number, (first, second) in enumerate(pairs):
            study_run.step(number, len(pairs), f"{first} and {second}: {pool.pool} pool")
            a, b = trained[first, pool.pool], trained[second, pool.pool]
            low, high = draws.interval(s_on_resamples(draws, a) - s_on_resamples(draws, b))
            p = s_exchange_p(groups, a, b, seed=request.seed)
            rows.append(PairRow(pool.pool, first, second, s_score(*a) - s_score(*b), low, high, p, a.shape[1]))
    return Measurement(rows=rows)


def conclude(request: Request, checkpoints: Mapping[str, Checkpoint], measured: Measurement) -> Answer:  # noqa: ARG001
    """Which of them finds most, and from which of the others it is told apart."""
    tested, names = measured.of(PairRow), ranked(checkpoints)
    text = headline(measured.values, names, tested, measured.arrays["candidates.0"].shape[1])
    return measured.answer(text, [SentenceRow(details(measured.values, names, tested))])


def headline(values: Sequence[Value], names: Sequence[str], tested: Sequence[PairRow], pool_size: int) -> str:
    """The best of these checkpoints on the canonical pool beside chance and twin, and whom it is not told from; 30 words."""
    best, score, twin = _best(values, names)
    sentence = f"S = {_bare(score)} among {size_words(pool_size)}"
    if _ranks_all_last(values, best):
        sentence += (
            f" (chance {100 * (score.null or 0.0):.1f} %): {best} ranks every match last, as where all embeddings are equal"
        )
        return f"{sentence}, since ties count as misses."
    sentence += f": {best} finds {'most' if len(names) > 1 else 'the match'} (chance {100 * (score.null or 0.0):.1f} %, "
    sentence += f"untrained twin {_bare(twin)})"
    rivals = [name for name, p in _rivals(best, names, tested).items() if p >= ALPHA]
    alike = [*(["chance"] if score.inside_null else []), *([listed(rivals)] if rivals else [])]
    return f"{sentence}, not distinguishable from {' or '.join(alike)}." if alike else f"{sentence}."


def details(values: Sequence[Value], names: Sequence[str], tested: Sequence[PairRow]) -> str:
    """How many queries S is of, and how the best of these checkpoints compares with each of the others."""
    best, score, _ = _best(values, names)
    ps = _rivals(best, names, tested)
    alike, clear = ([f"{name} ({p_words(p)})" for name, p in ps.items() if (p >= ALPHA) is kind] for kind in (True, False))
    parts = [f"above {', '.join(clear)}"] if clear else []
    parts += [f"not distinguishable from {', '.join(alike)}"] if alike else []
    test = f" {best} is {'; '.join(parts)}: paired permutation by work, p not corrected." if parts else ""
    return f"n = {score.n} queries, each searched both ways; S counts those whose match is among the first ten.{test}"


def _best(values: Sequence[Value], names: Sequence[str]) -> tuple[str, Value, Value]:
    """The checkpoint with the highest S on the canonical pool, that S, and that of its untrained twin."""
    scores = {name: the(values, checkpoint=name, weights="trained", pool=CANONICAL, what="S") for name in names}
    best = max(names, key=lambda name: scores[name].value or 0.0)
    return best, scores[best], the(values, checkpoint=best, weights="untrained", pool=CANONICAL, what="S")


def _rivals(best: str, names: Sequence[str], tested: Sequence[PairRow]) -> dict[str, float]:
    """P of the difference from every other of these checkpoints."""
    pairs = [row for row in tested if row.pool == CANONICAL and best in (row.first, row.second)]
    by_name = {row.other(best): row.p for row in pairs}
    return {name: by_name[name] for name in names if name in by_name}


def _bare(value: Value) -> str:
    return format_value(replace(value, null=None))


def _ranks_all_last(values: Sequence[Value], name: str) -> bool:
    return all(_is_last(values, name, direction) for direction in DIRECTIONS)


def _is_last(values: Sequence[Value], name: str, direction: str) -> bool:
    """Whether every match has the last rank: the mean of 1 / rank is 1 / pool size, which is the chance of R@1."""
    whose = {"checkpoint": name, "weights": "trained", "pool": CANONICAL, "direction": direction}
    reciprocal, chance = pick(values, **whose, what="MRR"), pick(values, **whose, what="R@1")
    if reciprocal is None or chance is None or reciprocal.value is None or not chance.null:
        return False
    return reciprocal.value <= chance.null * (1 + 1e-9)


def _pools(request: Request, segments: list[Segment], study_run: StudyRun) -> dict[str, Pools]:
    """Both pools of the sizes asked for, or of the largest that the windows fill, which the user is told."""
    try:
        return {name: build_pools(segments, no_overlap=only, seed=request.seed, **request.sizes) for name, only in POOLS.items()}
    except CorpusError:
        sizes = fit_pool(segments, n_queries=request.n_queries, pool_size=request.pool_size)
    study_run.notice(
        f"{len(segments)} windows fill no pools of {request.pool_size} for {request.n_queries} queries; "
        f"{sizes.n_queries} queries are searched among {sizes.pool_size} candidates instead."
    )
    return {name: build_pools(segments, no_overlap=only, seed=request.seed, **sizes._asdict()) for name, only in POOLS.items()}


def _behind_the_scores(ranks: RanksOf, first_wrong: RanksOf, pools: Mapping[str, Pools]) -> tuple[list[Row], dict[str, ndarray]]:
    """Ranks `(2, queries)` of every model, the wrong MIDI window that is nearest to every audio, and the pools.

    This is what leads from a score to its sounds.
    """
    arrays: dict[str, ndarray] = {f"ranks.{i}": array.astype(np.int32) for i, array in enumerate(ranks.values())}
    arrays |= {f"instead.{i}": array.astype(np.int32) for i, array in enumerate(first_wrong.values())}
    for i, pool in enumerate(pools.values()):
        arrays |= {f"query.{i}": pool.query.astype(np.int32), f"candidates.{i}": pool.candidates.astype(np.int32)}
        arrays[f"kind.{i}"] = pool.kind
    rows = [RanksRow(*model, f"ranks.{i}", f"instead.{i}") for i, model in enumerate(ranks)]
    return [*rows, *(SearchedPoolRow(name, i) for i, name in enumerate(pools))], arrays


def _scores(model: Key, both: ndarray, groups: ndarray, seed: int, pool_size: int, study_run: StudyRun) -> list[Value]:
    """S, and R@1/5/10 and MRR of both directions."""
    draws, n = WorkDraws(groups, seed), both.shape[1]
    harmonic = float(np.mean(1 / np.arange(1, pool_size + 1)))
    low, high = draws.interval(s_on_resamples(draws, both))
    values = [Value({**model, "what": "S"}, s_score(*both), low, high, n, chance_of_s(n, pool_size), SHARE, ESTIMATOR)]
    for direction, ranks in zip(DIRECTIONS, both, strict=True):
        study_run.cancel.check()
        key = {**model, "direction": direction}
        for k in (1, 5, 10):
            low, high = draws.interval(draws.means(ranks <= k))
            chance = min(1.0, k / pool_size)
            recall = {**key, "what": f"R@{k}"}
            values.append(Value(recall, recall_at(ranks, k), low, high, n, chance, SHARE, f"recall at {k}"))
        low, high = draws.interval(draws.means(1 / ranks))
        mrr = mean_reciprocal_rank(ranks)
        values.append(Value({**key, "what": "MRR"}, mrr, low, high, n, harmonic, "", "mean of 1 / rank"))
    return values


def _hard_negatives(
    model: Key, audio: ndarray, midi: ndarray, pool: Pools, groups: ndarray, seed: int, study_run: StudyRun
) -> list[Value]:
    """How often the match outranks a candidate of the same piece, or of another piece by the same composer."""
    values = []
    for direction, queries, candidates in ((DIRECTIONS[0], audio, midi), (DIRECTIONS[1], midi, audio)):
        similarity = pool_similarities(queries[pool.query], candidates, pool.candidates)
        for name, kind in (("same piece", SAME_PIECE), ("same composer", SAME_COMPOSER)):
            accuracy = pairwise_accuracy(similarity, pool.kind == kind)
            kept = np.isfinite(accuracy)
            if not kept.any():
                continue  # no composer has a second work
            shares, works = accuracy[kept], groups[kept]
            study_run.cancel.check()
            draws = WorkDraws(works, seed)
            low, high = draws.interval(draws.means(shares))
            key = {**model, "direction": direction, "what": f"accuracy against {name}"}
            values.append(Value(key, float(shares.mean()), low, high, len(shares), 0.5, SHARE, "pairwise accuracy"))
    return values
