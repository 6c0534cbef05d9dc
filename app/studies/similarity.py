"""The answer of the page of similarity: matrices of layers, their means with controls, and the windows behind a cell."""

from collections.abc import Collection, Sequence

import numpy as np
import streamlit as st

from analysis.results import Result
from analysis.studies.shared_rows import WorkWindowRow
from analysis.studies.similarity.layers import EMBEDDING, INPUT
from analysis.studies.similarity.rows import (
    EMBEDDINGS,
    FIRST_TO_LAST,
    INPUT_TO_EMBEDDING,
    INPUTS,
    LAST,
    OTHER_BLOCKS,
    CellRow,
    Compared,
    GridRow,
    SummaryRow,
)
from app.charts import intervals, matrix
from app.charts import mark as marked
from app.charts.mark import Key, Mark
from app.kit import actions, clicks, controls, player, published_table, study_facts
from app.kit.study_form import Choice

MOST = 20
SHORT = {OTHER_BLOCKS: "different blocks"}  # under "mean of"
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
        measures = list(dict.fromkeys(row.estimator for row in result.rows(SummaryRow)))
        measure = controls.pick_choice("measure", "Measure", measures, str(result.request["measure"]))
    with right:
        pairs = pairs_of(result)
        usual = WITHIN if WITHIN in pairs else next(iter(pairs))
        pair = controls.pick_choice("side", "Compared", list(pairs), usual)
    shown = pairs[pair] if pair in pairs else pairs[usual]
    cells = [row for row in result.rows(CellRow) if row.estimator == measure and row.compared in shown]
    if not cells:
        st.caption(f"Two checkpoints are compared by other measures: {', '.join(_measures(result, shown))}.")
        return
    picked = _matrices(result, cells, measure)
    if measure.startswith("RSA"):
        st.caption(NO_CEILING)
    click = clicks.newest("similarity", {"matrices": picked, "means": _means(result, measure)})
    key = click.key if click else ()
    every = [row for row in result.rows(CellRow) if row.estimator == measure]
    _behind(result, choice, cell_of_mean(cells, key, every) if click and click.figure == "means" else key or _highest(cells))
    published_table.show(result, {str(checkpoint.name): str(checkpoint.arm) for checkpoint in choice.checkpoints})


def pairs_of(result: Result) -> dict[str, list[Compared]]:
    """What can be compared, by the name it has on the page: the sides of every matrix."""
    pairs: dict[str, list[Compared]] = {}
    for sides in dict.fromkeys(row.compared for row in result.rows(CellRow)):
        first, second = (side.replace("midi", "MIDI") for side in (sides.first_side, sides.second_side))
        name = f"{first} with {second}"
        if sides.first != sides.second:
            name = f"{sides.first} {first} with {sides.second} {second}"
        pairs.setdefault(name, []).append(sides)
    return pairs


def _measures(result: Result, shown: Collection[Compared]) -> list[str]:
    return list(dict.fromkeys(row.estimator for row in result.rows(CellRow) if row.compared in shown))


def _matrices(result: Result, cells: Sequence[CellRow], measure: str) -> list[Key]:
    """One matrix per checkpoint and kind of weights; the cells that were clicked."""
    panels: dict[str, dict[tuple[str, str], Mark]] = {}
    for row in cells:
        title = f"{row.first}{'' if row.weights == 'trained' else ', untrained twin'}" if row.first == row.second else row.weights
        panel = panels.setdefault(title, {})
        if (mark := _mark(row)) is not None:
            panel[row.first_layer, row.second_layer] = mark
    rows, columns = list(dict.fromkeys(row.first_layer for row in cells)), list(dict.fromkeys(row.second_layer for row in cells))
    low, high = DOMAINS.get(measure, (0.0, 1.0))
    first, second = (f"{side} layer".replace("midi", "MIDI") for side in (cells[0].first_side, cells[0].second_side))
    drawing = matrix.panels(
        panels, rows, columns, x_title=second, y_title=first, colour_title=measure, low=low, high=high,
        null_name="shuffled pairs",
    )  # fmt: skip
    return actions.figure(drawing, "matrices", result, cells, select=("points",))


def _mark(row: CellRow) -> Mark | None:
    """A cell, whose key leads to the windows behind it; None where it has no number."""
    about = f"participation ratio {row.first_pr:.1f} and {row.second_pr:.1f}" if row.first_pr and row.second_pr else ""
    if row.gaussian_null is not None:
        about += f"; independent Gaussian data would give {row.gaussian_null:.2f}"
    return marked.from_row(row, row.first_layer, row.second_layer, note=about, key=_key(row), inside_null=row.inside_null)


def _key(row: CellRow) -> Key:
    return *row.compared, row.weights, row.first_layer, row.second_layer


def _means(result: Result, measure: str) -> list[Key]:
    """Means over blocks, last blocks, embeddings and inputs of every checkpoint beside its twin; the marks that were clicked."""
    own = [row for row in result.rows(SummaryRow) if row.estimator == measure and row.first == row.second]
    rows = [row for row in own if row.value is not None]
    marks = [
        mark for row in rows
        if (mark := marked.from_row(
            row, SHORT.get(row.what, row.what), row.first, twin=row.weights == "untrained", inside_null=row.inside_null,
            key=(row.what, row.first, row.weights),
        ))
    ]  # fmt: skip
    st.subheader("Means, beside the untrained twin and shuffled pairs", anchor=False)
    drawing = intervals.forest(
        marks, x_title=measure, y_title="mean of", null_name="shuffled pairs", colours=study_facts.colours_of(result)
    )
    clicked = actions.figure(drawing, "means", result, rows, select=("points",))
    st.caption("Click a mark to hear what makes the highest of the cells that it is a mean of.")
    return clicked


def cell_of_mean(cells: Sequence[CellRow], key: Key, every: Sequence[CellRow] = ()) -> Key:
    """Key of the highest cell that belongs to a mean; of all that are shown where none does.

    Args:
        cells: of one measure, those that are shown.
        key: what is averaged, name and weights.
        every: all of that measure: a mean is drawn also of what is not shown.
    """
    what, name, weights = key
    of_one_side = what in (OTHER_BLOCKS, FIRST_TO_LAST, INPUT_TO_EMBEDDING)
    whose = [row for row in every or cells if (row.first, row.second, row.weights) == (name, name, weights)]
    own = [row for row in whose if (row.first_side == row.second_side) == of_one_side]
    blocks = [(row.first_layer, row.second_layer) for row in own if row.first_layer.isdigit()]
    last = max(blocks, key=lambda block: tuple(int(layer) if layer.isdigit() else -1 for layer in block), default=("", ""))
    first = min(blocks, key=lambda block: tuple(int(layer) for layer in block), default=("", ""))
    corners = {
        LAST: last, EMBEDDINGS: (EMBEDDING, EMBEDDING), INPUTS: (INPUT, INPUT), INPUT_TO_EMBEDDING: (INPUT, EMBEDDING),
        FIRST_TO_LAST: (first[0], last[1]),
    }  # fmt: skip
    wanted = [
        row
        for row in own
        if (_averaged(row, what) if what not in corners else (row.first_layer, row.second_layer) == corners[str(what)])
    ]
    return _highest(wanted or cells)


def _averaged(row: CellRow, what: object) -> bool:
    """Whether a cell counts in a mean over blocks."""
    return row.of_blocks and (what != OTHER_BLOCKS or row.first_layer != row.second_layer)


def _highest(cells: Sequence[CellRow]) -> Key:
    """Key of the highest cell, of trained weights where there are any; a layer beside itself counts where there is no other."""
    known = [row for row in cells if row.weights == "trained" and row.value is not None] or cells
    unlike = [row for row in known if (*row.compared[:2], row.first_layer) != (*row.compared[2:], row.second_layer)]
    best = max(unlike or known, key=lambda row: row.value or 0.0)
    return _key(best) if best.value is not None else ()


def _behind(result: Result, choice: Choice, key: Key) -> None:
    """The windows that add most to a cell, to be heard."""
    st.subheader("Hear what makes a cell", anchor=False)
    shares = contributions(result, key)
    if shares is None:
        st.caption(f"Contributions of windows are kept for {result.request['measure']}; choose it as measure, then click a cell.")
        return
    order = np.argsort(-shares, kind="stable")[:MOST].tolist()
    windows, total = result.rows(WorkWindowRow), float(shares.sum())
    rows = [player.ListedWindow(windows[i], {"share": 100 * float(shares[i]) / total if total else 0.0}) for i in order]
    first, side, second, other_side, weights, row, column = (str(part) for part in key)
    whose = first if first == second else f"{first} and {second}"
    what = f"{whose}, {weights}: {side} layer {row} with {other_side} layer {column}".replace("midi", "MIDI")
    st.caption(f"{what}. Click a cell to choose another; an even share would be {100 / len(shares):.2f} %.")
    player.pick(rows, choice, "contributions", title="This window adds", columns=COLUMNS)


def contributions(result: Result, key: Key) -> np.ndarray | None:
    """What every window adds to a cell, `(windows,)`; they sum to the cell. None where that was not kept."""
    if len(key) != 7:
        return None
    *sides, weights, row, column = (str(part) for part in key)
    for grid in result.rows(GridRow):
        if grid.compared == tuple(sides) and grid.weights == weights and grid.contributions is not None:
            if row in grid.rows and column in grid.columns:
                return result.arrays[grid.contributions][grid.rows.index(row), grid.columns.index(column)]
    return None
