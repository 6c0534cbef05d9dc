"""What was measured of a checkpoint on recordings other than those of its own test split, as its configuration keeps it.

A record is a row of a study: what was asked, of how many moments and works, and what stands beside it. It is read with care: a
configuration may say anything.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields

from analysis.files import Json

ELSEWHERE = "elsewhere"  # in an evaluation
TOKENS, BEATS = "tokens", "beats"
NOTES = {
    TOKENS: """Tokens: linear probes of single tokens by `otoscope study tokens`, predicted out of fold by work. Of the model, its
twin and the sound itself that layer or quantity is shown which scores highest; intervals do not know of this choice. Null: labels
of other works, or the most frequent class, whichever is higher.""",
    BEATS: """Beats, zero-shot: by `otoscope study beats` clicks at every tempo are held against a recording; nothing is fitted.
Null: the beats that were found, moved in time.""",
}
UNITS = {TOKENS: "moments", BEATS: "recordings"}


@dataclass(frozen=True)
class Ends:
    """A number with its 95 % interval over works."""

    value: float
    low: float
    high: float

    def text(self, sign: str = "") -> str:
        """As tables write it, with "+" as the sign of a difference.

        >>> Ends(0.3441, 0.2894, 0.4).text(), Ends(-0.01, -0.02, 0.004).text("+")
        ('0.344 [0.289, 0.400]', '−0.010 [−0.020, +0.004]')
        """
        value, low, high = (f"{number:{sign}.3f}".replace("-", "−") for number in (self.value, self.low, self.high))
        return f"{value} [{low}, {high}]"


@dataclass(frozen=True)
class Elsewhere:
    """What one task says of a checkpoint on one set of recordings.

    Attributes:
        study: that was run, of all splits.
        recordings: what they are called.
        settings: of the study that are not the usual ones, in words; "" for none.
        task, measure: what was asked, and in what it is counted.
        layer, twin_layer, sound: layers and the quantity of the sound with the highest scores; "" for none.
        score, twin, of_sound: their scores.
        over_twin, over_sound: what the score has above the others, the same works drawn for both.
        null: nothing read or heard, as the study has it.
        n, n_works: of the score.
    """

    study: str
    recordings: str
    settings: str
    task: str
    measure: str
    layer: str
    twin_layer: str
    sound: str
    score: Ends
    twin: Ends
    over_twin: Ends
    of_sound: Ends | None
    over_sound: Ends | None
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
    """A section of a card: a table, and what lies above or below its controls; "" where nothing was measured."""
    if not (records := read_elsewhere(evaluation)):
        return ""
    rows = "\n".join(_row(record) for record in records)
    notes = "\n".join(NOTES[study] for study in NOTES if any(record.study == study for record in records))
    return f"""
## On other recordings

| recordings | task | score (layer) | untrained twin | sound itself | null | n |
|---|---|---|---|---|---|---|
{rows}

{notes}
In brackets 95 % intervals, bootstrap over works; no correction for the {len(records)} rows.

{verdict(records)}
"""


def verdict(records: Sequence[Elsewhere]) -> str:
    """What lies above the untrained twin with disjoint intervals, what differs in pairs, and what is null."""
    apart = [record for record in records if record.beats_twin]
    nothing = "Nothing here lies above its untrained twin with disjoint intervals."
    sentences = [f"Above its untrained twin, with disjoint intervals: {_named(apart)}." if apart else nothing]
    sentences += _sides("its untrained twin", "the same works drawn for both", records, lambda record: record.over_twin)
    sentences += _sides("the sound itself", "likewise", records, lambda record: record.over_sound)
    if unread := [record for record in records if record.score.low <= record.null]:
        sentences.append(f"Not distinguishable from null: {_named(unread)}.")
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _sides(what: str, how: str, records: Sequence[Elsewhere], of: Callable[[Elsewhere], Ends | None]) -> list[str]:
    """Differences whose interval leaves 0 out, above and below."""
    known = [(record, ends) for record in records if (ends := of(record)) is not None]
    sides = {"Above": [pair for pair in known if pair[1].low > 0], "Below": [pair for pair in known if pair[1].high < 0]}
    listed = {side: "; ".join(f"{_name(record)} {ends.text('+')}" for record, ends in pairs) for side, pairs in sides.items()}
    return [f"{side} {what}, {how}: {names}." for side, names in listed.items() if names]


def _named(records: Sequence[Elsewhere]) -> str:
    return "; ".join(map(_name, records))


def _name(record: Elsewhere) -> str:
    return f"{record.task} of {record.recordings}"


def _row(record: Elsewhere) -> str:
    asked = f" ({record.settings})" if record.settings else ""
    cells = [
        f"{record.recordings}{asked}", f"{record.task}, {record.measure}", _with(record.score, record.layer),
        _with(record.twin, record.twin_layer), _with(record.of_sound, record.sound), f"{record.null:.3f}",
        f"{record.n:,} {UNITS[record.study]}, {record.n_works} works",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _with(ends: Ends | None, where: str) -> str:
    """A score and what it is of."""
    return "–" if ends is None else f"{ends.text()} ({where})" if where else ends.text()


TEXTS = ("study", "recordings", "settings", "task", "measure", "layer", "twin_layer", "sound")
ENDS = ("score", "twin", "over_twin", "of_sound", "over_sound")


def _read(record: Mapping[str, object]) -> Elsewhere | None:
    try:
        texts = {name: str(record[name]) for name in TEXTS}
        score, twin, over_twin, sound, over_sound = (_ends(record[name]) for name in ENDS)
        null, n, n_works = (float(str(record[name])) for name in ("null", "n", "n_works"))
        counts = int(n), int(n_works)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    if score is None or twin is None or over_twin is None or not math.isfinite(null):
        return None
    read = Elsewhere(
        **texts, score=score, twin=twin, over_twin=over_twin, of_sound=sound, over_sound=over_sound,
        null=null, n=counts[0], n_works=counts[1],
    )  # fmt: skip
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
