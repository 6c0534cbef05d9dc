"""Rows of the tables that many studies have: the windows of the corpus, and the sentences below a headline."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from analysis.rows import Row

if TYPE_CHECKING:
    from analysis.datasets.segments import Segment

Weights = Literal["trained", "untrained"]


@dataclass(frozen=True)
class WindowRow(Row):
    """A window of the corpus; arrays and other tables name it by its number here.

    Attributes:
        piece: the recording.
        start_s: where the window begins in it, in seconds.
    """

    table: ClassVar[str] = "windows"

    piece: str
    start_s: float


@dataclass(frozen=True)
class WorkWindowRow(WindowRow):
    """A window of the corpus and the work of which it is."""

    work: str


@dataclass(frozen=True)
class SentenceRow(Row):
    """A sentence below the headline."""

    table: ClassVar[str] = "sentences"
    concluded: ClassVar[bool] = True

    text: str


def window_rows(segments: "Iterable[Segment]") -> list[WindowRow]:
    """The windows in their order."""
    return [WindowRow(segment.piece.piece_id, segment.start_s) for segment in segments]


def work_window_rows(segments: "Iterable[Segment]") -> list[WorkWindowRow]:
    """The windows in their order, each with its work."""
    return [WorkWindowRow(segment.piece.piece_id, segment.start_s, segment.piece.group) for segment in segments]
