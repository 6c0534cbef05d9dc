"""Annotations that lie beside a recording, under its name: beats and downbeats, keys, chords, and lists of notes.

`X.amaps_beats_key.tsv`, `X.beats.tsv` and `X_annotations.txt` (ASAP) hold lines of a time and `b` or `db`, `X.harmony.tsv` is a
table of Roman numerals. Of key signatures alone no key is read: they do not tell the mode.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
        return None if rows is None else tuple(Key(*span, local_key(row["globalkey"], row["localkey"])) for span, row in rows)

    def chords(self) -> tuple[Chord, ...] | None:
        """Chords, each to where the next row begins."""
        if (rows := self._harmony(CHORD_COLUMNS)) is None:
            return None
        chords = []
        for span, row in rows:
            tonic = local_key(row["globalkey"], row["localkey"]) % 12
            try:
                root = numeral_root(tonic, int(row["root"]))
            except ValueError as error:
                where = self._beside(HARMONY).name
                raise CorpusError(f"{where} has the root {row['root']!r}; expected a number of fifths. Correct it.") from error
            chords.append(Chord(*span, root, numeral_quality(row["chord_type"]), row["chord"]))
        return tuple(chords)

    @property
    def _notes(self) -> tuple[str, ...]:
        return (self.notes,) if self.notes else ()

    def _harmony(self, names: tuple[str, ...]) -> list[tuple[tuple[float, float | None], Mapping[str, str]]] | None:
        if (path := self._first((HARMONY,))) is None:
            return None
        expected = f"expected {', '.join(names)}"
        try:
            table = list(csv.DictReader(io.StringIO(_text(path)), delimiter="\t"))
            times = [float(row["time_s"]) for row in table]
            rows = [{name: str(row[name]) for name in names} for row in table]
        except (KeyError, TypeError, ValueError) as error:
            raise CorpusError(f"{path.name} is no table of keys ({error}); {expected}.") from error
        ends = [*times[1:], None]
        return [((start, end), row) for start, end, row in zip(times, ends, rows, strict=True)] if times else []

    def _first(self, suffixes: tuple[str, ...]) -> Path | None:
        return next((path for suffix in suffixes if (path := self._beside(suffix)).is_file()), None)

    def _beside(self, suffix: str) -> Path:
        return self.audio.with_name(self.audio.with_suffix("").name + suffix)


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
