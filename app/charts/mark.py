"""One number with its control as every study draws it: its style, its words, its place on an axis."""

import html
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict, Unpack

from analysis.errors import ConfigError
from analysis.numbers import PER_CENT, SHARE, Value, format_value
from analysis.rows import Measured
from app.charts import theme
from app.charts.draft import Draft
from app.charts.scores import series_name

Key = tuple[str | int | float, ...]
TWIN_SUFFIX = ", untrained twin"
HOLLOW = "○ hollow: not distinguishable from {}"
LINE_LENGTH = 88  # characters of a line on hover
NOTE_PX = 22
NULL_LINE = {"color": theme.TEXT, "dash": "dash", "width": 1.2}
HOVER = {"bgcolor": "#20252B", "bordercolor": theme.TEXT, "font": {"color": "#FFFFFF", "size": 12}, "align": "left"}
GAP = {"ticks": "outside", "ticklen": 6, "tickcolor": "rgba(0,0,0,0)"}  # between names and marks on the edge
# What a colour and a symbol mean on every page. Other series take what is left, in order.
MEANING = {"audio": (theme.AUDIO, "circle"), "midi": (theme.MIDI, "diamond"), "joint": (theme.JOINT, "hexagon")}
LETTERS = {
    "circle": "●○", "diamond": "◆◇", "triangle-up": "▲△", "star": "★☆", "pentagon": "⬟⬠", "hexagon": "⬢⬡",
    "triangle-down": "▼▽", "triangle-left": "◀◁", "square": "■□", "triangle-right": "▶▷", "bowtie": "⧓⋈",
}  # fmt: skip
SYMBOLS = ("circle", "diamond", "triangle-up", "star", "pentagon", "hexagon", "triangle-down", "triangle-left")
TWIN_SYMBOLS, TWIN_DASHES = ("square", "triangle-right", "bowtie"), ("dash", "dot", "dashdot")
COLOURS = tuple(colour for colour in theme.CATEGORICAL if colour != theme.TWIN)


class About(TypedDict, total=False):
    """What a `Mark` may say besides its number."""

    at: float | None
    note: str
    key: Key
    twin: bool
    unit: str
    inside_null: bool | None


@dataclass(frozen=True)
class Mark:
    """One number as it is drawn, with its control.

    Attributes:
        group: what is on the category axis, or the panel: a checkpoint, a condition, a layer.
        series: what has one symbol and colour: a pool, a side, a checkpoint.
        value: the number in `unit`.
        low: lower end of its interval; None without one.
        high: its upper end.
        null: what there would be if there were nothing to find; None without one.
        n: how many examples it rests on; 0 is not said.
        at: its place on a numeric axis, such as a dose.
        note: what else is said on hover.
        key: `customdata`, to which a click leads.
        twin: whether it is of the untrained twin: grey, dashed.
        unit: as of `Value`: "" for a pure number, "share" for a part of 1, "%" for per cent, or any other.
        inside_null: what a test has found, where one was made; None where the interval is to judge.

    Raises:
        ConfigError: a number is not finite, half of the interval is missing or its ends are exchanged.
    """

    group: str
    series: str
    value: float
    low: float | None = None
    high: float | None = None
    null: float | None = None
    n: int = 0
    at: float | None = None
    note: str = ""
    key: Key = ()
    twin: bool = False
    unit: str = ""
    inside_null: bool | None = None

    def __post_init__(self) -> None:
        whose = f'"{self.group}", "{self.series}"'
        for field in ("value", "low", "high", "null", "at"):
            number = getattr(self, field)
            if (number is None and field == "value") or (number is not None and not math.isfinite(number)):
                raise ConfigError(f"{field} of {whose} is {number}; expected a finite number. Leave out what was not computed.")
        if (self.low is None) != (self.high is None) or (self.interval and self.interval[0] > self.interval[1]):
            raise ConfigError(f"The interval of {whose} is [{self.low}, {self.high}]; expected both ends, the lower first.")

    @property
    def interval(self) -> tuple[float, float] | None:
        """Both ends, where there is an interval."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    @property
    def undecided(self) -> bool:
        """What the test has found; else whether the interval, its ends included, holds the null, if there are both."""
        if self.inside_null is not None:
            return self.inside_null
        return self.null is not None and self.interval is not None and self.interval[0] <= self.null <= self.interval[1]


def from_value(value: Value, group: str, series: str, **more: Unpack[About]) -> Mark | None:
    """The mark of a value, its estimator before the `note`; None where the value could not be computed."""
    if value.value is None:
        return None
    note = "; ".join(part for part in (value.estimator, more.get("note", "")) if part)
    about: About = {"unit": value.unit, **more, "note": note}
    return Mark(group, series, value.value, value.ci_low, value.ci_high, value.null, value.n, **about)


def from_row(row: Measured, group: str, series: str, **more: Unpack[About]) -> Mark | None:
    """The mark of a row with a number, or of one of its numbers; None where it could not be computed."""
    value = row.value
    return None if value is None else Mark(group, series, value, row.ci_low, row.ci_high, row.null, row.n, **more)


def scaled(mark: Mark, percent: bool) -> Mark:
    """The mark in the unit of the axis: with `percent`, shares of 1 become per cent."""
    if not percent or mark.unit == PER_CENT:
        return mark
    factors = {name: None if (x := getattr(mark, name)) is None else 100 * x for name in ("low", "high", "null")}
    return replace(mark, value=100 * mark.value, unit=PER_CENT, **factors)


def text_of(mark: Mark, percent: bool = False) -> str:
    """Value and interval.

    >>> text_of(Mark("D0", "trained", 0.621, 0.55, 0.69, null=0.6)), text_of(Mark("D0", "trained", 0.031), percent=True)
    ('0.621 [0.550, 0.690]', '3.1 %')
    """
    return format_value(replace(_value(mark, percent), null=None))


def hover(mark: Mark, percent: bool = False, null_name: str = "", dose: str = "") -> str:
    """What is said of a mark on hover, markup escaped: whose it is and where, its number, its null, n and note."""
    name = null_name.removeprefix("the ") or "null"
    whose = ", ".join(dict.fromkeys(part for part in (mark.group, mark.series, dose) if part))
    lines = [f"{whose}{TWIN_SUFFIX if mark.twin and 'untrained' not in whose else ''}", _judged(mark, percent, name)]
    if mark.null is None:
        lines.append("no null to compare with")
    elif not mark.undecided:
        lines.append(f"{name}: {null_text(mark, percent)}{'' if mark.interval else ' (no interval to judge by)'}")
    lines += [f"n = {mark.n:,}"] if mark.n else []
    wrapped = [part for line in [*lines, *mark.note.splitlines()] for part in _wrapped(line)]
    return "<br>".join(html.escape(part, quote=False) for part in wrapped)


def _wrapped(line: str) -> list[str]:
    is_whole = 0 < len(line) <= LINE_LENGTH and line.isprintable() and line == line.rstrip()
    return [line] if is_whole else textwrap.wrap(line, LINE_LENGTH)  # which takes long over short lines as well


def null_text(mark: Mark, percent: bool = False) -> str:
    """The null of a mark; exactly 0 needs neither decimals nor unit.

    >>> null_text(Mark("D0", "trained", 0.5, null=0.039), percent=True)
    '3.9 %'
    >>> null_text(Mark("D0", "trained", 2.0, null=0.0, unit="points")), null_text(Mark("D0", "trained", 0.5))
    ('0', 'none')
    """
    if mark.null is None:
        return "none"
    return "0" if mark.null == 0 else format_value(_value(Mark("", mark.series, mark.null, unit=mark.unit), percent))


def _judged(mark: Mark, percent: bool, name: str) -> str:
    """Value, interval and, where the interval holds it, the null."""
    text, value, named = text_of(mark, percent), _value(mark, percent), "" if name == "null" else name
    if not mark.undecided:
        return text
    if value.inside_null and mark.null:
        return format_value(value, named)
    parts = (named, "" if mark.null is None else null_text(mark, percent))
    return f"{text}, not distinguishable from the null ({', '.join(filter(None, parts))})"


def _value(mark: Mark, percent: bool) -> Value:
    unit = SHARE if percent and mark.unit != PER_CENT else "" if mark.unit == SHARE else mark.unit
    return Value({"what": mark.series or "value"}, mark.value, mark.low, mark.high, mark.n, mark.null, unit, "")


@dataclass(frozen=True)
class Style:
    """How a series looks: by colour, and without it by symbol and dash."""

    label: str
    colour: str
    symbol: str
    dash: str = "solid"

    def symbol_of(self, mark: Mark) -> str:
        """Hollow where the interval holds the null."""
        return f"{self.symbol}-open" if mark.undecided else self.symbol

    def letter(self, hollow: bool = False) -> str:
        """The symbol as coloured text."""
        return f'<span style="color:{self.colour}">{LETTERS[self.symbol][hollow]}</span>'


Styles = dict[tuple[str, bool], Style]


def styles(marks: Sequence[Mark], colours: Mapping[str, str] | None = None) -> Styles:
    """(series, twin) → style, in order of first appearance; `colours` gives a series the colour that it has on other pages."""
    keys = list(dict.fromkeys((mark.series, mark.twin) for mark in marks))
    plain, twins = [name for name, twin in keys if not twin], [name for name, twin in keys if twin]
    meant = {name: MEANING[name.lower()] for name in plain if name.lower() in MEANING}
    colour = _shared_out(plain, {name: meaning for name, (meaning, _) in meant.items()} | dict(colours or {}), COLOURS)
    symbol = _symbols(plain, colour, {name: meaning for name, (_, meaning) in meant.items()})
    square, dash = _shared_out(twins, {}, TWIN_SYMBOLS), _shared_out(twins, {}, TWIN_DASHES)
    return {
        (name, twin): Style(f"{name}{TWIN_SUFFIX if name in plain else ''}", theme.TWIN, square[name], dash[name])
        if twin
        else Style(name, colour[name], symbol[name])
        for name, twin in keys
    }


def back_to_front(looks: Styles) -> Styles:
    """Twins first: what is drawn last lies on top, and is what a click finds where marks coincide."""
    return dict(sorted(looks.items(), key=lambda item: not item[0][1]))


def _shared_out(names: Sequence[str], fixed: Mapping[str, str], looks: Sequence[str]) -> dict[str, str]:
    """What is fixed, and for every other name the next look that is not; from the first again where they run out."""
    used = {fixed[name] for name in names if name in fixed}
    free = [look for look in looks if look not in used] or list(looks)
    others = [name for name in names if name not in fixed]
    return {**fixed, **{name: free[number % len(free)] for number, name in enumerate(others)}}


def _symbols(names: Sequence[str], colour: Mapping[str, str], fixed: Mapping[str, str]) -> dict[str, str]:
    """What is fixed, and for every other name the next symbol that is not and that none of its colour has."""
    symbol_of = dict(fixed)
    free = [symbol for symbol in SYMBOLS if symbol not in symbol_of.values()] or list(SYMBOLS)
    for name in names:
        if name not in symbol_of:
            first = (len(symbol_of) - len(fixed)) % len(free)
            taken = {symbol for other, symbol in symbol_of.items() if colour[other] == colour[name]}
            turn = free[first:] + free[:first]
            symbol_of[name] = next((symbol for symbol in turn if symbol not in taken), turn[0])
    return symbol_of


def shared_null(marks: Sequence[Mark]) -> float | None:
    """The null, if there is one and all marks have the same."""
    nulls = {mark.null for mark in marks}
    return nulls.pop() if len(nulls) == 1 else None


def ends(marks: Sequence[Mark], domain: tuple[float, float] | None = None) -> tuple[float, float]:
    """An axis over every number of marks in its unit, from 0 where that is near; no number is hidden by a `domain`."""
    numbers = [x for mark in marks for x in (mark.value, mark.low, mark.high, mark.null) if x is not None]
    low, high = min(numbers), max(numbers)
    room = 0.06 * (high - low) or 0.1 * abs(high) or 1.0
    if domain is not None:
        first, last = domain
        return (first if low >= first else low - room), (last if high <= last else high + room)
    bottom = 0.0 if 0 <= low <= 0.5 * high else low - room
    top = 0.0 if low < 0 and high <= 0 and high >= 0.5 * low else high + room
    if high <= 100 and all(mark.unit == PER_CENT for mark in marks):
        top = min(top, 102.0)
    return bottom, top


def add_legend(drawing: Draft, entries: Sequence[Style], null_name: str = "", *, lines: bool = False) -> None:
    """Series, then the dashed line of the null where it is named, in one row above the figure; nothing without either."""
    for style in entries:
        line = {"color": style.colour, "dash": style.dash, "width": 2}
        marker = {"symbol": style.symbol, "size": 9, "color": style.colour, "line": {"color": style.colour, "width": 1.5}}
        _add_entry(drawing, series_name(style.label), mode="lines+markers" if lines else "markers", line=line, marker=marker)
    if null_name:
        _add_entry(drawing, html.escape(null_name, quote=False), mode="lines", line=NULL_LINE)
    anchor = {"x": 0, "xanchor": "left", "y": 1, "yanchor": "top", "yref": "container", "bgcolor": "rgba(0,0,0,0)"}
    unmoved = {"itemclick": False, "itemdoubleclick": False}
    drawing.update_layout(showlegend=bool(entries or null_name), legend={"orientation": "h", **anchor, **unmoved})


def _add_entry(drawing: Draft, name: str, **look: str | theme.Part) -> None:
    """An entry of the legend alone: that of a series is not hollow because its first mark is."""
    drawing.add_trace({"type": "scatter", "x": [None], "y": [None], "name": name, "hoverinfo": "skip", **look})


def add_note(drawing: Draft, text: str, *, taller: bool = True) -> None:
    """One line at the foot of a figure that has its margins, which grows by as much; nothing without text."""
    if not text:
        return
    anchor = {"x": 0, "xref": "paper", "xanchor": "left", "y": 0, "yref": "container", "yanchor": "bottom"}
    title = {"text": html.escape(text, quote=False), "font": {"size": 12}, "pad": {"b": 6}, **anchor}
    drawing.update_layout(title=title)
    drawing.grow(below=NOTE_PX, height=NOTE_PX * taller)


def hollow_note(marks: Sequence[Mark], null_name: str) -> str:
    """What a hollow symbol means, where there is one."""
    return HOLLOW.format(null_name or "the null") if any(mark.undecided for mark in marks) else ""
