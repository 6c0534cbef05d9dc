"""The answer of the page of tokens: one task by layer beside the sound, all tasks at a glance, and the best layers."""

from collections.abc import Sequence

import streamlit as st

from analysis.results import Result
from analysis.rows import Numbers
from analysis.studies.tokens.rows import ACCURACY, INPUT, R2, TokenBestRow, TokenScoreRow, TokenTaskRow, Weights
from app.charts import doses, matrix, theme
from app.charts import mark as marked
from app.charts.mark import Mark
from app.kit import actions, controls, tables
from app.kit.plain import plain
from app.kit.pool_scores import TWINS, cell, name_twins_once
from app.kit.study_form import Choice
from app.studies.probes.answer import headline_task
from app.studies.probes.input_lines import add_input_lines
from app.studies.probes.marks import NOTHING_READ, TWIN

WEIGHTS: dict[str, Weights] = {"trained": "trained", TWIN: "untrained"}
SCORE, SELECTIVITY = "score", "selectivity"
MAIN_PX = 420


def draw(result: Result, _: Choice) -> None:
    """One task by layer; all tasks by layers; the best layers; all numbers."""
    rows = [row for row in result.rows(TokenScoreRow) if row.value is not None]
    tasks = list(dict.fromkeys(row.task for row in rows))
    task = controls.pick_choice("task", "Task", tasks, headline_task(result.headline, tasks))
    of_task = [row for row in rows if row.task == task]
    st.markdown(plain(about(next(row for row in result.rows(TokenTaskRow) if row.task == task))))
    _by_layer(result, of_task)
    _every_task(result, rows, tasks)
    _best(result, task)
    _numbers(of_task)


def about(row: TokenTaskRow) -> str:
    """What is asked and of how much, such as "Accuracy over 25 classes; n = 800 moments of 20 windows, 5 works."."""
    over = f" over {row.n_outputs} {'classes' if row.measure == ACCURACY else 'numbers'}" if row.n_outputs > 1 else ""
    measure = f"{row.measure[:1].upper()}{row.measure[1:]}"
    return f"{measure}{over}; n = {row.n_moments} moments of {row.n_windows} windows, {row.n_works} works."


def layer_marks(rows: Sequence[TokenScoreRow]) -> list[Mark]:
    """Scores of the layers of every model, a panel per tower."""
    models = [row for row in rows if row.weights != INPUT]
    layers = layers_of(models)
    marks = [
        marked.from_row(
            row, row.tower, row.checkpoint, twin=row.weights == "untrained", at=layers.index(row.layer), note=_note(row)
        )
        for row in models
    ]
    return [mark for mark in marks if mark is not None]


def layers_of(rows: Sequence[TokenScoreRow]) -> list[str]:
    """Names of layers in their order."""
    return list(dict.fromkeys(row.layer for row in sorted(rows, key=lambda row: row.order) if row.weights != INPUT))


def _note(row: TokenScoreRow) -> str:
    if row.shuffled is None or row.selectivity is None:
        return ""
    return f"shuffled labels {row.shuffled:.3f}, selectivity {row.selectivity:.3f}, without tokens {row.chance:.3f}"


def _by_layer(result: Result, rows: Sequence[TokenScoreRow]) -> None:
    is_share, marks = rows[0].measure == ACCURACY, layer_marks(rows)
    drawing = doses.panels(
        marks, x_title="layer", y_title=f"{rows[0].measure}{' (%)' if is_share else ''}, works held out", percent=is_share,
        categories=layers_of(rows), null_name=NOTHING_READ, columns=2,
    )  # fmt: skip
    if marks:
        drawing.update_layout(height=MAIN_PX)
        factor = 100.0 if is_share else 1.0
        lines = [(f"sound: {row.layer}", factor * (row.value or 0.0)) for row in rows if row.weights == INPUT]
        add_input_lines(drawing, [lines for _ in dict.fromkeys(mark.group for mark in marks)])
        drawing.update_traces(name=TWINS, selector=lambda trace: trace.line.color == theme.TWIN)
    actions.figure(name_twins_once(drawing), f"layers_{rows[0].task.replace(' ', '_')}", result, rows)
    without = {R2: "the mean (R² 0)", ACCURACY: "the most frequent class"}.get(rows[0].measure, "the same peaks moved in time")
    st.caption(
        f"Nothing read: what shuffled labels give, or {without}, whichever is higher. Dotted: the same probe on the sound itself "
        "at the same moments."
    )


def _every_task(result: Result, rows: Sequence[TokenScoreRow], tasks: Sequence[str]) -> None:
    """Tasks by layers, a panel per checkpoint and tower."""
    st.subheader("All tasks", anchor=False)
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        weights = WEIGHTS[controls.pick_word("weights", "Weights", list(WEIGHTS))]
    with right:
        is_score = controls.pick_word("measure", "Shown", [SCORE, SELECTIVITY]) == SCORE
    here = [row for row in rows if row.weights == weights]
    panels: dict[str, dict[tuple[str, str], Mark]] = {}
    for row in here:
        numbers = row if is_score else Numbers(row.selectivity, None, None, 0.0, row.n)
        mark = marked.from_row(numbers, f"{row.task}, {row.measure}", row.layer, note=_note(row))
        if mark is not None:
            panels.setdefault(f"{row.checkpoint}, {row.tower}", {})[mark.group, mark.series] = mark
    names = list(dict.fromkeys(f"{row.task}, {row.measure}" for task in tasks for row in here if row.task == task))
    drawing = matrix.panels(
        panels, names, layers_of(here), x_title="layer", y_title="task", low=0.0, high=1.0, null_name=NOTHING_READ, square=False,
        colour_title="R², accuracy (share) or F1" if is_score else "score minus that of shuffled labels",
    )  # fmt: skip
    drawing.update_yaxes(title_standoff=14)
    actions.figure(drawing, "overview", result, here)
    st.caption("Selectivity can be large where the score is below nothing read: look at both.")


def _best(result: Result, task: str) -> None:
    """The best layer of every task beside twin and sound; the chosen task first."""
    st.subheader("Best layers", anchor=False)
    rows = sorted(result.rows(TokenBestRow), key=lambda row: row.task != task)
    st.dataframe([_best_layer(row) for row in rows], hide_index=True, placeholder="—")
    st.caption(
        "95 % intervals, bootstrap over works, differences paired; ○ not distinguishable from nothing read, or from no "
        "difference. The best of all layers is chosen by this very score, for model and twin alike."
    )


def _best_layer(row: TokenBestRow) -> dict[str, object]:
    percent = row.measure == ACCURACY
    heard = cell(Numbers(row.input_value, None, None, None, row.n), percent=percent)
    return {
        "task": row.task, "checkpoint": row.checkpoint, "tower": row.tower, "layer": row.layer,
        "score": cell(row, percent=percent),
        "twin": cell(row.of_twin, percent=percent), "− twin": cell(row.over_twin, percent=percent),
        "best of sound": None if heard is None else f"{row.input} {heard}", "− sound": cell(row.over_input, percent=percent),
        "n": f"{row.n} of {row.n_works} works",
    }  # fmt: skip


def _numbers(rows: Sequence[TokenScoreRow]) -> None:
    """Every layer with its numbers."""
    with st.expander("All numbers", icon=":material/table:"):
        tables.draw([
            {"checkpoint": row.checkpoint or None, "weights": row.weights, "tower": row.tower or None, "layer": row.layer,
             "score": cell(row, percent=row.measure == ACCURACY), "shuffled": row.shuffled, "selectivity": row.selectivity,
             "without tokens": row.chance, "penalty": row.penalty, "n": row.n, "works": row.n_works}
            for row in rows
        ])  # fmt: skip
