"""Published numbers, each with its source and with the corrections that apply to it."""

import functools
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from analysis.errors import ConfigError, shown

FILE = "descriptor_paper.json"
_TEXTS = ("study", "arm", "condition", "measure", "unit", "source")


@dataclass(frozen=True)
class Published:
    """One number of somebody else.

    Attributes:
        study: our study that asks the same question; "screening" (5 epochs), "confirmation" (long runs) and "descriptors" (what
            they are made of) are the authors' own.
        arm: of the authors' models, in our spelling where we have it; the descriptor where it is the subject.
        condition: what was done, or to which part it applies.
        measure: what was measured.
        value: in `unit`.
        unit: "%" for per cent, "points" for percentage points, "M" for millions, "Hz", "cents", "" for a pure number.
        source: where the number is from, in words.
        corrections: what is known to be wrong with it, or how it differs from what we measure; a sentence each.
        citation: whose number it is.
        comparability: why it is not comparable with ours in absolute terms.
    """

    study: str
    arm: str
    condition: str
    measure: str
    value: float
    unit: str
    source: str
    corrections: tuple[str, ...]
    citation: str
    comparability: str

    @property
    def correction(self) -> str:
        """All corrections as one text; "" if there are none."""
        return " ".join(self.corrections)


def published(study: str, arm: str | None = None) -> tuple[Published, ...]:
    """What is published about a study, in the order of the file.

    Args:
        study: as it stands in the records.
        arm: to have one arm alone; None for all.

    Raises:
        ConfigError: nothing is published about that study, or not about that arm in it; or the file is damaged.

    >>> [(one.condition, one.value) for one in published("screening", "a4r")]
    [('5 epochs', 68.6), ('5 epochs', 91.6)]
    """
    everything = _all()
    of_study = tuple(record for record in everything if record.study == study)
    if not of_study:
        known = ", ".join(published_studies())
        raise ConfigError(f"Nothing is published about a study {study!r}: expected one of {known}.")
    chosen = tuple(record for record in of_study if arm is None or record.arm == arm)
    if not chosen:
        known = ", ".join(dict.fromkeys(record.arm for record in of_study))
        raise ConfigError(f"Nothing is published about arm {arm!r} in {study}: expected one of {known}.")
    return chosen


def published_studies() -> tuple[str, ...]:
    """Studies about which something is published."""
    return tuple(dict.fromkeys(record.study for record in _all()))


@dataclass(frozen=True)
class _Document:
    """What the file holds: whose numbers they are, sentences by their names, and records that name them."""

    citation: str
    comparability: str
    sources: Mapping[str, str]
    corrections: Mapping[str, str]
    records: list[object]


def read_records(document: object) -> tuple[Published, ...]:
    """The records of a document: `source` of each names a sentence of the document, `corrections` list several.

    Raises:
        ConfigError: a field is missing, unknown or of the wrong kind, or names no sentence; or a record comes twice.
    """
    if not isinstance(document, Mapping):
        raise ConfigError(f"{FILE} holds {type(document).__name__}; expected a table. Restore it.")
    missing = sorted({"citation", "comparability", "sources", "corrections", "records"} - set(document))
    if missing:
        raise ConfigError(f"The published numbers lack {', '.join(missing)}. Restore {FILE}.")
    kinds = {"citation": str, "comparability": str, "sources": Mapping, "corrections": Mapping, "records": list}
    for name, kind in kinds.items():
        if not isinstance(document[name], kind):
            raise ConfigError(f"{name} of {FILE} is {shown(document[name])}; expected {kind.__name__}. Restore {FILE}.")
        if kind is Mapping and not all(isinstance(text, str) for text in document[name].values()):
            raise ConfigError(f"{name} of {FILE} hold something else than sentences. Restore {FILE}.")
    read = _Document(**{name: document[name] for name in kinds})
    records = tuple(_record(number, row, read) for number, row in enumerate(read.records))
    seen: dict[tuple[str, ...], int] = {}
    for number, record in enumerate(records):
        first = seen.setdefault((record.study, record.arm, record.condition, record.measure, record.source), number)
        if first != number:
            raise ConfigError(f"Record {number} of {FILE} repeats record {first}. Remove one of them.")
    return records


def _record(number: int, row: object, document: _Document) -> Published:
    where = f"record {number} of {FILE}"
    if not isinstance(row, Mapping) or not all(isinstance(name, str) for name in row):
        raise ConfigError(f"R{where[1:]} is {shown(row)}; expected names with values. Correct it.")
    if differing := sorted(set(row) ^ {*_TEXTS, "value", "corrections"}):
        raise ConfigError(f"R{where[1:]} lacks or should not have {', '.join(differing)}. Correct it.")
    for name in _TEXTS:
        if not isinstance(row[name], str) or (not row[name] and name != "unit"):
            raise ConfigError(f"{name} in {where} is {shown(row[name])}; expected text.")
    value, names, source = (row[name] for name in ("value", "corrections", "source"))
    if type(value) not in (int, float) or not abs(value) <= sys.float_info.max:
        raise ConfigError(f"value in {where} is {shown(value)}; expected a finite number.")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise ConfigError(f"corrections in {where} is {shown(names)}; expected a list of different names.")
    for kind, named, sentences in (("source", [source], document.sources), ("correction", names, document.corrections)):
        if unknown := [name for name in named if name not in sentences]:
            raise ConfigError(f"R{where[1:]} names the {kind} {unknown[0]!r}: expected one of {', '.join(sentences)}.")
    corrections = tuple(document.corrections[name] for name in names)
    texts = {name: row[name] for name in _TEXTS} | {"source": document.sources[source]}
    return Published(
        **texts, value=float(value), corrections=corrections, citation=document.citation, comparability=document.comparability
    )


@functools.cache
def _all() -> tuple[Published, ...]:
    text = resources.files("analysis.published").joinpath(FILE).read_text("utf-8")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{FILE} is not JSON ({error}). Restore it.") from error
    return read_records(document)
