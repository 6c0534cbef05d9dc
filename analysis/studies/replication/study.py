"""Would another run say the same? S over training seeds and over redrawn pools, told apart, and tests between arms."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import numpy as np
from numpy import ndarray

from analysis.datasets.pools import Pools
from analysis.errors import ConfigError
from analysis.measures.replication import binomial_sd, components, paired, spread, welch
from analysis.measures.resampling import WorkDraws
from analysis.measures.retrieval import s_score
from analysis.models.checkpoint import Checkpoint
from analysis.numbers import SHARE, Key, Value, the
from analysis.readings.embeddings import embed, list_windows
from analysis.readings.study_run import Answer, StudyRun
from analysis.rows import Row
from analysis.studies.base.measurement import Measurement
from analysis.studies.base.settings import Seed, Setting
from analysis.studies.pools.ranks import ESTIMATOR, K, best_wrong, both_ranks
from analysis.studies.pools.redrawn import chance, pool_arrays, pool_size, redrawn_pools, s_value
from analysis.studies.pools.request import PoolRequest
from analysis.studies.recipes import differences, most_common, training_seed
from analysis.studies.replication.rows import ArmRow, ComponentRow, EvaluationRow, LinkRow, PairRow, RunRow
from analysis.studies.replication.words import details, headline
from analysis.studies.shared_rows import SentenceRow, Weights, WindowRow, window_rows

WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
MOST_EVALUATION_SEEDS = 200
OVER_POOLS = f"mean of {ESTIMATOR} over pools of the same windows, Student's interval over pools: not over works"
SD_OF = "standard deviation, χ² interval"
Scores = dict[tuple[str, Weights], ndarray]  # (checkpoint, weights) → S of every evaluation seed


@dataclass(frozen=True)
class Request(PoolRequest):
    """The canonical pool, drawn from `seed` and from the `evaluation_seeds` - 1 numbers that follow it."""

    evaluation_seeds: Annotated[int, Setting("Pools that are drawn anew.", 0, 200)] = 10
    seed: Seed = 42


def measure(request: Request, study_run: StudyRun) -> Measurement:
    """Score every checkpoint and its untrained twin on every pool.

    Raises:
        ConfigError: fewer than 2 or more than 1000 evaluation seeds.
        CorpusError: the corpus has too few windows for a pool.
        Cancelled: somebody asked to stop.
    """
    if not 2 <= request.evaluation_seeds <= MOST_EVALUATION_SEEDS:
        got = f"evaluation_seeds is {request.evaluation_seeds}"
        raise ConfigError(f"{got}; expected 2 to {MOST_EVALUATION_SEEDS}, because a spread needs two.")
    seeds = range(request.seed, request.seed + request.evaluation_seeds)
    models = study_run.every_model
    n_parts = 2 + 2 * len(models)
    segments = list_windows(study_run.part(0, n_parts), request.split, request.windows_per_piece, fewest=1)
    drawing = study_run.part(1, n_parts)
    pools = study_run.once("pools", lambda: redrawn_pools(drawing, segments, seeds=seeds, **request.sizes))
    draws = WorkDraws(np.array([segments[i].piece.group for i in pools[0].query]), request.seed)
    asked = np.bincount(np.concatenate([pool.query for pool in pools]), minlength=len(segments)).astype(np.int32)
    arrays, values = {**pool_arrays(pools[0]), "asked": asked}, list[Value]()
    rows: list[Row] = [*window_rows(segments)]
    for number, (checkpoint, weights) in enumerate(models):
        name, parts = checkpoint.name, [study_run.part(2 + 2 * number + half, n_parts) for half in range(2)]
        audio, midi = embed(parts[0], checkpoint, segments, weights)
        ranks = _all_ranks(parts[1], audio, midi, pools, f"{name}, {weights}")
        scores, model = np.array([s_score(*of_pool) for of_pool in ranks]), {"checkpoint": name, "weights": weights}
        values += [s_value({**model, "what": "S"}, ranks[0], pools[0], draws), *_redrawn(model, scores, pools)]
        rows += _evaluations(name, weights, scores, pools, seeds)
        kept = {
            "ranks": ranks[0].astype(np.int32), "shares": _share_found(ranks, pools, len(segments)),
            "instead": _instead(audio, midi, pools, len(segments)),
        }  # fmt: skip
        rows.append(LinkRow(name, weights, **{what: f"{what}.{number}" for what in kept}))
        arrays |= {f"{what}.{number}": array for what, array in kept.items()}
    return Measurement(values, rows, arrays)


def conclude(request: Request, checkpoints: Mapping[str, Checkpoint], measured: Measurement) -> Answer:
    """Pool the checkpoints of one arm and recipe, and test arms against each other."""
    scores: dict[tuple[str, Weights], list[float]] = {}
    for row in measured.of(EvaluationRow):
        scores.setdefault((row.checkpoint, row.weights), []).append(row.value)
    by_model = {model: np.array(of_seeds) for model, of_seeds in scores.items()}
    left_out, null = _left_out(checkpoints), measured.of(EvaluationRow)[0].null
    arms, pairs, parts = _compared(checkpoints, by_model, left_out, null)
    runs = _runs(checkpoints, measured.values, by_model, left_out)
    compared, n = (arms, pairs, runs), request.evaluation_seeds
    sentence = SentenceRow(details(*compared, n, len(measured.of(WindowRow))))
    text = headline(*compared, n, pool_size(measured.arrays))
    values = [*_values_of_arms(arms), *map(_value_of, pairs)]
    return measured.answer(text, [*arms, *pairs, *parts, *runs, sentence], values)


def _all_ranks(study_run: StudyRun, audio: ndarray, midi: ndarray, pools: list[Pools], what: str) -> list[ndarray]:
    all_ranks = []
    for number, pool in enumerate(pools):
        study_run.step(number, len(pools), f"{what}: pool {number + 1} of {len(pools)}")
        all_ranks.append(both_ranks(audio, midi, pool))
    return all_ranks


def _share_found(all_ranks: list[ndarray], pools: list[Pools], n_windows: int) -> ndarray:
    """Share of the times a window was asked for in which it was among the first ten, `(2, windows)`; 0 where it never was."""
    asked, hits = np.zeros(n_windows), np.zeros((2, n_windows))
    for ranks, pool in zip(all_ranks, pools, strict=True):
        asked[pool.query] += 1
        hits[:, pool.query] += ranks <= K
    return (hits / np.maximum(asked, 1)).astype(np.float32)


def _instead(audio: ndarray, midi: ndarray, pools: list[Pools], n_windows: int) -> ndarray:
    """The wrong window that is nearest to a window in any pool that asks for it, `(2, windows)`; -1 where none does."""
    nearest, closest = np.full((2, n_windows), -1, np.int32), np.full((2, n_windows), -np.inf)
    for pool in pools:
        windows, closeness = best_wrong(audio, midi, pool)
        is_nearer = closeness > closest[:, pool.query]
        nearest[:, pool.query] = np.where(is_nearer, windows, nearest[:, pool.query])
        closest[:, pool.query] = np.maximum(closeness, closest[:, pool.query])
    return nearest


def _redrawn(model: Key, scores: ndarray, pools: list[Pools]) -> list[Value]:
    """Mean and deviation of S over the pools; beside the deviation that of as many independent queries."""
    over, n_queries = spread(scores.tolist()), len(pools[0].query)
    mean_low, mean_high = over.mean_ci or (None, None)
    sd_low, sd_high = over.sd_ci or (None, None)
    by_chance, n = binomial_sd(over.mean, n_queries), over.n
    key = {**model, "evaluation_seeds": n}
    return [
        Value({**key, "what": "mean S"}, over.mean, mean_low, mean_high, n, chance(pools[0]), SHARE, OVER_POOLS),
        Value({**key, "what": "SD of S"}, over.sd, sd_low, sd_high, n, by_chance, SHARE, SD_OF),
    ]


def _left_out(checkpoints: Mapping[str, Checkpoint]) -> dict[str, str]:
    """Why a checkpoint is not pooled with the others."""
    recipe, reasons = most_common(checkpoints.values()), dict[str, str]()
    taken: dict[tuple[str, int], str] = {}
    for name, checkpoint in checkpoints.items():
        seed = training_seed(checkpoint)
        if differing := differences(checkpoint, recipe):
            reasons[name] = f"trained with {differing}"
        elif seed is None:
            reasons[name] = "its training seed is not recorded"
        elif (first := taken.setdefault((checkpoint.arm, seed), name)) != name:
            reasons[name] = f"of the same arm and training seed as {first}"
    return reasons


def _compared(
    checkpoints: Mapping[str, Checkpoint], scores: Scores, left_out: Mapping[str, str], null: float
) -> tuple[list[ArmRow], list[PairRow], list[ComponentRow]]:
    """Arms, pairs of arms and variance components, all over training seeds."""
    arms: list[ArmRow] = []
    pairs: list[PairRow] = []
    parts: list[ComponentRow] = []
    for weights in WEIGHTS:
        by_arm: dict[str, dict[int, ndarray]] = {}
        for name, checkpoint in checkpoints.items():
            if name not in left_out:
                by_arm.setdefault(checkpoint.arm, {})[checkpoint.training["seed"]] = scores[name, weights]
        arms += [_arm(arm, weights, runs, null) for arm, runs in by_arm.items()]
        many = {arm: runs for arm, runs in by_arm.items() if len(runs) > 1}
        parts += [_components(arm, weights, runs) for arm, runs in many.items()]
        names = list(many)
        pairs += [_pair(a, b, weights, many[a], many[b]) for i, a in enumerate(names) for b in names[i + 1 :]]
    return arms, pairs, parts


def _arm(arm: str, weights: Weights, runs: Mapping[int, ndarray], null: float) -> ArmRow:
    over = spread([float(run[0]) for run in runs.values()])
    low, high = over.mean_ci or (None, None)
    sd_low, sd_high = over.sd_ci or (None, None)
    return ArmRow(
        arm, weights, value=over.mean, ci_low=low, ci_high=high, null=null, n=over.n,
        sd=over.sd, sd_ci_low=sd_low, sd_ci_high=sd_high, lowest=over.low, highest=over.high,
        training_seeds=tuple(sorted(runs)), note="" if over.n > 1 else "one training seed: its spread cannot be told",
    )  # fmt: skip


def _pair(first: str, second: str, weights: Weights, a: Mapping[int, ndarray], b: Mapping[int, ndarray]) -> PairRow:
    """Welch's test on the first pool, and the paired one over common seeds."""
    first_s, other = ({seed: float(scores[0]) for seed, scores in runs.items()} for runs in (a, b))
    apart, by_seed = welch(list(first_s.values()), list(other.values())), paired(first_s, other)
    low, high = by_seed.ci if by_seed else (None, None)
    return PairRow(
        first, second, weights, value=apart.difference, ci_low=apart.ci[0], ci_high=apart.ci[1], null=0.0, n=apart.n,
        t=apart.t, df=apart.df, p=apart.p, cohen_d=apart.cohen_d,
        paired_difference=by_seed and by_seed.difference, paired_t=by_seed and by_seed.t, paired_df=by_seed and by_seed.df,
        paired_p=by_seed and by_seed.p, paired_n=by_seed.n if by_seed else 0, paired_ci_low=low, paired_ci_high=high,
    )  # fmt: skip


def _components(arm: str, weights: Weights, runs: Mapping[int, ndarray]) -> ComponentRow:
    table = np.stack([runs[seed] for seed in sorted(runs)])
    parts = components(table)
    variances = {f"{name}_variance": variance for name, variance in asdict(parts).items()}
    roots = {f"{name}_sd": float(np.sqrt(variance)) if variance >= 0 else None for name, variance in asdict(parts).items()}
    return ComponentRow(arm, weights, *table.shape, **variances, **roots)


def _runs(
    checkpoints: Mapping[str, Checkpoint], values: Sequence[Value], scores: Scores, left_out: Mapping[str, str]
) -> list[RunRow]:
    rows = []
    for name, checkpoint in checkpoints.items():
        corpus, steps = (checkpoint.training.get(field) for field in ("corpus", "steps"))
        for weights in WEIGHTS:
            score, redrawn = (the(values, checkpoint=name, weights=weights, what=what) for what in ("S", "SD of S"))
            rows.append(RunRow(
                name, checkpoint.arm, checkpoint.scale, corpus if isinstance(corpus, str) else None,
                steps if isinstance(steps, int) else None,
                training_seed(checkpoint), weights, value=float(scores[name, weights][0]), ci_low=score.ci_low,
                ci_high=score.ci_high, null=score.null or 0.0, n=score.n, evaluation_sd=redrawn.value or 0.0,
                evaluation_sd_ci_low=redrawn.ci_low, evaluation_sd_ci_high=redrawn.ci_high, binomial_sd=redrawn.null or 0.0,
                left_out=left_out.get(name, ""),
            ))  # fmt: skip
    return rows


def _evaluations(name: str, weights: Weights, scores: ndarray, pools: list[Pools], seeds: range) -> list[EvaluationRow]:
    n, null = len(pools[0].query), chance(pools[0])
    return [EvaluationRow(name, weights, seed, float(s), null, n) for seed, s in zip(seeds, scores, strict=True)]


def _values_of_arms(arms: list[ArmRow]) -> list[Value]:
    """What several trainings of an arm say."""
    values = []
    for row in arms:
        if row.n > 1:
            key = {"arm": row.arm, "weights": row.weights, "training_seeds": row.n}
            mean, sd = (row.value, row.ci_low, row.ci_high, row.n, row.null), (row.sd, row.sd_ci_low, row.sd_ci_high, row.n, None)
            values.append(Value({**key, "what": "mean S"}, *mean, SHARE, f"mean of {ESTIMATOR}, Student's interval"))
            values.append(Value({**key, "what": "SD of S"}, *sd, SHARE, SD_OF))
    return values


def _value_of(row: PairRow) -> Value:
    whose = {"first": row.first, "second": row.second, "weights": row.weights}
    key = {**whose, "what": "difference in mean S over training seeds"}
    return Value(key, row.value, row.ci_low, row.ci_high, row.n, 0.0, SHARE, "difference of means, Welch's interval")
