"""One number with its control, and every way in which numbers are said."""

import math
import numbers
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.errors import ConfigError

ALPHA = 0.05
SHARE, PER_CENT = "share", "%"
WHAT = "what"
Key = Mapping[str, str | int | float]


def percent(share: float) -> str:
    """A share of 1 as a percentage with one decimal.

    >>> percent(0.0390625)
    '3.9 %'
    """
    return f"{100 * share:.1f} %"


def p_words(p: float) -> str:
    """A p with three decimals, more where three would hide on which side of 0.05 it lies.

    >>> p_words(0.0004), p_words(0.0499), p_words(0.04999), p_words(0.05)
    ('p < 0.001', 'p = 0.04990', 'p = 0.04999', 'p = 0.050')
    """
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if p >= ALPHA or f"{p:.3f}" != f"{ALPHA:.3f}" else f"p = {p:.5f}"


def p_alone(p: float) -> str:
    """A p as it stands in a column that is called p.

    >>> p_alone(0.0004), p_alone(0.05)
    ('< 0.001', '0.050')
    """
    sign, number = p_words(p).split()[1:]
    return number if sign == "=" else f"{sign} {number}"


@dataclass(frozen=True)
class Value:
    """One number with its control. A number that could not be computed is None, never NaN.

    Attributes:
        key: what was measured, facet by facet, such as `{"checkpoint": "D0", "weights": "trained", "what": "S"}`; "what" names
            the quantity and is always there. Nothing else tells values apart, and no sentence made of it is ever read back.
        value: the number in `unit`; None if it could not be computed.
        ci_low: lower end of the interval over works, in `unit`; None without an interval.
        ci_high: its upper end.
        n: how many examples the number rests on.
        null: what the same estimator gives on average where there is nothing to find (shuffled pairs, chance); None without one.
        unit: "" for a pure number, "share" for a part of 1 (shown as a percentage), "%" for per cent, or any other.
        estimator: name of the formula, such as "debiased CKA".

    Raises:
        ConfigError: the key does not say what, a number is not finite, half of the interval is missing or its ends are exchanged.

    >>> Value({"checkpoint": "D0", "weights": "trained", "what": "S"}, 0.6, 0.5, 0.7, 500, 0.04, "share", "recall").name
    'D0, trained: S'
    """

    key: Key
    value: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
    null: float | None
    unit: str
    estimator: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", _checked_key(self.key))
        for field in ("unit", "estimator"):
            if not isinstance(getattr(self, field), str):
                raise ConfigError(f"{field} of a value is {getattr(self, field)!r}; expected text.")
        for field in ("value", "ci_low", "ci_high", "null"):
            number = getattr(self, field)
            object.__setattr__(self, field, None if number is None else as_real(number, f'{field} of "{self.name}"'))
        if isinstance(self.n, bool) or not isinstance(self.n, numbers.Integral) or self.n < 0:
            raise ConfigError(f'n of "{self.name}" is {self.n!r}; expected a whole number of examples, 0 or more.')
        object.__setattr__(self, "n", int(self.n))
        if (self.ci_low is None) != (self.ci_high is None) or (self.value is None and self.ci_low is not None):
            got = f"value {self.value}, ci_low {self.ci_low}, ci_high {self.ci_high}"
            raise ConfigError(f'"{self.name}" has {got}; expected a value with both ends of its interval, or with none.')
        if self.ci_low is not None and self.ci_high is not None and self.ci_low > self.ci_high:
            raise ConfigError(f'The interval of "{self.name}" is [{self.ci_low}, {self.ci_high}]; expected the lower end first.')

    @property
    def name(self) -> str:
        """What was measured, in words."""
        return name_of(self.key)

    def record(self) -> dict[str, str | int | float | None]:
        """Its name, its facets and its numbers, flat: a row of a spreadsheet."""
        numbers = {field: getattr(self, field) for field in ("value", "ci_low", "ci_high", "n", "null", "unit", "estimator")}
        return {"name": self.name, **self.key, **numbers}

    @property
    def what(self) -> str:
        """The quantity alone."""
        return str(self.key[WHAT])

    def name_without(self, *facets: str) -> str:
        """What was measured, in words, but for what a table or a figure says already."""
        return name_of({facet: of for facet, of in self.key.items() if facet not in facets})

    def is_of(self, **facets: str | float) -> bool:
        """Whether its key has these facets, whatever else it has."""
        return all(self.key.get(facet) == is_value for facet, is_value in facets.items())

    @property
    def inside_null(self) -> bool | None:
        """Whether the interval, its ends included, holds the null; None where there is no interval or no null to judge by."""
        if self.null is None or self.ci_low is None or self.ci_high is None:
            return None
        return self.ci_low <= self.null <= self.ci_high


def name_of(key: Key) -> str:
    """A key in words: its facets in their order, and after a colon the quantity; two checkpoints are a difference.

    What belongs together stands together, such as a change and its dose.

    >>> name_of({"first": "d4a4", "second": "D0", "weights": "trained", "what": "difference in S"})
    'd4a4 − D0, trained: difference in S'
    >>> name_of({"checkpoint": "D0", "semitones": -3, "what": "S"}), name_of({"what": "S"})
    ('D0, −3 semitones: S', 'S')
    >>> name_of({"checkpoint": "D0", "change": "gain", "dose": "+6 dB", "what": "S"})
    'D0, gain +6 dB: S'
    >>> name_of({"first": "d4a4", "other": "D0", "sides": "audio, audio", "what": "debiased CKA"})
    'd4a4 and D0, audio with audio: debiased CKA'
    """
    text, before = "", ""
    for facet, of in key.items():
        if facet != WHAT:
            text += (BETWEEN.get((before, facet), ", ") if before else "") + SAID.get(facet, str)(of)
            before = facet
    return f"{text}: {key[WHAT]}" if text else str(key[WHAT])


def select(values: Iterable[Value], **facets: str | float) -> tuple[Value, ...]:
    """The values that have these facets, in their order."""
    return tuple(value for value in values if value.is_of(**facets))


def pick(values: Iterable[Value], **facets: str | float) -> Value | None:
    """The first value that has these facets; None if there is none."""
    return next((value for value in values if value.is_of(**facets)), None)


def the(values: Iterable[Value], **facets: str | float) -> Value:
    """The value that has these facets.

    Raises:
        ConfigError: there is none.
    """
    if (value := pick(values, **facets)) is None:
        raise ConfigError(f"There is no value of {facets}; expected one. Compute the result again.")
    return value


def _checked_key(key: Key) -> dict[str, str | int | float]:
    if not isinstance(key, Mapping) or not isinstance(key.get(WHAT), str) or not key[WHAT]:
        raise ConfigError(f'The key of a value is {key!r}; expected facets, among them "{WHAT}", a text.')
    for facet, of in key.items():
        if not isinstance(facet, str) or isinstance(of, bool) or not (isinstance(of, str) or _is_finite(of)):
            raise ConfigError(f"The key of a value holds {facet!r}: {of!r}; expected text or a number.")
    return dict(key)


def _is_finite(number: object) -> bool:
    return isinstance(number, int | float) and math.isfinite(number)


def _semitones(number: str | float) -> str:
    return f"{'' if not number else '−' if float(number) < 0 else '+'}{abs(float(number)):g} semitones"


def layer_title(layer: str) -> str:
    """A layer as a person says it; what is of no side keeps its name.

    >>> layer_title("audio.block.2"), layer_title("midi.in"), layer_title("encoder.embedding"), layer_title("log-mel")
    ('audio block 2', 'MIDI before block 1', 'encoder embedding', 'log-mel')
    """
    side, _, rest = layer.partition(".")
    if rest not in ("in", "embedding") and not rest.startswith("block."):
        return layer
    return f"{'MIDI' if side == 'midi' else side} {'before block 1' if rest == 'in' else rest.replace('.', ' ')}"


SAID: dict[str, Callable[[Any], str]] = {
    "semitones": _semitones,
    "size": lambda size: f"±{size} semitones",
    "candidates": lambda n: f"among {n}",
    "evaluation_seeds": lambda n: f"over {n} evaluation seeds",
    "training_seeds": lambda n: f"over {n} training seeds",
    "without": lambda band: f"without {band}",
    "sd": lambda deviations: f"{deviations:+g} SD",
    "layer": layer_title,
    "sides": lambda sides: sides.replace(", ", " with "),
}
BETWEEN = {  # two facets, the second right after the first, and what stands between them instead of a comma
    ("first", "second"): " − ",
    ("input", "kind"): " ",
    ("change", "dose"): " ",
    ("descriptor", "band"): " ",
    ("band", "sd"): " ",
    ("method", "other"): " and ",
    ("first", "other"): " and ",
}


def format_value(value: Value, null_name: str = "") -> str:
    """A value as the pages word it: three significant digits of the largest number shown, or percentages with one decimal.

    >>> format_value(Value({"what": "CKA"}, 0.6204, 0.55, 0.6913, 500, 0.0, "", "debiased CKA"))
    '0.620 [0.550, 0.691]'
    >>> format_value(Value({"what": "R@1"}, 0.031, 0.012, 0.05, 500, 0.02, "share", "recall"), "shuffled pairs")
    '3.1 % [1.2, 5.0], not distinguishable from the null (shuffled pairs, 2.0 %)'
    """
    if value.value is None:
        return "not available"
    shown = [number for number in (value.value, value.ci_low, value.ci_high) if number is not None]
    write = _three_digits(shown)
    if value.unit in (SHARE, PER_CENT):
        factor = 100 if value.unit == SHARE else 1
        write = lambda number: _without_minus_zero(f"{factor * number:.1f}")  # noqa: E731
    unit = f" {PER_CENT if value.unit == SHARE else value.unit}" if value.unit else ""
    text, *ends = map(write, shown)
    text += unit + (f" [{', '.join(ends)}]" if ends else "")
    if value.null is None or not value.inside_null:
        return text
    return f"{text}, not distinguishable from the null ({null_name}{', ' if null_name else ''}{write(value.null)}{unit})"


def _three_digits(shown: Sequence[float]) -> Callable[[float], str]:
    """Three significant digits for the largest, the same decimals for all; common last zeros go, down to two decimals."""
    largest = max(abs(number) for number in shown)
    exponent = int(f"{largest:.2e}".split("e")[1])
    if largest and not -4 <= exponent < 6:
        return lambda number: f"{number:.2e}" if number else "0"
    decimals = 2 - exponent
    if decimals <= 0:
        return lambda number: _without_minus_zero(f"{round(number, decimals):,.0f}")
    while decimals > 2 and all(f"{number:.{decimals}f}".endswith("0") for number in shown):
        decimals -= 1
    return lambda number: _without_minus_zero(f"{number:.{decimals}f}")


def _without_minus_zero(text: str) -> str:
    return text.lstrip("-") if not text.strip("-0.") else text


def as_real(number: object, what: str) -> float:
    if type(number) is not float and (isinstance(number, bool) or not isinstance(number, numbers.Real)):
        raise ConfigError(f"{what} is {number!r} ({type(number).__name__}); expected a finite number.")
    try:
        real = float(number)
    except OverflowError:
        real = math.inf
    if not math.isfinite(real):
        raise ConfigError(f"{what} is {real}; expected a finite number. Give None for what could not be computed.")
    return real
