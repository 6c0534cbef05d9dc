"""Details of the page of bands: bands of A4 shifted and read back, and attributions as a second opinion."""

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from analysis.results import Result
from app import controls
from app.charts import doses, matrix, theme
from app.charts import mark as marked
from app.charts.mark import Mark
from app.components import actions, hear, study_facts
from app.components.band_marks import (
    FREQUENCY,
    MEASURES,
    MOVED,
    NORM,
    Row,
    Shown,
    apart_of,
    bands_of,
    behind,
    centre,
    key_of,
    layer_of,
    mark_of,
    named,
)  # fmt: skip
from app.components.plain import plain
from app.components.stress_kit import TWINS, cell, name_twins_once, pool_said
from app.components.study_form import Choice

RANDOM = "random direction"
NORM_NAME = "L2 norm of the change"
TITLES = {
    MEASURES[MOVED].title: "moved (% of the<br>way, logarithmic)",
    MEASURES["cosine distance"].title: "cosine distance<br>(logarithmic)",
}
TICKS_HZ = (50, 200, 1000, 5000)
SHORT: dict[str, str] = {
    "integrated gradients": "gradients",
    "feature ablation": "ablation",
    "occlusion of two neighbours": "occlusion of two",
}
HEARD = {
    "distance": st.column_config.NumberColumn("distance", format="%.4f", width=72, help="Cosine distance of this window"),
    "change": st.column_config.NumberColumn("change", format="%.3f", width=72, help="L2 norm of the change of this window"),
    "correlation": st.column_config.NumberColumn("correlation", format="%.2f", width=84, help="Of this window, held out"),
    "attributed": st.column_config.NumberColumn("attributed", format="%.3f", width=80, help="Cosine similarity due to the band"),
    "lost": st.column_config.NumberColumn("lost", format="%.3f", width=64, help="Similarity with its notes, before − after"),
    "piece": st.column_config.TextColumn("piece", width=230),
}  # fmt: skip


def windows(
    result: Result, choice: Choice, table: str, clicked: Sequence[tuple[Any, ...]], title: str, shown: Shown | None = None
) -> None:
    """The windows behind a mark that was clicked; without one how to come to them."""
    if (row := named(result, table, clicked)) is None:
        st.caption("Click a point or a cell to hear the windows behind it.")
        return
    key = "_".join((table, *map(str, key_of(table, row))))
    st.caption(plain(f"The windows with the largest numbers: {', '.join(map(str, key_of(table, row)))}."))
    hear.pick(behind(result, table, row, shown), choice.corpus, key, title=title, columns=HEARD)


def notes(result: Result, part: str) -> None:
    """What was not done, each sentence once."""
    said = []
    for row in result.tables["notes"]:
        if row["part"] == part:
            text = row["note"].removeprefix("trained: ").removeprefix("untrained: ")
            said.append(f"{row['checkpoint']} {text}." if row["checkpoint"] else f"{text[:1].upper()}{text[1:]}.")
    if said:
        st.caption(plain(" ".join(dict.fromkeys(said))))


def shifted(result: Result, choice: Choice, shown: Shown) -> None:
    """How far the embedding moves when a band of A4 is shifted, as a distance or as a norm; what was not measured."""
    st.subheader("Bands of A4, shifted", anchor=False)
    rows, apart = bands_of(result.tables["doses"]), apart_of(result)
    if rows:
        its = _measure(rows, shown)
        marks = [mark_of(r, "doses", str(r["band"]), its, apart[r["checkpoint"], r["weights"]], at=r["dose"]) for r in rows]
        drawing = doses.panels(
            [mark for mark in marks if mark is not None], x_title="shift (SD of the band)",
            y_title=TITLES.get(its.title, its.title.replace(" (", "<br>(")),
            null_name=its.null if its.field == "drop" else RANDOM, colours=study_facts.colours_of(result),
        )  # fmt: skip
        if its.field != "drop":
            _logarithmic(drawing, [mark for mark in marks if mark is not None])
        drawing.update_traces(name=TWINS, selector=lambda trace: trace.line.color == theme.TWIN)
        clicked = actions.figure(name_twins_once(drawing), "doses", result, rows, select=("points",))
        st.caption(plain(f"{its.what} n = {rows[0]['n']} windows.{pool_said(result, 'doses')}"))
        windows(result, choice, "doses", clicked, "Moves with A4 shifted", its)
    notes(result, "doses")


def _measure(rows: Sequence[Row], shown: Shown) -> Shown:
    """What is drawn of a shift: what the page shows, or on demand the norm, which is what others have published."""
    own = shown if shown.field in ("value", "drop") else MEASURES["cosine distance"]
    if not all("l2" in row for row in rows):
        return own
    name = next(name for name, one in MEASURES.items() if one is own)
    return NORM if controls.pick_word("shift", "Shown of a shift", (name, NORM_NAME)) == NORM_NAME else own


def _logarithmic(drawing: go.Figure, marks: Sequence[Mark]) -> None:
    """Distances grow with the square of a dose, and those of twins may be a hundred times those of trained networks."""
    found = [
        number for mark in marks for number in (mark.value, mark.low, mark.high, mark.null) if number is not None and number > 0
    ]
    if found:
        low, high = math.log10(min(found)), math.log10(max(found))
        drawing.update_yaxes(type="log", range=[low - 0.1, high + 0.1], dtick=1)


def read_back(result: Result, choice: Choice) -> None:
    """How well every band of A4 is read from every layer."""
    st.subheader("Bands of A4, read back from the layers", anchor=False)
    rows = result.tables["reading"]
    found: dict[str, dict[tuple[str, str], Mark]] = {}
    for row in rows:
        title = str(row["checkpoint"]) if row["weights"] == "trained" else f"{row['checkpoint']}, twin"
        note = f"shifted in time, 97.5 % of draws below {row['null_high']:.3f}"
        mark = marked.from_row(row, str(row["band"]), layer_of(row), key=key_of("reading", row), note=note)
        if mark is not None:
            found.setdefault(title, {})[mark.group, mark.series] = mark
    bands = [str(row["band"]) for row in sorted(rows, key=lambda row: -(row["low_hz"] or 0.0))]
    drawing = matrix.panels(
        found, list(dict.fromkeys(bands)), list(dict.fromkeys(map(layer_of, rows))), x_title="audio layer", y_title="band",
        colour_title="held-out correlation", low=0.0, high=1.0, null_name="A4 shifted in time",
    )  # fmt: skip
    drawing.update_yaxes(title_standoff=14)
    clicked = actions.figure(drawing, "reading", result, rows, select=("points",))
    windows(result, choice, "reading", clicked, "Read from this window")
    notes(result, "reading")


def attributed(result: Result, choice: Choice) -> None:
    """What three methods say of every band, how far they agree, and how well the gradients add up."""
    st.subheader("A second opinion: attribution to bands", anchor=False)
    rows, marks = result.tables["attribution"], []
    for row in rows:
        about = {"at": centre(row), "twin": row["weights"] != "trained", "key": key_of("attribution", row), "note": row["band"]}
        marks.append(marked.from_row(row, SHORT.get(row["method"], str(row["method"])), str(row["checkpoint"]), **about))
    drawing = doses.panels(
        [mark for mark in marks if mark is not None], x_title=FREQUENCY, y_title="similarity attributed<br>(cosine, no unit)",
        log=True, null_name="nothing", colours=study_facts.colours_of(result),
    )  # fmt: skip
    drawing.update_xaxes(tickvals=TICKS_HZ, ticktext=[f"{tick:g}" for tick in TICKS_HZ], tickangle=0)
    clicked = actions.figure(name_twins_once(drawing), "attribution", result, rows, select=("points",))
    st.caption(
        "What every band adds to the similarity of a window's sound with its own notes, from −60 dB to as recorded. Occlusion "
        "takes two neighbours out at a time and gives both to each."
    )
    windows(result, choice, "attribution", clicked, "Attributed in this window")
    _agreement(result)


def agreement(result: Result) -> list[dict[str, Any]]:
    """A row per model: rank correlation of every pair of methods over bands, and the error of the gradients."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in result.tables["agreement"]:
        its = found.setdefault((row["checkpoint"], row["weights"]), {"checkpoint": row["checkpoint"], "weights": row["weights"]})
        its[f"{SHORT.get(row['first'], row['first'])} ~ {SHORT.get(row['second'], row['second'])}"] = cell(row, percent=False)
    for row in result.tables["convergence"]:
        its = found.setdefault((row["checkpoint"], row["weights"]), {"checkpoint": row["checkpoint"], "weights": row["weights"]})
        its["error of the gradients"] = cell({**row, "null": None})
        its["largest"] = f"{100 * row['largest']:.1f} %"
    return list(found.values())


def _agreement(result: Result) -> None:
    st.markdown("**Do the methods agree, and do the gradients add up?**")
    st.dataframe(agreement(result), hide_index=True, placeholder="—")
    one = result.tables["convergence"][0]
    st.caption(
        f"Rank correlation over bands (~), mean of n = {one['n']} windows; ○ not distinguishable from no agreement. Error: what "
        f"the {one['steps']} steps of integrated gradients miss of the change that they are to explain. Where it is large, the "
        "steps were too few for these gradients to be believed."
    )
