"""From a dose to its sound: the windows that moved most, the recording, and what the model was given instead."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy import ndarray

from analysis.errors import OtoscopeError
from analysis.models.config import Side
from analysis.results import Result
from analysis.studies.shared_rows import WindowRow, WorkWindowRow
from analysis.units import midi_to_name
from app import caching
from app.kit import layout, player, strips
from app.kit.plain import plain
from app.kit.study_form import Choice

if TYPE_CHECKING:
    from analysis.datasets.midi import Notes
    from analysis.datasets.piece import Piece

MOST, NOTES_PX = 20, 212
ORIGINAL, COMPARED, ALTERED = "original", "compared with", "altered"
LEVELS = ("gain",)  # changes of level alone
AWAY = "Distance of the embedding from where it was, as a share of that between windows of different works"
RANK = "Place of the match among the candidates before → after, the worse of both directions; S counts places up to 10"
COLUMNS = {
    "moved": st.column_config.NumberColumn("moved", format="%.1f %%", width=72, help=AWAY),
    "rank": st.column_config.TextColumn("rank", width=68, help=RANK),
    "piece": st.column_config.TextColumn("piece", width=190),
    "folded": st.column_config.NumberColumn("folded", format="%d", width=60, help="Notes folded back by octaves"),
}
NOTE_COLUMNS = {"at": st.column_config.NumberColumn("onset (s)", format="%.2f", width=72)}


@dataclass(frozen=True)
class Given:
    """What a model was given in place of one side of a window.

    Attributes:
        change: its name in the library.
        dose: how much.
        label: change and dose as a page writes them.
        side: which encoder was given something else.
        against: the dose whose sound is compared with, where that is not the recording; with its label.
    """

    change: str
    dose: float
    label: str
    side: Side
    against: tuple[float, str] | None = None


def sample_rate_of(choice: Choice, checkpoint: str) -> int:
    """At how many Hz a checkpoint hears, which its configuration may say; else what is known of all of the result."""
    config = next((known.config for known in choice.checkpoints if known.name == checkpoint), {})
    return int(config.get("sample_rate", choice.cut.sample_rate))


@dataclass(frozen=True)
class MovedWindow:
    """A window whose embedding moved.

    Attributes:
        number: among the windows of the result.
        window: where it is.
        moved_percent: distance in per cent of that to another piece.
        ranks: of its match before → after, the worse of both directions; None where it is no query.
        folded: notes folded back by octaves; None where notes are not.
    """

    number: int
    window: WindowRow
    moved_percent: float
    ranks: str | None
    folded: int | None = None

    def record(self) -> dict[str, str | float | None]:
        """Its row of the table."""
        about = {"moved": self.moved_percent, "rank": self.ranks, "piece": self.window.piece, "start_s": self.window.start_s}
        return about if self.folded is None else {**about, "folded": self.folded}


def most_moved(result: Result, moved: ndarray, before: ndarray, after: ndarray) -> list[MovedWindow]:
    """The windows that moved most, the farthest first.

    Args:
        result: with the table of windows and the array of queries.
        moved: distance of every window, 1 as far as another piece, `(windows,)`.
        before: ranks of the matches of the queries, both ways, `(2, queries)`.
        after: the same with the change.
    """
    windows = result.rows(WorkWindowRow)
    query = {int(window): number for number, window in enumerate(result.arrays["query"])}
    rows = []
    for window in np.argsort(-moved, kind="stable")[:MOST].tolist():
        number = query.get(window)
        ranks = None if number is None else " → ".join(str(way[:, number].max()) for way in (before, after))
        rows.append(MovedWindow(window, windows[window], 100 * float(moved[window]), ranks))
    return rows


def draw(result: Result, choice: Choice, rows: Sequence[MovedWindow], given: Sequence[Given], sample_rate: int, key: str) -> None:
    """The windows, the recording of the chosen one beside what the model was given instead, and the notes that it read."""
    sounds = [change for change in given if change.side == "audio"]

    def strip(number: int, path: Path) -> None:
        _show_strip(sounds[0], choice, rows[number].window, sample_rate, int(result.request["seed"]), f"strip_{key}", path)

    def more(number: int) -> None:
        for change in given:
            if change.side == "midi":
                _show_notes(change, choice, rows[number].window)

    player.pick(rows, choice, key, title="The recording", columns=COLUMNS, more=more, strip=strip if sounds else None)


def _show_strip(given: Given, choice: Choice, window: WindowRow, sample_rate: int, seed: int, key: str, path: Path) -> None:
    """The recording, what it is compared with where that is not the recording, and what the model heard, on one strip."""
    stop_s = window.start_s + choice.cut.window_s
    doses = [(ALTERED, given.label, given.dose)]
    st.markdown(f"**What the model heard**: {plain(given.label)}")
    if given.against is not None and given.against[0] != given.dose:
        doses.insert(0, (COMPARED, given.against[1], given.against[0]))
        st.markdown(f"**Compared with**: {plain(given.against[1])}")
    try:
        versions = [strips.Version(ORIGINAL, "the recording", caching.part(str(path), window.start_s, stop_s, sample_rate))]
        for name, label, dose in doses:
            samples = caching.altered_window(
                choice.corpus, window.piece, window.start_s, given.change, dose, sample_rate, seed, choice.cut.window_s
            )
            versions.append(strips.Version(name, label, samples))
    except (OtoscopeError, OSError) as error:
        layout.error(str(error))
        return
    strips.draw(key, versions, sample_rate, f"{window.piece} from {player.clock(window.start_s)}")
    if given.change in LEVELS:
        st.caption("Equal loudness undoes this change: the gains above are all that is left of it.")


def _show_notes(given: Given, choice: Choice, window: WindowRow) -> None:
    """The notes before and after; they are not made into sound, since the model reads them and hears nothing."""
    if (piece := caching.pieces(choice.corpus).get(window.piece)) is None:
        return
    try:
        rows = read_notes(given, piece, window.start_s, choice.cut.window_s)
    except (OtoscopeError, OSError) as error:
        layout.error(str(error))
        return
    st.markdown(f"**What the model read**: {plain(given.label)}, {len(rows)} notes")
    st.dataframe(rows, column_config=NOTE_COLUMNS, hide_index=True, height=NOTES_PX if len(rows) > 4 else "content")


def read_notes(given: Given, piece: "Piece", start_s: float, window_s: float) -> list[dict[str, str | float]]:
    """Every note of a window as it was and as the model read it; what did not change is written once.

    Raises:
        MidiError: the MIDI file cannot be read.
    """
    from analysis.datasets.alterations import NOTE_CHANGES
    from analysis.datasets.segments import Segment, segment_notes

    notes = segment_notes(Segment(piece, start_s, window_s))
    rows = []
    for number in range(len(notes)):
        note = notes.select(np.array([number]))
        before, after = (_dose_text(version) for version in (note, NOTE_CHANGES[given.change](note, given.dose)))
        arrows = {name: before[name] if before[name] == after[name] else f"{before[name]} → {after[name]}" for name in before}
        rows.append({"at": float(note.onset_s[0]) - start_s, **arrows})
    return rows


def _dose_text(note: "Notes") -> dict[str, str]:
    duration_s = float(note.offset_s[0] - note.onset_s[0])
    pitch, velocity = midi_to_name(int(note.pitch[0])), f"{int(note.velocity[0])}"
    return {"pitch": pitch, "velocity": velocity, "duration (s)": f"{duration_s:.2f}"}
