"""The answer of the page of invariance: every change at its strongest, then one change dose by dose, and its sound."""

import html
import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go
import streamlit as st

from analysis.results import Result
from analysis.studies.invariance.rows import UNALTERED, ChangeRow, DistanceRow, ResponseRow, ScoreRow
from analysis.studies.shared_rows import Weights
from app import state
from app.charts import doses, matrix
from app.charts import mark as marked
from app.charts.mark import Mark
from app.kit import actions, altered_sound, clicks, controls, published_table, study_facts
from app.kit.altered_sound import AWAY, Given, MovedWindow
from app.kit.plain import plain
from app.kit.pool_scores import cell, name_twins_once, pool_sentence
from app.kit.study_form import Choice

MOVED, DROP = "embedding moved", "drop in S"
EMBEDDING = "emb"
CHANGE = "pick_change"  # key of the widget
MAIN_PX = 440
ENDS = (25.0, 50.0, 100.0)  # of the colours of layers, in per cent


class Point(NamedTuple):
    """A model at a dose, by its number, to which a click leads."""

    checkpoint: str
    weights: Weights
    order: int


class Cell(NamedTuple):
    """A model under a change, to which a click in the overview leads."""

    change: str
    checkpoint: str
    weights: Weights


def draw(result: Result, choice: Choice) -> None:
    """All changes at their strongest dose; one change over its doses; its sound; its layers; all numbers."""
    changes = {row.title: row for row in result.rows(ChangeRow)}
    titles = {row.name: title for title, row in changes.items()}
    clicked = clicks.newest("invariance", {"overview": _overview(result)})
    if clicked and clicked.is_new and clicked.key[0] in titles:
        state.preset(CHANGE, titles[clicked.key[0]])
    st.subheader("One change, dose by dose", anchor=False)
    left, right = st.columns([2, 5], vertical_alignment="bottom")
    with left:
        change = changes[controls.pick_choice("change", "Change", list(changes), next(iter(changes)))]
    with right:
        st.markdown(plain(what_is_done(change, alone=len(choice.alone) == len(choice.checkpoints))))
    picked = _responses(result, change)
    of_change = Cell(*clicked.key) if clicked and clicked.key and clicked.key[0] == change.name else None
    usual = cell_point(result, change, of_change) if of_change else usual_point(result, change)
    _sound(result, choice, change, Point(*picked[-1]) if picked else usual)
    _layers(result, change)
    arms = {str(checkpoint.name): str(checkpoint.arm) for checkpoint in choice.checkpoints}
    published_table.show(result, arms)
    _numbers(result, change)


def what_is_done(change: ChangeRow, *, alone: bool) -> str:
    """What a change does; of models that read sound alone without the notes that stay as they are."""
    return re.sub(r"; the MIDI( window)? stays\b", "", change.what) if alone else change.what


def scores_of(result: Result, change: ChangeRow) -> list[ScoreRow]:
    """S at every dose of a change."""
    return [row for row in result.rows(ScoreRow) if row.change == change.name]


def moved_by(result: Result, change: ChangeRow) -> list[DistanceRow]:
    """How far the embedding moves at every dose of a change."""
    return [row for row in result.rows(DistanceRow) if row.change == change.name and row.layer == EMBEDDING]


def strongest(result: Result, change: ChangeRow) -> str:
    """The label of that dose, among those at which the twin was measured too, that moves trained embeddings most."""
    moved: dict[str, list[float]] = {}
    for row in moved_by(result, change):
        if not row.is_twin and row.dose in change.twin_doses:
            moved.setdefault(row.dose_label, []).append(row.value or 0.0)
    return max(moved, key=lambda label: sum(moved[label]) / len(moved[label]))


def usual_point(result: Result, change: ChangeRow) -> Point:
    """The point that is looked behind until one is clicked: the first checkpoint at the strongest dose."""
    points = _points_at(result, change, strongest(result, change))
    return next(point for name in study_facts.names_of(result) for point in points if point[:2] == (name, "trained"))


def cell_point(result: Result, change: ChangeRow, cell: Cell) -> Point:
    """The point behind a cell of the overview: its checkpoint and weights at the strongest dose."""
    points = _points_at(result, change, strongest(result, change))
    return next((point for point in points if point[:2] == cell[1:]), usual_point(result, change))


def _points_at(result: Result, change: ChangeRow, label: str) -> list[Point]:
    return [Point(row.checkpoint, row.weights, row.order) for row in scores_of(result, change) if row.dose_label == label]


def _overview(result: Result) -> list[clicks.Key]:
    """Changes by checkpoints: what moves the embedding least on top; the cells that were clicked."""
    is_drop = controls.pick_word("measure", "Shown", [MOVED, DROP]) == DROP
    means: dict[str, float] = {}
    rows: list[ScoreRow | DistanceRow] = []
    cells: dict[str, dict[tuple[str, str], Mark]] = {"trained": {}, "untrained twin": {}}
    for change in result.rows(ChangeRow):
        label = strongest(result, change)
        name = f"{change.title} {label}"
        moved = [row for row in moved_by(result, change) if row.dose_label == label]
        trained = [row.value or 0.0 for row in moved if not row.is_twin]
        means[name] = sum(trained) / len(trained)
        for row in [row for row in scores_of(result, change) if row.dose_label == label] if is_drop else moved:
            rows.append(row)
            number = row.drop if isinstance(row, ScoreRow) else row
            key = Cell(change.name, row.checkpoint, row.weights)
            if (mark := marked.from_row(number, name, row.checkpoint, note=_against(row), key=key)) is not None:
                cells["untrained twin" if row.is_twin else "trained"][name, row.checkpoint] = mark
    drawing = _matrix(result, cells, sorted(means, key=lambda name: means[name]), is_drop)
    clicked = actions.figure(drawing, "overview", result, rows, select=("points",))
    st.caption(
        "Click a cell to see its change dose by dose and to hear it. "
        "Every change at the end of its doses that moves trained embeddings most, the least moving on top. Doses of different "
        f"changes cannot be compared with each other; checkpoints and twins at one dose can.{pool_sentence(result)}"
    )
    return clicked


def _matrix(result: Result, cells: dict[str, dict[tuple[str, str], Mark]], names: Sequence[str], is_drop: bool) -> go.Figure:
    high = max((abs(mark.value) for panel in cells.values() for mark in panel.values()), default=0.0)
    end = max(10.0, 10.0 * math.ceil(10 * high)) if is_drop else 100.0
    drawing = matrix.panels(
        cells, names, study_facts.names_of(result), x_title="checkpoint", y_title="change",
        colour_title="drop in S (percentage points)" if is_drop else "embedding moved (% of the way to another piece)",
        low=0.0, high=end, diverging=is_drop, percent=True, null_name="no drop" if is_drop else "nothing moved",
    )  # fmt: skip
    in_full = [html.escape(name, quote=False) for name in names]  # without overlap
    return drawing.update_yaxes(ticktext=in_full, title_text="")


def _against(row: ResponseRow) -> str:
    return "" if row.compared_with == UNALTERED else f"compared with: {row.compared_with}"


def _short(unit: str, label: str) -> str:
    """A dose on an axis that names the unit.

    >>> _short("dB SNR", "−6 dB SNR"), _short("Hz", "4,000 Hz"), _short("", "rendered again")
    ('−6', '4000', 'rendered again')
    """
    return label.removesuffix(f" {unit}").replace(",", "") if unit else label


def _axis(change: ChangeRow) -> str:
    title = f"{change.title[:1].lower()}{change.title[1:]}"
    unit = "times" if change.unit == "×" else change.unit
    return f"{title} ({unit}, not to scale)" if unit else title


def _responses(result: Result, change: ChangeRow) -> list[clicks.Key]:
    """S, and how far the embedding moved, over the doses; the points that were clicked."""
    rows = [*scores_of(result, change), *moved_by(result, change)]
    marks = []
    for row in rows:
        is_score = isinstance(row, ScoreRow)
        about = f"drop in S {cell(row.drop)}" if is_score and row.is_change(change) else ""
        note, key = "; ".join(part for part in (about, _against(row)) if part), Point(row.checkpoint, row.weights, row.order)
        panel = "S" if is_score else MOVED
        marks.append(marked.from_row(row, panel, row.checkpoint, at=row.order, twin=row.is_twin, key=key, note=note))
    drawing = doses.panels(
        [mark for mark in marks if mark is not None], x_title=_axis(change),
        y_title="S (%), and moved (% of the way to another piece)", percent=True,
        categories=[_short(change.unit, label) for label in change.dose_labels], domain=(-4, 104),
        columns=2,
    )  # fmt: skip
    drawing.update_layout(height=MAIN_PX)
    picked = actions.figure(name_twins_once(drawing), f"doses_{change.name}", result, rows, select=("points",))
    st.caption(
        "The null is chance for S. What moved has none, since it is never below 0: compare it with the untrained twin."
        f"{pool_sentence(result)}"
    )
    return picked


def _sound(result: Result, choice: Choice, change: ChangeRow, point: Point) -> None:
    """The windows that a dose moves most, and what the model was given."""
    st.subheader("Hear a dose", anchor=False)
    scores = scores_of(result, change)
    now = next(row for row in scores if (row.checkpoint, row.weights, row.order) == point)
    if now.dose is None or not now.is_change(change):
        st.caption("At this dose nothing is changed. Click another point above.")
        return
    twin = ", untrained twin" if now.is_twin else ""
    label = f"{change.title} {now.dose_label}"
    text = f"{label[:1].lower()}{label[1:]} moves most in {point.checkpoint}{twin}"
    st.caption(f"The windows that {plain(text)}; click a point above to choose another.")
    against = None
    if now.compared_with != UNALTERED:
        first = next(row for row in scores if row.dose_label == now.compared_with)
        against = (first.dose or 0.0, first.dose_label)
    given = Given(change.name, float(now.dose), label, change.side, against)
    key = f"windows_{change.name}_{study_facts.names_of(result).index(point.checkpoint)}_{point.weights}_{point.order}"
    rows = windows_behind(result, change, point)
    altered_sound.draw(result, choice, rows, [given], altered_sound.sample_rate_of(choice, point.checkpoint), key)


def windows_behind(result: Result, change: ChangeRow, point: Point) -> list[MovedWindow]:
    """The windows whose embedding a dose moved most, with their ranks before and after."""
    model = point.checkpoint, point.weights
    scores = [row for row in scores_of(result, change) if (row.checkpoint, row.weights) == model]
    now = next(row for row in scores if row.order == point.order)
    start = next(
        row for row in scores
        if (row.dose_label == now.compared_with if now.compared_with != UNALTERED else not row.is_change(change))
    )  # fmt: skip
    layer = next(row for row in moved_by(result, change) if (row.checkpoint, row.weights, row.order) == point)
    moved = result.arrays[layer.array][layer.row, layer.tap_row]
    before, after = (result.arrays[row.array][row.row] for row in (start, now))
    return altered_sound.most_moved(result, moved, before, after)


def _layers(result: Result, change: ChangeRow) -> None:
    """How far every layer of the changed side moved, at every dose."""
    of_change = [row for row in result.rows(DistanceRow) if row.change == change.name]
    rows = [row for row in of_change if not row.is_twin and row.is_change(change)]
    layers = sorted(dict.fromkeys(row.layer for row in rows), key=_depth)
    labels = [_short(change.unit, label) for label in change.dose_labels]
    panels: dict[str, dict[tuple[str, str], Mark]] = {}
    for row in rows:
        cells, label = panels.setdefault(row.checkpoint, {}), labels[row.order]
        if (mark := marked.from_row(row, row.layer, label, note=_against(row))) is not None:
            cells[row.layer, label] = mark
    highest = min(1.0, max((mark.value for cells in panels.values() for mark in cells.values()), default=0.0))
    side = "MIDI" if change.side == "midi" else "audio"
    st.subheader("Which layers move", anchor=False)
    shown = [labels[order] for order in sorted({row.order for row in rows})]
    drawing = matrix.panels(
        panels, layers, shown, x_title=f"dose ({change.unit})" if change.unit else "dose", y_title=f"{side} layer",
        colour_title="moved (% of the way to another piece)", low=0.0, high=next(end for end in ENDS if 100 * highest <= end),
        percent=True, null_name="nothing moved", square=False,
    )  # fmt: skip
    actions.figure(drawing, "layers", result, rows)
    st.caption(f"{AWAY}, in the {side} encoder of the trained checkpoints.")


def _depth(layer: str) -> tuple[bool, bool, int]:
    return layer != "in", layer == EMBEDDING, int(layer) if layer.isdigit() else 0


def _numbers(result: Result, change: ChangeRow) -> None:
    """Every number of the chosen change with its interval."""
    moved = {(row.checkpoint, row.weights, row.order): row for row in moved_by(result, change)}
    with st.expander(f"All numbers: {plain(change.title)}", icon=":material/table:"):
        st.dataframe([
            {"checkpoint": row.checkpoint, "weights": row.weights, "dose": row.dose_label, "S": cell(row),
             "drop in S": cell(row.drop) if row.is_change(change) else None,
             "embedding moved": cell(moved[row.checkpoint, row.weights, row.order]) if row.is_change(change) else None,
             "n": row.n}
            for row in scores_of(result, change)
        ], hide_index=True, placeholder="—")  # fmt: skip
        st.caption(
            "95 % intervals, bootstrap over works; ○ not distinguishable from chance, or from 0 for drops."
            f"{pool_sentence(result)}"
        )
