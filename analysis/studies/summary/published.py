"""Which published numbers stand beside ours in the summary, and what is said where none does."""

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.errors import ConfigError
from analysis.numbers import Value
from analysis.published.published import Published, published
from analysis.results import Result
from analysis.studies.similarity.rows import SummaryRow

# Of every test: study, condition and measure under which the number is published.
PLACES = {
    "s": ("retrieval", "canonical pool", "S"),
    "retention": ("transposition", "±3 semitones", "retention"),
    "cka": ("similarity", "mean of the 4 × 4 layers", "biased linear CKA"),
    "noise": ("invariance", "noise at 5 dB SNR", "S"),
}
BIASED = "biased CKA"
NO_BIASED = "Biased CKA, which was published, is not in this result, so that no published value stands beside ours."
NONE = "Nothing that could stand beside it is published."


@dataclass(frozen=True)
class PublishedNumber:
    """A published number beside ours; it is not ours and not comparable in absolute terms.

    Attributes:
        value: in the unit of the test: parts of 1 where it was published in per cent, points for a drop.
        text: as it was published.
        source: a record that says whose it is, what is known to be wrong with it, and why it is not comparable.
        ours: our number of the same estimator, where the test shows another one.
    """

    value: float
    text: str
    source: Published
    ours: Value | None = None


def published_number(key: str, arm: str, control_of: str = "", given: str = "") -> PublishedNumber | None:
    """What is published of an arm, or of a control of it, about a test; None for nothing.

    >>> published_number("s", "d4a4").text, published_number("s", "d4a4-zero", "d4a4", "zero").text
    ('83.8 %', '75.0 %')
    >>> published_number("without_a4", "d4a4").text
    '83.8 % to 7.8 %'
    >>> published_number("s", "a4r-zero", "a4r", "zero"), published_number("band", "D0")
    (None, None)
    """
    if control_of:
        return _number(_find("controls", control_of, given, "S")) if key == "s" else None
    if key == "without_a4":
        before, after = (_find("ablation", arm, condition, "S") for condition in ("real", "zero A4"))
        if before is None or after is None:
            return None
        return PublishedNumber(before.value - after.value, f"{_text(before)} to {_text(after)}", after)
    if key == "cosine":
        return _number(next((record for record in _of("embedding", arm) if _is_cosine(record)), None))
    return _number(_find(PLACES[key][0], arm, *PLACES[key][1:])) if key in PLACES else None


def note(key: str, results: Sequence[Result]) -> str:
    """Why a test has no published number beside it; "" where it has."""
    if key == "cka":
        rows = [row for result in results for row in result.rows(SummaryRow)]
        return "" if not rows or any(row.estimator == BIASED for row in rows) else NO_BIASED
    known = key in PLACES or key == "without_a4" or (key == "cosine" and any(_is_cosine(number) for number in _of("embedding")))
    return "" if known else NONE


def _is_cosine(record: Published) -> bool:
    return "cosine" in f"{record.condition} {record.measure}".lower()


def _of(study: str, arm: str | None = None) -> Sequence[Published]:
    try:
        return published(study, arm)
    except ConfigError:
        return ()


def _find(study: str, arm: str, condition: str, measure: str) -> Published | None:
    return next((record for record in _of(study, arm) if (record.condition, record.measure) == (condition, measure)), None)


def _number(record: Published | None) -> PublishedNumber | None:
    return record and PublishedNumber(record.value / (100 if record.unit == "%" else 1), _text(record), record)


def _text(record: Published) -> str:
    return f"{record.value:.1f} %" if record.unit == "%" else f"{record.value:g} {record.unit}".strip()
