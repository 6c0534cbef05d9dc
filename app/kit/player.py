"""From a number to its sound: a list of windows, and the chosen one to be heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import streamlit as st

from analysis.results import Result
from analysis.studies.cautions import WINDOWS_READ
from app import caching
from app.kit import controls, row_choice
from app.kit.plain import plain

if TYPE_CHECKING:
    from streamlit.elements.lib.column_config_utils import ColumnConfigMappingInput


TABLE_PX, FEW = 320, 8
RANKED_FIRST = (  # by direction: audio to MIDI, MIDI to audio
    "Heard is the recording of the MIDI window that was ranked first.",
    "Asked was the MIDI of the window above, heard from its recording; ranked first was this audio.",
)


class Cut(NamedTuple):
    """How long the windows of a result last in seconds, and at how many Hz its models read them; older results do not say so."""

    window_s: float = 4.0
    sample_rate: int = controls.SAMPLE_RATE

    @classmethod
    def of(cls, result: Result) -> Cut:
        """As the provenance of a result says."""
        return cls(**result.provenance.get(WINDOWS_READ, {}))


USUAL = Cut()


class Source(Protocol):
    """What windows are cut from, and how."""

    @property
    def corpus(self) -> str: ...
    @property
    def cut(self) -> Cut: ...


class Window(Protocol):
    """A window of a recording."""

    @property
    def piece(self) -> str: ...
    @property
    def start_s(self) -> float: ...


class Listed(Protocol):
    """A window with what the table says of it, `piece` and `start_s` (s) among it."""

    @property
    def window(self) -> Window: ...
    def record(self) -> Mapping[str, object]: ...


@dataclass(frozen=True)
class ListedWindow:
    """A window, and what the table says of it before its piece: column → text or number."""

    window: Window
    about: Mapping[str, object]

    def record(self) -> dict[str, object]:
        """Its row of the table."""
        return {**self.about, "piece": self.window.piece, "start_s": self.window.start_s}


@dataclass(frozen=True)
class Missed:
    """A query whose match is missed.

    Attributes:
        window: that was asked with.
        way: 0 from audio to MIDI, 1 from MIDI to audio.
        first: number of the window that was ranked first; None or below 0 where it is not known.
        about: what the table says of it: column → text or number.
        by: the model that ranked so, where there are several.
        rank: of the match, where it has one.
    """

    window: Window
    way: int
    first: int | None
    about: Mapping[str, object] = field(default_factory=dict)
    by: str = ""
    rank: int | None = None

    def record(self) -> dict[str, object]:
        """Its row of the table."""
        return {**self.about, "start_s": self.window.start_s, "piece": self.window.piece}


def pick(
    rows: Sequence[Listed],
    source: Source,
    key: str,
    *,
    title: str = "Heard",
    columns: ColumnConfigMappingInput | None = None,
    more: Callable[[int], None] | None = None,
    strip: Callable[[int, Path], None] | None = None,
) -> int | None:
    """A table of windows beside the sound of the chosen one; its number, None where there are none.

    Args:
        rows: windows with what the table shows of each.
        source: where the pieces are, and how long their windows last.
        key: of the table.
        title: of the sound.
        columns: column_config of the table.
        more: called with the number of the chosen row, to draw below its sound.
        strip: called with the number of the chosen row and its recording, to draw what is heard; None for the window as it is.
    """
    if not rows:
        return None
    left, right = st.columns([5, 4], gap="medium")
    shown = [{**row.record(), "start_s": clock(row.window.start_s)} for row in rows]
    names = {"start_s": st.column_config.TextColumn("start", width=56)} | dict(columns or {})
    with left:
        height = TABLE_PX if len(rows) > FEW else "content"
        alt = "Windows; the chosen row is heard beside it"
        number = row_choice.pick_row(shown, key, alt=alt, columns=names, height=height)
    with right:
        window = rows[number].window
        if strip is None:
            play(title, source, window.piece, window.start_s)
        elif (path := locate(title, source, window.piece, window.start_s)) is not None:
            strip(number, path)
        if more is not None:
            more(number)
    return number


def play(title: str, source: Source, piece_id: str, start_s: float) -> None:
    """A window with its place and its sound; a sentence where the recording is not there."""
    if (path := locate(title, source, piece_id, start_s)) is not None:
        sound = caching.excerpt(str(path), start_s, start_s + source.cut.window_s, source.cut.sample_rate)
        st.audio(sound, format="audio/wav", alt=f"{title}: {piece_id} from {clock(start_s)}")


def locate(title: str, source: Source, piece_id: str, start_s: float) -> Path | None:
    """The place of a window in words, and its recording; None, and a sentence, where that is not there."""
    corpus, stop_s = source.corpus, start_s + source.cut.window_s
    st.markdown(f"**{plain(title)}**: {plain(piece_id)}, {clock(start_s)} to {clock(stop_s)}")
    piece = caching.pieces(corpus).get(piece_id)
    if piece is None:
        st.caption("The recording is no longer there.")
    elif not Path(piece.audio_path).is_file():
        st.caption("This recording has not been rendered on this machine yet.")
        if st.button("Render it", icon=":material/play_circle:", key=f"render_{title}_{piece_id}_{start_s}"):
            with st.spinner("Rendering; this happens once …", show_time=True):
                caching.render_piece(corpus, piece_id)
            st.rerun()
    else:
        return Path(piece.audio_path)
    return None


def pick_missed(
    queries: Sequence[Missed],
    windows: Sequence[Window],
    source: Source,
    key: str,
    *,
    columns: ColumnConfigMappingInput | None = None,
) -> None:
    """`pick` among queries whose match is missed; below the chosen one what was ranked first, where that is known.

    Args:
        queries: what they are, the first of them chosen.
        windows: the windows of the result.
        source: where the pieces are, and how long their windows last.
        key: of the table.
        columns: column_config of the table.
    """

    def ranked_first(number: int) -> None:
        query = queries[number]
        if query.first is None or query.first < 0:
            return
        by = f" by {query.by}" if query.by else ""
        rank = "" if query.rank is None else f", the match being number {query.rank}"
        window = windows[query.first]
        play(f"Ranked first instead{by}{rank}", source, window.piece, window.start_s)
        st.caption(RANKED_FIRST[query.way])

    pick(queries, source, key, title="Asked: this window", columns=columns, more=ranked_first)


def clock(seconds: float) -> str:
    """A place in a recording.

    >>> clock(75.0), clock(9.0)
    ('1:15', '0:09')
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
