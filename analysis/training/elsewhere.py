"""What was measured of a checkpoint on recordings other than those of its own test split, as its configuration keeps it.

A record is a row of a study: what was asked, of how many moments and works, and what stands beside it. It is read with care: a
configuration may say anything.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

from analysis.files import Json

ELSEWHERE = "elsewhere"  # in an evaluation
TOKENS, BEATS = "tokens", "beats"
NOTES = {
    TOKENS: "Linear probes of single tokens by `otoscope study tokens`, predicted out of fold by work. Of the model, its twin "
    "and the sound\nitself that layer or quantity is shown which scores highest.",
    BEATS: "Beats by `otoscope study beats`: clicks at every tempo are held against the recording, nothing is fitted.",
}
UNITS = {TOKENS: "moments", BEATS: "recordings"}


@dataclass(frozen=True)
class Ends:
    """A number with its 95 % interval over works."""

    value: float
    low: float
    high: float

    def overlaps(self, other: "Ends") -> bool:
        """Whether the two intervals share a point."""
        return self.low <= other.high and other.low <= self.high

    def text(self) -> str:
        """As tables write it.

        >>> Ends(0.3441, 0.2894, 0.4).text()
        '0.344 [0.289, 0.400]'
        """
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class Elsewhere:
    """What one task says of a checkpoint on one set of recordings.

    Attributes:
        study: that was run, of all splits.
        recordings: what they are called.
        task, measure: what was asked, and in what it is counted.
        layer, twin_layer, sound: layers and the quantity of the sound with the highest scores; "" for none.
        score, twin, of_sound: their scores.
        null: nothing read.
        n, n_works: of the score.
    """

    study: str
    recordings: str
    task: str
    measure: str
    layer: str
    score: Ends
    twin_layer: str
    twin: Ends
    sound: str
    of_sound: Ends | None
    null: float
    n: int
    n_works: int

    @property
    def beats_twin(self) -> bool:
        """Whether its interval lies above that of the untrained twin."""
        return self.score.low > self.twin.high

    def record(self) -> Json:
        """As it stands in a configuration."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: [of.value, of.low, of.high] if isinstance(of, Ends) else of for name, of in plain.items()}


def read_elsewhere(evaluation: Mapping[str, object]) -> list[Elsewhere]:
    """What an evaluation says of other recordings; what is no such record is left out."""
    records = evaluation.get(ELSEWHERE)
    read = [_read(record) for record in records if isinstance(record, Mapping)] if isinstance(records, list) else []
    return [record for record in read if record is not None]


def elsewhere_section(evaluation: Mapping[str, object]) -> str:
    """A section of a card: a table, and whether anything lies above the untrained twin; "" where nothing was measured."""
    if not (records := read_elsewhere(evaluation)):
        return ""
    rows = "\n".join(_row(record) for record in records)
    notes = "\n".join(NOTES[study] for study in NOTES if any(record.study == study for record in records))
    return f"""
## On other recordings

| recordings | task | score (layer) | untrained twin | sound itself | nothing read | n |
|---|---|---|---|---|---|---|
{rows}

{notes}
In brackets 95 % intervals, bootstrap over works. {_verdict(records)}
"""


def _row(record: Elsewhere) -> str:
    cells = [
        record.recordings, f"{record.task}, {record.measure}", _with(record.score, record.layer),
        _with(record.twin, record.twin_layer), _with(record.of_sound, record.sound), f"{record.null:.3f}",
        f"{record.n:,} {UNITS[record.study]}, {record.n_works} works",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _with(ends: Ends | None, where: str) -> str:
    """A score and what it is of."""
    return "–" if ends is None else f"{ends.text()} ({where})" if where else ends.text()


def _verdict(records: list[Elsewhere]) -> str:
    """What lies above the untrained twin with disjoint intervals, and what above the sound itself."""
    above = [f"{record.task} of {record.recordings}" for record in records if record.beats_twin]
    best = [f"{r.task} of {r.recordings}" for r in records if r.of_sound is not None and r.score.low > r.of_sound.high]
    nothing = "Nothing here lies above its untrained twin with disjoint intervals."
    sentences = [f"Above its untrained twin, with disjoint intervals: {_listed(above)}." if above else nothing]
    return " ".join([*sentences, *([f"Above the sound itself likewise: {_listed(best)}."] if best else [])])


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _read(record: Mapping[str, object]) -> Elsewhere | None:
    try:
        texts = {name: str(record[name]) for name in ("study", "recordings", "task", "measure", "layer", "twin_layer", "sound")}
        score, twin, sound = (_ends(record[name]) for name in ("score", "twin", "of_sound"))
        null, n, n_works = (float(str(record[name])) for name in ("null", "n", "n_works"))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    if score is None or twin is None or not math.isfinite(null):
        return None
    read = Elsewhere(**texts, score=score, twin=twin, of_sound=sound, null=null, n=int(n), n_works=int(n_works))
    return read if read.study in NOTES else None


def _ends(value: object) -> Ends | None:
    """Three finite numbers; None for None.

    Raises:
        ValueError: it is something else.
    """
    if value is None:
        return None
    numbers = [float(number) for number in value] if isinstance(value, list | tuple) else []
    if len(numbers) != len(fields(Ends)) or not all(map(math.isfinite, numbers)):
        raise ValueError(value)
    return Ends(*numbers)
