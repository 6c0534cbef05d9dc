"""Responses to changes as values, rows and arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Int
from numpy import ndarray

from analysis.models.config import Side
from analysis.numbers import Key, Value
from analysis.readings.embeddings import Weights
from analysis.rows import columns
from analysis.studies.base.measurement import Measurement
from analysis.studies.invariance.rows import UNALTERED, ChangeRow, DistanceRow, ScoreRow
from analysis.studies.stress.bench import Bench
from analysis.studies.stress.changes import Change, dose_label
from analysis.studies.stress.distances import TapDistance, tap_rows


class Dose(NamedTuple):
    """Where a row belongs: model, change and dose, `order` along the axis of doses, `row` in its array."""

    checkpoint: str
    weights: Weights
    change: str
    side: Side
    dose: float | None
    dose_label: str
    order: int
    compared_with: str
    row: int


@dataclass(frozen=True)
class Response:
    """One model's response to one dose: ranks before and after, and how far every layer of the changed side moved."""

    checkpoint: str
    weights: Weights
    change: Change
    dose: float | None
    before: Int[ndarray, "2 q"]
    after: Int[ndarray, "2 q"]
    distances: Float32[ndarray, "taps n"]
    yardstick: Mapping[str, float | None]

    @property
    def model(self) -> Key:
        """With what the keys of the values of its model begin."""
        return {"checkpoint": self.checkpoint, "weights": self.weights}

    @property
    def key(self) -> Key:
        """With what the keys of its values begin."""
        return {**self.model, "change": self.change.noun, "dose": dose_label(self.change, self.dose)}

    @property
    def is_change(self) -> bool:
        """Whether anything was changed."""
        return self.dose in self.change.changing

    def at(self, row: int) -> Dose:
        """Where it belongs, as row `row` of its array."""
        change, order = self.change, self.change.doses.index(self.dose)
        is_later = change.rebase is not None and order > change.doses.index(change.rebase)
        against = dose_label(change, change.rebase) if is_later else UNALTERED
        label = dose_label(change, self.dose)
        return Dose(self.checkpoint, self.weights, change.name, change.side, self.dose, label, order, against, row)


@dataclass(frozen=True)
class Measured:
    """The numbers of a response; the last layer is the joint embedding."""

    score: Value
    drop: Value
    layers: Sequence[TapDistance]


def measure(bench: Bench, response: Response) -> Measured:
    """S, drop in S and distances of a response, each with its interval."""
    key = response.key
    score, drop = bench.pool.s_value(key, response.after), bench.pool.drop(key, response.before, response.after)
    return Measured(score, drop, tap_rows(key, response.distances, response.yardstick, bench.works))


def measurement(bench: Bench, responses: Sequence[Response], changes: Sequence[Change]) -> Measurement:
    """Values, rows and arrays of all responses; changes, windows and the pool are what all checkpoints share."""
    scores: list[ScoreRow] = []
    distances: list[DistanceRow] = []
    arrays = bench.pool_arrays()
    unaltered: dict[tuple[str, str], Value] = {}
    altered: list[Value] = []
    for number, group in enumerate(_by_model_and_change(responses)):
        arrays[f"ranks.{number}"] = np.stack([response.after for response in group]).astype(np.int32)
        arrays[f"distances.{number}"] = np.stack([response.distances for response in group])
        for row, response in enumerate(group):
            measured, dose = measure(bench, response), response.at(row)
            scores.append(_score_row(dose, measured, f"ranks.{number}"))
            distances += _distance_rows(dose, measured, f"distances.{number}")
            if response.is_change:
                altered += [measured.score, measured.drop, measured.layers[-1].distance]
            elif (model := (response.checkpoint, response.weights)) not in unaltered:
                unaltered[model] = replace(measured.score, key={**response.model, "change": UNALTERED, "what": "S"})
    rows = [*map(_change_row, changes), *scores, *distances, *bench.window_rows(), bench.pool_row]
    return Measurement([*unaltered.values(), *altered], rows, arrays)


def _score_row(dose: Dose, measured: Measured, array: str) -> ScoreRow:
    drop = measured.drop
    return ScoreRow(
        *dose, **columns(measured.score), drop_value=drop.value, drop_ci_low=drop.ci_low, drop_ci_high=drop.ci_high,
        drop_null=drop.null, array=array,
    )  # fmt: skip


def _distance_rows(dose: Dose, measured: Measured, array: str) -> list[DistanceRow]:
    return [
        DistanceRow(*dose, tap.tap, tap.layer, **columns(tap.distance), yardstick=tap.yardstick, array=array, tap_row=tap_row)
        for tap_row, tap in enumerate(measured.layers)
    ]


def _change_row(change: Change) -> ChangeRow:
    labels = tuple(dose_label(change, dose) for dose in change.doses)
    return ChangeRow(change.name, change.title, change.side, change.unit, change.unchanged, change.what, labels, change.twin)


def _by_model_and_change(responses: Sequence[Response]) -> list[list[Response]]:
    def key(response: Response) -> tuple[str, str, str]:
        return response.change.name, response.checkpoint, response.weights

    order = {k: i for i, k in enumerate(dict.fromkeys(key(response) for response in responses))}
    return [list(group) for _, group in groupby(sorted(responses, key=lambda response: order[key(response)]), key)]
