"""Which input is causal? S after a descriptor is replaced by zero, noise, another order, another work's or the mean.

Zero, noise and a mean are nothing that a network was trained on: a drop in S shows that it breaks, not yet that it lost what the
descriptor told. The descriptor of another work is like any other, only wrong, so that its drop is the better measure of that. For
A4 "zero" is its mean over time and hardly differs from "mean of all windows"; D4 has no such property.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from analysis.datasets.pools import size_words
from analysis.datasets.segments import Segment
from analysis.measures.geometry import cosine_distance
from analysis.models.checkpoint import Checkpoint
from analysis.models.config import SIDES
from analysis.numbers import Value, percent
from analysis.readings.altered import AS_IT_IS, under_changes
from analysis.readings.embeddings import Weights, list_windows
from analysis.readings.layer_means import BySide, Side
from analysis.readings.study_run import Answer, StudyRun
from analysis.rows import Measured, columns
from analysis.run import ignore
from analysis.studies.ablation.changes import changes_of
from analysis.studies.ablation.kinds import KINDS, OTHER_WORK, ZERO
from analysis.studies.ablation.material import Material, gather
from analysis.studies.ablation.rows import NOTHING, TOGETHER, AblationRow
from analysis.studies.bands.tables import mean_value
from analysis.studies.base.measurement import Measurement, ranked
from analysis.studies.base.settings import Seed
from analysis.studies.pools.record import pool_row
from analysis.studies.pools.request import StressRequest
from analysis.studies.pools.rows import PoolRow
from analysis.studies.pools.scores import PoolScores, build_pool
from analysis.studies.pools.words import CEILING
from analysis.studies.shared_rows import SentenceRow, window_rows

WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
NEAR = 0.05  # of S: so little above chance is called near it


@dataclass(frozen=True)
class Outcome:
    """Ranks `(2, queries)` after a replacement, the best wrong windows, and how far it moved every window (mean of the sides)."""

    ranks: ndarray
    best_wrong: ndarray
    distance: ndarray


class Model(NamedTuple):
    """A checkpoint or its untrained twin."""

    checkpoint: str
    weights: Weights


class Described(NamedTuple):
    """A replacement as values, a row of the table, and its arrays."""

    values: list[Value]
    row: AblationRow
    arrays: dict[str, ndarray]


Outcomes = Mapping[tuple[str, str], Outcome]  # by what was replaced and by what


@dataclass(frozen=True)
class Request(StressRequest):
    """The canonical pool; every descriptor is replaced in eight ways."""

    seed: Seed = 42


def measure(request: Request, study_run: StudyRun) -> Measurement:
    """Ablate every descriptor of every checkpoint and of its untrained twin, alone and together.

    Raises:
        CorpusError: the corpus has too few windows even for a pool of 8.
        Cancelled: somebody asked to stop.
    """
    segments = list_windows(study_run, request.split, request.windows_per_piece, fewest=1)
    scores = build_pool(study_run, segments, seed=request.seed, **request.sizes)
    material = _material(study_run, segments, request.seed)
    values: list[Value] = []
    rows: list[AblationRow] = []
    arrays: dict[str, ndarray] = {"query": scores.pool.query, "candidates": scores.pool.candidates, "kind": scores.pool.kind}
    models = study_run.every_model
    for number, (checkpoint, weights) in enumerate(models):
        outcomes = _ablate(study_run.part(number, len(models)), checkpoint, weights, material, scores)
        for (replaced, kind), outcome in outcomes.items():
            described = _describe(Model(checkpoint.name, weights), replaced, kind, outcome, outcomes, scores, len(rows))
            values += described.values
            rows.append(described.row)
            arrays |= described.arrays
    return Measurement(values, [*rows, *window_rows(segments), pool_row(scores, "S"), *material.rows()], arrays)


def conclude(request: Request, checkpoints: Mapping[str, Checkpoint], measured: Measurement) -> Answer:  # noqa: ARG001
    """Which of all descriptors costs most."""
    rows, names = measured.of(AblationRow), ranked(checkpoints)
    text = headline(rows, names, measured.of(PoolRow)[0].pool_size)
    return measured.answer(text, [SentenceRow(details(rows, names))])


def _material(study_run: StudyRun, segments: Sequence[Segment], seed: int) -> Material:
    """The same whichever checkpoints there are; what cannot be had is said only where something is replaced."""
    if not any(checkpoint.model_config.entries for checkpoint in study_run.checkpoints.values()):
        study_run = replace(study_run, context=replace(study_run.context, notice=ignore))
    return gather(study_run, segments, seed)


def _ablate(
    study_run: StudyRun, checkpoint: Checkpoint, weights: Weights, material: Material, scores: PoolScores
) -> dict[tuple[str, str], Outcome]:
    """What comes of every replacement, by what was replaced and by what; the first with nothing replaced."""
    entries = checkpoint.model_config.entries
    inputs: dict[Side, str] = {side: entry.descriptor for side, entry in entries.items()}

    def embeddings(side: Side) -> dict[str, ndarray]:
        side_run, changes = study_run.part(SIDES.index(side), len(SIDES)), {}
        if side in inputs:
            changes = changes_of(side_run, study_run.model(checkpoint, weights), material, side)
        return under_changes(side_run, checkpoint, scores.segments, weights, side, changes, scores.seed)

    sides = BySide.of_each(embeddings)
    audio, midi, moved = sides.audio, sides.midi, sides.map(_distances)

    def outcome(heard: str, read: str, distance: ndarray) -> Outcome:
        return Outcome(scores.ranks(audio[heard], midi[read]), scores.best_wrong(audio[heard], midi[read]), distance)

    outcomes = {(NOTHING, AS_IT_IS): outcome(AS_IT_IS, AS_IT_IS, moved.audio[AS_IT_IS])}
    for kind in KINDS:
        for side, replaced in inputs.items():
            if kind in sides.of(side):
                changed = (kind, AS_IT_IS) if side == "audio" else (AS_IT_IS, kind)
                outcomes[replaced, kind] = outcome(*changed, moved.of(side)[kind])
        if kind in audio and kind in midi:
            outcomes[both(*inputs.values()), kind] = outcome(kind, kind, (moved.audio[kind] + moved.midi[kind]) / 2)
    order = [NOTHING, *inputs.values(), both(*inputs.values())]
    return dict(sorted(outcomes.items(), key=lambda item: order.index(item[0][0])))


def _distances(embeddings: Mapping[str, ndarray]) -> dict[str, ndarray]:
    """How far every change moves the windows of one side."""
    return {kind: cosine_distance(rows, embeddings[AS_IT_IS]) for kind, rows in embeddings.items()}


def _describe(
    model: Model, replaced: str, kind: str, outcome: Outcome, outcomes: Outcomes, scores: PoolScores, number: int
) -> Described:
    """One replacement in a model, with S as it is and after it, as row `number` of the table."""
    before = outcomes[NOTHING, AS_IT_IS].ranks
    key = {**model._asdict(), **({"kind": AS_IT_IS} if replaced == NOTHING else {"input": replaced, "kind": kind})}
    score = scores.s_value(key, outcome.ranks)
    arrays = {f"ranks.{number}": outcome.ranks.astype(np.int32), f"instead.{number}": outcome.best_wrong}
    row = AblationRow(
        **model._asdict(), input=replaced, kind=kind, s=score.value or 0.0, s_ci_low=score.ci_low, s_ci_high=score.ci_high,
        chance=scores.chance, reading=reading(score), each_way=scores.chance_each_way, value=None, ci_low=None, ci_high=None,
        null=None, distance=None, distance_ci_low=None, distance_ci_high=None, n=score.n, array=f"ranks.{number}",
        instead=f"instead.{number}", change=None, moved=None, note="",
    )  # fmt: skip
    if replaced == NOTHING:
        return Described([score], replace(row, note="has no descriptor: nothing to ablate" if len(outcomes) == 1 else ""), arrays)
    drop = scores.drop(key, before, outcome.ranks)
    moved = mean_value({**key, "what": "distance"}, outcome.distance, scores.window_draws, None, "", "mean cosine distance")
    arrays[f"change.{number}"] = (outcome.ranks - before).astype(np.float32)
    arrays[f"moved.{number}"] = outcome.distance.astype(np.float32)
    row = replace(
        row, **columns(drop), distance=moved.value, distance_ci_low=moved.ci_low, distance_ci_high=moved.ci_high,
        change=f"change.{number}", moved=f"moved.{number}",
    )  # fmt: skip
    return Described([score, drop, moved], row, arrays)


def both(*descriptors: str) -> str:
    """Descriptors that are replaced together.

    >>> both("A4", "D4")
    'A4 and D4'
    """
    return TOGETHER.join(descriptors)


def reading(score: Value) -> str:
    """Where S lies in relation to chance, in words; only what lies below chance is said to.

    >>> reading(Value({"what": "S"}, 0.078, 0.05, 0.11, 500, 10 / 256, "share", ""))
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


def headline(rows: Sequence[AblationRow], names: Collection[str], pool_size: int) -> str:
    """Of these checkpoints the descriptor whose zeroing costs most, what is left, and the untrained twin; at most 30 words."""
    zeroed = _zeroed(rows, names)
    if not zeroed:
        return "No checkpoint has a descriptor, so that there is nothing to ablate."
    first = max(zeroed, key=_lost)
    name, descriptor, twin = first.checkpoint, first.input, _twin(rows, first)
    text, control = f"{_bare(first)} of S among {size_words(pool_size)}", f"untrained twin {_bare(twin)}"
    if _lost(first) <= 0 or first.is_undecided:
        return f"{text} is the largest drop, zeroing {descriptor} of {name}: no descriptor is shown to be causal ({control})."
    left = f"zeroing {descriptor} of {name} leaves {percent(first.s)}"
    return f"{text}: {left} ({first.reading}; chance {percent(first.chance)}, {control})."


def _zeroed(rows: Sequence[AblationRow], names: Collection[str]) -> list[AblationRow]:
    """Rows of the trained checkpoints that may be ranked in which a single descriptor is zeroed."""
    zeroed = [row for row in rows if row.kind == ZERO and TOGETHER not in row.input]
    return [row for row in zeroed if not row.is_twin and (not names or row.checkpoint in names)]


def _twin(rows: Sequence[AblationRow], row: AblationRow) -> AblationRow:
    """The same with the untrained twin."""
    same = (row.checkpoint, row.input, row.kind)
    return next(twin for twin in rows if twin.is_twin and (twin.checkpoint, twin.input, twin.kind) == same)


def _lost(row: AblationRow) -> float:
    return row.value or 0.0


def details(rows: Sequence[AblationRow], names: Collection[str] = ()) -> str:
    """Of these checkpoints the descriptor whose zeroing costs most, what is left, the twin, another work's and the other."""
    zeroed = _zeroed(rows, names)
    plain = {(row.checkpoint, row.weights): row for row in rows if row.kind == AS_IT_IS}
    if not zeroed:
        listed = ", ".join(f"{row.checkpoint} {percent(row.s)}" for row in plain.values() if not row.is_twin)
        return f"No checkpoint has a descriptor, so that there is nothing to ablate (S: {listed})."
    first = max(zeroed, key=_lost)
    name, descriptor, twin = first.checkpoint, first.input, _twin(rows, first)
    before, twin_before = plain[name, WEIGHTS[0]], plain[name, WEIGHTS[1]]
    if _lost(first) <= 0 or first.is_undecided:
        most = f"the largest drop in S by zeroing one is {_points(first)}, of {descriptor} in {name}"
        text = f"No descriptor is shown to be causal: {most}"
    else:
        ceiling = ", its ceiling," if before.s >= CEILING else ""
        text = f"Zeroing {descriptor} costs {name} {_points(first)} of S: from {percent(before.s)}{ceiling} to {percent(first.s)}"
        text += f", {first.reading} (chance {percent(first.chance)})"
    text += f" (untrained twin: {percent(twin_before.s)} to {percent(twin.s)})"
    of_model = [row for row in rows if (row.checkpoint, row.weights) == (name, first.weights)]
    swapped = [row for row in of_model if (row.kind, row.input) == (OTHER_WORK, descriptor)]
    like = f"the {descriptor} of another work, which is like any other {descriptor}"
    text += "".join(f"; {like}, costs it {_points(row)}" for row in swapped)
    others = [row for row in zeroed if row.checkpoint == name and row.input != descriptor]
    return text + "".join(f"; zeroing {row.input} costs it {_points(row)}" for row in others) + "."


def _points(row: AblationRow) -> str:
    return f"{_bare(row)}, not distinguishable from none" if row.is_undecided else _bare(row)


def _bare(row: Measured) -> str:
    numbers = [0.0 if abs(number) < 5e-4 else number for number in (row.value, row.ci_low, row.ci_high) if number is not None]
    value, *ends = (f"{100 * number:.1f}" for number in numbers)
    return f"{value} points" + (f" [{', '.join(ends)}]" if ends else "")
