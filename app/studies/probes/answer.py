"""The answer of the page of probes: the score of one task by layer, and of all tasks at a glance."""

from collections.abc import Sequence

import streamlit as st

from analysis.results import Result
from analysis.studies.probes.rows import ACCURACY, INPUT, ScoreRow, Weights
from app.charts import doses, matrix, theme
from app.charts.mark import Key, Mark
from app.kit import actions, controls, layout, published_table
from app.kit.plain import plain
from app.kit.pool_scores import TWINS, name_twins_once
from app.kit.study_form import Choice
from app.studies.probes import details
from app.studies.probes.input_lines import add_input_lines
from app.studies.probes.marks import (
    NOTHING_READ,
    TWIN,
    about,
    best_of,
    depth,
    input_sides,
    layer_title,
    mark_of,
    missing,
    named,
    scored,
    side_title,
)

MAIN_PX = 460
WEIGHTS: dict[str, Weights] = {"trained": "trained", TWIN: "untrained"}


def draw(result: Result, choice: Choice) -> None:
    """One task by layer; its largest errors; all tasks; what is confused; the best layers; published numbers."""
    rows = scored(result)
    if not rows:
        layout.empty("No task can be asked of this corpus.", plain(" ".join(missing(result))))
        return
    tasks = list(dict.fromkeys(row.task for row in rows))
    left, right = st.columns([2, 5], vertical_alignment="bottom")
    with left:
        task = controls.pick_choice("task", "Task", tasks, headline_task(result.headline, tasks))
    with right:
        st.markdown(plain(about(rows, task)))
    clicked = _by_layer(result, task)
    st.subheader("Hear what is read worst", anchor=False)
    details.errors(result, choice, named(rows, clicked) or best_of(rows, task), "Read worst here")
    weights = _overview(result, choice, tasks)
    for sentence in missing(result):
        st.caption(plain(sentence))
    details.inside(result, choice, task, weights)
    details.best(result, task)
    arms = {str(checkpoint.name): str(checkpoint.arm) for checkpoint in choice.checkpoints}
    published_table.show(result, arms)
    if published_table.of_arms(result.study, arms.values()):
        st.caption("Ours: linear probes of the embedding; chroma is that of the audio, for both sides.")
    details.numbers(rows, task)


def headline_task(headline: str, tasks: Sequence[str]) -> str:
    """The task of which the headline speaks; else the first.

    >>> first_told("Note density is read best from MIDI block 1, where key is not.", ["key", "note density"])
    'note density'
    """
    places = {task: headline.lower().find(task.lower()) for task in tasks}
    return min((task for task in tasks if places[task] >= 0), key=lambda task: places[task], default=tasks[0])


def _by_layer(result: Result, task: str) -> list[Key]:
    """The main chart: scores by layer, a panel per side; the marks that were clicked."""
    rows = [row for row in scored(result) if row.task == task]
    models = [row for row in rows if row.weights != INPUT]
    layers = sorted({layer_title(row.layer) for row in models}, key=depth)
    is_share = rows[0].measure == ACCURACY
    marks = []
    for row in models:
        series = row.checkpoint if row.is_linear else f"{row.checkpoint}, {row.probe}"
        marks.append(mark_of(row, side_title(row.side), series, at=layers.index(layer_title(row.layer))))
    drawing = doses.panels(
        marks, x_title="layer", y_title=f"{ACCURACY} (%)" if is_share else "R² on works held out", percent=is_share,
        categories=layers, null_name=NOTHING_READ, columns=2,
    )  # fmt: skip
    if marks:
        drawing.update_layout(height=MAIN_PX)
        groups, read = list(dict.fromkeys(mark.group for mark in marks)), input_sides(result)
        factor = 100.0 if is_share else 1.0
        add_input_lines(drawing, [_input_lines(rows, read.get(group, ""), factor) for group in groups])
        drawing.update_traces(name=TWINS, selector=lambda trace: trace.line.color == theme.TWIN)
    clicked = actions.figure(name_twins_once(drawing), f"layers_{task.replace(' ', '_')}", result, rows, select=("points",))
    as_good = "any class (1 / classes)" if is_share else "the mean (R² 0)"
    st.caption(
        f"Nothing read: what shuffled labels give, or always saying {as_good}, whichever is higher. Dotted: the same probe on "
        "the input itself, without a model."
    )
    return clicked


def _input_lines(rows: Sequence[ScoreRow], side: str, factor: float) -> list[tuple[str, float]]:
    """What the same probe reads from the input of a side."""
    own = [row for row in rows if row.weights == INPUT and side_title(row.side) == side]
    holds = {row.layer: " (holds the label)" if row.holds_label else "" for row in own}
    return [(f"input: {layer_title(row.layer)}{holds[row.layer]}", factor * (row.value or 0.0)) for row in own]


def _overview(result: Result, choice: Choice, tasks: Sequence[str]) -> Weights:
    """Tasks by layers, a panel per checkpoint and side; the weights that are shown."""
    st.subheader("All tasks", anchor=False)
    weights = WEIGHTS[controls.pick_word("weights", "Weights", list(WEIGHTS))]
    rows = [row for row in scored(result) if row.weights == weights and row.is_linear]
    panels: dict[str, dict[tuple[str, str], Mark]] = {}
    for name in dict.fromkeys(row.checkpoint for row in rows):
        for row in (row for row in rows if row.checkpoint == name):
            mark = mark_of(row, _task_name(row), layer_title(row.layer))
            panels.setdefault(f"{name}, {side_title(row.side)}", {})[mark.group, mark.series] = mark
    names = {row.task: _task_name(row) for row in rows}
    layers = sorted({layer_title(row.layer) for row in rows}, key=depth)
    drawing = matrix.panels(
        panels, [names[task] for task in tasks if task in names], layers, x_title="layer", y_title="task",
        colour_title="R², or balanced accuracy (share)", low=0.0, high=1.0, null_name=NOTHING_READ,
    )  # fmt: skip
    drawing.update_yaxes(title_standoff=14)
    clicked = actions.figure(drawing, "overview", result, rows, select=("points",))
    if (row := named(rows, clicked)) is not None:
        details.errors(result, choice, row, "Read worst in this cell")
    st.caption(
        "Click a cell to hear the windows about which that probe is most wrong. As dark as 0 and not hatched: worse than nothing "
        "read, since no rule carried over from work to work."
    )
    return weights


def _task_name(row: ScoreRow) -> str:
    return f"{row.task}, accuracy" if row.measure == ACCURACY else row.task
