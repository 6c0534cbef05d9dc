"""What the parts of the page of bands share: what names a record, its mark by a measure, and the windows behind it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.results import Result
from app.charts.mark import Mark

Row = Mapping[str, Any]
LOWEST_HZ, MOST = 20.0, 20
FREQUENCY = "frequency (Hz, logarithmic)"
LATER = "one sample later"


@dataclass(frozen=True)
class Shown:
    """What is drawn of a band: the first part of its columns, the axis, what that means, unit and factor, the null in words."""

    field: str
    title: str
    what: str
    unit: str = ""
    factor: float = 1.0
    null: str = "no change"


MOVED = "embedding moved"
MEASURES = {
    MOVED: Shown(
        "value", "embedding moved (% of the way to another work)",
        "Cosine distance of the audio embedding from where it was, as a share of that between windows of different works.",
        "%", 100.0, LATER,
    ),
    "cosine distance": Shown(
        "value", "cosine distance (no unit)", "Cosine distance of the audio embedding from where it was.", null=LATER
    ),
    "drop in S": Shown(
        "drop", "drop in S (percentage points)", "S as it is minus S without the band, on the same queries.", "points", 100.0
    ),
    "similarity lost": Shown(
        "similarity_lost", "similarity lost (cosine, no unit)", "What a window loses of the cosine similarity with its own notes."
    ),
    "distance per dB": Shown(
        "distance_per_db", "cosine distance per fall of the level (1/dB)",
        "Cosine distance divided by how many dB quieter the sound is without the band.", "1/dB", null="",
    ),
}  # fmt: skip
NORM = Shown(
    "l2", "L2 norm of the change (no unit)",
    "L2 norm of the change of the audio embedding as it leaves the head, before any normalisation.", null="random direction",
)  # fmt: skip
# What names a record of a table; the part of the windows that it rests on; what its array holds.
PARTS = {
    "filters": (("checkpoint", "weights", "band"), "filters", "distance"),
    "doses": (("checkpoint", "weights", "band", "dose"), "doses", "distance"),
    "reading": (("checkpoint", "weights", "band", "layer"), "reading", "correlation"),
    "attribution": (("checkpoint", "weights", "band", "method"), "attribution", "attributed"),
}


def bands_of(rows: Sequence[Row]) -> list[Row]:
    """Records of bands, without those of controls."""
    return [row for row in rows if row["low_hz"] is not None]


def farthest(rows: Sequence[Row], name: str) -> Row:
    """The band without which a trained checkpoint moves farthest."""
    return max((row for row in rows if (row["checkpoint"], row["weights"]) == (name, "trained")), key=lambda row: row["value"])


def key_of(table: str, row: Row) -> tuple[Any, ...]:
    """What a click on its mark gives."""
    return tuple(row[name] for name in PARTS[table][0])


def named(result: Result, table: str, clicked: Sequence[tuple[Any, ...]]) -> Row | None:
    """The record of the last mark that was clicked; None where nothing was, or what there is not any more."""
    wanted = clicked[-1] if clicked else ()
    return next((row for row in result.tables[table] if key_of(table, row) == wanted), None)


def edges_of(rows: Sequence[Row]) -> list[float]:
    """Rising edges of all bands in Hz."""
    return sorted({float(row[name]) for row in bands_of(rows) for name in ("low_hz", "high_hz")})


def centre(row: Row) -> float:
    """Where a band stands on a logarithmic axis, in Hz.

    >>> centre({"low_hz": 250.0, "high_hz": 500.0}), centre({"low_hz": 0.0, "high_hz": 2000.0})
    (354.0, 200.0)
    """
    return float(f"{math.sqrt(drawn_from(row) * row['high_hz']):.3g}")


def drawn_from(row: Row) -> float:
    """Where a band begins on a logarithmic axis, in Hz."""
    return row["low_hz"] or min(LOWEST_HZ, row["high_hz"] / 2)


def mark_of(row: Row, table: str, group: str, shown: Shown, apart: float, **more: Any) -> Mark | None:
    """The mark of a record by a measure; None where it has no such number.

    Args:
        row: a record.
        table: where it is from.
        group: the panel.
        shown: the measure.
        apart: distance between windows of different works, by which it is divided where the measure is a share of that.
        more: what else the mark has.
    """
    factor = shown.factor / (apart if shown is MEASURES[MOVED] else 1.0)
    prefix = "" if shown.field == "value" else f"{shown.field}_"
    numbers = [row[shown.field], row[f"{prefix}ci_low"], row[f"{prefix}ci_high"]]
    numbers.append(row["null"] if shown.field == "value" else row.get(f"{shown.field}_null", 0.0 if shown.null else None))
    if numbers[0] is None:
        return None
    scaled = [None if number is None else factor * number for number in numbers]
    about = {"twin": row["weights"] != "trained", "key": key_of(table, row), "unit": shown.unit} | more
    value, low, high, null = scaled
    return Mark(group, str(row["checkpoint"]), value or 0.0, low, high, null, row["n"], **about)


def apart_of(result: Result) -> dict[tuple[str, str], float]:
    """Distance between windows of different works, by checkpoint and weights."""
    return {(row["checkpoint"], row["weights"]): row["between_works"] or 1.0 for row in result.tables["filters"]}


def behind(result: Result, table: str, row: Row, shown: Shown | None = None) -> list[dict[str, Any]]:
    """The windows behind a number, the largest first; of a shift by its norm where that is shown."""
    _, part, column = PARTS[table]
    array, column = (row["l2_array"], "change") if shown is NORM else (row["array"], column)
    values = result.arrays[array][row["row"]]
    of_part = {one["part"]: one["windows"] for one in result.tables["window_of"]}
    places = of_part.get(part, of_part["filters"])  # which is every window
    lost = result.arrays[row["similarity_array"]][row["row"]] if "similarity_array" in row else None
    found = []
    for number in np.argsort(-np.abs(values), kind="stable")[:MOST].tolist():
        window = result.tables["windows"][places[number]]
        extra = {} if lost is None else {"lost": float(lost[number])}
        found.append({column: float(values[number]), **extra, "piece": window["piece"], "start_s": window["start_s"]})
    return found


def layer_of(row: Row) -> str:
    """A layer as an axis names it.

    >>> layer_of({"layer": "audio.in"}), layer_of({"layer": "audio.block.2"}), layer_of({"layer": "midi.embedding"})
    ('in', '2', 'emb')
    """
    return str(row["layer"]).partition(".")[2].removeprefix("block.").replace("embedding", "emb")
