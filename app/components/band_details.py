"""Details of the page of bands: bands of A4 shifted and read back, and attributions as a second opinion."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from analysis.results import Result
from app.charts import doses, intervals, matrix
from app.charts import mark as marked
from app.charts.mark import Mark
from app.components import actions, hear
from app.components.band_marks import (
    FREQUENCY,
    MEASURES,
    MOVED,
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
from app.components.stress_kit import cell, name_twins_once
from app.components.study_form import Choice

RANDOM = "random direction"
COLUMNS = {
    "distance": st.column_config.NumberColumn("distance", format="%.4f", width=72, help="Cosine distance of this window"),
    "correlation": st.column_config.NumberColumn("correlation", format="%.2f", width=84, help="Of this window, held out"),
    "attributed": st.column_config.NumberColumn("attributed", format="%.3f", width=80, help="Cosine similarity due to the band"),
    "lost": st.column_config.NumberColumn("lost", format="%.3f", width=64, help="Similarity with its notes, before − after"),
    "piece": st.column_config.TextColumn("piece", width=230),
}  # fmt: skip


def windows(result: Result, choice: Choice, table: str, clicked: Sequence[tuple[Any, ...]], title: str) -> None:
    """The windows behind a mark that was clicked; without one how to come to them."""
    if (row := named(result, table, clicked)) is None:
        st.caption("Click a point or a cell to hear the windows behind it.")
        return
    key = "_".join((table, *map(str, key_of(table, row))))
    st.caption(plain(f"The windows with the largest numbers: {', '.join(map(str, key_of(table, row)))}."))
    hear.pick(behind(result, table, row), choice.corpus, key, title=title, columns=COLUMNS)


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
    """How far the embedding moves when a band of A4 is shifted; what was not measured."""
    st.subheader("Bands of A4, shifted", anchor=False)
    rows, apart = bands_of(result.tables["doses"]), apart_of(result)
    if rows:
        its = shown if shown.field in ("value", "drop") else MEASURES[MOVED]
        marks = [mark_of(r, "doses", str(r["band"]), its, apart[r["checkpoint"], r["weights"]], at=r["dose"]) for r in rows]
        drawing = doses.panels(
            [mark for mark in marks if mark is not None], x_title="shift (SD of the band)",
            y_title=its.title.replace(" (", "<br>("),
            null_name=RANDOM if its.field == "value" else its.null,
        )  # fmt: skip
        clicked = actions.figure(name_twins_once(drawing), "doses", result, rows, select=("points",))
        windows(result, choice, "doses", clicked, "Moves with A4 shifted")
    notes(result, "doses")


def read_back(result: Result, choice: Choice) -> None:
    """How well every band of A4 is read from every layer."""
    st.subheader("Bands of A4, read back from the layers", anchor=False)
    rows = result.tables["reading"]
    found: dict[str, dict[tuple[str, str], Mark]] = {}
    for row in rows:
        title = f"{row['checkpoint']}{'' if row['weights'] == 'trained' else marked.TWIN_SUFFIX}"
        note = f"shifted in time, 97.5 % of draws below {row['null_high']:.3f}"
        mark = marked.from_row(row, str(row["band"]), layer_of(row), key=key_of("reading", row), note=note)
        if mark is not None:
            found.setdefault(title, {})[mark.group, mark.series] = mark
    bands = [str(row["band"]) for row in sorted(rows, key=lambda row: -(row["low_hz"] or 0.0))]
    drawing = matrix.panels(
        found, list(dict.fromkeys(bands)), list(dict.fromkeys(map(layer_of, rows))), x_title="audio layer", y_title="band",
        colour_title="correlation with a held-out linear prediction", low=0.0, high=1.0, null_name="A4 shifted in time",
    )  # fmt: skip
    clicked = actions.figure(drawing, "reading", result, rows, select=("points",))
    windows(result, choice, "reading", clicked, "Read from this window")
    notes(result, "reading")


def attributed(result: Result, choice: Choice) -> None:
    """What three methods say of every band, how far they agree, and how well the gradients add up."""
    st.subheader("A second opinion: attribution to bands", anchor=False)
    rows, marks = result.tables["attribution"], []
    for row in rows:
        about = {"at": centre(row), "twin": row["weights"] != "trained", "key": key_of("attribution", row), "note": row["band"]}
        marks.append(marked.from_row(row, str(row["method"]), str(row["checkpoint"]), **about))
    drawing = doses.panels(
        [mark for mark in marks if mark is not None], x_title=FREQUENCY, y_title="similarity attributed<br>(cosine, no unit)",
        log=True, null_name="nothing",
    )  # fmt: skip
    clicked = actions.figure(name_twins_once(drawing), "attribution", result, rows, select=("points",))
    st.caption(
        "What every band adds to the similarity of a window's sound with its own notes, from −60 dB to as recorded. Occlusion "
        "takes two neighbours out at a time and gives both to each."
    )
    windows(result, choice, "attribution", clicked, "Attributed in this window")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _agreement(result)
    with right:
        _convergence(result)


def _agreement(result: Result) -> None:
    rows = result.tables["agreement"]
    marks = [
        marked.from_row(row, f"{row['first']} and {row['second']}", str(row["checkpoint"]), twin=row["weights"] != "trained")
        for row in rows
    ]
    st.markdown("**Do the methods agree?**")
    drawing = intervals.forest(
        [mark for mark in marks if mark is not None], x_title="rank correlation over bands", y_title="", domain=(-1, 1),
        null_name="no agreement", labels=False,
    )  # fmt: skip
    actions.figure(drawing, "agreement", result, rows)


def _convergence(result: Result) -> None:
    rows = [
        {"checkpoint": row["checkpoint"], "weights": row["weights"], "error": cell({**row, "null": None}),
         "largest": f"{100 * row['largest']:.1f} %"}
        for row in result.tables["convergence"]
    ]  # fmt: skip
    st.markdown("**Do the gradients add up?**")
    st.dataframe(rows, hide_index=True, placeholder="—")
    one = result.tables["convergence"][0]
    st.caption(
        f"Integrated gradients of {one['steps']} steps against the change that they are to explain; n = {one['n']} windows. "
        "Where the error is large, the steps were too few."
    )
