"""The answer of the page of similarity: matrices of layers, their means with controls, and the windows behind a cell."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from analysis.results import Result
from analysis.studies.similarity.layers import EMBEDDING, INPUT
from analysis.studies.similarity.words import EMBEDDINGS, INPUTS, LAST
from app import controls
from app.charts import intervals, matrix
from app.charts.mark import Mark
from app.components import actions, clicks, hear, published_table, study_facts
from app.components.study_form import Choice

MOST = 20
DOMAINS = {"debiased CKA": (-0.1, 1.0), "minibatch CKA": (-0.1, 1.0)}
WITHIN = "audio with MIDI"
NO_CEILING = (
    "RSA is drawn without a noise ceiling, which would say how alike two trainings of one model are at best: that takes several "
    "training seeds of an arm, and here every checkpoint stands for itself."
)
COLUMNS = {
    "share": st.column_config.NumberColumn("share", format="%.1f %%", width=80, help="Share of the cell that this window adds"),
    "piece": st.column_config.TextColumn("piece", width=280),
}


def draw(result: Result, choice: Choice) -> None:
    """Matrices by one measure; means over blocks; the windows of the chosen cell."""
    left, right = st.columns([3, 2])
    with left:
        measures = list(dict.fromkeys(str(row["estimator"]) for row in result.tables["summary"]))
        measure = controls.pick_choice("measure", "Measure", measures, str(result.request["measure"]))
    with right:
        pairs = pairs_of(result)
        pair = controls.pick_choice("side", "Compared", list(pairs), WITHIN)
    shown = pairs[pair] if pair in pairs else pairs[WITHIN]
    cells = [row for row in result.tables["cells"] if row["estimator"] == measure and _pair(row) in shown]
    if not cells:
        st.caption(f"Two checkpoints are compared by other measures: {', '.join(_measures(result, shown))}.")
        return
    picked = _matrices(result, cells, measure)
    if measure.startswith("RSA"):
        st.caption(NO_CEILING)
    click = clicks.newest("similarity", {"matrices": picked, "means": _means(result, measure)})
    key = click.key if click else ()
    _behind(result, choice, cell_of_mean(cells, key) if click and click.figure == "means" else key or _highest(cells))
    published_table.beside(result, {str(one.name): str(one.arm) for one in choice.checkpoints})


def pairs_of(result: Result) -> dict[str, list[tuple[str, str, str, str]]]:
    """What can be compared, by the name it has on the page: (first, its side, second, its side) of every matrix."""
    found: dict[str, list[tuple[str, str, str, str]]] = {}
    for row in result.tables["cells"]:
        key = _pair(row)
        within = key[0] == key[2]
        name = f"{key[1]} with {key[3]}" if within else f"{key[0]} {key[1]} with {key[2]} {key[3]}"
        name = name.replace("midi", "MIDI")
        if key not in found.setdefault(name, []):
            found[name].append(key)
    return found


def _pair(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return str(row["first"]), str(row["first_side"]), str(row["second"]), str(row["second_side"])


def _measures(result: Result, shown: list[tuple[str, str, str, str]]) -> list[str]:
    return list(dict.fromkeys(str(row["estimator"]) for row in result.tables["cells"] if _pair(row) in shown))


def _matrices(result: Result, cells: list[Mapping[str, Any]], measure: str) -> list[tuple[Any, ...]]:
    """One matrix per checkpoint and kind of weights; the cells that were clicked."""
    found: dict[str, dict[tuple[str, str], Mark]] = {}
    for row in cells:
        within = row["first"] == row["second"]
        title = f"{row['first']}{'' if row['weights'] == 'trained' else ', untrained twin'}" if within else str(row["weights"])
        found.setdefault(title, {})
        if row["value"] is not None:
            found[title][str(row["first_layer"]), str(row["second_layer"])] = _mark(row)
    rows, columns = (list(dict.fromkeys(str(row[f"{one}_layer"]) for row in cells)) for one in ("first", "second"))
    low, high = DOMAINS.get(measure, (0.0, 1.0))
    first, second = cells[0]["first_side"], cells[0]["second_side"]
    drawing = matrix.panels(
        found, rows, columns, x_title=f"{second} layer".replace("midi", "MIDI"), y_title=f"{first} layer".replace("midi", "MIDI"),
        colour_title=measure, low=low, high=high, null_name="shuffled pairs",
    )  # fmt: skip
    return actions.figure(drawing, "matrices", result, cells, select=("points",))


def _mark(row: Mapping[str, Any]) -> Mark:
    """A cell; its key leads to the windows behind it."""
    key = (*_pair(row), str(row["weights"]), str(row["first_layer"]), str(row["second_layer"]))
    about = (
        f"participation ratio {row['first_pr']:.1f} and {row['second_pr']:.1f}" if row["first_pr"] and row["second_pr"] else ""
    )
    if row["gaussian_null"] is not None:
        about += f"; independent Gaussian data would give {row['gaussian_null']:.2f}"
    numbers = (row["value"], row["ci_low"], row["ci_high"], row["null"], row["n"])
    tested = {"inside_null": row["inside_null"]}
    return Mark(str(row["first_layer"]), str(row["second_layer"]), *numbers, note=about, key=key, **tested)


def _means(result: Result, measure: str) -> list[tuple[Any, ...]]:
    """Means over blocks, last blocks, embeddings and inputs of every checkpoint beside its twin; the marks that were clicked."""
    rows = [
        row for row in result.tables["summary"]
        if row["estimator"] == measure and row["first"] == row["second"] and row["value"] is not None
    ]  # fmt: skip
    marks = [
        Mark(
            str(row["what"]), str(row["first"]), row["value"], row["ci_low"], row["ci_high"], row["null"], row["n"],
            twin=row["weights"] == "untrained", inside_null=row["inside_null"],
            key=(row["what"], row["first"], row["weights"]),
        )
        for row in rows
    ]  # fmt: skip
    st.subheader("Means, beside the untrained twin and shuffled pairs", anchor=False)
    drawing = intervals.forest(
        marks, x_title=measure, y_title="mean of", null_name="shuffled pairs", colours=study_facts.colours_of(result)
    )
    clicked = actions.figure(drawing, "means", result, rows, select=("points",))
    st.caption("Click a mark to hear what makes the highest of the cells that it is a mean of.")
    return clicked


def cell_of_mean(cells: list[Mapping[str, Any]], key: tuple[Any, ...]) -> tuple[Any, ...]:
    """Key of the highest cell of audio with MIDI that belongs to a mean; of all that are shown where none does.

    Args:
        cells: records of cells.
        key: what is averaged, name and weights.
    """
    what, name, weights = key
    its = [row for row in cells if (row["first"], row["second"], row["weights"]) == (name, name, weights)]
    blocks = [(row["first_layer"], row["second_layer"]) for row in its if row["first_layer"].isdigit()]
    last = max(blocks, key=lambda block: tuple(int(layer) if layer.isdigit() else -1 for layer in block), default=())
    places = {LAST: [last], EMBEDDINGS: [(EMBEDDING, EMBEDDING)], INPUTS: [(INPUT, INPUT)]}.get(what)
    wanted = [row for row in its if _is_of(row, places)]
    return _highest(wanted or cells)


def _is_of(row: Mapping[str, Any], places: list[Any] | None) -> bool:
    """Whether a cell is at one of these places; without them, whether it is of two blocks."""
    place = row["first_layer"], row["second_layer"]
    return place[0].isdigit() and place[1].isdigit() if places is None else place in places


def _highest(cells: list[Mapping[str, Any]]) -> tuple[Any, ...]:
    trained = [row for row in cells if row["weights"] == "trained" and row["value"] is not None]
    best = max(trained or cells, key=lambda row: row["value"] or 0.0)
    return _mark(best).key if best["value"] is not None else ()


def _behind(result: Result, choice: Choice, key: tuple[Any, ...]) -> None:
    """The windows that add most to a cell, to be heard."""
    st.subheader("Hear what makes a cell", anchor=False)
    found = contributions(result, key)
    if found is None:
        st.caption(f"Contributions of windows are kept for {result.request['measure']}; choose it as measure, then click a cell.")
        return
    order = np.argsort(-found, kind="stable")[:MOST]
    windows, total = result.tables["windows"], float(found.sum())
    rows = [
        {"share": 100 * float(found[i]) / total if total else 0.0, "piece": windows[i]["piece"], "start_s": windows[i]["start_s"]}
        for i in order
    ]
    first, its_side, second, other_side, weights, row, column = (str(part) for part in key)
    whose = first if first == second else f"{first} and {second}"
    what = f"{whose}, {weights}: {its_side} layer {row} with {other_side} layer {column}".replace("midi", "MIDI")
    st.caption(f"{what}. Click a cell to choose another; an even share would be {100 / len(found):.2f} %.")
    hear.pick(rows, choice.corpus, "contributions", title="This window adds", columns=COLUMNS)


def contributions(result: Result, key: tuple[Any, ...]) -> np.ndarray | None:
    """What every window adds to a cell, `(windows,)`; they sum to the cell. None where that was not kept."""
    if len(key) != 7:
        return None
    *pair, weights, row, column = (str(part) for part in key)
    for grid in result.tables["grids"]:
        if _pair(grid) == tuple(pair) and grid["weights"] == weights and grid.get("contributions"):
            if row in grid["rows"] and column in grid["columns"]:
                return result.arrays[grid["contributions"]][grid["rows"].index(row), grid["columns"].index(column)]
    return None
