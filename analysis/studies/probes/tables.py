"""Scores of probes as tables, values and one sentence."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy import ndarray

from analysis.measures.probe_scores import confusion_by_work, recall_draws, score_interval
from analysis.numbers import Value, format_value
from analysis.studies.probes.solve import LINEAR, Score

INPUT = "input"
OWN_LABEL = {
    ("chroma", "audio chroma"), ("pitch histogram", "pitch histogram"), ("pitch histogram", "chroma histogram"),
    ("note statistics", "mean velocity"), ("note statistics", "note density"),
}  # fmt: skip
RANGES = {"balanced accuracy": {"lowest": 0.0, "highest": 1.0}, "R²": {"highest": 1.0}}
Rows = list[dict[str, Any]]


def layer_words(layer: str) -> str:
    """A layer as a person says it.

    >>> layer_words("audio.block.2"), layer_words("midi.in"), layer_words("audio.embedding")
    ('audio block 2', 'MIDI before block 1', 'audio embedding')
    """
    side, _, rest = layer.partition(".")
    if side not in ("audio", "midi"):
        return layer
    return f"{'MIDI' if side == 'midi' else side} {'before block 1' if rest == 'in' else rest.replace('.', ' ')}"


def score_rows(scores: Sequence[Score], missing: Mapping[str, str]) -> tuple[Rows, dict[str, ndarray]]:
    """The table "scores" and, by task, the errors of every window: `errors.<task>` (rows, windows) and `windows.<task>`."""
    rows, errors = [], defaultdict(list)
    arrays: dict[str, ndarray] = {}
    for score in scores:
        value, low, high = _interval(score)
        task, source = score.exam.task, score.source
        name = f"errors.{task.name.replace(' ', '_')}"
        arrays[name.replace("errors", "windows", 1)] = task.index[score.exam.scored].astype(np.int64)
        selectivity = None if value is None or score.shuffled is None else value - score.shuffled
        rows.append({
            "checkpoint": source.checkpoint, "weights": source.weights, "side": source.side, "layer": score.layer,
            "task": task.name, "probe": score.probe, "measure": score.measure, "value": value, "ci_low": low, "ci_high": high,
            "shuffled": score.shuffled, "selectivity": selectivity, "n": len(score.exam.scored),
            "n_works": score.exam.works.n_works, "n_outputs": len(task.outputs or task.classes), "alpha": score.penalty,
            "holds_label": (score.layer, task.name) in OWN_LABEL and source.weights == INPUT,
            "errors": name, "row": len(errors[name]),
            "reason": "" if value is not None else "not defined: the labels do not vary",
        })  # fmt: skip
        errors[name].append(score.errors.astype(np.float32))
    for task, reason in missing.items():
        blank = dict.fromkeys(rows[0] if rows else ("task", "value", "reason"))
        rows.append({**blank, "task": task, "reason": reason})
    return rows, arrays | {name: np.stack(parts) for name, parts in errors.items()}


def _interval(score: Score) -> tuple[float | None, float | None, float | None]:
    return score_interval(score.draws, score.exam.works, **RANGES[score.measure])


def score_values(rows: Rows) -> list[Value]:
    """Every score with its control."""
    values = []
    for row in rows:
        if row.get("checkpoint") is None:
            values.append(Value(f"{row['task']}: not available", None, None, None, 0, None, "", row["reason"]))
            continue
        who = f"{row['checkpoint']}, {row['weights']}" if row["weights"] != INPUT else f"{INPUT}, {row['side']}"
        name = f"{who}, {layer_words(row['layer'])}, {row['task']}: {row['measure']}"
        name += "" if row["probe"] in LINEAR else f" ({row['probe']})"
        unit, estimator = "share" if row["measure"] == "balanced accuracy" else "", f"{row['measure']}, {row['probe']}"
        ends = row["ci_low"], row["ci_high"]
        null = row["shuffled"] if row["value"] is not None else None
        if null is not None and row["measure"] == "R²":  # saying the mean gives 0, which is no less than nothing
            null = max(0.0, null)
        values.append(Value(name, row["value"], *ends, row["n"], null, unit, estimator))
    return values


def best_scores(scores: Iterable[Score]) -> dict[tuple[str, str, str, str], Score]:
    """The best linear probe by (task, checkpoint, weights, side)."""
    best: dict[tuple[str, str, str, str], Score] = {}
    for score in scores:
        if score.probe not in LINEAR or not np.isfinite(score.value):
            continue
        key = (score.exam.task.name, score.source.checkpoint, score.source.weights, score.source.side)
        if key not in best or score.value > best[key].value:
            best[key] = score
    return best


def best_rows(scores: Sequence[Score]) -> Rows:
    """The best trained layer of every task, checkpoint and side beside the best untrained layer and the best input.

    Differences are drawn together: the same works for both.
    """
    best, rows = best_scores(scores), []
    for (task, checkpoint, weights, side), score in best.items():
        if weights != "trained":
            continue
        value, low, high = _interval(score)
        row: dict[str, Any] = {
            "task": task, "checkpoint": checkpoint, "side": side, "layer": score.layer, "probe": score.probe,
            "measure": score.measure, "value": value, "ci_low": low, "ci_high": high, "shuffled": score.shuffled,
            "n": len(score.exam.scored), "n_works": score.exam.works.n_works, "n_layers": len(score.source.layers),
        }  # fmt: skip
        others = {"untrained": best.get((task, checkpoint, "untrained", side)), INPUT: best.get((task, INPUT, INPUT, side))}
        for name, other in others.items():
            row[f"{name}_layer"] = other.layer if other else None
            row[name], row[f"{name}_low"], row[f"{name}_high"] = _interval(other) if other else (None,) * 3
            ends = score_interval(score.draws - other.draws, score.exam.works) if other else (None,) * 3
            row |= dict(zip((f"above_{name}", f"above_{name}_low", f"above_{name}_high"), ends, strict=True))
        rows.append(row)
    return rows


def confusion_rows(scores: Sequence[Score]) -> Rows:
    """Windows of every true and predicted class, for the best layer of every model, side and classification."""
    rows = []
    for score in best_scores(scores).values():
        classes = score.exam.task.classes
        if score.predicted is None:
            continue
        labels = score.exam.task.labels[score.exam.scored]
        counts = confusion_by_work(labels, score.predicted, len(classes), score.exam.works).sum(axis=0)
        for true, line in zip(classes, counts, strict=True):
            of_class = int(line.sum())
            for predicted, n in zip(classes, line, strict=True):
                share = n / of_class if of_class else None
                rows.append({**_who(score), "true": true, "predicted": predicted, "n": int(n), "value": share})
    return rows


def class_rows(scores: Sequence[Score]) -> Rows:
    """Share of the windows of every class that is found, by layer."""
    rows = []
    for score in scores:
        classes = score.exam.task.classes
        if score.predicted is None:
            continue
        labels = score.exam.task.labels[score.exam.scored]
        recall = recall_draws(confusion_by_work(labels, score.predicted, len(classes), score.exam.works), score.exam.works)
        for number, name in enumerate(classes):
            value, low, high = score_interval(recall[:, number], score.exam.works, **RANGES["balanced accuracy"])
            n = int((labels == number).sum())
            rows.append({**_who(score), "class": name, "value": value, "ci_low": low, "ci_high": high, "n": n})
    return rows


def output_rows(scores: Sequence[Score]) -> Rows:
    """R² of every output (a pitch, an interval …) for the best layer of every model, side and regression."""
    rows = []
    for score in best_scores(scores).values():
        for name, value in zip(score.exam.task.outputs, score.outputs if score.outputs is not None else (), strict=True):
            value = float(value) if np.isfinite(value) else None
            rows.append({**_who(score), "output": name, "value": value, "n": len(score.exam.scored)})
    return rows


def _who(score: Score) -> dict[str, Any]:
    source = score.source
    what = {"layer": score.layer, "task": score.exam.task.name, "probe": score.probe}
    return {"checkpoint": source.checkpoint, "weights": source.weights, "side": source.side, **what}


def headline(best: Rows, missing: Mapping[str, str], names: Collection[str] = ()) -> str:
    """Of these checkpoints the task and side on which training adds most to input and twin, then the other side; 30 words."""
    if not best:
        return f"No task can be asked of this corpus: {'; '.join(f'{task} {reason}' for task, reason in missing.items())}."
    chosen = [row for row in best if not names or row["checkpoint"] in names]
    added = [row for row in chosen if _margin(row) > 0]
    row = max(added or chosen, key=_margin)
    scored = f"{row['measure']} {_worded(row, row['value'], ends=True)}: {row['task']} from {layer_words(row['layer'])}"
    said = f"{scored[:1].upper()}{scored[1:]} of {row['checkpoint']}{_beside(row)}"
    if added:
        return f"{said}{_other_side([one for one in best if one is not row and _same_reader(one, row)])}."
    return f"Nothing is read better than from input and untrained twin. Nearest: {said}."


def _same_reader(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two rows are of one task and checkpoint, whichever their sides."""
    return (one["task"], one["checkpoint"]) == (other["task"], other["checkpoint"])


def _beside(row: Mapping[str, Any]) -> str:
    """Input and untrained twin in brackets; in their place shuffled labels where the score is not told from them."""
    ends = row["shuffled"], row["ci_low"], row["ci_high"]
    if None not in ends and row["ci_low"] <= row["shuffled"] <= row["ci_high"]:
        return f", not distinguishable from shuffled labels ({_worded(row, row['shuffled'])})"
    controls = (("input", row["input"]), ("untrained twin", row["untrained"]))
    told = [f"{name} {_worded(row, number)}" for name, number in controls if number is not None]
    return f" ({', '.join(told)})" if told else ""


def _other_side(others: Rows) -> str:
    """The same task from the other side, beside its untrained twin."""
    if not others or others[0]["value"] is None:
        return ""
    other = others[0]
    twin = "" if other["untrained"] is None else f" (twin {_worded(other, other['untrained'])})"
    return f"; from {'MIDI' if other['side'] == 'midi' else 'audio'} {_worded(other, other['value'])}{twin}"


def _worded(row: Mapping[str, Any], number: float, *, ends: bool = False) -> str:
    """A number in the unit of a row, with its interval where asked."""
    low, high = (row["ci_low"], row["ci_high"]) if ends else (None, None)
    unit = "share" if row["measure"] == "balanced accuracy" else ""
    return format_value(Value("score", number, low, high, row["n"], None, unit, ""))


def _margin(row: Mapping[str, Any]) -> float:
    """Lower end of what the best layer has above the stronger control; −∞ where there is none to compare with."""
    ends = [row[f"above_{name}_low"] for name in ("untrained", INPUT) if row[f"above_{name}_low"] is not None]
    return min(ends, default=-np.inf)
