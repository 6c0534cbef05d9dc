"""Where the places of doses stand on their axis, and which lines can be named at their right end."""

import html
import itertools
import math
from collections.abc import Mapping, Sequence

from app.charts import theme
from app.charts.mark import Mark, Styles
from app.charts.scores import series_name, shortened

LABELLED = 6  # lines that are named at their right end
APART_PX, MOVED_PX = 15, 20  # how close names come, how far one leaves its line
TICKS = 13
LETTER_PX, NARROWEST_PX, SLANT = 6.5, 500, 0.71
LEANING = [0, -45, -90]  # degrees: names that do not fit end at their tick, so that the last is not cut off by the panel


def at(mark: Mark) -> float:
    return mark.at or 0.0


def text_of(mark: Mark, x_title: str, categories: Sequence[str] | None) -> str:
    """Where a mark stands, from the title of the axis.

    >>> text_of(Mark("D0", "audio", 0.5, at=-3), "transposition (semitones)", None)
    'transposition -3 semitones'
    >>> text_of(Mark("D0", "audio", 0.5, at=0), "layer", ["in", "1", "emb"])
    'layer in'
    """
    quantity, _, unit = x_title.removesuffix(")").partition(" (")
    where = f"{at(mark):,g}" if categories is None else categories[int(at(mark))]
    return " ".join(part for part in (quantity, where, unit.split(",")[0].removeprefix("no unit")) if part)


def abscissa(marks: Sequence[Mark], log: bool, categories: Sequence[str] | None) -> theme.Part:
    """Range and ticks: the places themselves where they are few and apart, else round numbers."""
    if categories is not None:
        texts = [shortened(name) for name in categories]
        axis: theme.Part = {"range": [-0.3, len(texts) - 0.7], "tickvals": list(range(len(texts))), "ticktext": texts}
        return axis | {"autotickangles": LEANING}
    places = sorted({at(mark) for mark in marks})
    scaled = [math.log10(dose) for dose in places] if log else places
    span = scaled[-1] - scaled[0]
    room = 0.04 * span or (0.3 if log else 0.1 * abs(scaled[0]) or 1.0)
    axis = {"range": [scaled[0] - room, scaled[-1] + room], "type": "log" if log else "linear"}
    if log:
        axis |= {"tickvals": (ticks := _round_numbers(places, span)), "ticktext": [f"{tick:,g}" for tick in ticks]}
    elif len(places) <= TICKS and all(b - a >= span / 20 for a, b in itertools.pairwise(places)):
        axis |= {"tickvals": places, "ticktext": [f"{dose:,g}" for dose in places]}
    return axis


def lean_px(categories: Sequence[str] | None, n_columns: int) -> int:
    """How much lower names reach that lean because they do not fit into the narrowest window; 0 where they do.

    >>> lean_px(["in", "1", "emb"], 2), lean_px([f"+{n}000" for n in range(11)], 2), lean_px(None, 2)
    (0, 28, 0)
    """
    longest_px = LETTER_PX * max(map(len, categories or [""]))
    return round(SLANT * longest_px) if categories and longest_px > NARROWEST_PX / n_columns / len(categories) else 0


def _round_numbers(places: Sequence[float], span: float) -> list[float]:
    """1, 2 and 5 of every decade; over more than 3 decades 1 alone; the places themselves where there is no other."""
    steps = (1,) if span > 3 else (1, 2, 5)
    decades = range(math.floor(math.log10(places[0])), math.ceil(math.log10(places[-1])) + 1)
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    return [tick for tick in ticks if 0.93 * places[0] <= tick <= 1.07 * places[-1]] or list(places)


def courses(lines: Sequence[Sequence[Mark]]) -> list[tuple[tuple[float, float], ...]]:
    courses = (tuple((at(mark), mark.null) for mark in line if mark.null is not None) for line in lines)
    return [course for course in dict.fromkeys(courses) if course]


def names(
    lines: Mapping[tuple[str, bool], Sequence[Mark]], looks: Styles, null_name: str, px: float
) -> list[tuple[float, float, str, int]]:
    """Ordinate, shift in pixels, text and length of a name per line and of the null; none where there is no room for all."""
    ends = {key: line[-1] for key, line in lines.items()}
    if len(looks) > LABELLED or len({end.at for end in ends.values()}) > 1:
        return []
    names = [(end.value, looks[key].label, f"{looks[key].letter()} ") for key, end in ends.items() if len(looks) > 1]
    nulls = [course[-1][1] for course in courses(list(lines.values()))]
    if nulls and px * (max(nulls) - min(nulls)) > APART_PX:
        return []
    names += [(sum(nulls) / len(nulls), null_name, "")] if nulls else []
    names.sort()
    shifts = [apart - px * y for apart, (y, *_) in zip(_apart([px * y for y, *_ in names]), names, strict=True)]
    if any(abs(shift) > MOVED_PX for shift in shifts):
        return []
    shown = [(y, series_name(text), letter, shift) for (y, text, letter), shift in zip(names, shifts, strict=True)]
    return [(y, round(shift, 1), f"{letter}{text}", len(html.unescape(text))) for y, text, letter, shift in shown]


def _apart(heights: Sequence[float]) -> list[float]:
    """Ascending heights moved as little as makes neighbours `APART_PX` apart: those that collide stand around their middle.

    >>> _apart([0, 5, 100])
    [-5.0, 10.0, 100.0]
    """
    runs: list[list[float]] = []
    for height in heights:
        runs.append([height])
        while len(runs) > 1 and _placed(runs[-1])[0] - _placed(runs[-2])[-1] < APART_PX:
            runs[-2:] = [runs[-2] + runs[-1]]
    return [height for run in runs for height in _placed(run)]


def _placed(run: Sequence[float]) -> list[float]:
    first = sum(run) / len(run) - APART_PX * (len(run) - 1) / 2
    return [first + APART_PX * number for number in range(len(run))]
