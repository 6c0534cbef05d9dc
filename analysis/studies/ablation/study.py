"""Which input is causal? S after a descriptor is replaced by zero, noise, another order, another work's or the mean.

Zero, noise and a mean are nothing that a network was trained on: a drop in S shows that it breaks, not yet that it lost what the
descriptor told. The descriptor of another work is like any other, only wrong, so that its drop is the better measure of that. For
A4 "zero" is its mean over time and hardly differs from "mean of all windows"; D4 has no such property.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy import ndarray

from analysis.datasets.pools import size_words
from analysis.measures.geometry import cosine_distance
from analysis.models.checkpoint import Checkpoint
from analysis.models.config import SIDES
from analysis.models.dual_encoder import DualEncoder
from analysis.numbers import Value, percent
from analysis.readings.altered import AS_IT_IS, under_changes
from analysis.readings.embeddings import Weights, list_windows
from analysis.readings.layer_means import Side
from analysis.readings.study_run import Answer, Desk
from analysis.studies.ablation.changes import changes_of
from analysis.studies.ablation.kinds import KINDS, OTHER_WORK, ZERO
from analysis.studies.ablation.material import Material, gather
from analysis.studies.bands.tables import Row, columns, mean_value
from analysis.studies.pools.record import pool_row
from analysis.studies.pools.request import StressRequest
from analysis.studies.pools.scores import PoolScores, build_pool
from analysis.studies.pools.words import CEILING
from analysis.studies.settings import Seed

WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
NOTHING, TOGETHER = "none", " and "
NEAR = 0.05  # of S: so little above chance is called near it


@dataclass(frozen=True)
class Outcome:
    """Ranks `(2, queries)` after a replacement, the best wrong windows, and how far it moved every window (mean of the sides)."""

    ranks: ndarray
    instead: ndarray
    distance: ndarray


@dataclass(frozen=True)
class Request(StressRequest):
    """The canonical pool; every descriptor is replaced in eight ways."""

    seed: Seed = 42


def run(request: Request, desk: Desk) -> Answer:
    """Ablate every descriptor of every checkpoint and of its untrained twin, alone and together.

    Raises:
        CorpusError: the corpus has too few windows even for a pool of 8.
        Cancelled: somebody asked to stop.
    """
    segments = list_windows(desk, request.split, request.windows_per_piece, fewest=1)
    scores = build_pool(desk, segments, seed=request.seed, **request.sizes)
    has_one = any(one.model_config.entries for one in desk.checkpoints.values())
    material = gather(desk, segments, request.seed) if has_one else None
    values: list[Value] = []
    rows: list[Row] = []
    arrays: dict[str, ndarray] = {"query": scores.pool.query, "candidates": scores.pool.candidates, "kind": scores.pool.kind}
    jobs: list[tuple[Checkpoint, Weights]] = [
        (checkpoint, weights) for checkpoint in desk.checkpoints.values() for weights in WEIGHTS
    ]
    for number, (checkpoint, weights) in enumerate(jobs):
        found = _ablate(desk.part(number, len(jobs)), checkpoint, weights, material, scores)
        _describe({"checkpoint": checkpoint.name, "weights": weights}, found, scores, values, rows, arrays)
    windows = [{"piece": one.piece.piece_id, "start_s": one.start_s} for one in segments]
    tables = {
        "ablation": rows, "windows": windows, "pools": [pool_row(scores, "S")],
        "kinds": [] if material is None else material.table(),
    }  # fmt: skip
    tables["sentences"] = [{"text": details(rows, desk.ranked)}]
    return Answer(headline(rows, desk.ranked, scores.pool.candidates.shape[1]), values, tables, arrays)


def _ablate(
    desk: Desk, checkpoint: Checkpoint, weights: Weights, material: Material | None, scores: PoolScores
) -> dict[tuple[str, str], Outcome]:
    """What comes of every replacement, by what was replaced and by what; the first with nothing replaced."""
    inputs: dict[Side, str] = {side: entry.descriptor for side, entry in checkpoint.model_config.entries.items()}
    sides: dict[Side, dict[str, ndarray]] = {}
    for place, side in enumerate(SIDES):
        its_desk = desk.part(place, len(SIDES))
        changes = {}
        if side in inputs and material is not None:
            changes = changes_of(its_desk, cast(DualEncoder, desk.model(checkpoint, weights)), material, side)
        sides[side] = under_changes(its_desk, checkpoint, scores.segments, weights, side, changes, scores.seed)
    audio, midi = sides["audio"], sides["midi"]
    moved = {side: {kind: cosine_distance(rows, its[AS_IT_IS]) for kind, rows in its.items()} for side, its in sides.items()}

    def outcome(heard: str, read: str, distance: ndarray) -> Outcome:
        return Outcome(scores.s(audio[heard], midi[read]), scores.instead(audio[heard], midi[read]), distance)

    found = {(NOTHING, AS_IT_IS): outcome(AS_IT_IS, AS_IT_IS, moved["audio"][AS_IT_IS])}
    for kind in KINDS:
        if kind in audio:
            found[inputs["audio"], kind] = outcome(kind, AS_IT_IS, moved["audio"][kind])
        if kind in midi:
            found[inputs["midi"], kind] = outcome(AS_IT_IS, kind, moved["midi"][kind])
        if kind in audio and kind in midi:
            found[both(*inputs.values()), kind] = outcome(kind, kind, (moved["audio"][kind] + moved["midi"][kind]) / 2)
    order = [NOTHING, *inputs.values(), both(*inputs.values())]
    return dict(sorted(found.items(), key=lambda item: order.index(item[0][0])))


def _describe(
    model: Row,
    found: Mapping[tuple[str, str], Outcome],
    scores: PoolScores,
    values: list[Value],
    rows: list[Row],
    arrays: dict[str, ndarray],
) -> None:
    """Add the values, rows and arrays of one model."""
    before = found[NOTHING, AS_IT_IS].ranks
    for (replaced, kind), outcome in found.items():
        what = AS_IT_IS if replaced == NOTHING else f"{replaced} {kind}"
        label, number = f"{model['checkpoint']}, {model['weights']}, {what}", len(rows)
        score = scores.s_value(label, outcome.ranks)
        row = {**model, "input": replaced, "kind": kind, **columns(score, "s"), "chance": score.null, "reading": reading(score)}
        row["each_way"] = scores.chance_each_way
        arrays |= {f"ranks.{number}": outcome.ranks.astype(np.int32), f"instead.{number}": outcome.instead}
        links = {"array": f"ranks.{number}", "instead": f"instead.{number}"}
        values.append(score)
        if replaced == NOTHING:
            note = "has no descriptor: nothing to ablate" if len(found) == 1 else ""
            empty = dict.fromkeys(("value", "ci_low", "ci_high", "null", *columns(score, "distance")))
            rows.append({**row, **empty, "n": score.n, **links, "change": None, "moved": None, "note": note})
            continue
        drop = scores.drop(label, before, outcome.ranks)
        moved = mean_value(f"{label}: distance", outcome.distance, scores.window_draws, None, "", "mean cosine distance")
        values += [drop, moved]
        arrays[f"change.{number}"] = (outcome.ranks - before).astype(np.float32)
        arrays[f"moved.{number}"] = outcome.distance.astype(np.float32)
        links |= {"change": f"change.{number}", "moved": f"moved.{number}"}
        rows.append({**row, **columns(drop), **columns(moved, "distance"), **links, "note": ""})


def both(*descriptors: str) -> str:
    """Descriptors that are replaced together.

    >>> both("A4", "D4")
    'A4 and D4'
    """
    return TOGETHER.join(descriptors)


def reading(score: Value) -> str:
    """Where S lies in relation to chance, in words; only what lies below chance is said to.

    >>> reading(Value("S", 0.078, 0.05, 0.11, 500, 10 / 256, "share", ""))
    'near chance, above it'
    """
    if score.value is None or score.null is None:
        return "not available"
    if score.inside_null or score.value == score.null:
        return "not distinguishable from chance"
    if score.inside_null is None:
        return "of too few works to be told from chance"
    if score.value < score.null:
        return "below chance"
    return "near chance, above it" if score.value - score.null <= NEAR else "above chance"


def headline(rows: Sequence[Row], names: Collection[str], pool_size: int) -> str:
    """Of these checkpoints the descriptor whose zeroing costs most, what is left, and the untrained twin; at most 30 words."""
    zeroed, trained = _zeroed(rows, names)
    if not trained:
        return "No checkpoint has a descriptor, so that there is nothing to ablate."
    first = max(trained, key=lambda row: row["value"])
    name, its = first["checkpoint"], first["input"]
    twin = next(row for row in zeroed if (row["checkpoint"], row["input"], row["weights"]) == (name, its, WEIGHTS[1]))
    said, control = f"{_bare(first)} of S among {size_words(pool_size)}", f"untrained twin {_bare(twin)}"
    if first["value"] <= 0 or _no_change(first):
        return f"{said} is the largest drop, zeroing {its} of {name}: no descriptor is shown to be causal ({control})."
    left = f"zeroing {its} of {name} leaves {percent(first['s'])}"
    return f"{said}: {left} ({first['reading']}; chance {percent(first['chance'])}, {control})."


def _zeroed(rows: Sequence[Row], names: Collection[str]) -> tuple[list[Row], list[Row]]:
    """Rows in which one descriptor is zeroed: all of them, and those of the trained checkpoints that may be ranked."""
    zeroed = [row for row in rows if row["kind"] == ZERO and TOGETHER not in row["input"]]
    return zeroed, [row for row in zeroed if row["weights"] == WEIGHTS[0] and (not names or row["checkpoint"] in names)]


def details(rows: Sequence[Row], names: Collection[str] = ()) -> str:
    """Of these checkpoints the descriptor whose zeroing costs most, what is left, the twin, another work's and the other."""
    zeroed, trained = _zeroed(rows, names)
    plain = {(row["checkpoint"], row["weights"]): row for row in rows if row["kind"] == AS_IT_IS}
    if not trained:
        said = ", ".join(f"{name} {percent(row['s'])}" for (name, weights), row in plain.items() if weights == WEIGHTS[0])
        return f"No checkpoint has a descriptor, so that there is nothing to ablate (S: {said})."
    first = max(trained, key=lambda row: row["value"])
    name, its = first["checkpoint"], first["input"]
    before, twin_before = plain[name, WEIGHTS[0]], plain[name, WEIGHTS[1]]
    twin = next(row for row in zeroed if (row["checkpoint"], row["input"], row["weights"]) == (name, its, WEIGHTS[1]))
    if first["value"] <= 0 or _no_change(first):
        said = (
            f"No descriptor is shown to be causal: the largest drop in S by zeroing one is {_points(first)}, of {its} in {name}"
        )
    else:
        ceiling = ", its ceiling," if before["s"] >= CEILING else ""
        said = f"Zeroing {its} costs {name} {_points(first)} of S: from {percent(before['s'])}{ceiling} to {percent(first['s'])}"
        said += f", {first['reading']} (chance {percent(first['chance'])})"
    said += f" (untrained twin: {percent(twin_before['s'])} to {percent(twin['s'])})"
    swapped = [row for row in rows if row["kind"] == OTHER_WORK and _same(row, first)]
    said += "".join(f"; the {its} of another work, which is like any other {its}, costs it {_points(row)}" for row in swapped)
    others = [row for row in trained if row["checkpoint"] == name and row["input"] != its]
    return said + "".join(f"; zeroing {row['input']} costs it {_points(row)}" for row in others) + "."


def _same(row: Row, other: Row) -> bool:
    return all(row[key] == other[key] for key in ("checkpoint", "weights", "input"))


def _points(row: Row) -> str:
    return f"{_bare(row)}, not distinguishable from none" if _no_change(row) else _bare(row)


def _bare(row: Row) -> str:
    numbers = [0.0 if abs(row[key]) < 5e-4 else row[key] for key in ("value", "ci_low", "ci_high") if row[key] is not None]
    value, *ends = (f"{100 * number:.1f}" for number in numbers)
    return f"{value} points" + (f" [{', '.join(ends)}]" if ends else "")


def _no_change(row: Row) -> bool:
    return row["ci_low"] is not None and row["ci_low"] <= 0 <= row["ci_high"]
