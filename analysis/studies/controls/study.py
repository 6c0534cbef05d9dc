"""Is it what the descriptors tell, or only the parameters that take them in? Every arm beside its parameter-matched controls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy import ndarray

from analysis.datasets.pools import Pools
from analysis.measures.paired_scores import s_exchange_p, s_on_resamples
from analysis.measures.resampling import WorkDraws
from analysis.measures.retrieval import s_score
from analysis.models.arms import ARMS, PUBLISHED_CONTROLS, Arm
from analysis.models.checkpoint import Checkpoint
from analysis.numbers import SHARE, Value
from analysis.readings.embeddings import embed, list_windows
from analysis.readings.study_run import Answer, StudyRun
from analysis.rows import Row
from analysis.studies.base.measurement import About, Measurement
from analysis.studies.base.settings import Seed
from analysis.studies.controls.rows import CAPACITY, REAL, DifferenceRow, Kind, MissingRow, RanksRow, ScoreRow
from analysis.studies.controls.words import details, headline
from analysis.studies.pools.ranks import ESTIMATOR, K, best_wrong, both_ranks
from analysis.studies.pools.redrawn import chance, pool_arrays, pool_size, redrawn_pools, s_value
from analysis.studies.pools.request import PoolRequest
from analysis.studies.recipes import differences, recipe_of, training_seed
from analysis.studies.shared_rows import Weights, WindowRow, window_rows

WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
BASELINE = "D0"


@dataclass(frozen=True)
class Request(PoolRequest):
    """The canonical pool, on which every arm and its controls are scored."""

    seed: Seed = 42


def measure(request: Request, study_run: StudyRun) -> Measurement:
    """Score every checkpoint and its untrained twin.

    Raises:
        CorpusError: the corpus has too few windows for a pool.
        Cancelled: somebody asked to stop.
    """
    n_parts = 2 + len(WEIGHTS) * len(study_run.checkpoints)
    segments = list_windows(study_run.part(0, n_parts), request.split, request.windows_per_piece, fewest=1)
    pool = redrawn_pools(study_run.part(1, n_parts), segments, seeds=[request.seed], **request.sizes)[0]
    draws = WorkDraws(np.array([segments[i].piece.group for i in pool.query]), request.seed)
    arrays, values = pool_arrays(pool), list[Value]()
    rows: list[Row] = [*window_rows(segments)]
    models = study_run.every_model
    for number, (checkpoint, weights) in enumerate(models):
        audio, midi = embed(study_run.part(2 + number, n_parts), checkpoint, segments, weights)
        ranks = both_ranks(audio, midi, pool)
        values.append(s_value({"checkpoint": checkpoint.name, "weights": weights, "what": "S"}, ranks, pool, draws))
        row = RanksRow(checkpoint.name, weights, f"ranks.{number}", f"instead.{number}")
        arrays |= {row.array: ranks.astype(np.int32), row.instead: best_wrong(audio, midi, pool)[0].astype(np.int32)}
        rows += [row, _score(checkpoint, weights, s_score(*ranks), values[-1], pool)]
    return Measurement(values, rows, arrays)


def compare(request: Request, study_run: StudyRun, pairs: Sequence[About], singles: Measurement) -> Measurement:
    """S of an arm minus that of its control, or of a control minus that of the baseline, on the same queries.

    Raises:
        Cancelled: somebody asked to stop.
    """
    work_of = {piece.piece_id: piece.group for piece in study_run.corpus.pieces}
    windows = [work_of[row.piece] for row in singles.of(WindowRow)]
    works = np.array([windows[i] for i in singles.arrays["query"]])
    ranks = {(row.checkpoint, row.weights): singles.arrays[row.array] for row in singles.of(RanksRow)}
    rows: list[DifferenceRow] = []
    arrays: dict[str, ndarray] = {}
    for number, pair in enumerate(pairs):
        study_run.step(number, len(pairs), f"{' − '.join(pair)}: intervals")
        for kind, first, second in _pairs_of({name: study_run.checkpoints[name] for name in pair}):
            for weights in WEIGHTS:
                a, b, array = ranks[first, weights], ranks[second, weights], f"gained.{len(rows)}"
                tested = kind, study_run.checkpoints[first], study_run.checkpoints[second], weights
                rows.append(_difference(*tested, a, b, works, request.seed, array))
                arrays[array] = (a <= K).astype(np.float32) - (b <= K).astype(np.float32)
    return Measurement([_value_of(row) for row in rows], rows, arrays)


def conclude(request: Request, checkpoints: Mapping[str, Checkpoint], measured: Measurement) -> Answer:  # noqa: ARG001
    """What the differences say together, and what has nothing to be compared with."""
    order = {arm: number for number, arm in enumerate(ARMS)}
    asked = {name: number for number, name in enumerate(checkpoints)}
    scores = sorted(measured.of(ScoreRow), key=lambda row: order[checkpoints[row.checkpoint].arm])
    tested = sorted(measured.of(DifferenceRow), key=lambda row: (row.kind != REAL, asked[row.first], asked[row.second]))
    others = [row for row in measured.rows if not isinstance(row, ScoreRow | DifferenceRow)]
    whole = Measurement(measured.values, [*others, *scores, *tested], measured.arrays)
    text = headline(scores, tested, pool_size(measured.arrays))
    return whole.answer(text, [*_missing(checkpoints), *details(scores, tested)])


def _matched(checkpoint: Checkpoint, other: Checkpoint) -> str:
    """In what two checkpoints were not trained alike, in words; "" if alike."""
    apart = [differences(other, recipe_of(checkpoint))]
    seeds = training_seed(other), training_seed(checkpoint)
    apart += [f"training seed {seeds[0]} instead of {seeds[1]}"] if seeds[0] != seeds[1] else []
    return ", ".join(filter(None, apart))


def _pairs_of(checkpoints: Mapping[str, Checkpoint]) -> list[tuple[Kind, str, str]]:
    """(kind, first, second) of checkpoints that were trained alike."""
    pairs: list[tuple[Kind, str, str]] = []
    for first, checkpoint in checkpoints.items():
        for second, other in checkpoints.items():
            is_control = ARMS[other.arm].control_of == checkpoint.arm
            is_baseline = bool(ARMS[checkpoint.arm].control_of) and other.arm == BASELINE
            if (is_control or is_baseline) and not _matched(checkpoint, other):
                pairs.append((REAL if is_control else CAPACITY, first, second))
    return sorted(pairs, key=lambda pair: pair[0] != REAL)


def _is_published_control(arm: Arm, of: str) -> bool:
    return arm.control_of == of and arm.descriptor_values in PUBLISHED_CONTROLS


def _missing(checkpoints: Mapping[str, Checkpoint]) -> list[MissingRow]:
    """One sentence for every checkpoint that is not paired with what it should be, or has nothing to be paired with."""
    rows = []
    for name, checkpoint in checkpoints.items():
        real = ARMS[checkpoint.arm].control_of
        wanted = [real] if real else [arm.name for arm in ARMS.values() if _is_published_control(arm, checkpoint.arm)]
        named = {other: other_checkpoint for other, other_checkpoint in checkpoints.items() if other_checkpoint.arm in wanted}
        unlike = {other: apart for other, other_checkpoint in named.items() if (apart := _matched(checkpoint, other_checkpoint))}
        alike = {named[other].arm for other in named if other not in unlike}
        if not wanted:
            text = f"{name} has no descriptors, so there is nothing to control."
        elif not alike and unlike:
            text = f"{name} is not paired: {'; '.join(f'{other} has {apart}' for other, apart in unlike.items())}."
        elif absent := [arm for arm in wanted if arm not in alike]:
            text = f"Of {name} there is no {'real arm' if real else 'control'} here: {', '.join(absent)}."
        else:
            continue
        rows.append(MissingRow(name, real or checkpoint.arm, bool(wanted), text))
    return rows


def _difference(
    kind: Kind,
    first: Checkpoint,
    second: Checkpoint,
    weights: Weights,
    a: ndarray,
    b: ndarray,
    works: ndarray,
    seed: int,
    array: str,
) -> DifferenceRow:
    """S of the first minus S of the second on the same queries, with interval and p by work."""
    control, draws = ARMS[(second if kind == REAL else first).arm], WorkDraws(works, seed)
    low, high, p = None, None, None
    if draws.n_works > 1:
        low, high = draws.interval(s_on_resamples(draws, a) - s_on_resamples(draws, b))
        p = s_exchange_p(works, a, b, seed=seed)
    return DifferenceRow(
        kind, control.control_of, control.descriptor_values, first.name, second.name, weights,
        value=s_score(*a) - s_score(*b), ci_low=low, ci_high=high, null=0.0, p=p, n=a.shape[1], n_works=draws.n_works,
        training_seed=training_seed(first), array=array,
    )  # fmt: skip


def _value_of(row: DifferenceRow) -> Value:
    key = {"first": row.first, "second": row.second, "weights": row.weights, "what": "difference in S"}
    return Value(key, row.value, row.ci_low, row.ci_high, row.n, row.null, SHARE, f"paired, {ESTIMATOR}")


def _score(checkpoint: Checkpoint, weights: Weights, s: float, score: Value, pool: Pools) -> ScoreRow:
    arm = ARMS[checkpoint.arm]
    whose = (checkpoint.name, arm.control_of or arm.name, arm.descriptor_values, weights, training_seed(checkpoint))
    return ScoreRow(*whose, s, score.ci_low, score.ci_high, chance(pool), score.n)
