"""What the similarities of layers amount to: means over blocks with their controls, differences, and the sentence."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from analysis.numbers import format_value
from analysis.readings.embeddings import Weights
from analysis.studies.similarity.grids import LayerGrid, WorkShuffles, columns_of, estimate
from analysis.studies.similarity.layers import EMBEDDING, INPUT, Stack
from analysis.studies.similarity.rows import (
    AUDIO_WITH_MIDI,
    EMBEDDINGS,
    INPUTS,
    LAST,
    MEAN,
    SAME_LAYER,
    DifferenceRow,
    MeanRow,
    SummaryRow,
)

SHARED = "share structure"
TRAINED: Weights = "trained"
TWIN: Weights = "untrained"
Within = Mapping[tuple[str, Weights, str], LayerGrid]  # by checkpoint, weights and measure


class Means(NamedTuple):
    """Means over blocks of trained models and of their twins, which of them are known and ranked, and gains over the twins."""

    trained: dict[str, SummaryRow]
    twins: dict[str, SummaryRow]
    known: list[str]
    gains: dict[str, DifferenceRow]


def summarise(within: Within, across: Sequence[tuple[tuple[Stack, Stack], LayerGrid]], works: WorkShuffles) -> list[SummaryRow]:
    """One row per checkpoint or two, weights, measure and what is averaged."""
    summary = list[SummaryRow]()
    sizes = len(works.of_window), len(works.names)
    for (name, weights, estimator), grid in within.items():
        for what, rows, columns in _parts(grid):
            numbers, cells = columns_of(grid.estimate(works, rows, columns)), list(product(rows, columns))
            models = name, name, AUDIO_WITH_MIDI
            summary.append(SummaryRow(*models, weights, estimator, what, *numbers, *sizes, _defined(grid, cells), len(cells)))
    for (first, second), grid in across:
        sides = f"{first.side}, {second.side}"
        for what, paired in ((SAME_LAYER, True), (MEAN, False)):
            numbers = columns_of(grid.estimate(works, first.blocks, second.blocks, paired=paired))
            pairs = zip(first.blocks, second.blocks, strict=False) if paired else product(first.blocks, second.blocks)
            models, cells = (first.checkpoint, second.checkpoint, sides), list(pairs)
            summary.append(
                SummaryRow(*models, first.weights, grid.measure, what, *numbers, *sizes, _defined(grid, cells), len(cells))
            )
    return summary


def _defined(grid: LayerGrid, cells: Sequence[tuple[str, str]]) -> int:
    return sum(grid.defines(*cell) for cell in cells)


def _parts(grid: LayerGrid) -> list[tuple[str, list[str], list[str]]]:
    lost = [[label for side, label in grid.reasons if side == number] for number in (0, 1)]
    both = ((grid.rows, lost[0]), (grid.columns, lost[1]))
    rows, columns = (sorted((label for label in (*kept, *gone) if label.isdigit()), key=int) for kept, gone in both)
    last = (LAST, rows[-1:], columns[-1:])
    return [(MEAN, rows, columns), last, (EMBEDDINGS, [EMBEDDING], [EMBEDDING]), (INPUTS, [INPUT], [INPUT])]


def gains(within: Within, works: WorkShuffles, measure: str) -> list[DifferenceRow]:
    """What the mean over blocks of every checkpoint has above that of its untrained twin; nothing where one is not defined."""
    rows = []
    for name in dict.fromkeys(name for name, _, _ in within):
        mean, less = (mean_over_blocks(within[name, weights, measure]) for weights in (TRAINED, TWIN))
        if mean is not None and less is not None:
            rows.append(_difference((name, TRAINED), (name, TWIN), mean, less, works, measure))
    return rows


def means(within: Within, measure: str) -> tuple[list[MeanRow], dict[str, ndarray]]:
    """Means over blocks of the trained checkpoints that have one, of which differences are made."""
    rows, arrays = list[MeanRow](), dict[str, ndarray]()
    for (name, weights, estimator), grid in within.items():
        if (weights, estimator) == (TRAINED, measure) and (mean := mean_over_blocks(grid)) is not None:
            rows.append(MeanRow(name, measure, array := f"mean.{len(rows)}"))
            arrays[array] = mean
    return rows, arrays


def differences(
    means: Mapping[str, ndarray], pairs: Iterable[Sequence[str]], works: WorkShuffles, measure: str
) -> Iterator[DifferenceRow]:
    """Differences of the mean over blocks of two trained checkpoints, where both have one."""
    for first, second in pairs:
        if first in means and second in means:
            yield _difference((first, TRAINED), (second, TRAINED), means[first], means[second], works, measure)


def _difference(
    first: tuple[str, Weights], second: tuple[str, Weights], mean: ndarray, less: ndarray, works: WorkShuffles, measure: str
) -> DifferenceRow:
    both = mean[1:] - less[1:] if len(mean) == len(less) else mean[:0]
    gain = estimate(float(mean[0]) - float(less[0]), both, mean[:0], works, bounded=False)
    return DifferenceRow(*first, *second, measure, gain.value, gain.ci_low, gain.ci_high, 0.0, len(works.of_window))


def mean_over_blocks(grid: LayerGrid) -> Float[ndarray, " k"] | None:
    """The mean over pairs of blocks and then, where that can be computed, the same without each work; None without blocks."""
    i, j = ([number for number, label in enumerate(side) if label.isdigit()] for side in (grid.rows, grid.columns))
    if not i or not j:
        return None
    return np.append(grid.value[i][:, j].mean(), grid.without[:, i][:, :, j].mean(axis=(1, 2))).astype(np.float64)


def headline(
    summary: Sequence[SummaryRow], differences: Sequence[DifferenceRow], measure: str, names: Collection[str] = ()
) -> str:
    """The mean over blocks beside its untrained twin and shuffled works; of several of these highest and lowest; 30 words."""
    trained, twins, known, gains = _read(summary, differences, measure, names)
    if not known:
        return f"Audio and MIDI layers cannot be compared by {measure}: no pair of blocks has one."
    ordered = sorted(known, key=lambda name: -(trained[name].value or 0.0))
    highest, lowest = ordered[0], ordered[-1]
    row, verdict = trained[highest], _short_verdict(trained[highest], gains.get(highest))
    both = len(known) > 1 and verdict == SHARED
    most = ", most" if both and not _apart(highest, lowest, differences) else ""
    text = f"{_bare(row)} {measure}: audio and MIDI layers {verdict}{most} in {highest} "
    text += f"(untrained twin {_short(twins[highest].value)}"
    text += ")" if row.null is None else f", shuffled pairs {_short(row.null)})"
    if not both:
        return f"{text}."
    return f"{text}, {'least in' if most else 'not distinguishable from'} {lowest} ({_bare(trained[lowest])})."


def details(
    summary: Sequence[SummaryRow], differences: Sequence[DifferenceRow], measure: str, names: Collection[str] = ()
) -> str:
    """The mean over blocks in full, over which of them, beside its controls; of several of these highest and lowest."""
    trained, twins, known, gains = _read(summary, differences, measure, names)
    if not known:
        return "No pair of blocks has a value; the cells say why."
    highest = max(known, key=lambda name: trained[name].value or 0.0)
    lowest = min(known, key=lambda name: trained[name].value or 0.0)
    controls = {name: _controls(trained[name], twins[name]) for name in known}
    if len(known) == 1:
        return f"Audio and MIDI layers {_verdict(trained[highest], gains.get(highest))}: {measure} {controls[highest]}."
    text = f"Audio and MIDI layers are most alike in {highest}, where they {_verdict(trained[highest], gains.get(highest))}: "
    text += f"{measure} {controls[highest]}; least in {lowest}, where they {_verdict(trained[lowest], gains.get(lowest))}: "
    return f"{text}{controls[lowest]}.{_apart(highest, lowest, differences)}"


def _read(summary: Sequence[SummaryRow], differences: Sequence[DifferenceRow], measure: str, names: Collection[str]) -> Means:
    means = [row for row in summary if row.what == MEAN and row.estimator == measure and row.within]
    trained = {row.first: row for row in means if row.weights == "trained"}
    twins = {row.first: row for row in means if row.weights == "untrained"}
    known = [name for name, row in trained.items() if row.value is not None and (not names or name in names)]
    return Means(trained, twins, known, {row.first: row for row in differences if row.second_weights == "untrained"})


def _short_verdict(row: SummaryRow, gain: DifferenceRow | None) -> str:
    """The verdict in few words."""
    if row.null is None or row.ci_low is None:
        return "cannot be said to share structure"
    if row.inside_null:
        return "are not distinguishable from shuffled pairs"
    if gain is None or gain.ci_low is None or gain.ci_high is None or gain.ci_low > 0:
        return SHARED
    return "share less structure than the twin" if gain.ci_high < 0 else f"{SHARED}, not distinguishably more than the twin"


def _verdict(row: SummaryRow, gain: DifferenceRow | None) -> str:
    if row.null is None or row.ci_low is None:
        return "cannot be said to share structure"
    if row.inside_null:
        return "are not distinguishable from shuffled pairs (95 %)"
    if gain is None or gain.ci_low is None or gain.ci_high is None or gain.ci_low > 0:
        return SHARED
    less = "less structure than" if gain.ci_high < 0 else "structure, but not distinguishably more than"
    return f"share {less} in the untrained twin"


def _controls(row: SummaryRow, twin: SummaryRow) -> str:
    some = f" over {row.cells} of {row.of_cells} pairs of blocks" if row.cells < row.of_cells else ""
    text = f"{_number(row)} on average{some}, untrained twin {_short(twin.value)}"
    return text if row.null is None else f"{text}, shuffled pairs {_short(row.null)}"


def _number(row: SummaryRow) -> str:
    return _bare(row) if row.ci_low is not None else f"{_bare(row)} (no interval from fewer than 3 works)"


def _bare(row: SummaryRow) -> str:
    return format_value(replace(row.number, null=None))


def _short(number: float | None) -> str:
    return "not available" if number is None else f"{number:.2f}".replace("-0.00", "0.00")


def _apart(highest: str, lowest: str, differences: Sequence[DifferenceRow]) -> str:
    """Whether the highest and the lowest can be told apart."""
    for row in differences:
        if {row.first, row.second} == {highest, lowest} and row.second_weights == "trained" and row.number.inside_null:
            return " The two are not distinguishable (95 % interval of the difference, by work)."
    return ""
