"""What the parts of the page of bands share: what names a row, its mark by a measure, and the windows behind it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, Unpack

import numpy as np

from analysis.results import Result
from analysis.rows import Numbers
from analysis.studies.bands.rows import LATER, RANDOM, AttributionRow, BandRow, DoseRow, FilterRow, PartRow, ReadingRow, scaled
from analysis.studies.shared_rows import WorkWindowRow
from app.charts import mark as marked
from app.charts.mark import Key, Mark

Clickable = FilterRow | DoseRow | ReadingRow | AttributionRow
C = TypeVar("C", bound=Clickable)
B = TypeVar("B", bound=BandRow)
LOWEST_HZ, MOST = 20.0, 20
FREQUENCY = "frequency (Hz, logarithmic)"
FILTERS = "filters"  # the part of the study that rests on every window
# What the number of a single window is called.
COLUMN: dict[type[Clickable], str] = {
    FilterRow: "distance", DoseRow: "distance", ReadingRow: "correlation", AttributionRow: "attributed",
}  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """What is drawn of a band.

    Attributes:
        title: of the axis.
        what: that means, in a sentence.
        of_filter: the number of a band of the sound.
        of_dose: the number of a band of A4 that is shifted; None where it has none.
        unit: of the marks.
        factor: by which numbers are multiplied to be in it.
        is_share: whether they are divided by the distance between windows of different works.
        null: in words.
    """

    title: str
    what: str
    of_filter: Callable[[FilterRow], Numbers] | None
    of_dose: Callable[[DoseRow], Numbers] | None = None
    unit: str = ""
    factor: float = 1.0
    is_share: bool = False
    null: str = "no change"


MOVED, DISTANCE, DROP = "embedding moved", "cosine distance", "drop in S"
MEASURES = {
    MOVED: Shown(
        "embedding moved (% of the way to another work)",
        "Cosine distance of the audio embedding from where it was, as a share of that between windows of different works.",
        lambda row: row.distance, lambda row: row.distance, "%", 100.0, is_share=True, null=LATER,
    ),
    DISTANCE: Shown(
        "cosine distance (no unit)", "Cosine distance of the audio embedding from where it was.",
        lambda row: row.distance, lambda row: row.distance, null=LATER,
    ),
    DROP: Shown(
        "drop in S (percentage points)", "S as it is minus S without the band, on the same queries.",
        lambda row: row.s_lost, lambda row: row.s_lost, "points", 100.0,
    ),
    "similarity lost": Shown(
        "similarity lost (cosine, no unit)",
        "What a window loses of the cosine similarity with its own notes; of models for sound alone, with itself as it was.",
        lambda row: row.cosine_lost,
    ),
    "distance per dB": Shown(
        "cosine distance per fall of the level (1/dB)",
        "Cosine distance divided by how many dB quieter the sound is without the band.",
        lambda row: row.per_db, unit="1/dB", null="",
    ),
}  # fmt: skip
NORM = Shown(
    "L2 norm of the change (no unit)",
    "L2 norm of the change of the audio embedding as it leaves the head, before any normalisation.",
    None, lambda row: row.norm, null=RANDOM,
)  # fmt: skip


@dataclass(frozen=True)
class BandWindow:
    """A window behind a number: what the table calls its own number, and what it loses of the similarity with its notes."""

    window: WorkWindowRow
    column: str
    number: float
    lost: float | None

    def record(self) -> dict[str, str | float]:
        """Its row of the table."""
        lost = {} if self.lost is None else {"lost": self.lost}
        return {self.column: self.number, **lost, "piece": self.window.piece, "start_s": self.window.start_s}


def bands_of(rows: Sequence[B]) -> list[B]:
    """Rows of bands, without those of controls."""
    return [row for row in rows if row.edges_hz]


def farthest(rows: Sequence[FilterRow], name: str) -> FilterRow:
    """The band without which a trained checkpoint moves farthest."""
    return max((row for row in rows if row.checkpoint == name and not row.is_twin), key=lambda row: row.value or 0.0)


def key_of(row: Clickable) -> Key:
    """What a click on its mark gives."""
    about = (row.checkpoint, row.weights, row.band)
    if isinstance(row, DoseRow):
        return *about, row.dose
    if isinstance(row, ReadingRow):
        return *about, row.layer
    return (*about, row.method) if isinstance(row, AttributionRow) else about


def named(result: Result, kind: type[C], clicked: Sequence[Key]) -> C | None:
    """The row of the last mark that was clicked; None where nothing was, or what there is not any more."""
    wanted = clicked[-1] if clicked else ()
    return next((row for row in result.rows(kind) if key_of(row) == wanted), None)


def edges_of(rows: Sequence[FilterRow]) -> list[float]:
    """Rising edges of all bands in Hz."""
    return sorted({edge for row in rows for edge in row.edges_hz or ()})


def centre(low_hz: float, high_hz: float) -> float:
    """Where a band stands on a logarithmic axis, in Hz.

    >>> centre(250.0, 500.0), centre(0.0, 2000.0)
    (354.0, 200.0)
    """
    return float(f"{math.sqrt(drawn_from(low_hz, high_hz) * high_hz):.3g}")


def drawn_from(low_hz: float, high_hz: float) -> float:
    """Where a band begins on a logarithmic axis, in Hz."""
    return low_hz or min(LOWEST_HZ, high_hz / 2)


def mark_of(row: FilterRow | DoseRow, group: str, shown: Shown, apart: float, **more: Unpack[marked.About]) -> Mark | None:
    """The mark of a row by a measure; None where it has no such number.

    Args:
        row: of a table of bands.
        group: the panel.
        shown: the measure.
        apart: distance between windows of different works, by which it is divided where the measure is a share of that.
        more: what else the mark has.
    """
    number = _number(row, shown)
    if number is None:
        return None
    about: marked.About = {"twin": row.is_twin, "key": key_of(row), "unit": shown.unit, **more}
    return marked.from_row(scaled(number, shown.factor / (apart if shown.is_share else 1.0)), group, row.checkpoint, **about)


def _number(row: FilterRow | DoseRow, shown: Shown) -> Numbers | None:
    if isinstance(row, FilterRow):
        return shown.of_filter and shown.of_filter(row)
    return shown.of_dose and shown.of_dose(row)


def apart_of(result: Result) -> dict[tuple[str, str], float]:
    """Distance between windows of different works, by checkpoint and weights."""
    return {(row.checkpoint, row.weights): row.between_works or 1.0 for row in result.rows(FilterRow)}


def behind(result: Result, row: Clickable, shown: Shown | None = None) -> list[BandWindow]:
    """The windows behind a number, the largest first; of a shift by its norm where that is shown."""
    array, column = row.array, COLUMN[type(row)]
    if isinstance(row, DoseRow) and shown is NORM:
        array, column = row.l2_array, "change"
    numbers, windows = result.arrays[array][row.row], result.rows(WorkWindowRow)
    of_part = {part.part: part.windows for part in result.rows(PartRow)}
    chosen = of_part.get(row.table, of_part[FILTERS])
    lost = result.arrays[row.similarity_array][row.row] if isinstance(row, FilterRow) else None
    return [
        BandWindow(windows[chosen[i]], column, float(numbers[i]), None if lost is None else float(lost[i]))
        for i in np.argsort(-np.abs(numbers), kind="stable")[:MOST].tolist()
    ]


def layer_title(tap: str) -> str:
    """A layer as an axis names it.

    >>> layer_of("audio.in"), layer_of("audio.block.2"), layer_of("midi.embedding")
    ('in', '2', 'emb')
    """
    return tap.partition(".")[2].removeprefix("block.").replace("embedding", "emb")
