"""Is it what the descriptors tell, or only the parameters that take them in? Every arm beside its parameter-matched controls."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from analysis.datasets.pools import Pools
from analysis.measures.paired_scores import s_exchange_p, s_on_resamples
from analysis.measures.resampling import WorkDraws
from analysis.measures.retrieval import s_score
from analysis.models.arms import ARMS, PUBLISHED_CONTROLS, Arm
from analysis.models.checkpoint import Checkpoint
from analysis.numbers import SHARE, Value, the
from analysis.readings.embeddings import embed, list_windows
from analysis.readings.study_run import Answer, Desk
from analysis.rows import Row, tables_of
from analysis.studies.controls.rows import CAPACITY, REAL, DifferenceRow, Kind, MissingRow, RanksRow, ScoreRow
from analysis.studies.controls.words import details, headline
from analysis.studies.pools.ranks import ESTIMATOR, K, best_wrong, both_ranks
from analysis.studies.pools.redrawn import chance, pool_arrays, redrawn_pools, s_value
from analysis.studies.pools.request import PoolRequest
from analysis.studies.recipes import differences, recipe_of, training_seed
from analysis.studies.settings import Seed
from analysis.studies.shared_rows import Weights, window_rows

WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
BASELINE = "D0"
Found = dict[tuple[str, Weights], ndarray]


@dataclass(frozen=True)
class Request(PoolRequest):
    """The canonical pool, on which every arm and its controls are scored."""

    seed: Seed = 42


def run(request: Request, desk: Desk) -> Answer:
    """Score every checkpoint and its untrained twin; pair arms with their controls, and controls with the baseline.

    Raises:
        CorpusError: the corpus has too few windows for a pool.
        Cancelled: somebody asked to stop.
    """
    n_parts = 3 + len(WEIGHTS) * len(desk.checkpoints)
    segments = list_windows(desk.part(0, n_parts), request.split, request.windows_per_piece, fewest=1)
    pool = redrawn_pools(desk.part(1, n_parts), segments, seeds=[request.seed], **request.sizes)[0]
    works = np.array([segments[i].piece.group for i in pool.query])
    draws = WorkDraws(works, request.seed)
    found: Found = {}
    instead: Found = {}
    values: list[Value] = []
    for name, checkpoint in desk.checkpoints.items():
        for weights in WEIGHTS:
            audio, midi = embed(desk.part(2 + len(found), n_parts), checkpoint, segments, weights)
            found[name, weights], instead[name, weights] = both_ranks(audio, midi, pool), best_wrong(audio, midi, pool)[0]
            key = {"checkpoint": name, "weights": weights, "what": "S"}
            values.append(s_value(key, found[name, weights], pool, draws))
    pairs, missing = _pairs_of(desk.checkpoints), _missing(desk.checkpoints)
    differences = _differences(desk.part(n_parts - 1, n_parts), pairs, desk.checkpoints, found, works, request.seed)
    scores, (links, arrays) = _scores(desk.checkpoints, values, found, pool), _behind(found, instead, differences, pool)
    sentences = details(scores, differences)
    rows: list[Row] = [*links, *scores, *differences, *missing, *sentences, *window_rows(segments)]
    values += [_value_of(row) for row in differences]
    return Answer(headline(scores, differences, pool.candidates.shape[1]), values, tables_of(rows), arrays)


def _matched(checkpoint: Checkpoint, other: Checkpoint) -> str:
    """In what two checkpoints were not trained alike, in words; "" if alike."""
    apart = [differences(other, recipe_of(checkpoint))]
    seeds = training_seed(other), training_seed(checkpoint)
    apart += [f"training seed {seeds[0]} instead of {seeds[1]}"] if seeds[0] != seeds[1] else []
    return ", ".join(filter(None, apart))


def _pairs_of(checkpoints: Mapping[str, Checkpoint]) -> list[tuple[Kind, str, str]]:
    """(kind, first, second) of checkpoints that were trained alike."""
    pairs: list[tuple[Kind, str, str]] = []
    for first, one in checkpoints.items():
        for second, other in checkpoints.items():
            is_control = ARMS[other.arm].control_of == one.arm
            is_baseline = bool(ARMS[one.arm].control_of) and other.arm == BASELINE
            if (is_control or is_baseline) and not _matched(one, other):
                pairs.append((REAL if is_control else CAPACITY, first, second))
    return sorted(pairs, key=lambda pair: pair[0] != REAL)


def _is_published_control(arm: Arm, of: str) -> bool:
    return arm.control_of == of and arm.descriptor_values in PUBLISHED_CONTROLS


def _missing(checkpoints: Mapping[str, Checkpoint]) -> list[MissingRow]:
    """One sentence for every checkpoint that is not paired with what it should be, or has nothing to be paired with."""
    rows = []
    for name, one in checkpoints.items():
        real = ARMS[one.arm].control_of
        wanted = [real] if real else [arm.name for arm in ARMS.values() if _is_published_control(arm, one.arm)]
        named = {other: other_one for other, other_one in checkpoints.items() if other_one.arm in wanted}
        unlike = {other: apart for other, other_one in named.items() if (apart := _matched(one, other_one))}
        alike = {named[other].arm for other in named if other not in unlike}
        if not wanted:
            text = f"{name} has no descriptors, so there is nothing to control."
        elif not alike and unlike:
            text = f"{name} is not paired: {'; '.join(f'{other} has {apart}' for other, apart in unlike.items())}."
        elif absent := [arm for arm in wanted if arm not in alike]:
            text = f"Of {name} there is no {'real arm' if real else 'control'} here: {', '.join(absent)}."
        else:
            continue
        rows.append(MissingRow(name, real or one.arm, bool(wanted), text))
    return rows


def _differences(
    desk: Desk, pairs: list[tuple[Kind, str, str]], checkpoints: Mapping[str, Checkpoint], found: Found, works: ndarray, seed: int
) -> list[DifferenceRow]:
    """S of the first minus S of the second on the same queries, with interval and p by work."""
    rows: list[DifferenceRow] = []
    draws = WorkDraws(works, seed)
    for kind, first, second in pairs:
        control = ARMS[checkpoints[second if kind == REAL else first].arm]
        for weights in WEIGHTS:
            desk.step(len(rows), len(pairs) * len(WEIGHTS), f"{first} − {second}: intervals")
            a, b = found[first, weights], found[second, weights]
            low, high, p = None, None, None
            if draws.n_works > 1:
                low, high = draws.interval(s_on_resamples(draws, a) - s_on_resamples(draws, b))
                p = s_exchange_p(works, a, b, seed=seed)
            rows.append(DifferenceRow(
                kind, control.control_of, control.descriptor_values, first, second, weights,
                value=s_score(*a) - s_score(*b), ci_low=low, ci_high=high, null=0.0, p=p, n=a.shape[1], n_works=draws.n_works,
                training_seed=training_seed(checkpoints[first]), array=f"gained.{len(rows)}",
            ))  # fmt: skip
    return rows


def _value_of(row: DifferenceRow) -> Value:
    key = {"first": row.first, "second": row.second, "weights": row.weights, "what": "difference in S"}
    return Value(key, row.value, row.ci_low, row.ci_high, row.n, row.null, SHARE, f"paired, {ESTIMATOR}")


def _scores(checkpoints: Mapping[str, Checkpoint], values: list[Value], found: Found, pool: Pools) -> list[ScoreRow]:
    """S of every model; real arms first, each followed by its controls, in the order of the table of arms."""
    order, rows = {name: number for number, name in enumerate(ARMS)}, []
    for name, checkpoint in sorted(checkpoints.items(), key=lambda item: order[item[1].arm]):
        arm, seed = ARMS[checkpoint.arm], training_seed(checkpoint)
        for weights in WEIGHTS:
            score, s = the(values, checkpoint=name, weights=weights, what="S"), s_score(*found[name, weights])
            whose = (name, arm.control_of or arm.name, arm.descriptor_values, weights, seed)
            rows.append(ScoreRow(*whose, s, score.ci_low, score.ci_high, chance(pool), score.n))
    return rows


def _behind(
    found: Found, instead: Found, differences: list[DifferenceRow], pool: Pools
) -> tuple[list[RanksRow], dict[str, ndarray]]:
    """Ranks and best wrong windows `(2, queries)` of all models; what the first of a pair finds alone (1), or the second (-1)."""
    arrays = pool_arrays(pool)
    arrays |= {f"ranks.{i}": ranks.astype(np.int32) for i, ranks in enumerate(found.values())}
    arrays |= {f"instead.{i}": windows.astype(np.int32) for i, windows in enumerate(instead.values())}
    for row in differences:
        a, b = found[row.first, row.weights], found[row.second, row.weights]
        arrays[row.array] = (a <= K).astype(np.float32) - (b <= K).astype(np.float32)
    return [RanksRow(*model, f"ranks.{i}", f"instead.{i}") for i, model in enumerate(found)], arrays
