"""The answer of the page of transposition: S by what is moved, the sound of a shift, what is left, and where embeddings go."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import streamlit as st

from analysis.models.config import Side
from analysis.results import Result
from analysis.studies.shared_rows import Weights
from analysis.studies.transposition.rows import (
    DisplacementRow,
    DistanceRow,
    RangeRow,
    RetentionRow,
    ScoreRow,
    Transposed,
)
from app.charts import doses, intervals
from app.charts import mark as marked
from app.charts.mark import Mark
from app.kit import actions, altered_sound, clicks, published_table, study_facts, tables
from app.kit.altered_sound import AWAY, Given, MovedWindow
from app.kit.plain import plain
from app.kit.pool_scores import cell, name_twins_once, pool_sentence, s_title
from app.kit.study_form import Choice

AXIS = "transposition (semitones, not to scale)"
SIDES: dict[Transposed, tuple[Side, ...]] = {
    "MIDI alone": ("midi",), "audio alone": ("audio",), "both": ("audio", "midi"), "sound": ("audio",),
}  # fmt: skip
ALONE: Transposed = "sound"
USUAL = 3  # semitones: the size of the published retention
TWINS_APART = " Twins that have nothing to lose are among all numbers."
MAIN_PX, DETAIL_PX = 440, 380


class Point(NamedTuple):
    """A model at a shift, to which a click leads."""

    checkpoint: str
    weights: Weights
    moved: Transposed
    semitones: int


def draw(result: Result, choice: Choice) -> None:
    """S over semitones; the windows behind a point; retention, directions, distances by layer; all numbers."""
    picked = _responses(result)
    point = Point(*picked[-1]) if picked else usual_point(result)
    _sound(result, choice, point)
    if all(row.moved == ALONE for row in result.rows(ScoreRow)):  # there are no two sides that could go the same way
        _retention(result, point)
    else:
        left, right = st.columns(2, gap="medium")
        with left:
            _retention(result, point)
        with right:
            _directions(result)
    _distances(result, point)
    arms = {str(checkpoint.name): str(checkpoint.arm) for checkpoint in choice.checkpoints}
    published_table.show(result, arms)
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
    rows = result.rows(ScoreRow)
    first = next(name for name in study_facts.names_of(result) if any(row.checkpoint == name for row in rows))
    moved: list[Transposed] = [row.moved for row in rows if row.checkpoint == first]
    what = "both" if "both" in moved else moved[0]
    size = USUAL if USUAL in shifts else min(shift for shift in shifts if shift > 0)
    return Point(first, "trained", what, size)


def shifts_of(result: Result) -> list[int]:
    """All shifts, 0 among them, in ascending order."""
    return sorted({row.semitones for row in result.rows(ScoreRow)})


def _responses(result: Result) -> list[clicks.Key]:
    """S over semitones, a panel per what is moved; the points that were clicked."""
    rows, shifts = result.rows(ScoreRow), shifts_of(result)
    n_panels = len({row.moved for row in rows})
    columns = 3 if n_panels <= 3 else 2  # four stand in two lines, each high enough for the title of its ordinate
    marks = [
        marked.from_row(
            row, row.moved, row.checkpoint, at=shifts.index(row.semitones), twin=row.is_twin,
            key=Point(row.checkpoint, row.weights, row.moved, row.semitones),
            note=f"{row.what}; drop in S {cell(row.drop)}" if row.semitones else row.what,
        )
        for row in rows
    ]  # fmt: skip
    drawing = doses.panels(
        [mark for mark in marks if mark is not None], x_title=AXIS, y_title=s_title(result), percent=True,
        categories=[shift_words(shift) for shift in shifts], domain=(0, 104), null_name="chance", columns=columns,
    )  # fmt: skip
    drawing.update_layout(height=MAIN_PX * -(-n_panels // columns))
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
    moved = {"MIDI alone": "the MIDI alone", "audio alone": "the audio alone", "sound": "the sound"}.get(what, "MIDI and audio")
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


def windows_behind(result: Result, point: Point) -> list[MovedWindow]:
    """The windows that moved most, on average of the sides that were moved; their ranks, and how many notes were folded."""
    model = point.checkpoint, point.weights
    layers = [row for row in result.rows(DistanceRow) if (row.checkpoint, row.weights) == model and row.layer == "emb"]
    sides = [row for row in layers if row.semitones == point.semitones and row.side in SIDES[point.moved]]
    moved = np.mean([result.arrays[row.array][row.row, row.tap_row] for row in sides], axis=0)
    scores = [row for row in result.rows(ScoreRow) if (row.checkpoint, row.weights, row.moved) == (*model, point.moved)]
    by_shift = {row.semitones: result.arrays[row.array][row.row] for row in scores}
    folded = result.arrays["folded"][shifts_of(result).index(point.semitones)]
    windows = altered_sound.most_moved(result, moved, by_shift[0], by_shift[point.semitones])
    return [replace(window, folded=int(folded[window.number])) for window in windows]


def _folded_words(result: Result, semitones: int) -> str:
    """How much of a shift is folded back onto the piano."""
    row = next(row for row in result.rows(RangeRow) if row.semitones == semitones)
    if not row.notes_folded:
        return "No note leaves the piano."
    share = 100 * row.notes_folded
    return f"{share:.1f} % of the notes, in {row.windows_folded} of {row.n} windows, are folded back by octaves."


def _retention(result: Result, point: Point) -> None:
    """What is left of S at one size, upwards and downwards together."""
    sizes = sorted({row.semitones for row in result.rows(RetentionRow)})
    size = abs(point.semitones) if abs(point.semitones) in sizes else USUAL if USUAL in sizes else sizes[0]
    of_size = [row for row in result.rows(RetentionRow) if row.semitones == size]
    rows = [row for row in of_size if row.moved == ALONE or not row.is_twin]
    marks = [marked.from_row(row, row.moved, row.checkpoint, twin=row.is_twin) for row in rows]
    st.subheader(f"What is left of S at ±{size} semitones", anchor=False)
    drawing = intervals.forest(
        [mark for mark in marks if mark is not None], x_title="S at ± shift as a share of S at 0 (%)", y_title="moved",
        percent=True, null_name="chance", labels=False,
    )  # fmt: skip
    actions.figure(name_twins_once(drawing), "retention", result, rows)
    twins = "" if len(rows) == len(of_size) else TWINS_APART
    st.caption(f"Chance, too, as a share of S at 0.{twins}{pool_sentence(result)}")


def _directions(result: Result) -> None:
    """Whether audio and MIDI of a window go the same way."""
    st.subheader("Do audio and MIDI move the same way?", anchor=False)
    rows = result.rows(DisplacementRow)
    if not rows:
        st.caption("Both sides can be moved only in a corpus of several works that was rendered here.")
        return
    shifts = sorted({row.semitones for row in rows})
    marks: list[Mark] = []
    for row in rows:
        note = f"above windows of other works: {cell(row.above, percent=False)}"
        about = {"at": shifts.index(row.semitones), "twin": row.is_twin, "note": note}
        if (mark := marked.from_row(row, "", row.checkpoint, **about)) is not None:
            marks.append(mark)
    drawing = doses.curves(
        marks, x_title=AXIS, y_title="cosine of displacements", categories=[shift_words(shift) for shift in shifts],
        null_name="windows of other works", height=DETAIL_PX,
    )  # fmt: skip
    actions.figure(name_twins_once(drawing, top_px=64), "directions", result, rows)


def _distances(result: Result, point: Point) -> None:
    """How far every layer of either side moved at the chosen shift."""
    shift = point.semitones or usual_point(result).semitones
    rows = [row for row in result.rows(DistanceRow) if row.semitones == shift]
    layers = list(dict.fromkeys(row.layer for row in rows))
    layers.sort(key=lambda layer: (layer != "in", layer == "emb", int(layer) if layer.isdigit() else 0))
    marks = [
        marked.from_row(
            row, "audio encoder" if row.side == "audio" else "MIDI encoder", row.checkpoint, at=layers.index(row.layer),
            twin=row.is_twin,
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
        tables.draw([
            {"checkpoint": row.checkpoint, "weights": row.weights, "moved": row.moved, "semitones": row.semitones,
             "S": cell(row), "drop in S": cell(row.drop) if row.semitones else None, "n": row.n}
            for row in result.rows(ScoreRow)
        ])  # fmt: skip
        tables.draw([
            {"checkpoint": row.checkpoint, "weights": row.weights, "moved": row.moved, "semitones": f"±{row.semitones}",
             "S retained": cell(row), "n": row.n}
            for row in result.rows(RetentionRow)
        ])  # fmt: skip
        if displaced := result.rows(DisplacementRow):
            tables.draw([
                {"checkpoint": row.checkpoint, "weights": row.weights, "semitones": row.semitones,
                 "cosine": cell(row, percent=False), "other works": None if row.null is None else f"{row.null:.3f}",
                 "difference": cell(row.above, percent=False), "n": row.n}
                for row in displaced
            ])  # fmt: skip
        st.caption(
            "95 % intervals, bootstrap over works; ○ not distinguishable from its null (chance, or 0 for a difference)."
            f"{pool_sentence(result)}"
        )
