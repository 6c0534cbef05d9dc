"""Annotations that lie beside a recording, under its name: beats and downbeats, keys, chords, and lists of notes.

`X.amaps_beats_key.tsv`, `X.beats.tsv` and `X_annotations.txt` (ASAP) hold lines of a time and `b` or `db`, `X.harmony.tsv` is a
table of Roman numerals. Of key signatures alone no key is read: they do not tell the mode.
"""

import csv
import io
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from analysis.datasets.annotation_files import MOST_BYTES, Annotation, AnnotationError, read_annotations
from analysis.datasets.annotations import Beats, Chord, Key
from analysis.datasets.harmony import local_key, numeral_quality, numeral_root
from analysis.errors import CorpusError
from analysis.files import read_file

BEATS = (".amaps_beats_key.tsv", ".beats.tsv", "_annotations.txt")
HARMONY = ".harmony.tsv"
KEY_COLUMNS = ("time_s", "globalkey", "localkey")
CHORD_COLUMNS = (*KEY_COLUMNS, "root", "chord_type", "chord")


class _Numeral(NamedTuple):
    """A row of Roman numerals: the number of its local key, and what other columns hold."""

    start_s: float
    end_s: float | None
    key: int
    rest: tuple[str, ...]


@dataclass(frozen=True)
class Sidecars:
    """Annotations beside a recording (`analysis.datasets.annotations.Annotated`).

    Attributes:
        audio: the recording.
        notes: suffix of a list of notes that begins with onsets; "" where there is none to be read.
    """

    audio: Path
    notes: str = ""

    @property
    def files(self) -> tuple[Path, ...]:
        """Those that there are."""
        paths = (self._beside(suffix) for suffix in (*BEATS, HARMONY, *self._notes))
        return tuple(path for path in paths if path.is_file())

    def onsets_s(self) -> Float64[ndarray, " onsets"] | None:
        """Of a list of notes; the MIDI file of the recording is not looked at."""
        if (path := self._first(self._notes)) is None:
            return None
        return np.array([mark.start_s for mark in marks_of(path, "list of notes; expected onset, offset, pitch and velocity")])

    def beats(self) -> Beats | None:
        """Beats, of which those whose label begins with "db" are downbeats."""
        if (path := self._first(BEATS)) is None:
            return None
        marks = marks_of(path, "list of beats; expected seconds, then b or db")
        times = [[mark.start_s for mark in marks if mark.text.startswith(word)] for word in (("b", "db"), "db")]
        return Beats(*(np.unique(np.array(of, np.float64)) for of in times))

    def keys(self) -> tuple[Key, ...] | None:
        """Local keys, each to where the next row begins."""
        rows = self._harmony(KEY_COLUMNS)
        return None if rows is None else tuple(Key(row.start_s, row.end_s, row.key) for row in rows)

    def chords(self) -> tuple[Chord, ...] | None:
        """Chords, each to where the next row begins."""
        if (rows := self._harmony(CHORD_COLUMNS)) is None:
            return None
        chords = []
        for row in rows:
            root, chord_type, label = row.rest
            try:
                pitch_class = numeral_root(row.key % 12, int(root))
            except ValueError as error:
                where = self._beside(HARMONY).name
                raise CorpusError(f"{where} has the root {root!r}; expected a number of fifths. Correct it.") from error
            chords.append(Chord(row.start_s, row.end_s, pitch_class, numeral_quality(chord_type), label))
        return tuple(chords)

    @property
    def _notes(self) -> tuple[str, ...]:
        return (self.notes,) if self.notes else ()

    def _harmony(self, names: tuple[str, ...]) -> "list[_Numeral] | None":
        """Rows of the table of Roman numerals, which has columns of these names."""
        if (path := self._first((HARMONY,))) is None:
            return None
        try:
            rows = list(map(itemgetter(*names), csv.DictReader(io.StringIO(_text(path)), delimiter="\t")))
            times = [float(row[0]) for row in rows]
        except (KeyError, TypeError, ValueError) as error:
            raise CorpusError(f"{path.name} is no table of keys ({error}); expected {', '.join(names)}.") from error
        ends = [*times[1:], None]
        return [
            _Numeral(start_s, end_s, local_key(str(global_key), str(numeral)), tuple(map(str, rest)))
            for start_s, end_s, (_, global_key, numeral, *rest) in zip(times, ends, rows, strict=False)
        ]

    def _first(self, suffixes: tuple[str, ...]) -> Path | None:
        return next((path for suffix in suffixes if (path := self._beside(suffix)).is_file()), None)

    def _beside(self, suffix: str) -> Path:
        return self.audio.with_name(self.audio.with_suffix("").name + suffix)


def has_beats_beside(folder: Path) -> bool:
    """Whether a folder holds lists of beats such as lie beside recordings."""
    return any(path.name.endswith(BEATS) for path in folder.rglob("*"))


def marks_of(path: Path, what: str) -> tuple[Annotation, ...]:
    """The only layer of a file, in the order of time.

    Raises:
        CorpusError: it cannot be read, or is no `what`.
    """
    try:
        (marks,) = read_annotations(_text(path).encode(), path.name).values()
    except AnnotationError as error:
        raise CorpusError(f"{path.name} is no {what} ({error})") from error
    return marks


def _text(path: Path) -> str:
    try:
        return read_file(path, MOST_BYTES).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise CorpusError(f"{path.name} cannot be read ({error}). Save it again as text in UTF-8.") from error
