"""The answer of the page of beats: scores with their controls, and one recording with its map, its beats and its sound."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from numpy import ndarray

from analysis.descriptors.metronome import FIRST_S, clicks_at
from analysis.results import Result
from analysis.studies.beats.rows import LIBRARY, MEASURES, NOBODY, GainRow, MaterialRow, ScoreRow, StretchRow, TrackRow
from app import caching
from app.charts import intervals
from app.charts import mark as marked
from app.charts.mark import Mark
from app.charts.tempo_map import tempo_map
from app.kit import actions, controls, strips, study_facts
from app.kit.plain import plain
from app.kit.player import clock
from app.kit.strips import Version
from app.kit.study_form import Choice

TRAINED, TWIN, SOUND = "trained", "untrained twin", "librosa, on the sound"
MOVED = "moved in time"
ANNOTATED, TRACKED = "annotated", "found"
RECORDING = "beats_recording"  # key of the widget


def draw(result: Result, choice: Choice) -> None:
    """Scores of every model; a recording; all numbers."""
    measure = controls.pick_word("measure", "Shown", MEASURES)
    rows = [row for row in result.rows(ScoreRow) if row.measure == measure]
    axis = f"{measure}, mean of recordings"
    drawing = intervals.forest(marks_of(rows), x_title=axis, y_title="checkpoint", domain=(0.0, 1.0), null_name=MOVED)
    gains = [row for row in result.rows(GainRow) if row.measure == measure]
    actions.figure(drawing, "scores", result, [*rows, *gains])
    st.caption("F: within 70 ms. CMLt: right phase and interval. AMLt: half, double and off-beat tempi count too.")
    _recording(result, choice)
    _numbers(result)


def marks_of(rows: Sequence[ScoreRow]) -> list[Mark]:
    """Every model, trained and untrained, and librosa."""
    marks = [
        marked.from_row(
            row, row.checkpoint or LIBRARY, SOUND if row.checkpoint == NOBODY else TWIN if row.is_twin else TRAINED,
            twin=row.is_twin, note=row.score, key=(row.checkpoint, row.weights),
        )
        for row in rows
    ]  # fmt: skip
    return [mark for mark in marks if mark is not None]


def _recording(result: Result, choice: Choice) -> None:
    """The map of one recording with its beats, and its sound with clicks."""
    st.subheader("One recording", anchor=False)
    left, right = st.columns(2, vertical_alignment="bottom")
    stretches = {row.piece: row for row in result.rows(StretchRow)}
    with left:
        piece = str(st.selectbox("Recording", list(stretches), key=RECORDING))
    names = study_facts.names_of(result)
    with right:
        name = controls.pick_choice("checkpoint", "Map of", names, names[0]) if len(names) > 1 else names[0]
    tracks = {(row.checkpoint, row.weights): row for row in result.rows(TrackRow) if row.piece == piece}
    track, library = tracks[name, "trained"], tracks[NOBODY, LIBRARY]
    stretch = stretches[piece]
    beats = {
        ANNOTATED: result.arrays[stretch.annotated] + stretch.start_s,
        TRACKED: result.arrays[track.beats] + stretch.start_s,
        LIBRARY: result.arrays[library.beats] + stretch.start_s,
    }
    drawing = tempo_map(result.arrays[track.map], *axes_of(result, track, stretch), beats)
    listed = [{"beats": of, "time_s": float(time_s)} for of, times in beats.items() for time_s in times]
    actions.figure(drawing, "map", result, listed)
    st.caption(plain(sentence_of(track)))
    _play(choice, stretch, beats)


def axes_of(result: Result, track: TrackRow, stretch: StretchRow) -> tuple[ndarray, ndarray]:
    """Tempi in BPM, and seconds of the recording at which the first click of a template lies, of a map."""
    (material,) = result.rows(MaterialRow)
    n_tempi, n_moments = result.arrays[track.map].shape
    bpm = material.slowest_bpm + material.step_bpm * np.arange(n_tempi)
    return bpm, stretch.start_s + FIRST_S + material.stride_s * np.arange(n_moments)


def sentence_of(track: TrackRow) -> str:
    """The scores of a recording in a sentence."""
    template = "" if track.template_bpm is None else f" The most similar template has {track.template_bpm:.0f} BPM."
    return (
        f"F {track.f:.2f} ({MOVED} {track.moved_f:.2f}), CMLt {track.cmlt:.2f}, AMLt {track.amlt:.2f}; tracked at "
        f"{track.tracked_bpm:.0f} BPM.{template}"
    )


def _play(choice: Choice, stretch: StretchRow, beats: dict[str, ndarray]) -> None:
    """The recording as it is, and with clicks at found and at annotated beats; a sentence where it is not there."""
    piece = caching.pieces(choice.corpus).get(stretch.piece)
    if piece is None or not Path(piece.audio_path).is_file():
        st.caption("The recording is no longer there, or has not been rendered on this machine yet.")
        return
    rate, stop_s = choice.cut.sample_rate, stretch.start_s + stretch.seconds
    sound = caching.part(str(piece.audio_path), stretch.start_s, stop_s, rate)
    versions = [Version("recording", "the recording", sound)]
    for name in (TRACKED, ANNOTATED):
        clicks = clicks_at(beats[name] - stretch.start_s, len(sound) / rate, rate)[: len(sound)]
        versions.append(Version(name, f"with clicks at {name} beats", sound + clicks))
    strips.draw("beats_sound", versions, rate, f"{stretch.piece}, {clock(stretch.start_s)} to {clock(stop_s)}")


def _numbers(result: Result) -> None:
    """Every recording with its numbers."""
    with st.expander("All numbers", icon=":material/table:"):
        st.dataframe([
            {"recording": row.piece, "model": row.checkpoint or SOUND, "weights": row.weights, "F": row.f, "CMLt": row.cmlt,
             "AMLt": row.amlt, f"F, {MOVED}": row.moved_f, "tracked (BPM)": row.tracked_bpm,
             "template (BPM)": row.template_bpm}
            for row in result.rows(TrackRow)
        ], hide_index=True, placeholder="—")  # fmt: skip
