"""Correlations and novelty as rows with their intervals over works."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy import ndarray

from analysis.measures.event_scores import EventScores
from analysis.measures.head_scores import halves
from analysis.measures.resampling import WorkDraws
from analysis.readings.study_run import Weights
from analysis.studies.structure.changes import ChangeKind, Layer
from analysis.studies.structure.correlations import LayerCorrelations
from analysis.studies.structure.references import REFERENCES
from analysis.studies.structure.rows import ChosenRow, LayerNoveltyRow, LayerRow, ReferenceNoveltyRow

Gain = tuple[float | None, float | None, float | None]
NO_GAIN: Gain = (None, None, None)
Scored = tuple[float, float | None, float | None, float | None, int]


def layer_rows(
    checkpoint: str, trained: Sequence[LayerCorrelations], twin: Sequence[LayerCorrelations], groups: ndarray, seed: int
) -> list[LayerRow]:
    """Every layer and reference of a checkpoint and of its untrained twin."""
    draws, rows = WorkDraws(groups, seed), []
    models: tuple[tuple[Weights, Sequence[LayerCorrelations]], ...] = (("trained", trained), ("untrained", twin))
    for weights, layers in models:
        for order, layer in enumerate(layers):
            for column, reference in enumerate(REFERENCES):
                gain = _gain(layer, twin[order], column, draws) if weights == "trained" else NO_GAIN
                numbers = _mean(layer, column, draws)
                rows.append(LayerRow(checkpoint, weights, layer.tower, layer.layer, reference, *numbers, *gain, order))
    return rows


def chosen_rows(
    checkpoint: str, trained: Sequence[LayerCorrelations], twin: Sequence[LayerCorrelations], groups: ndarray, seed: int
) -> list[ChosenRow]:
    """The layer and reference with the highest mean on half of the works, on the others, beside the twin; [] of one work."""
    if len(set(groups.tolist())) < 2:
        return []
    chooses = halves(groups, seed)
    means = np.stack([layer.value[chooses].mean(axis=0) for layer in trained])
    order, column = (int(number) for number in np.unravel_index(means.argmax(), means.shape))
    draws = WorkDraws(groups[~chooses], seed)
    here, there = (_some(layers[order], ~chooses) for layers in (trained, twin))
    models: tuple[tuple[Weights, LayerCorrelations, Gain], ...] = (
        ("trained", here, _gain(here, there, column, draws)), ("untrained", there, NO_GAIN),
    )  # fmt: skip
    return [
        ChosenRow(checkpoint, weights, of.tower, of.layer, REFERENCES[column], *_mean(of, column, draws), *gain)
        for weights, of, gain in models
    ]


def novelty_rows(
    checkpoint: str, weights: Weights, layers: Sequence[Layer], scores: EventScores, kind: ChangeKind, seed: int
) -> list[LayerNoveltyRow]:
    """Every layer against changes."""
    draws = WorkDraws(scores.groups, seed)
    return [
        LayerNoveltyRow(
            kind.name, kind.tolerance_s, *_f1(scores, number, draws), checkpoint, weights, tower, layer, number,
        )
        for number, (tower, layer) in enumerate(layers)
    ]  # fmt: skip


def reference_rows(scores: EventScores, kind: ChangeKind, seed: int) -> list[ReferenceNoveltyRow]:
    """Every quantity of the sound against changes."""
    draws = WorkDraws(scores.groups, seed)
    return [
        ReferenceNoveltyRow(kind.name, kind.tolerance_s, *_f1(scores, number, draws), reference)
        for number, reference in enumerate(REFERENCES)
    ]


def by_piece(novelties: Sequence[Mapping[Layer, Sequence[ndarray]]], layers: Sequence[Layer], size: int) -> list[list[ndarray]]:
    """Curves of one size of checkerboard, by piece and layer."""
    return [[of[layer][size] for layer in layers] for of in novelties]


def _some(layer: LayerCorrelations, index: ndarray) -> LayerCorrelations:
    return LayerCorrelations(layer.tower, layer.layer, layer.value[index], layer.moved[index])


def _gain(layer: LayerCorrelations, twin: LayerCorrelations, column: int, draws: WorkDraws) -> Gain:
    more = layer.value[:, column] - twin.value[:, column]
    low, high = draws.interval(draws.means(more))
    return float(more.mean()), low, high


def _mean(layer: LayerCorrelations, column: int, draws: WorkDraws) -> Scored:
    value, moved = layer.value[:, column], layer.moved[:, column]
    low, high = draws.interval(draws.means(value))
    return float(value.mean()), low, high, float(moved.mean()), len(value)


def _f1(scores: EventScores, number: int, draws: WorkDraws) -> tuple[float, float | None, float | None, float, int, float, float]:
    low, high = scores.interval(number, draws)
    return (
        float(scores.f1[number]), low, high, float(scores.null_f1[number]), len(scores.references),
        float(scores.precision[number]), float(scores.recall[number]),
    )  # fmt: skip
