"""What belongs to a recording beside its sound: notes of a MIDI file and layers of annotations; kept in the store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy import ndarray

from analysis.clips.lanes import Annotation
from analysis.datasets.annotation_files import MOST_BYTES, AnnotationError, read_annotations
from analysis.datasets.midi import Notes, read_midi
from analysis.files import printable, read_file
from analysis.store import Entry, Store

COLUMNS = ("onset_s", "offset_s", "pitch", "velocity")


@dataclass(frozen=True)
class Layer:
    """Annotations of one kind, such as beats."""

    title: str
    marks: tuple[Annotation, ...]


@dataclass(frozen=True)
class Companions:
    """What came with a recording, or after it."""

    notes: Notes | None = None
    layers: tuple[Layer, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing."""
        return self.notes is None and not self.layers


def companions_of(midi: Path | None, annotations: Sequence[Path]) -> tuple[Companions, tuple[str, ...]]:
    """What files hold that belong to a recording, and sentences about what is odd in them.

    Raises:
        MidiError: the MIDI file cannot be read.
        AnnotationError: a file of annotations cannot be read.
    """
    read = None if midi is None else read_midi(midi)
    layers = [layer for path in annotations for layer in _layers_in(path)]
    return Companions(None if read is None else read.notes, tuple(layers)), () if read is None else read.notices


def _layers_in(path: Path) -> list[Layer]:
    try:
        source = read_file(path, MOST_BYTES)
    except FileNotFoundError as error:
        raise AnnotationError(f"There is no file {printable(path)}. Give the path of a file of annotations.") from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise AnnotationError(f"{printable(path)} cannot be read ({why}); expected a file of annotations.") from error
    return [Layer(title, marks) for title, marks in read_annotations(source, path.name).items()]


def keep_companions(store: Store, recording: str, companions: Companions) -> str:
    """Store what belongs to a recording, whose key is given, and return the key of it, which its content alone decides.

    Raises:
        StoreError: the store does not take it.
    """
    document, arrays = _packed(recording, companions)
    return store.put(companions_key(recording, companions), document, arrays).key


def companions_key(recording: str, companions: Companions) -> str:
    """The key under which what belongs to a recording would be kept; "" where there is nothing."""
    document, arrays = _packed(recording, companions)
    return "" if companions.empty else Store.key(kind="companions", **document, **arrays)


def _packed(recording: str, companions: Companions) -> tuple[dict[str, object], dict[str, ndarray]]:
    layers = [[layer.title, [[mark.start_s, mark.end_s, mark.text] for mark in layer.marks]] for layer in companions.layers]
    notes = companions.notes
    arrays = {} if notes is None else {name: np.asarray(getattr(notes, name)) for name in COLUMNS}
    return {"recording": recording, "layers": layers}, arrays


def read_companions(store: Store, key: str, recording: str) -> Companions | None:
    """What belongs to a recording; None if there is nothing under that key, or what belongs to another or is something else."""
    if (entry := store.get(key)) is None or entry.document.get("recording") != recording:
        return None
    try:
        return Companions(_notes(entry.arrays), tuple(_layers(entry)))
    except (KeyError, TypeError, ValueError):  # written by somebody else
        return None


def _notes(arrays: Mapping[str, ndarray]) -> Notes | None:
    if not arrays:
        return None
    columns = [arrays[name] for name in COLUMNS]
    if any(column.ndim != 1 or len(column) != len(columns[0]) or not np.isfinite(column).all() for column in columns):
        raise ValueError("notes are columns of one length")
    return Notes(*columns)


def _layers(entry: Entry) -> list[Layer]:
    return [
        Layer(
            str(title),
            tuple(Annotation(float(start), None if end is None else float(end), str(text)) for start, end, text in marks),
        )
        for title, marks in entry.document["layers"]
    ]
