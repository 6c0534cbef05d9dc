"""Details of the page of probes: the largest errors, what is confused, which outputs are read, best layers, all numbers."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from analysis.results import Result
from analysis.rows import Numbers
from analysis.studies.probes.rows import (
    ACCURACY,
    INPUT,
    BestRow,
    ClassRow,
    ConfusionRow,
    Measure,
    OutputRow,
    ScoreRow,
    Weights,
    array_of,
)
from analysis.studies.shared_rows import WindowRow
from app.charts import doses, matrix, theme
from app.charts import mark as marked
from app.charts.mark import Mark
from app.kit import actions, player, tables
from app.kit.plain import plain
from app.kit.pool_scores import TWINS, cell, name_twins_once
from app.kit.study_form import Choice
from app.studies.probes.marks import TWIN, beside_nothing, layer_title, named, score_text, scored, side_title

OUTPUTS_PX, MOST, MOST_NAMES, TABLE_PX, FEW = 320, 20, 24, 360, 10
ERRORS = {
    "error": st.column_config.NumberColumn(
        "error", format="%.2f", width=64,
        help="Squared, 1 being the variance of the labels; of a class: 1 − the probability that the right one was given",
    ),
    "piece": st.column_config.TextColumn("piece", width=270),
}  # fmt: skip
BEST = {
    "task": st.column_config.TextColumn("task", width=124),
    "checkpoint": st.column_config.TextColumn("checkpoint", width=88),
    "side": st.column_config.TextColumn("side", width=46),
    "layer": st.column_config.TextColumn("layer", width=50),
    "score": st.column_config.TextColumn("score", width=140, help="R², or balanced accuracy (%), with its 95 % interval"),
    "twin": st.column_config.TextColumn("− twin", width=148, help="Above the best layer of the untrained twin, same works"),
    "input": st.column_config.TextColumn("− input", width=148, help="Above the best input, same works"),
    "which": st.column_config.TextColumn("best input", width=166),
    "shuffled": st.column_config.TextColumn("shuffled", width=70, help="The same probe with labels of other works"),
    "n": st.column_config.TextColumn("n", width=112),
}


def errors_of(result: Result, row: ScoreRow) -> list[player.ListedWindow]:
    """The windows about which a probe is most wrong."""
    errors = result.arrays[row.errors][row.row]
    numbers, windows = result.arrays[array_of("windows", row.task)], result.rows(WindowRow)
    listed = []
    for number in np.argsort(-errors, kind="stable")[:MOST].tolist():
        window = windows[int(numbers[number])]
        listed.append(player.ListedWindow(window, {"error": float(errors[number])}))
    return listed


def errors(result: Result, choice: Choice, row: ScoreRow, title: str) -> None:
    """The windows about which a probe is most wrong, to be heard."""
    which = f"{row.checkpoint or row.weights}, {side_title(row.side)} layer {layer_title(row.layer)}, {row.task}, {row.probe}"
    twin = f", {TWIN}" if row.weights == "untrained" else ""
    st.caption(plain(f"{which}{twin}: score {score_text(row)}. Click a point above to choose another."))
    key = "_".join(("errors", title, *row.of))
    player.pick(errors_of(result, row), choice, key, title=title, columns=ERRORS)


def inside(result: Result, choice: Choice, task: str, weights: Weights) -> None:
    """What is confused with what, or which of several outputs are read, at the best layers."""
    rows = [row for row in result.rows(ConfusionRow) if row.task == task and row.weights == weights]
    if rows:
        _confused(result, choice, rows)
    elif len({row.output for row in result.rows(OutputRow) if row.task == task}) > 1:
        _outputs(result, task)


def _confused(result: Result, choice: Choice, rows: Sequence[ConfusionRow]) -> None:
    """A matrix per checkpoint and side; its diagonal with intervals."""
    st.subheader("What is taken for what", anchor=False)
    classes = {(row.of, row.label): row for row in result.rows(ClassRow)}
    panels: dict[str, dict[tuple[str, str], Mark]] = {}
    for row in rows:
        cells = panels.setdefault(f"{row.checkpoint}, {side_title(row.side)} {layer_title(row.layer)}", {})
        if row.value is not None:
            recall = classes.get((row.of, row.true)) if row.true == row.predicted else None
            low, high = (None, None) if recall is None else (recall.ci_low, recall.ci_high)
            pair = row.true, row.predicted
            cells[pair] = Mark(*pair, row.value, low, high, note=f"{row.n} windows", key=tuple(row.of))
    names = list(dict.fromkeys(row.true for row in rows))
    drawing = matrix.panels(
        panels, names, names, x_title="taken for", y_title="true", colour_title="share of the windows of a class (%)",
        low=0.0, high=100.0, percent=True, square=True,
    )  # fmt: skip
    clicked = actions.figure(drawing, "confusion", result, rows, select=("points",))
    if (row := named(scored(result), clicked)) is not None:
        errors(result, choice, row, "Confused here")
    st.caption("At the best layer of each side. A column that is light in every row is what the probe says when in doubt.")
    listed = best_per_class(result, rows)
    st.dataframe(listed, hide_index=True, placeholder="—", height=TABLE_PX if len(listed) > FEW else "content")


def best_per_class(result: Result, rows: Sequence[ConfusionRow]) -> list[dict[str, object]]:
    """Of every class, checkpoint and side the layer at which most of its windows are recognised."""
    best: dict[tuple[str, str, str], ClassRow] = {}
    models = {(row.checkpoint, row.weights, row.side, row.task) for row in rows}
    for row in result.rows(ClassRow):
        if (row.checkpoint, row.weights, row.side, row.task) in models and row.is_linear and row.value is not None:
            before = best.get(key := (row.label, row.checkpoint, row.side))
            if before is None or (before.value or 0.0) < row.value:
                best[key] = row
    return [
        {
            "class": label, "checkpoint": checkpoint, "side": side_title(side), "best layer": layer_title(row.layer),
            "found": cell(Numbers(row.value, row.ci_low, row.ci_high, None, row.n)), "n": row.n,
        }
        for (label, checkpoint, side), row in sorted(best.items(), key=lambda pair: pair[0])
    ]  # fmt: skip


def _outputs(result: Result, task: str) -> None:
    """R² of every output at the best layer of every model."""
    st.subheader("Which parts of it are read", anchor=False)
    rows = [row for row in result.rows(OutputRow) if row.task == task and row.weights != INPUT]
    names = list(dict.fromkeys(row.output for row in rows))
    marks = [
        Mark(
            side_title(row.side), row.checkpoint, row.value, null=0.0, n=row.n, at=names.index(row.output),
            twin=row.weights != "trained", note=f"layer {layer_title(row.layer)}",
        )
        for row in rows if row.value is not None
    ]  # fmt: skip
    names, unit = without_unit(names)
    title = f"{task} ({unit})" if unit else task
    drawing = doses.panels(
        marks, x_title=title, y_title="R²", categories=names, null_name="the mean", columns=2, domain=(-0.5, 1.0)
    )
    step = -(-len(names) // MOST_NAMES)
    drawing.update_layout(height=OUTPUTS_PX)
    drawing.update_traces(marker_size=6, selector={"mode": "lines+markers"})
    drawing.update_traces(name=TWINS, selector=lambda trace: trace.line.color == theme.TWIN)
    drawing.update_xaxes(tickvals=list(range(0, len(names), step)), ticktext=names[::step])
    actions.figure(name_twins_once(drawing), f"outputs_{task.replace(' ', '_')}", result, rows)
    st.caption("At the best layer of each side, without intervals. What hardly varies, or in few works, is left out.")


def without_unit(names: Sequence[str]) -> tuple[list[str], str]:
    """Names without the unit that all of them end with, and that unit; "" for none.

    >>> without_unit(["-12 semitones", "+1 semitones"]), without_unit(["C", "C sharp"])
    ((['-12', '+1'], 'semitones'), (['C', 'C sharp'], ''))
    """
    (unit, *others) = dict.fromkeys(name.partition(" ")[2] for name in names)
    return ([name.partition(" ")[0] for name in names], unit) if unit and not others else (list(names), "")


def best(result: Result, task: str) -> None:
    """The best layer of every task beside twin and input; the chosen task first."""
    st.subheader("Best layers", anchor=False)
    shown = best_layers(result, task)
    height = TABLE_PX if len(shown) > FEW else "content"
    st.dataframe(shown, column_config=BEST, hide_index=True, placeholder="—", height=height)
    st.caption(
        "95 % intervals, bootstrap over works, differences paired; ○ not distinguishable from nothing read, or from no "
        "difference. The best of all layers is chosen by this very score, for model and twin alike."
    )


def best_layers(result: Result, task: str) -> list[dict[str, object]]:
    """Rows of the table of best layers, those of one task first."""
    n_outputs = {row.task: row.n_outputs for row in scored(result)}
    rows = sorted(result.rows(BestRow), key=lambda row: row.task != task)
    return [_best_layer(row, n_outputs[row.task]) for row in rows]


def _best_layer(row: BestRow, n_outputs: int) -> dict[str, object]:
    """A layer beside its controls as a row of the table."""
    of_input = _cell(row.measure, Numbers(row.input, None, None, None, row.n))
    return {
        "task": row.task, "checkpoint": row.checkpoint, "side": side_title(row.side), "layer": layer_title(row.layer),
        "score": _cell(row.measure, beside_nothing(row, n_outputs)),
        "twin": _cell(row.measure, row.over_twin), "input": _cell(row.measure, row.over_input),
        "which": None if of_input is None else f"{row.input_layer} {of_input}",
        "shuffled": _cell(row.measure, Numbers(row.shuffled, None, None, None, row.n)),
        "n": f"{row.n} of {row.n_works} works",
    }  # fmt: skip


def _cell(measure: Measure, number: Numbers) -> str | None:
    """A number with its interval, marked where that holds its null; R² with two decimals, to be compared."""
    mark = marked.from_row(number, "", "")
    if mark is None or measure == ACCURACY:
        return cell(number, percent=True)
    value, *ends = (f"{round(x, 2) + 0.0:.2f}" for x in (mark.value, *(mark.interval or ())))  # no minus zero
    return ("○ " if mark.undecided else "") + value + (f" [{', '.join(ends)}]" if ends else "")


def numbers(rows: Sequence[ScoreRow], task: str) -> None:
    """Every score of a task."""
    with st.expander(f"All numbers: {plain(task)}", icon=":material/table:"):
        tables.draw([
            {"checkpoint": row.checkpoint or None, "weights": row.weights, "side": side_title(row.side),
             "layer": layer_title(row.layer), "probe": row.probe, "score": score_text(row), "shuffled": row.shuffled,
             "selectivity": row.selectivity, "penalty": None if row.alpha is None else f"{row.alpha:g}",
             "n": row.n, "works": row.n_works}
            for row in rows if row.task == task
        ], {
            name: st.column_config.NumberColumn(name, format="%.3f") for name in ("shuffled", "selectivity")
        })  # fmt: skip
        st.caption("95 % intervals, bootstrap over works; ○ not distinguishable from nothing read. Penalty: median over folds.")
