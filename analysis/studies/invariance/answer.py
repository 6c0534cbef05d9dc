"""Responses to changes as values, tables, arrays and one sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np
from jaxtyping import Float32, Int
from numpy import ndarray

from analysis.datasets.pools import size_words
from analysis.numbers import Value, format_value
from analysis.readings.study_run import Answer
from analysis.studies.pools.words import at_ceiling
from analysis.studies.stress.bench import Bench, columns
from analysis.studies.stress.changes import Change, dose_label
from analysis.studies.stress.distances import distance_records, distance_value


@dataclass(frozen=True)
class Response:
    """One model's response to one dose: ranks before and after, and how far every layer of the changed side moved."""

    checkpoint: str
    weights: str
    change: Change
    dose: float | None
    before: Int[ndarray, "2 q"]
    after: Int[ndarray, "2 q"]
    distances: Float32[ndarray, "taps n"]
    yardstick: Mapping[str, float | None]

    @property
    def model(self) -> str:
        """Name and weights, as values begin."""
        return f"{self.checkpoint}, {self.weights}"

    @property
    def label(self) -> str:
        """What the values of this response begin with."""
        return f"{self.model}, {self.change.noun} {dose_label(self.change, self.dose)}"

    @property
    def is_change(self) -> bool:
        """Whether anything was changed."""
        return self.dose in self.change.changing


@dataclass(frozen=True)
class Measured:
    """A response and its numbers."""

    response: Response
    score: Value
    drop: Value
    distance: Value
    layers: list[dict[str, Any]]


def measure(bench: Bench, one: Response) -> Measured:
    """S, drop in S and distances of a response, each with its interval."""
    layers = distance_records(one.distances, one.yardstick, bench.works)
    score, drop = bench.pool.s_value(one.label, one.after), bench.pool.drop(one.label, one.before, one.after)
    return Measured(one, score, drop, distance_value(one.label, layers), layers)


def answer(bench: Bench, responses: Sequence[Response], changes: Sequence[Change], names: tuple[str, ...]) -> Answer:
    """Values, tables and arrays of all responses."""
    scores: list[dict[str, Any]] = []
    distances: list[dict[str, Any]] = []
    arrays = bench.pool_arrays()
    plain: dict[str, Value] = {}
    measured: list[Measured] = []
    for number, group in enumerate(_by_model_and_change(responses)):
        arrays[f"ranks.{number}"] = np.stack([one.after for one in group]).astype(np.int32)
        arrays[f"distances.{number}"] = np.stack([one.distances for one in group])
        for row, one in enumerate(group):
            found, place = measure(bench, one), _place(one, row)
            scores.append({
                **place, **columns(found.score), "n": found.score.n, **columns(found.drop, "drop_"), "array": f"ranks.{number}",
            })  # fmt: skip
            distances += [
                {**place, **record, "array": f"distances.{number}", "tap_row": tap} for tap, record in enumerate(found.layers)
            ]
            if one.is_change:
                measured.append(found)
            else:
                plain.setdefault(one.model, replace(found.score, key=f"{one.model}, unaltered: S"))
    tables = {
        "changes": [_change(change) for change in changes], "scores": scores, "distances": distances,
        "windows": bench.windows_table(), "pools": [bench.pool_row],
        "sentences": [{"text": details(plain, measured, names, f" among {bench.pool_row['short']}")}],
    }  # fmt: skip
    values = [*plain.values(), *(value for found in measured for value in (found.score, found.drop, found.distance))]
    return Answer(headline(plain, measured, names, bench.pool.pool.candidates.shape[1]), values, tables, arrays)


def headline(plain: Mapping[str, Value], measured: Sequence[Measured], names: tuple[str, ...], pool_size: int) -> str:
    """What costs the best checkpoint most of S, beside S unaltered and chance; or that nothing does; at most 30 words."""
    best, score, own = _best(plain, measured, names)
    chance = f"chance {100 * (score.null or 0.0):.1f} %"
    if score.inside_null is not False:
        said = f"S = {_bare_words(score)} among {size_words(pool_size)} ({chance}, not distinguishable): {best} finds too little"
        return f"{said} for a drop to say anything."
    if not any(_lowers(one) for one in own):
        said = f"S = {_bare_words(score)} among {size_words(pool_size)} ({chance}): none of {len(own)} changes lowers it"
        return f"{said} distinguishably in {best}."
    worst = max(own, key=lambda one: one.drop.value or 0.0)
    said = f"{_points(worst.drop)} of S among {size_words(pool_size)}: {_named(worst)} costs {best}"
    return f"{said} most of {len(own)} changes (S unaltered {format_value(_bare(score))}, {chance})."


def _points(drop: Value) -> str:
    """A difference of two percentages is told in points."""
    return _bare_words(drop).replace(" %", " points", 1)


def _bare_words(value: Value) -> str:
    return format_value(replace(value, null=None))


def _ceiling(score: Value) -> str:
    """That S has hardly any room above it, where it has not."""
    return f" S unaltered is at its ceiling ({format_value(_bare(score))}), where harm shows late." if at_ceiling(score) else ""


def details(plain: Mapping[str, Value], measured: Sequence[Measured], names: tuple[str, ...], among: str = "") -> str:
    """Of the best checkpoint the change that costs it most, those that cost nothing measurable, and what moves it least."""
    best, score, own = _best(plain, measured, names)
    said, least = (
        f"{best} finds the match for S = {format_value(score, 'chance')} of {score.n} unaltered windows{among}",
        _told(own, measured),
    )
    if score.inside_null is not False:
        return f"{said}, so that a drop in S says nothing here. {least}"
    said += f" (chance {100 * (score.null or 0.0):.1f} %).{_ceiling(score)} "
    if not any(_lowers(one) for one in own):
        return f"{said}None of {len(own)} changes lowers S distinguishably. {least}"
    worst = max(own, key=lambda one: one.drop.value or 0.0)
    said += f"Of {len(own)} changes, {_named(worst)} costs it most: S falls by {_points(worst.drop)}. "
    harmful = {one.response.change.noun for one in own if _lowers(one)}
    harmless = [noun for noun in dict.fromkeys(one.response.change.noun for one in own) if noun not in harmful]
    if harmless:
        said += f"At no dose does S fall distinguishably with: {', '.join(harmless)}. "
    return said + least


def _best(plain: Mapping[str, Value], measured: Sequence[Measured], names: tuple[str, ...]) -> tuple[str, Value, list[Measured]]:
    """The checkpoint with the highest S, its S and its responses."""
    best = max(names, key=lambda name: plain[f"{name}, trained"].value or 0.0)
    return best, plain[f"{best}, trained"], [one for one in measured if one.response.model == f"{best}, trained"]


def _lowers(one: Measured) -> bool:
    return (one.drop.ci_low or 0.0) > 0


def _least_moved(own: Sequence[Measured], measured: Sequence[Measured]) -> tuple[Measured | None, Measured | None]:
    """The change whose strongest dose moves the embedding least, and the twin at that dose; None where there is none."""
    known = [one for one in own if one.distance.value is not None]
    if not known:
        return None, None
    least = min((max(ones, key=_moved) for ones in _by_change(known)), key=_moved)
    twins = [
        one for one in measured
        if one.response.weights == "untrained" and one.response.checkpoint == least.response.checkpoint
        and (one.response.change, one.response.dose) == (least.response.change, least.response.dose)
    ]  # fmt: skip
    return least, next(iter(twins), None)


def _told(own: Sequence[Measured], measured: Sequence[Measured]) -> str:
    """What moves the embedding least, in a sentence."""
    least, twin = _least_moved(own, measured)
    if least is None:
        return "Its embedding is the same for every window, so that no distance can be given."
    control = "" if twin is None else f" (untrained twin {format_value(replace(twin.distance, null=None))})"
    moved = format_value(replace(least.distance, null=None))
    return f"Its embedding moves least with {_named(least)}: {moved} of the distance to another piece{control}."


def _bare(value: Value) -> Value:
    return replace(value, ci_low=None, ci_high=None, null=None)


def _moved(one: Measured) -> float:
    return one.distance.value or 0.0


def _named(one: Measured) -> str:
    noun, label = one.response.change.noun, dose_label(one.response.change, one.response.dose)
    return f"{noun} {label}" if label.startswith("×") else f"{noun} ({label})"


def _by_change(measured: Sequence[Measured]) -> list[list[Measured]]:
    names = dict.fromkeys(one.response.change.name for one in measured)
    return [[one for one in measured if one.response.change.name == name] for name in names]


def _by_model_and_change(responses: Sequence[Response]) -> list[list[Response]]:
    def key(one: Response) -> tuple[str, str, str]:
        return one.change.name, one.checkpoint, one.weights

    order = {k: i for i, k in enumerate(dict.fromkeys(key(one) for one in responses))}
    return [list(group) for _, group in groupby(sorted(responses, key=lambda one: order[key(one)]), key)]


def _place(one: Response, row: int) -> dict[str, Any]:
    """Where a record belongs: model, change and dose, `order` along the axis of doses, `row` in its array."""
    change = one.change
    reference = change.rebase is not None and change.doses.index(one.dose) > change.doses.index(change.rebase)
    return {
        "checkpoint": one.checkpoint, "weights": one.weights, "change": change.name, "side": change.side,
        "dose": one.dose, "dose_label": dose_label(change, one.dose), "order": change.doses.index(one.dose),
        "compared_with": dose_label(change, change.rebase) if reference else "unaltered", "row": row,
    }  # fmt: skip


def _change(change: Change) -> dict[str, Any]:
    named = {name: getattr(change, name) for name in ("name", "title", "side", "unit", "unchanged", "what")}
    return {**named, "dose_labels": [dose_label(change, dose) for dose in change.doses], "twin_doses": list(change.twin)}
