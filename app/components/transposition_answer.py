"""The answer of the page of transposition: S by what is moved, the sound of a shift, what is left, and where embeddings go."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from analysis.results import Result
from app.charts import doses, intervals
from app.charts import mark as marked
from app.charts.mark import Mark
from app.components import actions, altered_sound, published_table, study_facts
from app.components.altered_sound import AWAY, Given
from app.components.plain import plain
from app.components.stress_kit import cell, name_twins_once, pool_said, s_title
from app.components.study_form import Choice

AXIS = "transposition (semitones, not to scale)"
SIDES = {"MIDI alone": ("midi",), "audio alone": ("audio",), "both": ("audio", "midi")}
USUAL = 3  # semitones: the size of the published retention
MAIN_PX, DETAIL_PX = 440, 380
Row = Mapping[str, Any]
Point = tuple[str, str, str, int]  # checkpoint, weights, what is moved, semitones


def draw(result: Result, choice: Choice) -> None:
    """S over semitones; the windows behind a point; retention, directions, distances by layer; all numbers."""
    picked = _responses(result)
    point = _point(picked[-1]) if picked else usual_point(result)
    _sound(result, choice, point)
    left, right = st.columns(2, gap="medium")
    with left:
        _retention(result, point)
    with right:
        _directions(result)
    _distances(result, point)
    arms = {str(one.name): str(one.arm) for one in choice.checkpoints}
    published_table.beside(result, arms)
    _numbers(result)


def shift_words(semitones: int) -> str:
    """A shift as it is written on the axis.

    >>> shift_words(-12), shift_words(3), shift_words(0)
    ('−12', '+3', '0')
    """
    return f"{semitones:+d}".replace("-", "−") if semitones else "0"


def usual_point(result: Result) -> Point:
    """The point that is looked behind until one is clicked: the first checkpoint, as much as possible moved, +3 or the least."""
    shifts = shifts_of(result)
    moved = [str(row["moved"]) for row in result.tables["scores"]]
    what = "both" if "both" in moved else moved[0]
    size = USUAL if USUAL in shifts else min(shift for shift in shifts if shift > 0)
    return study_facts.names_of(result)[0], "trained", what, size


def shifts_of(result: Result) -> list[int]:
    """All shifts, 0 among them, in ascending order."""
    return sorted({int(row["semitones"]) for row in result.tables["scores"]})


def _point(key: tuple[Any, ...]) -> Point:
    checkpoint, weights, moved, semitones = key
    return str(checkpoint), str(weights), str(moved), int(semitones)


def _is_twin(row: Row) -> bool:
    return row["weights"] == "untrained"


def _responses(result: Result) -> list[tuple[Any, ...]]:
    """S over semitones, a panel per what is moved; the points that were clicked."""
    rows, shifts = result.tables["scores"], shifts_of(result)
    marks = [
        marked.from_row(
            row, str(row["moved"]), str(row["checkpoint"]), at=shifts.index(int(row["semitones"])), twin=_is_twin(row),
            key=(row["checkpoint"], row["weights"], row["moved"], row["semitones"]),
            note=f"{row['what']}; drop in S {cell(row, 'drop_')}" if row["semitones"] else str(row["what"]),
        )
        for row in rows
    ]  # fmt: skip
    drawing = doses.panels(
        [mark for mark in marks if mark is not None], x_title=AXIS, y_title=s_title(result), percent=True,
        categories=[shift_words(shift) for shift in shifts], domain=(0, 104), null_name="chance", columns=3,
    )  # fmt: skip
    drawing.update_layout(height=MAIN_PX)
    return actions.figure(name_twins_once(drawing), "responses", result, rows, select=("points",))


def _sound(result: Result, choice: Choice, point: Point) -> None:
    """The windows that a shift moves most, and what the model was given."""
    checkpoint, weights, what, semitones = point
    st.subheader("Hear a shift", anchor=False)
    if not semitones:
        st.caption("At 0 semitones nothing is moved. Click another point above.")
        return
    label = f"{shift_words(semitones)} semitones"
    twin = ", untrained twin" if weights == "untrained" else ""
    moved = {"MIDI alone": "the MIDI alone", "audio alone": "the audio alone"}.get(what, "MIDI and audio")
    st.caption(
        f"The windows that {plain(checkpoint)}{twin} moves most with {moved} {label}; click a point above to choose another. "
        + _folded_words(result, semitones)
    )
    given = [
        Given("transposition", semitones, label, side, (0.0, "rendered again from its own notes, 0 semitones"))
        if side == "audio" else Given("transposition", semitones, label, side)
        for side in SIDES[what]
    ]  # fmt: skip
    rows = windows_behind(result, point)
    key = f"windows_{study_facts.names_of(result).index(checkpoint)}_{weights}_{what}_{semitones}"
    altered_sound.draw(result, choice, rows, given, altered_sound.sample_rate_of(choice, checkpoint), key)


def windows_behind(result: Result, point: Point) -> list[dict[str, Any]]:
    """The windows that moved most, on average of the sides that were moved; their ranks, and how many notes were folded."""
    checkpoint, weights, what, semitones = point

    def found(table: str, shift: int, **more: Any) -> Row:
        wanted = {"checkpoint": checkpoint, "weights": weights, "semitones": shift, **more}
        return next(row for row in result.tables[table] if all(row[name] == value for name, value in wanted.items()))

    places = [found("distances", semitones, side=side, layer="emb") for side in SIDES[what]]
    moved = np.mean([result.arrays[one["array"]][one["row"], one["tap_row"]] for one in places], axis=0)
    before, after = (found("scores", shift, moved=what) for shift in (0, semitones))
    ranks = (result.arrays[one["array"]][one["row"]] for one in (before, after))
    folded = result.arrays["folded"][shifts_of(result).index(semitones)]
    return [{**row, "folded": int(folded[row["window"]])} for row in altered_sound.most_moved(result, moved, *ranks)]


def _folded_words(result: Result, semitones: int) -> str:
    """How much of a shift is folded back onto the piano."""
    row = next(one for one in result.tables["range"] if one["semitones"] == semitones)
    if not row["notes_folded"]:
        return "No note leaves the piano."
    share = 100 * float(row["notes_folded"])
    return f"{share:.1f} % of the notes, in {row['windows_folded']} of {row['n']} windows, are folded back by octaves."


def _retention(result: Result, point: Point) -> None:
    """What is left of S at one size, upwards and downwards together."""
    sizes = sorted({int(row["semitones"]) for row in result.tables["retention"]})
    size = abs(point[3]) if abs(point[3]) in sizes else USUAL if USUAL in sizes else sizes[0]
    rows = [row for row in result.tables["retention"] if row["semitones"] == size and not _is_twin(row)]
    marks = [marked.from_row(row, str(row["moved"]), str(row["checkpoint"])) for row in rows]
    st.subheader(f"What is left of S at ±{size} semitones", anchor=False)
    drawing = intervals.forest(
        [mark for mark in marks if mark is not None], x_title="S at ± shift as a share of S at 0 (%)", y_title="moved",
        percent=True, null_name="chance", labels=False,
    )  # fmt: skip
    actions.figure(drawing, "retention", result, rows)
    st.caption(
        f"Chance, too, as a share of S at 0. The twins, which have nothing to lose, are among all numbers.{pool_said(result)}"
    )


def _directions(result: Result) -> None:
    """Whether audio and MIDI of a window go the same way."""
    st.subheader("Do audio and MIDI move the same way?", anchor=False)
    rows = result.tables["displacements"]
    if not rows:
        st.caption("Both sides can be moved only in a corpus of several works that was rendered here.")
        return
    shifts = sorted({int(row["semitones"]) for row in rows})
    marks: list[Mark] = []
    for row in rows:
        note = f"above windows of other works: {cell(row, 'above_', percent=False)}"
        place = {"at": shifts.index(int(row["semitones"])), "twin": _is_twin(row), "note": note}
        if (mark := marked.from_row(row, "", str(row["checkpoint"]), **place)) is not None:
            marks.append(mark)
    drawing = doses.curves(
        marks, x_title=AXIS, y_title="cosine of displacements", categories=[shift_words(shift) for shift in shifts],
        null_name="windows of other works", height=DETAIL_PX,
    )  # fmt: skip
    actions.figure(name_twins_once(drawing, top_px=64), "directions", result, rows)


def _distances(result: Result, point: Point) -> None:
    """How far every layer of either side moved at the chosen shift."""
    shift = point[3] or usual_point(result)[3]
    rows = [row for row in result.tables["distances"] if row["semitones"] == shift]
    layers = list(dict.fromkeys(str(row["layer"]) for row in rows))
    layers.sort(key=lambda layer: (layer != "in", layer == "emb", int(layer) if layer.isdigit() else 0))
    marks = [
        marked.from_row(
            row, "audio encoder" if row["side"] == "audio" else "MIDI encoder", str(row["checkpoint"]),
            at=layers.index(str(row["layer"])), twin=_is_twin(row),
        )
        for row in rows
    ]  # fmt: skip
    st.subheader(f"How far every layer moves at {shift_words(shift)} semitones", anchor=False)
    drawing = doses.panels(
        [mark for mark in marks if mark is not None], x_title="layer",
        y_title="moved (% of the way to another piece)", percent=True, categories=layers, null_name="nothing moved", columns=2,
    )  # fmt: skip
    drawing.update_layout(height=DETAIL_PX)
    actions.figure(name_twins_once(drawing), "layers", result, rows)
    st.caption(f"{AWAY}. Audio is compared with its own notes rendered again, not with the recording.")


def _numbers(result: Result) -> None:
    """Every number with its interval."""
    with st.expander("All numbers", icon=":material/table:"):
        st.dataframe([
            {"checkpoint": row["checkpoint"], "weights": row["weights"], "moved": row["moved"], "semitones": row["semitones"],
             "S": cell(row), "drop in S": cell(row, "drop_") if row["semitones"] else None, "n": row["n"]}
            for row in result.tables["scores"]
        ], hide_index=True, placeholder="—")  # fmt: skip
        st.dataframe([
            {"checkpoint": row["checkpoint"], "weights": row["weights"], "moved": row["moved"],
             "semitones": f"±{row['semitones']}", "S retained": cell(row), "n": row["n"]}
            for row in result.tables["retention"]
        ], hide_index=True, placeholder="—")  # fmt: skip
        if displaced := result.tables["displacements"]:
            st.dataframe([
                {"checkpoint": row["checkpoint"], "weights": row["weights"], "semitones": row["semitones"],
                 "cosine": cell(row, percent=False), "other works": None if row["null"] is None else f"{row['null']:.3f}",
                 "difference": cell(row, "above_", percent=False), "n": row["n"]}
                for row in displaced
            ], hide_index=True, placeholder="—")  # fmt: skip
        st.caption(
            "95 % intervals, bootstrap over works; ○ not distinguishable from its null (chance, or 0 for a difference)."
            f"{pool_said(result)}"
        )
