"""Annotations of a recording as people have them: layers of Sonic Visualiser, .lab files of MIREX, a part of JAMS, plain tables.

What a file is, is told by its content. Times are seconds; annotations come back in the order of time.
"""

import csv
import io
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analysis.datasets.containers import printable
from analysis.errors import OtoscopeError
from analysis.files import formula_back

MOST_BYTES, MOST = 5 * 2**20, 50_000
MOST_TEXT = 80  # characters of a label
SECONDS_COLUMNS = ("start", "time", "onset", "start_s", "time_s", "start_time")
END_COLUMNS = ("end", "offset", "end_s", "end_time")
TEXT_COLUMNS = ("label", "value", "text", "chord", "section", "note", "pitch")


@dataclass(frozen=True)
class Annotation:
    """A moment, or a stretch, with what it is called; `kind` decides its colour, and is said beside the text."""

    start_s: float
    end_s: float | None = None
    text: str = ""
    kind: str = ""


class AnnotationError(OtoscopeError):
    """A file of annotations that cannot be read."""


def read_annotations(source: bytes, name: str) -> dict[str, tuple[Annotation, ...]]:
    r"""Annotations by the name of their layer.

    Args:
        source: the file. JAMS: every annotation with a list of observations is a layer. Otherwise lines of (time), (time, label),
            (start, end, label) or, as Sonic Visualiser writes regions, (start, value, duration, label), separated by tabs, commas
            or spaces; or a table with named columns.
        name: of the file; what its layer is called.

    Raises:
        AnnotationError: it is too large, no text, or holds no annotation.

    >>> read_annotations(b"0.5\tbeat 1\n1.0\tbeat 2\n", "beats.csv")["beats"][1]
    Annotation(start_s=1.0, end_s=None, text='beat 2', kind='')
    >>> read_annotations(b"0.0 2.5 C:maj\n2.5 4.0 G\n", "chords.lab")["chords"][0]
    Annotation(start_s=0.0, end_s=2.5, text='C:maj', kind='')
    """
    label = printable(name) or "The file"
    if len(source) > MOST_BYTES:
        raise AnnotationError(f"{label} has {len(source):,} bytes; at most {MOST_BYTES:,} are read. Cut out the layer you need.")
    try:
        text = source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        expected = "expected a table (Sonic Visualiser, .lab), or JAMS"
        raise AnnotationError(f"{label} is not text in UTF-8; {expected}. Export the layer as CSV.") from error
    layers = _jams(text, label) if text.lstrip().startswith("{") else {_stem(label): _table(text, label)}
    read = {layer: tuple(sorted(marks, key=lambda mark: mark.start_s)) for layer, marks in layers.items() if marks}
    if not read:
        raise AnnotationError(f"{label} holds no annotation; expected lines that begin with a time in seconds.")
    if (n := sum(map(len, read.values()))) > MOST:
        raise AnnotationError(f"{label} holds {n:,} annotations; at most {MOST:,} are drawn. Cut out the part you need.")
    return read


def _jams(text: str, label: str) -> dict[str, list[Annotation]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise AnnotationError(f"{label} begins like JAMS but is not JSON ({error}). Save it again.") from error
    annotations = document.get("annotations")
    if not isinstance(annotations, list):
        raise AnnotationError(f"{label} has no list of annotations; expected a JAMS file.")
    layers: dict[str, list[Annotation]] = {}
    for number, annotation in enumerate(annotations, 1):
        data = annotation.get("data") if isinstance(annotation, dict) else None
        if not isinstance(data, list):
            continue
        namespace = printable(str(annotation.get("namespace") or f"annotation {number}"))[:MOST_TEXT]
        title = namespace if namespace not in layers else f"{namespace} {number}"
        layers[title] = [mark for record in data if isinstance(record, dict) if (mark := _observation(record, label))]
    return layers


def _observation(record: dict[str, Any], label: str) -> Annotation | None:
    value = record.get("value")
    text = "" if value is None or isinstance(value, dict | list) else str(value)
    if (start := _seconds(record.get("time"))) is None:
        raise AnnotationError(f"{label} has an observation at {record.get('time')!r}; expected a time in seconds.")
    duration = _seconds(record.get("duration")) or 0.0
    return _mark(start, start + duration if duration else None, text)


def _table(text: str, label: str) -> list[Annotation]:
    written = [line for line in text.splitlines() if line.strip()]
    lines = [line for line in written if not line.lstrip().startswith("#")]
    if not lines:
        return []
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=_delimiter(lines[0]), skipinitialspace=True))
    except csv.Error as error:
        raise AnnotationError(f"{label} is no table ({error}). Export the layer as CSV.") from error
    if _seconds(rows[0][0]) is None and (head := _columns(rows[0])):
        return [_named(dict(zip(head, row, strict=False)), label, number) for number, row in enumerate(rows[1:], 2)]
    # as NumPy writes them, names of columns stand in a comment
    if written[0].lstrip().startswith("#") and (head := _columns(re.split(r"[,\t ]+", written[0].lstrip("# ")))):
        return [_named(dict(zip(head, row, strict=False)), label, number) for number, row in enumerate(rows, 1)]
    return [_line([cell.strip() for cell in row], label, number) for number, row in enumerate(rows, 1)]


def _columns(cells: Sequence[str]) -> list[str]:
    """Names of columns; [] where none of them is a time."""
    head = [cell.strip().lower() for cell in cells]
    return head if any(name in head for name in SECONDS_COLUMNS) else []


def _delimiter(line: str) -> str:
    return "\t" if "\t" in line else "," if "," in line else " "


def _named(row: dict[str, str], label: str, number: int) -> Annotation:
    start = _seconds(next((row[name] for name in SECONDS_COLUMNS if name in row), None))
    end = _seconds(next((row[name] for name in END_COLUMNS if name in row), None))
    if end is None and start is not None and (duration := _seconds(row.get("duration"))):
        end = start + duration
    if start is None:
        raise _no_time(label, number, ", ".join(row.values()))
    return _mark(start, end, _short(next((row[name] for name in TEXT_COLUMNS if name in row), "")))


def _short(text: str) -> str:
    """A whole number without its zeros, such as a pitch.

    >>> _short("71.000000"), _short("C7")
    ('71', 'C7')
    """
    return re.sub(r"^(\d+)\.0+$", r"\1", text)


def _line(cells: Sequence[str], label: str, number: int) -> Annotation:
    """A line without names: of four cells the third is a duration, as Sonic Visualiser has it; of three the second is an end."""
    start = _seconds(cells[0])
    if start is None:
        raise _no_time(label, number, ", ".join(cells))
    numbers = [_seconds(cell) for cell in cells]
    if len(cells) >= 4 and numbers[1] is not None and numbers[2] is not None:
        return _mark(start, start + numbers[2], cells[3] or cells[1])
    if len(cells) >= 3 and numbers[1] is not None:
        return _mark(start, numbers[1], " ".join(cells[2:]))
    return _mark(start, None, " ".join(cells[1:]))


def _no_time(label: str, number: int, got: str) -> AnnotationError:
    return AnnotationError(f"Line {number} of {label} is “{got[:40]}”; expected a time in seconds first.")


def _mark(start_s: float, end_s: float | None, text: str) -> Annotation:
    label = printable(formula_back(text))[:MOST_TEXT]
    is_stretch = end_s is not None and math.isfinite(end_s) and end_s > start_s
    return Annotation(start_s, end_s if is_stretch else None, label)


def _seconds(cell: Any) -> float | None:
    """A time; None for what is none, or lies before the clip."""
    try:
        seconds = float(cell)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _stem(name: str) -> str:
    return name.rsplit(".", 1)[0] or name
