"""The answer of the page of invariance: every change at its strongest, then one change dose by dose, and its sound."""

import html
import math
from collections.abc import Mapping
from typing import Any

import streamlit as st

from analysis.results import Result
from app import controls, state
from app.charts import doses, matrix
from app.charts import mark as marked
from app.charts.mark import Mark
from app.components import actions, altered_sound, clicks, published_table, study_facts
from app.components.altered_sound import AWAY, Given
from app.components.plain import plain
from app.components.stress_kit import cell, name_twins_once, pool_said
from app.components.study_form import Choice

OVERVIEW = {"embedding moved": "distances", "drop in S": "scores"}
EMBEDDING = "emb"
CHANGE = "pick_change"  # key of the widget
MAIN_PX = 440
ENDS = (25.0, 50.0, 100.0)  # of the colours of layers, in per cent
Row = Mapping[str, Any]
Point = tuple[str, str, int]  # checkpoint, weights, number of the dose


def draw(result: Result, choice: Choice) -> None:
    """All changes at their strongest dose; one change over its doses; its sound; its layers; all numbers."""
    changes = {str(row["title"]): row for row in result.tables["changes"]}
    titles = {str(row["name"]): title for title, row in changes.items()}
    cell = clicks.newest("invariance", {"overview": _overview(result)})
    if cell and cell.is_new and cell.key[0] in titles:
        state.preset(CHANGE, titles[cell.key[0]])
    st.subheader("One change, dose by dose", anchor=False)
    left, right = st.columns([2, 5], vertical_alignment="bottom")
    with left:
        change = changes[controls.pick_choice("change", "Change", list(changes), next(iter(changes)))]
    with right:
        st.markdown(plain(str(change["what"])))
    picked = _responses(result, change)
    of_cell = [key for key in (cell.key if cell else (),) if key and key[0] == change["name"]]
    usual = cell_point(result, change, of_cell[0]) if of_cell else usual_point(result, change)
    point = (str(picked[-1][0]), str(picked[-1][1]), int(picked[-1][2])) if picked else usual
    _sound(result, choice, change, point)
    _layers(result, change)
    arms = {str(one.name): str(one.arm) for one in choice.checkpoints}
    published_table.beside(result, arms)
    _numbers(result, change)


def rows_of(result: Result, table: str, change: Row, **wanted: Any) -> list[Row]:
    """Records of one change that have these values."""
    wanted["change"] = change["name"]
    return [row for row in result.tables[table] if all(row[name] == value for name, value in wanted.items())]


def is_change(change: Row, row: Row) -> bool:
    """Whether anything is changed at the dose of a record."""
    return row["dose"] is not None and row["dose"] != change["unchanged"]


def strongest(result: Result, change: Row) -> str:
    """The label of that dose, among those at which the twin was measured too, that moves trained embeddings most."""
    found: dict[str, list[float]] = {}
    for row in rows_of(result, "distances", change, weights="trained", layer=EMBEDDING):
        if row["dose"] in change["twin_doses"]:
            found.setdefault(str(row["dose_label"]), []).append(row["value"] or 0.0)
    return max(found, key=lambda label: sum(found[label]) / len(found[label]))


def usual_point(result: Result, change: Row) -> Point:
    """The point that is looked behind until one is clicked: the first checkpoint at the strongest dose."""
    name, label = study_facts.names_of(result)[0], strongest(result, change)
    row = rows_of(result, "scores", change, checkpoint=name, weights="trained", dose_label=label)[0]
    return name, "trained", int(row["order"])


def cell_point(result: Result, change: Row, key: tuple[Any, ...]) -> Point:
    """The point behind a cell of the overview: its checkpoint and weights at the strongest dose."""
    _, name, weights = key
    found = rows_of(result, "scores", change, checkpoint=name, weights=weights, dose_label=strongest(result, change))
    return (str(name), str(weights), int(found[0]["order"])) if found else usual_point(result, change)


def _overview(result: Result) -> list[tuple[Any, ...]]:
    """Changes by checkpoints: what moves the embedding least on top; the cells that were clicked."""
    shown = controls.pick_word("measure", "Shown", list(OVERVIEW))
    is_drop, prefix = shown == "drop in S", "drop_" if shown == "drop in S" else ""
    means: dict[str, float] = {}
    rows: list[Row] = []
    cells: dict[str, dict[tuple[str, str], Mark]] = {"trained": {}, "untrained twin": {}}
    for change in result.tables["changes"]:
        label = strongest(result, change)
        name = f"{change['title']} {label}"
        moved = rows_of(result, "distances", change, layer=EMBEDDING, dose_label=label)
        trained = [row["value"] or 0.0 for row in moved if row["weights"] == "trained"]
        means[name] = sum(trained) / len(trained)
        for row in rows_of(result, "scores", change, dose_label=label) if is_drop else moved:
            rows.append(row)
            fields = {one: row.get(f"{prefix}{one}") for one in ("value", "ci_low", "ci_high", "null")} | {"n": row["n"]}
            key = (change["name"], row["checkpoint"], row["weights"])
            if (mark := marked.from_row(fields, name, str(row["checkpoint"]), note=_against(row), key=key)) is not None:
                cells[_whose(row)][name, str(row["checkpoint"])] = mark
    names = sorted(means, key=lambda name: means[name])
    high = max((abs(mark.value) for panel in cells.values() for mark in panel.values()), default=0.0)
    end = max(10.0, 10.0 * math.ceil(10 * high)) if is_drop else 100.0
    drawing = matrix.panels(
        cells, names, study_facts.names_of(result), x_title="checkpoint", y_title="change",
        colour_title="drop in S (percentage points)" if is_drop else "embedding moved (% of the way to another piece)",
        low=0.0, high=end, diverging=is_drop, percent=True, null_name="no drop" if is_drop else "nothing moved",
    )  # fmt: skip
    drawing.update_yaxes(ticktext=[html.escape(name, quote=False) for name in names], title_text="")  # in full, without overlap
    clicked = actions.figure(drawing, "overview", result, rows, select=("points",))
    st.caption(
        "Click a cell to see its change dose by dose and to hear it. "
        "Every change at the end of its doses that moves trained embeddings most, the least moving on top. Doses of different "
        f"changes cannot be compared with each other; checkpoints and twins at one dose can.{pool_said(result)}"
    )
    return clicked


def _whose(row: Row) -> str:
    return "untrained twin" if row["weights"] == "untrained" else "trained"


def _against(row: Row) -> str:
    return "" if row["compared_with"] == "unaltered" else f"compared with: {row['compared_with']}"


def _short(change: Row, label: str) -> str:
    """A dose on an axis that names the unit.

    >>> _short({"unit": "dB SNR"}, "−6 dB SNR"), _short({"unit": "Hz"}, "4,000 Hz"), _short({"unit": ""}, "rendered again")
    ('−6', '4000', 'rendered again')
    """
    return label.removesuffix(f" {change['unit']}").replace(",", "") if change["unit"] else label


def _axis(change: Row) -> str:
    title = f"{str(change['title'])[:1].lower()}{str(change['title'])[1:]}"
    unit = "times" if change["unit"] == "×" else change["unit"]
    return f"{title} ({unit}, not to scale)" if unit else title


def _responses(result: Result, change: Row) -> list[tuple[Any, ...]]:
    """S, and how far the embedding moved, over the doses; the points that were clicked."""
    marks: list[Mark | None] = []
    panels = (("S", "scores", {}), ("embedding moved", "distances", {"layer": EMBEDDING}))
    for panel, table, more in panels:
        for row in rows_of(result, table, change, **more):
            key = (row["checkpoint"], row["weights"], row["order"])
            about = f"drop in S {cell(row, 'drop_')}" if table == "scores" and is_change(change, row) else ""
            note = "; ".join(part for part in (about, _against(row)) if part)
            twin = row["weights"] == "untrained"
            marks.append(marked.from_row(row, panel, str(row["checkpoint"]), at=row["order"], twin=twin, key=key, note=note))
    drawing = doses.panels(
        [mark for mark in marks if mark is not None], x_title=_axis(change),
        y_title="S (%), and moved (% of the way to another piece)", percent=True,
        categories=[_short(change, label) for label in change["dose_labels"]], domain=(-4, 104),
        columns=2,
    )  # fmt: skip
    drawing.update_layout(height=MAIN_PX)
    rows = [row for _, table, more in panels for row in rows_of(result, table, change, **more)]
    picked = actions.figure(name_twins_once(drawing), f"doses_{change['name']}", result, rows, select=("points",))
    st.caption(
        "The null is chance for S. What moved has none, since it is never below 0: compare it with the untrained twin."
        f"{pool_said(result)}"
    )
    return picked


def _sound(result: Result, choice: Choice, change: Row, point: Point) -> None:
    """The windows that a dose moves most, and what the model was given."""
    checkpoint, weights, order = point
    st.subheader("Hear a dose", anchor=False)
    now = rows_of(result, "scores", change, checkpoint=checkpoint, weights=weights, order=order)[0]
    if not is_change(change, now):
        st.caption("At this dose nothing is changed. Click another point above.")
        return
    twin = ", untrained twin" if weights == "untrained" else ""
    label = f"{change['title']} {now['dose_label']}"
    said = f"{label[:1].lower()}{label[1:]} moves most in {checkpoint}{twin}"
    st.caption(f"The windows that {plain(said)}; click a point above to choose another.")
    against = None
    if now["compared_with"] != "unaltered":
        first = next(row for row in rows_of(result, "scores", change) if row["dose_label"] == now["compared_with"])
        against = (float(first["dose"]), str(first["dose_label"]))
    given = Given(str(change["name"]), float(now["dose"]), label, "midi" if change["side"] == "midi" else "audio", against)
    key = f"windows_{change['name']}_{study_facts.names_of(result).index(checkpoint)}_{weights}_{order}"
    rows = windows_behind(result, change, point)
    altered_sound.draw(result, choice, rows, [given], altered_sound.sample_rate_of(choice, checkpoint), key)


def windows_behind(result: Result, change: Row, point: Point) -> list[dict[str, Any]]:
    """The windows whose embedding a dose moved most, with their ranks before and after."""
    model = dict(zip(("checkpoint", "weights"), point[:2], strict=True))
    scores = rows_of(result, "scores", change, **model)
    now = next(row for row in scores if row["order"] == point[2])
    start = next(
        row for row in scores
        if (row["dose_label"] == now["compared_with"] if now["compared_with"] != "unaltered" else not is_change(change, row))
    )  # fmt: skip
    place = rows_of(result, "distances", change, **model, order=point[2], layer=EMBEDDING)[0]
    moved = result.arrays[place["array"]][place["row"], place["tap_row"]]
    before, after = (result.arrays[one["array"]][one["row"]] for one in (start, now))
    return altered_sound.most_moved(result, moved, before, after)


def _layers(result: Result, change: Row) -> None:
    """How far every layer of the changed side moved, at every dose."""
    rows = [row for row in rows_of(result, "distances", change, weights="trained") if is_change(change, row)]
    layers = sorted(dict.fromkeys(str(row["layer"]) for row in rows), key=_depth)
    labels = [_short(change, label) for label in change["dose_labels"]]
    found: dict[str, dict[tuple[str, str], Mark]] = {}
    for row in rows:
        layer, label = str(row["layer"]), labels[row["order"]]
        cells = found.setdefault(str(row["checkpoint"]), {})
        if (mark := marked.from_row(row, layer, label, note=_against(row))) is not None:
            cells[layer, label] = mark
    highest = min(1.0, max((mark.value for cells in found.values() for mark in cells.values()), default=0.0))
    side = "MIDI" if change["side"] == "midi" else "audio"
    st.subheader("Which layers move", anchor=False)
    shown = [labels[order] for order in sorted({int(row["order"]) for row in rows})]
    drawing = matrix.panels(
        found, layers, shown, x_title=f"dose ({change['unit']})" if change["unit"] else "dose", y_title=f"{side} layer",
        colour_title="moved (% of the way to another piece)", low=0.0, high=next(end for end in ENDS if 100 * highest <= end),
        percent=True, null_name="nothing moved", square=False,
    )  # fmt: skip
    actions.figure(drawing, "layers", result, rows)
    st.caption(f"{AWAY}, in the {side} encoder of the trained checkpoints.")


def _depth(layer: str) -> tuple[bool, bool, int]:
    return layer != "in", layer == EMBEDDING, int(layer) if layer.isdigit() else 0


def _numbers(result: Result, change: Row) -> None:
    """Every number of the chosen change with its interval."""
    moved = {
        (row["checkpoint"], row["weights"], row["order"]): row
        for row in rows_of(result, "distances", change, layer=EMBEDDING)
    }  # fmt: skip
    rows = rows_of(result, "scores", change)
    with st.expander(f"All numbers: {plain(str(change['title']))}", icon=":material/table:"):
        st.dataframe([
            {"checkpoint": row["checkpoint"], "weights": row["weights"], "dose": row["dose_label"], "S": cell(row),
             "drop in S": cell(row, "drop_") if is_change(change, row) else None,
             "embedding moved": cell(moved[row["checkpoint"], row["weights"], row["order"]]) if is_change(change, row) else None,
             "n": row["n"]}
            for row in rows
        ], hide_index=True, placeholder="—")  # fmt: skip
        st.caption(
            f"95 % intervals, bootstrap over works; ○ not distinguishable from chance, or from 0 for drops.{pool_said(result)}"
        )
