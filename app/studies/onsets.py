"""The answer of the page of onsets: the chosen heads beside the sound itself, and every head of every layer."""

from collections.abc import Sequence

import streamlit as st

from analysis.results import Result
from analysis.rows import Measured
from analysis.studies.onsets.rows import CurveRow, HeadRow
from app.charts import intervals, matrix
from app.charts import mark as marked
from app.charts.mark import Mark
from app.kit import actions, controls, tables
from app.kit.plain import plain
from app.kit.study_form import Choice

F1, PARTIAL = "F1", "correlation given log energy"
TRAINED, TWIN, SOUND = "trained", "untrained twin", "the sound itself"
MOVED = "moved in time"


def draw(result: Result, _: Choice) -> None:
    """Chosen heads and curves of the sound; layers by heads; all numbers."""
    heads, curves = result.rows(HeadRow), result.rows(CurveRow)
    kinds, senders = (list(dict.fromkeys(of)) for of in ((row.events for row in heads), (row.sender for row in heads)))
    columns = iter(st.columns(3, vertical_alignment="bottom"))
    with next(columns):
        is_f1 = controls.pick_word("measure", "Shown", [F1, PARTIAL]) == F1
    events, sender = kinds[0], senders[0]
    if len(kinds) > 1:
        with next(columns):
            events = controls.pick_word("task", "Events", kinds)
    if len(senders) > 1:
        with next(columns):
            sender = controls.pick_word("side", "Attention from", senders)
    of_events = [row for row in heads if row.events == events]
    _chosen(result, of_events, [row for row in curves if row.events == events], is_f1)
    _every_head(result, [row for row in of_events if row.sender == sender], is_f1)
    _numbers(of_events)


def number_of(row: HeadRow, is_f1: bool) -> Measured:
    """F1 of a head, or its correlation."""
    return row if is_f1 else row.partial


def chosen_marks(heads: Sequence[HeadRow], curves: Sequence[CurveRow], is_f1: bool) -> list[Mark]:
    """The chosen head of every model, and, for F1, curves of the sound."""
    marks = [
        marked.from_row(
            number_of(row, is_f1), row.checkpoint, TWIN if row.is_twin else TRAINED, twin=row.is_twin, note=row.name,
            key=(row.checkpoint, row.weights),
        )
        for row in heads if row.chosen
    ]  # fmt: skip
    if is_f1:
        marks += [marked.from_row(row, row.curve, SOUND, key=(row.curve, SOUND)) for row in curves]
    return [mark for mark in marks if mark is not None]


def _chosen(result: Result, heads: Sequence[HeadRow], curves: Sequence[CurveRow], is_f1: bool) -> None:
    marks, title = chosen_marks(heads, curves, is_f1), F1 if is_f1 else PARTIAL
    domain = (0.0, 1.0) if is_f1 else None
    drawing = intervals.forest(marks, x_title=title, y_title="checkpoint or curve", domain=domain, null_name=MOVED)
    rows: list[HeadRow | CurveRow] = [row for row in heads if row.chosen]
    actions.figure(drawing, "chosen", result, [*rows, *curves] if is_f1 else rows)
    st.caption("The head with the highest F1 on half of the works, on the other half. Intervals draw whole works.")


def _every_head(result: Result, rows: Sequence[HeadRow], is_f1: bool) -> None:
    """Layers by heads, trained and untrained."""
    st.subheader("Every head", anchor=False)
    panels: dict[str, dict[tuple[str, str], Mark]] = {}
    for row in rows:
        title = f"{row.checkpoint}{f', {TWIN}' if row.is_twin else ''}"
        mark = marked.from_row(
            number_of(row, is_f1), row.title, str(row.head), note="chosen" if row.chosen else "", twin=row.is_twin
        )
        cells = panels.setdefault(title, {})
        if mark is not None:
            cells[row.title, str(row.head)] = mark
    layers = list(dict.fromkeys(row.title for row in sorted(rows, key=lambda row: row.layer)))
    heads = [str(head) for head in sorted({row.head for row in rows})]
    farthest = max((abs(mark.value) for cells in panels.values() for mark in cells.values()), default=0.0)
    drawing = matrix.panels(
        panels, layers, heads, x_title="head", y_title="layer", colour_title=F1 if is_f1 else PARTIAL,
        low=0.0, high=1.0 if is_f1 else max(0.1, farthest), diverging=not is_f1, null_name=MOVED, square=False,
    )  # fmt: skip
    actions.figure(drawing, "heads", result, rows)
    st.caption("Thresholds of every head were chosen on half of the works; the numbers are of the other half.")


def _numbers(rows: Sequence[HeadRow]) -> None:
    """Every head with its numbers."""
    with st.expander("All numbers", icon=":material/table:"):
        tables.draw([
            {"checkpoint": row.checkpoint, "weights": row.weights, "head": plain(row.name), "F1": row.value,
             "precision": row.precision, "recall": row.recall, MOVED: row.null, PARTIAL: row.partial_value, "n": row.n}
            for row in rows
        ])  # fmt: skip
