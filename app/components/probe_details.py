"""Details of the page of probes: the largest errors, what is confused, which outputs are read, best layers, all numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from analysis.results import Result
from app.charts import doses, matrix, theme
from app.charts.mark import Mark
from app.components import actions, hear
from app.components.plain import plain
from app.components.probe_marks import ACCURACY, KEY, LINEAR, SIDES, TWIN, Row, in_words, layer_of, named, nothing_read, scored
from app.components.stress_kit import TWINS, cell, name_twins_once
from app.components.study_form import Choice

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


def errors_of(result: Result, row: Row) -> list[dict[str, Any]]:
    """The windows about which a probe is most wrong."""
    errors = result.arrays[row["errors"]][row["row"]]
    places = result.arrays[str(row["errors"]).replace("errors", "windows", 1)]
    found = []
    for number in np.argsort(-errors, kind="stable")[:MOST].tolist():
        window = result.tables["windows"][int(places[number])]
        found.append({"error": float(errors[number]), "piece": window["piece"], "start_s": window["start_s"]})
    return found


def errors(result: Result, choice: Choice, row: Row, title: str) -> None:
    """The windows about which a probe is most wrong, to be heard."""
    said = f"{row['checkpoint']}, {SIDES[row['side']]} layer {layer_of(row)}, {row['task']}, {row['probe']}"
    twin = TWIN if row["weights"] == "untrained" else ""
    st.caption(plain(f"{said}{', ' if twin else ''}{twin}: score {in_words(row)}. Click a point above to choose another."))
    key = "_".join(("errors", title, *(str(row[name]) for name in KEY)))
    hear.pick(errors_of(result, row), choice.corpus, key, title=title, columns=ERRORS)


def inside(result: Result, choice: Choice, task: str, weights: str) -> None:
    """What is confused with what, or which of several outputs are read, at the best layers."""
    rows = [row for row in result.tables["confusion"] if row["task"] == task and row["weights"] == weights]
    if rows:
        _confused(result, choice, rows)
    elif len({row["output"] for row in result.tables["outputs"] if row["task"] == task}) > 1:
        _outputs(result, task)


def _confused(result: Result, choice: Choice, rows: Sequence[Row]) -> None:
    """A matrix per checkpoint and side; its diagonal with intervals."""
    st.subheader("What is taken for what", anchor=False)
    found = {tuple(row[name] for name in (*KEY, "class")): row for row in result.tables["classes"]}
    panels: dict[str, dict[tuple[str, str], Mark]] = {}
    for row in rows:
        key = tuple(row[name] for name in KEY)
        true, predicted = str(row["true"]), str(row["predicted"])
        cells = panels.setdefault(f"{row['checkpoint']}, {SIDES[row['side']]} {layer_of(row)}", {})
        if row["value"] is not None:
            ends = found.get((*key, true), {}) if true == predicted else {}
            low, high = ends.get("ci_low"), ends.get("ci_high")
            cells[true, predicted] = Mark(true, predicted, row["value"], low, high, note=f"{row['n']} windows", key=key)
    names = list(dict.fromkeys(str(row["true"]) for row in rows))
    drawing = matrix.panels(
        panels, names, names, x_title="taken for", y_title="true", colour_title="share of the windows of a class (%)",
        low=0.0, high=100.0, percent=True, square=True,
    )  # fmt: skip
    clicked = actions.figure(drawing, "confusion", result, rows, select=("points",))
    if (row := named(scored(result), clicked)) is not None:
        errors(result, choice, row, "Confused here")
    st.caption("At the best layer of each side. A column that is light in every row is what the probe says when in doubt.")
    classes = best_per_class(result, rows)
    st.dataframe(classes, hide_index=True, placeholder="—", height=TABLE_PX if len(classes) > FEW else "content")


def best_per_class(result: Result, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Of every class, checkpoint and side the layer at which most of its windows are found."""
    found: dict[tuple[str, ...], Row] = {}
    models = {(row["checkpoint"], row["weights"], row["side"], row["task"]) for row in rows}
    for row in result.tables["classes"]:
        model = (row["checkpoint"], row["weights"], row["side"], row["task"])
        if model in models and row["probe"] in LINEAR and row["value"] is not None:
            key = (row["class"], row["checkpoint"], row["side"])
            found[key] = max(found.get(key, row), row, key=lambda one: one["value"])
    return [
        {
            "class": name, "checkpoint": checkpoint, "side": SIDES[side], "best layer": layer_of(row), "found": cell(row),
            "n": row["n"],
        }
        for (name, checkpoint, side), row in sorted(found.items())
    ]  # fmt: skip


def _outputs(result: Result, task: str) -> None:
    """R² of every output at the best layer of every model."""
    st.subheader("Which parts of it are read", anchor=False)
    rows = [row for row in result.tables["outputs"] if row["task"] == task and row["weights"] != "input"]
    names = list(dict.fromkeys(str(row["output"]) for row in rows))
    marks = [
        Mark(
            SIDES[row["side"]], str(row["checkpoint"]), row["value"], null=0.0, n=row["n"], at=names.index(str(row["output"])),
            twin=row["weights"] != "trained", note=f"layer {layer_of(row)}",
        )
        for row in rows if row["value"] is not None
    ]  # fmt: skip
    drawing = doses.panels(
        marks, x_title=task, y_title="R²", categories=names, null_name="the mean", columns=2, domain=(-0.5, 1.0)
    )
    step = -(-len(names) // MOST_NAMES)
    drawing.update_layout(height=OUTPUTS_PX)
    drawing.update_traces(marker_size=6, selector={"mode": "lines+markers"})
    drawing.update_traces(name=TWINS, selector=lambda trace: trace.line.color == theme.TWIN)
    drawing.update_xaxes(tickvals=list(range(0, len(names), step)), ticktext=names[::step])
    actions.figure(name_twins_once(drawing), f"outputs_{task.replace(' ', '_')}", result, rows)
    st.caption("At the best layer of each side, without intervals. What hardly varies, or in few works, is left out.")


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


def best_layers(result: Result, task: str) -> list[dict[str, Any]]:
    """Rows of the table of best layers, those of one task first."""
    n_outputs = {row["task"]: row["n_outputs"] for row in scored(result)}
    return [
        {
            "task": row["task"], "checkpoint": row["checkpoint"], "side": SIDES[row["side"]], "layer": layer_of(row),
            "score": _cell(row, "value", "ci", nothing_read({**row, "n_outputs": n_outputs[row["task"]]})),
            "twin": _cell(row, "above_untrained", "above_untrained", 0.0),
            "input": _cell(row, "above_input", "above_input", 0.0),
            "which": f"{row['input_layer']} {_cell(row, 'input', None, None)}" if row["input"] is not None else None,
            "shuffled": None if row["shuffled"] is None else _cell(row, "shuffled", None, None),
            "n": f"{row['n']} of {row['n_works']} works",
        }
        for row in sorted(result.tables["best"], key=lambda row: row["task"] != task)
    ]  # fmt: skip


def _cell(row: Row, field: str, ends: str | None, null: float | None) -> str | None:
    """A number of a record with its interval, which stands beside it under another name; R² with two decimals, to be compared."""
    if row[field] is None:
        return None
    shown = [row[field], *((row[f"{ends}_low"], row[f"{ends}_high"]) if ends is not None else ())]
    if row["measure"] == ACCURACY or None in shown:
        names = zip(("value", "ci_low", "ci_high"), shown, strict=False)
        return cell({**dict(names), "null": null}, percent=row["measure"] == ACCURACY)
    value, *interval = (f"{round(number, 2) + 0.0:.2f}" for number in shown)  # no minus zero
    is_undecided = null is not None and interval and shown[1] <= null <= shown[2]
    return ("○ " if is_undecided else "") + value + (f" [{', '.join(interval)}]" if interval else "")


def numbers(rows: Sequence[Row], task: str) -> None:
    """Every score of a task."""
    with st.expander(f"All numbers: {plain(task)}", icon=":material/table:"):
        st.dataframe([
            {"checkpoint": row["checkpoint"], "weights": row["weights"], "side": SIDES[row["side"]], "layer": layer_of(row),
             "probe": row["probe"], "score": in_words(row), "shuffled": row["shuffled"], "selectivity": row["selectivity"],
             "penalty": None if row["alpha"] is None else f"{row['alpha']:g}", "n": row["n"], "works": row["n_works"]}
            for row in rows if row["task"] == task
        ], hide_index=True, placeholder="—", column_config={
            name: st.column_config.NumberColumn(name, format="%.3f") for name in ("shuffled", "selectivity")
        })  # fmt: skip
        st.caption("95 % intervals, bootstrap over works; ○ not distinguishable from nothing read. Penalty: median over folds.")
