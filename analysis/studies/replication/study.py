"""Would another run say the same? S over training seeds and over redrawn pools, told apart, and tests between arms."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import numpy as np
from numpy import ndarray

from analysis.datasets.pools import Pools
from analysis.errors import ConfigError
from analysis.measures.replication import binomial_sd, components, paired, spread, welch
from analysis.measures.resampling import WorkDraws
from analysis.measures.retrieval import s_score
from analysis.models.checkpoint import Checkpoint
from analysis.numbers import SHARE, Value
from analysis.readings.embeddings import embed, list_windows
from analysis.readings.study_run import Answer, Desk
from analysis.studies.pools.ranks import ESTIMATOR, K, best_wrong, both_ranks
from analysis.studies.pools.redrawn import chance, pool_arrays, redrawn_pools, s_value
from analysis.studies.pools.request import PoolRequest
from analysis.studies.recipes import differences, most_common, training_seed
from analysis.studies.replication.words import details, headline
from analysis.studies.settings import Seed, Setting

WEIGHTS = ("trained", "untrained")
MOST_EVALUATION_SEEDS = 200
OVER_POOLS = f"mean of {ESTIMATOR} over pools of the same windows, Student's interval over pools: not over works"
Scores = dict[tuple[str, str], ndarray]  # (checkpoint, weights) → S of every evaluation seed
Row = dict[str, Any]


@dataclass(frozen=True)
class Request(PoolRequest):
    """The canonical pool, drawn from `seed` and from the `evaluation_seeds` - 1 numbers that follow it."""

    evaluation_seeds: Annotated[int, Setting("Pools that are drawn anew.", 0, 200)] = 10
    seed: Seed = 42


def run(request: Request, desk: Desk) -> Answer:
    """Score every checkpoint and its untrained twin on every pool; pool the checkpoints of one arm and recipe.

    Raises:
        ConfigError: fewer than 2 or more than 1000 evaluation seeds.
        CorpusError: the corpus has too few windows for a pool.
        Cancelled: somebody asked to stop.
    """
    if not 2 <= request.evaluation_seeds <= MOST_EVALUATION_SEEDS:
        got = f"evaluation_seeds is {request.evaluation_seeds}"
        raise ConfigError(f"{got}; expected 2 to {MOST_EVALUATION_SEEDS}, because a spread needs two.")
    seeds = range(request.seed, request.seed + request.evaluation_seeds)
    n_parts = 2 + 2 * len(WEIGHTS) * len(desk.checkpoints)
    segments = list_windows(desk.part(0, n_parts), request.split, request.windows_per_piece, fewest=1)
    pools = redrawn_pools(desk.part(1, n_parts), segments, seeds=seeds, **request.sizes)
    draws = WorkDraws(np.array([segments[i].piece.group for i in pools[0].query]), request.seed)
    scores: Scores = {}
    arrays = pool_arrays(pools[0])
    values: list[Value] = []
    links: list[Row] = []
    for number, (name, checkpoint) in enumerate(desk.checkpoints.items()):
        for place, weights in enumerate(WEIGHTS):
            part = 2 + 2 * (len(WEIGHTS) * number + place)
            audio, midi = embed(desk.part(part, n_parts), checkpoint, segments, weights)
            found = _all_ranks(desk.part(part + 1, n_parts), audio, midi, pools, f"{name}, {weights}")
            scores[name, weights] = np.array([s_score(*one) for one in found])
            label, index = f"{name}, {weights}", len(links)
            values += [s_value(f"{label}: S", found[0], pools[0], draws), *_redrawn(label, scores[name, weights], pools)]
            kept = {
                "ranks": found[0].astype(np.int32), "found": _found(found, pools, len(segments)),
                "instead": _instead(audio, midi, pools, len(segments)),
            }  # fmt: skip
            links.append({"checkpoint": name, "weights": weights, **{what: f"{what}.{index}" for what in kept}})
            arrays |= {f"{what}.{index}": array for what, array in kept.items()}
    arrays["asked"] = np.bincount(np.concatenate([pool.query for pool in pools]), minlength=len(segments)).astype(np.int32)
    left_out = _left_out(desk.checkpoints)
    tables = {
        **_compared(desk.checkpoints, scores, left_out, chance(pools[0])),
        "runs": _runs(desk.checkpoints, values, left_out), "evaluations": _evaluations(scores, pools, seeds), "links": links,
        "windows": [{"piece": one.piece.piece_id, "start_s": one.start_s} for one in segments],
    }  # fmt: skip
    values += _values_of(tables)
    compared, n = (tables["arms"], tables["pairs"], tables["runs"]), request.evaluation_seeds
    tables["sentences"] = [{"text": details(*compared, n, len(segments))}]
    return Answer(headline(*compared, n, pools[0].candidates.shape[1]), values, tables, arrays)


def _all_ranks(desk: Desk, audio: ndarray, midi: ndarray, pools: list[Pools], what: str) -> list[ndarray]:
    found = []
    for number, pool in enumerate(pools):
        desk.step(number, len(pools), f"{what}: pool {number + 1} of {len(pools)}")
        found.append(both_ranks(audio, midi, pool))
    return found


def _found(found: list[ndarray], pools: list[Pools], n_windows: int) -> ndarray:
    """Share of the times a window was asked for in which it was among the first ten, `(2, windows)`; 0 where it never was."""
    asked, hits = np.zeros(n_windows), np.zeros((2, n_windows))
    for ranks, pool in zip(found, pools, strict=True):
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


def _redrawn(label: str, scores: ndarray, pools: list[Pools]) -> list[Value]:
    """Mean and deviation of S over the pools; beside the deviation that of as many independent queries."""
    over, n_queries = spread(scores.tolist()), len(pools[0].query)
    mean_low, mean_high = over.mean_ci or (None, None)
    sd_low, sd_high = over.sd_ci or (None, None)
    by_chance, n = binomial_sd(over.mean, n_queries), over.n
    told = f"over {n} evaluation seeds"
    return [
        Value(f"{label}: mean S {told}", over.mean, mean_low, mean_high, n, chance(pools[0]), SHARE, OVER_POOLS),
        Value(f"{label}: SD of S {told}", over.sd, sd_low, sd_high, n, by_chance, SHARE, "standard deviation, χ² interval"),
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
) -> dict[str, list[Row]]:
    """Tables of arms, of pairs of arms and of variance components, all over training seeds."""
    tables: dict[str, list[Row]] = {"arms": [], "pairs": [], "components": []}
    for weights in WEIGHTS:
        by_arm: dict[str, dict[int, ndarray]] = {}
        for name, one in checkpoints.items():
            if name not in left_out:
                by_arm.setdefault(one.arm, {})[one.training["seed"]] = scores[name, weights]
        tables["arms"] += [_arm(arm, weights, runs, null) for arm, runs in by_arm.items()]
        many = {arm: runs for arm, runs in by_arm.items() if len(runs) > 1}
        tables["components"] += [_components(arm, weights, runs) for arm, runs in many.items()]
        names = list(many)
        tables["pairs"] += [
            _pair(a, b, weights, many[a], many[b]) for i, a in enumerate(names) for b in names[i + 1 :]
        ]  # fmt: skip
    return tables


def _arm(arm: str, weights: str, runs: Mapping[int, ndarray], null: float) -> Row:
    over = spread([float(one[0]) for one in runs.values()])
    low, high = over.mean_ci or (None, None)
    sd_low, sd_high = over.sd_ci or (None, None)
    return {
        "arm": arm, "weights": weights, "value": over.mean, "ci_low": low, "ci_high": high, "null": null, "n": over.n,
        "sd": over.sd, "sd_ci_low": sd_low, "sd_ci_high": sd_high, "lowest": over.low, "highest": over.high,
        "training_seeds": sorted(runs),
        "note": "" if over.n > 1 else "one training seed: its spread cannot be told",
    }  # fmt: skip


def _pair(first: str, second: str, weights: str, a: Mapping[int, ndarray], b: Mapping[int, ndarray]) -> Row:
    """Welch's test on the first pool, and the paired one over common seeds."""
    one, other = ({seed: float(scores[0]) for seed, scores in runs.items()} for runs in (a, b))
    apart, by_seed = welch(list(one.values()), list(other.values())), paired(one, other)
    row = {
        "first": first, "second": second, "weights": weights, "value": apart.difference, "ci_low": apart.ci[0],
        "ci_high": apart.ci[1], "null": 0.0, "n": apart.n, "t": apart.t, "df": apart.df, "p": apart.p, "cohen_d": apart.cohen_d,
    }  # fmt: skip
    told = asdict(by_seed) if by_seed else {}
    low, high = told.get("ci") or (None, None)
    row |= {f"paired_{name}": told.get(name) for name in ("difference", "t", "df", "p")}
    return {**row, "paired_n": told.get("n", 0), "paired_ci_low": low, "paired_ci_high": high}


def _components(arm: str, weights: str, runs: Mapping[int, ndarray]) -> Row:
    table = np.stack([runs[seed] for seed in sorted(runs)])
    found = asdict(components(table))
    row: Row = {"arm": arm, "weights": weights, "n_training": table.shape[0], "n_evaluation": table.shape[1]}
    for name, variance in found.items():
        row |= {f"{name}_variance": variance, f"{name}_sd": float(np.sqrt(variance)) if variance >= 0 else None}
    return row


def _runs(checkpoints: Mapping[str, Checkpoint], values: list[Value], left_out: Mapping[str, str]) -> list[Row]:
    by_name, rows = {value.name: value for value in values}, []
    for name, one in checkpoints.items():
        for weights in WEIGHTS:
            score = by_name[f"{name}, {weights}: S"]
            redrawn = next(v for key, v in by_name.items() if key.startswith(f"{name}, {weights}: SD of S"))
            rows.append({
                "checkpoint": name, "arm": one.arm, "scale": one.scale, "corpus": one.training.get("corpus"),
                "steps": one.training.get("steps"), "training_seed": training_seed(one), "weights": weights,
                "value": score.value, "ci_low": score.ci_low, "ci_high": score.ci_high, "null": score.null, "n": score.n,
                "evaluation_sd": redrawn.value, "evaluation_sd_ci_low": redrawn.ci_low, "evaluation_sd_ci_high": redrawn.ci_high,
                "binomial_sd": redrawn.null, "left_out": left_out.get(name, ""),
            })  # fmt: skip
    return rows


def _evaluations(scores: Scores, pools: list[Pools], seeds: range) -> list[Row]:
    n, null = len(pools[0].query), chance(pools[0])
    return [
        {"checkpoint": name, "weights": weights, "evaluation_seed": seed, "value": float(s), "null": null, "n": n}
        for (name, weights), of_seeds in scores.items()
        for seed, s in zip(seeds, of_seeds, strict=True)
    ]


def _values_of(tables: Mapping[str, list[Row]]) -> list[Value]:
    """What is told over training seeds, as values."""
    values = []
    for row in tables["arms"]:
        if row["n"] > 1:
            label, n = f"{row['arm']}, {row['weights']}", row["n"]
            told = f"over {n} training seeds"
            mean = (row["value"], row["ci_low"], row["ci_high"], n, row["null"])
            sd = (row["sd"], row["sd_ci_low"], row["sd_ci_high"], n, None)
            values.append(Value(f"{label}: mean S {told}", *mean, SHARE, f"mean of {ESTIMATOR}, Student's interval"))
            values.append(Value(f"{label}: SD of S {told}", *sd, SHARE, "standard deviation, χ² interval"))
    for row in tables["pairs"]:
        name = f"{row['first']} − {row['second']}, {row['weights']}: difference in mean S over training seeds"
        apart = (row["value"], row["ci_low"], row["ci_high"], row["n"], 0.0)
        values.append(Value(name, *apart, SHARE, "difference of means, Welch's interval"))
    return values
