"""Scores of probes as rows of tables, values and one sentence."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy import ndarray

from analysis.measures.probe_scores import confusion_by_work, recall_draws, score_interval
from analysis.numbers import SHARE, Value, format_value, layer_title
from analysis.studies.probes.fit import ProbeScore
from analysis.studies.probes.rows import (
    ACCURACY,
    INPUT,
    LINEAR,
    BestRow,
    ClassRow,
    ConfusionRow,
    MissingRow,
    OutputRow,
    Probe,
    ScoreRow,
    array_of,
)

SIDES = {"midi": "MIDI"}  # as sentences call them; others by their names
OWN_LABEL = {
    ("chroma", "audio chroma"), ("pitch histogram", "pitch histogram"), ("pitch histogram", "chroma histogram"),
    ("note statistics", "mean velocity"), ("note statistics", "note density"),
}  # fmt: skip
RANGES = {"balanced accuracy": {"lowest": 0.0, "highest": 1.0}, "R²": {"highest": 1.0}}
UNDEFINED = "not defined: the labels do not vary"
Number = float | None
Ends = tuple[Number, Number, Number]  # a number and its interval
Inputs = Mapping[tuple[str, str], "Control"]  # by task and side
Above = tuple[str | None, Number, Number, Number, Number, Number, Number]  # a layer, its number, and what is above that


class Control(NamedTuple):
    """What a score is compared with: the best layer of something else on the same task, and its score with those of all draws."""

    layer: str
    draws: ndarray


def score_rows(scores: Sequence[ProbeScore]) -> tuple[list[ScoreRow], dict[str, ndarray]]:
    """The scores, and by task `windows.<task>` and the errors of every window, `(rows, windows)`: `errors.<task>` of the inputs,
    `errors.<task>.<number>` of every checkpoint and its untrained twin.
    """
    rows, errors = list[ScoreRow](), defaultdict[str, list[ndarray]](list)
    arrays: dict[str, ndarray] = {}
    models = list(dict.fromkeys(_model(score) for score in scores if score.source.weights != INPUT))
    for score in scores:
        task, name = score.probe_task.task, array_of("errors", score.probe_task.task.name)
        arrays[array_of("windows", task.name)] = task.index[score.probe_task.scored].astype(np.int64)
        if score.source.weights != INPUT:
            name += f".{models.index(_model(score))}"
        rows.append(_score_row(score, name, len(errors[name])))
        errors[name].append(score.errors.astype(np.float32))
    return rows, arrays | {name: np.stack(parts) for name, parts in errors.items()}


def _model(score: ProbeScore) -> tuple[str, str]:
    return score.source.checkpoint, score.source.weights


def _score_row(score: ProbeScore, errors: str, row: int) -> ScoreRow:
    numbers, probe_task, task = _interval(score), score.probe_task, score.probe_task.task
    value, holds = numbers[0], (score.layer, task.name) in OWN_LABEL and score.source.weights == INPUT
    return ScoreRow(
        *_who(score),
        score.measure,
        *numbers,
        score.shuffled,
        selectivity=None if value is None or score.shuffled is None else value - score.shuffled,
        n=len(probe_task.scored),
        n_works=probe_task.works.n_works,
        n_outputs=len(task.outputs or task.classes),
        alpha=score.penalty,
        holds_label=holds,
        errors=errors,
        row=row,
        reason="" if value is not None else UNDEFINED,
    )


def _interval(score: ProbeScore) -> Ends:
    return score_interval(score.draws, score.probe_task.works, **RANGES[score.measure])


def score_values(rows: Iterable[ScoreRow]) -> list[Value]:
    """Every score with its control."""
    return [row.number for row in rows]


def missing_values(missing: Iterable[MissingRow]) -> list[Value]:
    """The tasks that could not be asked, with the reason in place of an estimator."""
    return [Value({"task": row.task, "what": "not available"}, None, None, None, 0, None, "", row.reason) for row in missing]


def best_scores(scores: Iterable[ProbeScore]) -> dict[tuple[str, str, str, str], ProbeScore]:
    """The best linear probe by (task, checkpoint, weights, side)."""
    best: dict[tuple[str, str, str, str], ProbeScore] = {}
    for score in scores:
        if score.probe not in LINEAR or not np.isfinite(score.value):
            continue
        key = (score.probe_task.task.name, score.source.checkpoint, score.source.weights, score.source.side)
        if key not in best or score.value > best[key].value:
            best[key] = score
    return best


def best_inputs(rows: Sequence[ScoreRow], draws: Sequence[ndarray]) -> Inputs:
    """The best linear probe of what is given to a side, by task and side: of scores of inputs with their draws."""
    best: dict[tuple[str, str], Control] = {}
    for row, of_row in zip(rows, draws, strict=True):
        key = row.task, row.side
        if row.is_linear and np.isfinite(of_row[0]) and (key not in best or of_row[0] > best[key].draws[0]):
            best[key] = Control(row.layer, of_row)
    return best


def best_rows(scores: Sequence[ProbeScore], inputs: Inputs = MappingProxyType({})) -> list[BestRow]:
    """The best trained layer of every task, checkpoint and tower beside the best untrained layer and the best input.

    Args:
        scores: of checkpoints and their untrained twins, and of inputs if these are not given.
        inputs: the best of each task and side.
    """
    best, rows = best_scores(scores), []
    known = {(task, side): Control(score.layer, score.draws) for (task, _, of, side), score in best.items() if of == INPUT}
    for (task, checkpoint, weights, side), score in best.items():
        if weights == "trained":
            other = best.get((task, checkpoint, "untrained", side))
            twin = None if other is None else Control(other.layer, other.draws)
            heard = {**known, **inputs}.get((task, score.source.input_side))
            sizes = len(score.probe_task.scored), score.probe_task.works.n_works, len(score.source.layers)
            numbers = *_interval(score), score.shuffled, *sizes, *_above(score, twin), *_above(score, heard)
            rows.append(BestRow(task, checkpoint, score.source.side, score.layer, score.probe, score.measure, *numbers))
    return rows


def _above(score: ProbeScore, control: Control | None) -> Above:
    """A control with its interval, and what is above it with its own: the same works are drawn for both."""
    if control is None:
        return None, None, None, None, None, None, None
    ends = score_interval(control.draws, score.probe_task.works, **RANGES[score.measure])
    return control.layer, *ends, *score_interval(score.draws - control.draws, score.probe_task.works)


def confusion_rows(scores: Sequence[ProbeScore]) -> list[ConfusionRow]:
    """Windows of every true and predicted class, for the best layer of every model, side and classification."""
    rows = []
    for score in best_scores(scores).values():
        classes = score.probe_task.task.classes
        if score.predicted is None:
            continue
        labels = score.probe_task.task.labels[score.probe_task.scored]
        counts = confusion_by_work(labels, score.predicted, len(classes), score.probe_task.works).sum(axis=0)
        for true, line in zip(classes, counts.tolist(), strict=True):
            for predicted, n in zip(classes, map(int, line), strict=True):
                rows.append(ConfusionRow(*_who(score), true, predicted, n, n / sum(line) if sum(line) else None))
    return rows


def class_rows(scores: Sequence[ProbeScore]) -> list[ClassRow]:
    """Share of the windows of every class that is recognised, by layer."""
    rows = []
    for score in scores:
        classes = score.probe_task.task.classes
        if score.predicted is None:
            continue
        labels = score.probe_task.task.labels[score.probe_task.scored]
        recall = recall_draws(
            confusion_by_work(labels, score.predicted, len(classes), score.probe_task.works), score.probe_task.works
        )
        for number, name in enumerate(classes):
            numbers = score_interval(recall[:, number], score.probe_task.works, **RANGES[ACCURACY])
            rows.append(ClassRow(*_who(score), name, *numbers, int((labels == number).sum())))
    return rows


def output_rows(scores: Sequence[ProbeScore]) -> list[OutputRow]:
    """R² of every output (a pitch, an interval …) for the best layer of every model, side and regression."""
    rows = []
    for score in best_scores(scores).values():
        for name, value in zip(score.probe_task.task.outputs, score.outputs if score.outputs is not None else (), strict=True):
            value = float(value) if np.isfinite(value) else None
            rows.append(OutputRow(*_who(score), name, value, len(score.probe_task.scored)))
    return rows


def _who(score: ProbeScore) -> Probe:
    source = score.source
    return Probe(source.checkpoint, source.weights, source.side, score.layer, score.probe_task.task.name, score.probe)


def headline(best: Sequence[BestRow], missing: Mapping[str, str], names: Collection[str] = ()) -> str:
    """Of these checkpoints the task and side on which training adds most to input and twin, then the other side; 30 words."""
    if not best:
        return f"No task can be asked of this corpus: {'; '.join(f'{task} {reason}' for task, reason in missing.items())}."
    chosen = [row for row in best if not names or row.checkpoint in names]
    added = [row for row in chosen if row.margin > 0]
    row = max(added or chosen, key=lambda row: row.margin)
    scored = f"{row.measure} {_worded(row, row.value, ends=True)}: {row.task} from {layer_title(row.layer)}"
    text = f"{scored[:1].upper()}{scored[1:]} of {row.checkpoint}{_beside(row)}"
    if added:
        return f"{text}{_other_side([other for other in best if other is not row and _same_reader(other, row)])}."
    return f"Nothing is read better than from input and untrained twin. Nearest: {text}."


def _same_reader(row: BestRow, other: BestRow) -> bool:
    """Whether two rows are of one task and checkpoint, whichever their sides."""
    return (row.task, row.checkpoint) == (other.task, other.checkpoint)


def _beside(row: BestRow) -> str:
    """Input and untrained twin in brackets; in their place shuffled labels where the score is not told from them."""
    shuffled, low, high = row.shuffled, row.ci_low, row.ci_high
    if shuffled is not None and low is not None and high is not None and low <= shuffled <= high:
        return f", not distinguishable from shuffled labels ({_worded(row, shuffled)})"
    controls = (("input", row.input), ("untrained twin", row.untrained))
    known = [f"{name} {_worded(row, number)}" for name, number in controls if number is not None]
    return f" ({', '.join(known)})" if known else ""


def _other_side(others: Sequence[BestRow]) -> str:
    """The same task from the other side, beside its untrained twin."""
    if not others or others[0].value is None:
        return ""
    other = others[0]
    twin = "" if other.untrained is None else f" (twin {_worded(other, other.untrained)})"
    return f"; from {SIDES.get(other.side, other.side)} {_worded(other, other.value)}{twin}"


def _worded(row: BestRow, number: float | None, *, ends: bool = False) -> str:
    """A number in the unit of a row, with its interval where asked."""
    low, high = (row.ci_low, row.ci_high) if ends else (None, None)
    return format_value(Value({"what": "score"}, number, low, high, row.n, None, SHARE if row.measure == ACCURACY else "", ""))
