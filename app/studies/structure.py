"""The answer of the page of structure: layers by quantities of the sound, what training added, and novelty against changes."""

from collections.abc import Sequence

import streamlit as st

from analysis.results import Result
from analysis.rows import Measured
from analysis.studies.structure.rows import LayerNoveltyRow, LayerRow, NoveltyRow, ReferenceNoveltyRow
from app.charts import intervals, matrix
from app.charts import mark as marked
from app.charts.mark import Mark
from app.kit import actions, controls, tables
from app.kit.study_form import Choice

RHO, GAIN = "ρ", "gained over the untrained twin"
TRAINED, TWIN, SOUND = "trained", "untrained twin", "the sound itself"
MOVED = "moved in time"
COLOURS_END = 0.2  # of the colours of gains, at least


def draw(result: Result, _: Choice) -> None:
    """Layers by quantities; novelty of layers beside that of the sound; all numbers."""
    rows = result.rows(LayerRow)
    is_rho = controls.pick_word("measure", "Shown", [RHO, GAIN]) == RHO
    _layers(result, rows if is_rho else [row for row in rows if not row.is_twin], is_rho)
    if novelty := result.rows(LayerNoveltyRow):
        _novelty(result, novelty, result.rows(ReferenceNoveltyRow))
    _numbers(rows)


def number_of(row: LayerRow, is_rho: bool) -> Measured:
    """ρ of a layer, or what training added to it."""
    return row if is_rho else row.gain


def _layers(result: Result, rows: Sequence[LayerRow], is_rho: bool) -> None:
    towers = len({row.tower for row in rows}) > 1
    panels: dict[str, dict[tuple[str, str], Mark]] = {}
    for row in rows:
        title = f"{row.checkpoint}{f', {row.tower}' if towers else ''}{f', {TWIN}' if row.is_twin else ''}"
        mark = marked.from_row(number_of(row, is_rho), row.reference, row.layer, twin=row.is_twin)
        cells = panels.setdefault(title, {})
        if mark is not None:
            cells[row.reference, row.layer] = mark
    references, layers = (list(dict.fromkeys(of)) for of in ((row.reference for row in rows), (row.layer for row in rows)))
    farthest = max((abs(mark.value) for cells in panels.values() for mark in cells.values()), default=0.0)
    drawing = matrix.panels(
        panels, references, layers, x_title="layer", y_title="quantity of the sound",
        colour_title="ρ of self-similarities" if is_rho else f"ρ {GAIN}", low=0.0,
        high=1.0 if is_rho else max(COLOURS_END, farthest), diverging=not is_rho,
        null_name=f"the quantity {MOVED}" if is_rho else "no gain", square=False,
    )  # fmt: skip
    actions.figure(drawing, "layers", result, rows)
    windows = max(row.n for row in rows)
    st.caption(f"Mean over n = {windows} windows; hatched: the interval over works holds the null.")


def novelty_marks(rows: Sequence[LayerNoveltyRow], references: Sequence[ReferenceNoveltyRow]) -> list[Mark]:
    """F1 of the novelty of every layer and quantity."""
    marks = [
        marked.from_row(
            row, row.layer, f"{row.checkpoint}{f', {TWIN}' if row.is_twin else ''}", twin=row.is_twin,
            key=(row.checkpoint, row.weights, row.layer),
        )
        for row in rows
    ]  # fmt: skip
    marks += [marked.from_row(row, row.reference, SOUND, key=(row.reference, SOUND)) for row in references]
    return [mark for mark in marks if mark is not None]


def kind_title(row: NoveltyRow) -> str:
    """Changes with their tolerance, as a button calls them.

    >>> kind_title(NoveltyRow("chord changes", 0.5, 0.4, None, None, 0.3, 5, 0.4, 0.4))
    'chord changes ±0.5 s'
    """
    return f"{row.changes} ±{row.tolerance_s:g} s"


def _novelty(result: Result, rows: Sequence[LayerNoveltyRow], references: Sequence[ReferenceNoveltyRow]) -> None:
    """Peaks of novelty against annotated changes."""
    st.subheader("Novelty and annotated changes", anchor=False)
    kind = controls.pick_word("task", "Changes", list(dict.fromkeys(map(kind_title, rows))))
    here = [row for row in rows if kind_title(row) == kind]
    sound = [row for row in references if kind_title(row) == kind]
    drawing = intervals.forest(
        novelty_marks(here, sound), x_title="F1", y_title="layer or quantity", domain=(0.0, 1.0), null_name=MOVED
    )
    actions.figure(drawing, "novelty", result, [*here, *sound])
    st.caption("Thresholds were chosen on half of the works; F1 is of the other half. Compare with the null of each mark.")


def _numbers(rows: Sequence[LayerRow]) -> None:
    """Every layer with its numbers."""
    with st.expander("All numbers", icon=":material/table:"):
        tables.draw([
            {"checkpoint": row.checkpoint, "weights": row.weights, "tower": row.tower, "layer": row.layer,
             "quantity": row.reference, RHO: row.value, MOVED: row.null, GAIN: row.gain_value, "n": row.n}
            for row in rows
        ])  # fmt: skip
