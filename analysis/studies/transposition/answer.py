"""What transpositions did, as values, rows and arrays, and in sentences."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64, Int
from numpy import ndarray

from analysis.datasets.alterations import count_folded
from analysis.datasets.pools import size_words
from analysis.datasets.segments import segment_notes
from analysis.numbers import Key, Value, format_value, pick, the
from analysis.readings.embeddings import Weights
from analysis.readings.layer_means import BySide, Side
from analysis.rows import Row, columns
from analysis.studies.base.measurement import Measurement
from analysis.studies.pools.rows import PoolRow
from analysis.studies.pools.scores import RETAINED
from analysis.studies.pools.words import at_ceiling
from analysis.studies.stress.bench import Bench, Model
from analysis.studies.stress.distances import mean_over_windows, tap_rows
from analysis.studies.transposition.rows import (
    WHAT,
    DisplacementRow,
    DistanceRow,
    RangeRow,
    RetentionRow,
    ScoreRow,
    Transposed,
)

FIRST: tuple[Transposed, ...] = ("MIDI alone", "sound")  # what is moved where S at 0 is looked up
PAPERS_SIZE = 3  # semitones of the published retention
COSINE, ABOVE = "cosine of audio and MIDI displacement", "displacement alignment above mismatched windows"  # quantities


@dataclass(frozen=True)
class ShiftRecord:
    """One model at one shift: ranks by what was moved, distances by side `(taps, n)`, and cosines of the displacements."""

    checkpoint: str
    weights: Weights
    shift: int
    ranks: Mapping[Transposed, Int[ndarray, "2 q"]]
    distances: Mapping[Side, Float32[ndarray, "taps n"]]
    yardstick: BySide[dict[str, float | None]]
    alignment: tuple[Float64[ndarray, " n"], Float64[ndarray, " n"]] | None

    @property
    def model(self) -> Model:
        """Name and weights."""
        return self.checkpoint, self.weights

    @property
    def key(self) -> Key:
        """With what the keys of its values begin."""
        return {"checkpoint": self.checkpoint, "weights": self.weights}


class Part(NamedTuple):
    """Values, rows of a table and arrays of one model."""

    values: list[Value]
    rows: Sequence[Row]
    arrays: Mapping[str, ndarray]


def measurement(bench: Bench, moved: Sequence[ShiftRecord], shifts: list[int], sizes: list[int]) -> Measurement:
    """Values, rows and arrays; the range, windows and the pool are what all checkpoints share."""
    models: dict[Model, dict[int, ShiftRecord]] = {}
    for added in moved:
        models.setdefault(added.model, {})[added.shift] = added
    parts: list[Part] = []
    scored = placed = 0
    for number, by_shift in enumerate(models.values()):
        ordered = [by_shift[shift] for shift in shifts]
        parts += [_scores(bench, ordered, scored), _distances(bench, ordered, placed), _displacements(bench, ordered, number)]
        parts.append(_retention(bench, by_shift, sizes))
        scored, placed = scored + len(by_shift[0].ranks), placed + len(by_shift[0].distances)
    values = [value for part in parts for value in part.values]
    folded = _folded(bench, shifts)
    arrays = bench.pool_arrays() | {name: array for part in parts for name, array in part.arrays.items()} | {"folded": folded}
    rows = [row for part in parts for row in part.rows]
    return Measurement(values, [*rows, *_range(bench, shifts, folded), *bench.window_rows(), bench.pool_row], arrays)


def shift_label(shift: int) -> str:
    """A shift as it is written on an axis.

    >>> shift_label(-12), shift_label(3), shift_label(0)
    ('−12', '+3', '0')
    """
    return f"{shift:+d}".replace("-", "−") if shift else "0"


def headline(values: Sequence[Value], names: tuple[str, ...], sizes: Sequence[int], pool: PoolRow) -> str:
    """How much of S the best of these checkpoints keeps with its MIDI moved, and with both sides moved; at most 30 words.

    Args:
        values: of the study.
        names: of the checkpoints.
        sizes: of the transpositions, in semitones.
        pool: in which S was searched.
    """
    best, score = _best(values, names)
    among = f"among {size_words(pool.pool_size)}"
    if score.inside_null is not False:
        sentence = f"S = {format_value(score, 'chance')} {among}: {best} finds too little"
        return f"{sentence} for a transposition to take anything away."
    size, (alone, both) = _left(values, best, sizes)
    if (itself := _itself(values, best, size)) is not None:
        return f"{itself} in {best}."
    if alone is None:
        return f"{best} was not transposed by ±{size} semitones."
    control = f"chance {100 * (alone.null or 0.0):.1f} %{', not distinguishable' if alone.inside_null else ''}"
    sentence = f"{_share(alone)} ({control}) of S {among} is left in {best} with MIDI alone moved ±{size} semitones"
    return f"{sentence}, {_share(both)} with both." if both else f"{sentence}."


def details(values: Sequence[Value], names: tuple[str, ...], sizes: Sequence[int], pool: PoolRow) -> str:
    """S of that checkpoint with nothing moved, in which pool, and whether both sides of a window move alike."""
    best, score = _best(values, names)
    size, left = _left(values, best, sizes)
    if _itself(values, best, size) is not None:
        alone = f"{best} reads sound alone, so that a transposed window has to find itself at 0 semitones"
        return f"{alone} among {pool.short}."
    sentence = f"With nothing moved {best} finds S = {format_value(score, 'chance')} of {score.n} windows among {pool.short}"
    sentence += f"{': its ceiling, where harm shows late' if at_ceiling(score) else ''}. "
    if any(max(value.value or 0.0, value.ci_high or 0.0) > 1 for value in left if value):
        sentence += "More than 100 % is left where S rises. "
    if left[1] is None:
        return f"{sentence}The audio cannot be rendered again for this corpus, so that only the MIDI was moved."
    return sentence + _alike(values, best, size)


def _best(values: Sequence[Value], names: tuple[str, ...]) -> tuple[str, Value]:
    """The checkpoint with the highest S where nothing is moved, and that S."""
    unmoved: dict[str, str | int] = {"weights": "trained", "semitones": 0, "what": "S"}
    by_moved = {moved: {name: pick(values, checkpoint=name, moved=moved, **unmoved) for name in names} for moved in FIRST}
    start = {name: score for known in by_moved.values() for name, score in known.items() if score is not None}
    best = max(names, key=lambda name: start[name].value or 0.0)
    return best, start[best]


def _left(values: Sequence[Value], best: str, sizes: Sequence[int]) -> tuple[int, tuple[Value | None, Value | None]]:
    """The size of a shift that is spoken of, and what is left of S with the MIDI alone and with both sides moved so far."""
    size = PAPERS_SIZE if PAPERS_SIZE in sizes else sizes[0]
    left = {"checkpoint": best, "weights": "trained", "size": size, "what": RETAINED}
    return size, (pick(values, moved="MIDI alone", **left), pick(values, moved="both", **left))


def _itself(values: Sequence[Value], best: str, size: int) -> str | None:
    """How many transposed windows still find themselves, of a model that reads sound alone; None of others."""
    kept = {"size": size, "what": RETAINED, "moved": "sound", "checkpoint": best}
    trained, twin = (pick(values, weights=weights, **kept) for weights in ("trained", "untrained"))
    if trained is None:
        return None
    control = f"chance {100 * (trained.null or 0.0):.1f} %{', not distinguishable' if trained.inside_null else ''}"
    twins = f"untrained twin {_share(replace(twin, ci_low=None, ci_high=None))}, " if twin else ""
    return f"{_share(trained)} of windows still find themselves when transposed by ±{size} semitones ({twins}{control})"


def _share(value: Value) -> str:
    return format_value(replace(value, null=None))


def _alike(values: Sequence[Value], best: str, size: int) -> str:
    """Whether the two embeddings of a window move alike, beside windows of other works."""
    shift = {"checkpoint": best, "weights": "trained", "semitones": size}
    cosine = pick(values, **shift, what=COSINE)
    if cosine is None or cosine.value is None:
        return "Whether both sides move alike cannot be said from a single work."
    excess = the(values, **shift, what=ABOVE)
    sentence = f"At +{size}, audio and MIDI of a window move with a cosine of {format_value(replace(cosine, null=None))}"
    more = f"that is {format_value(replace(excess, null=None))} more than with windows of other works"
    if excess.inside_null is None:
        return f"{sentence}; {more}, which so few works cannot tell from none."
    return f"{sentence}; {more}, not distinguishable from none." if excess.inside_null else f"{sentence}; {more}."


def _scores(bench: Bench, ordered: list[ShiftRecord], first: int) -> Part:
    """S by what was moved and shift, and its drop from 0 semitones."""
    values: list[Value] = []
    rows: list[ScoreRow] = []
    arrays: dict[str, ndarray] = {}
    start = next(record for record in ordered if record.shift == 0)
    for order, what in enumerate(start.ranks):
        array = f"ranks.{first + order}"
        arrays[array] = np.stack([record.ranks[what] for record in ordered]).astype(np.int32)
        for row, record in enumerate(ordered):
            key = {**record.key, "moved": what, "semitones": record.shift}
            score, drop = bench.pool.s_value(key, record.ranks[what]), bench.pool.drop(key, start.ranks[what], record.ranks[what])
            values += [score, drop] if record.shift else [score]
            rows.append(ScoreRow(
                *record.model, what, WHAT[what], record.shift, **columns(score), drop_value=drop.value, drop_ci_low=drop.ci_low,
                drop_ci_high=drop.ci_high, drop_null=drop.null, array=array, row=row,
            ))  # fmt: skip
    return Part(values, rows, arrays)


def _retention(bench: Bench, by_shift: Mapping[int, ShiftRecord], sizes: list[int]) -> Part:
    """Mean of S at +k and −k as a share of S at 0."""
    values: list[Value] = []
    rows: list[RetentionRow] = []
    start = by_shift[0]
    for what, before in start.ranks.items():
        for size in sizes:
            key = {**start.key, "moved": what, "size": size}
            value = bench.pool.retention(key, before, *(by_shift[shift].ranks[what] for shift in (-size, size)))
            values.append(value)
            rows.append(RetentionRow(*start.model, what, size, **columns(value)))
    return Part(values, rows, {})


def _distances(bench: Bench, ordered: list[ShiftRecord], first: int) -> Part:
    """How far every layer of either side moved; of shifts other than 0 the joint embedding is a value."""
    values: list[Value] = []
    rows: list[DistanceRow] = []
    arrays: dict[str, ndarray] = {}
    for order, side in enumerate(ordered[0].distances):
        array = f"distances.{first + order}"
        arrays[array] = np.stack([record.distances[side] for record in ordered])
        for row, record in enumerate(ordered):
            key = {**record.key, "side": side, "semitones": record.shift}
            taps = tap_rows(key, record.distances[side], record.yardstick.of(side), bench.works)
            values += [taps[-1].distance] if record.shift else []
            rows += [
                DistanceRow(
                    *record.model, side, record.shift, tap.tap, tap.layer, **columns(tap.distance), yardstick=tap.yardstick,
                    array=array, row=row, tap_row=tap_row,
                )
                for tap_row, tap in enumerate(taps)
            ]  # fmt: skip
    return Part(values, rows, arrays)


def _displacements(bench: Bench, ordered: list[ShiftRecord], number: int) -> Part:
    """Whether audio and MIDI embeddings go the same way; the null is the way of windows of other works."""
    known = [(record, record.alignment) for record in ordered if record.alignment is not None]
    values: list[Value] = []
    rows: list[DisplacementRow] = []
    for row, (record, (matched, mismatched)) in enumerate(known):
        key, works = {**record.key, "semitones": record.shift}, bench.works
        of_others = "mean cosine; null: windows of different works"
        cosine = mean_over_windows({**key, "what": COSINE}, matched, works, float(mismatched.mean()), of_others)
        paired = "paired difference of mean cosines"
        above = mean_over_windows({**key, "what": ABOVE}, matched - mismatched, works, 0.0, paired)
        values += [cosine, above]
        rows.append(DisplacementRow(
            *record.model, record.shift, **columns(cosine), above_value=above.value, above_ci_low=above.ci_low,
            above_ci_high=above.ci_high, above_null=above.null, array=f"displacements.{number}", row=row,
        ))  # fmt: skip
    arrays = {f"displacements.{number}": np.stack([pair for _, pair in known]).astype(np.float32)} if known else {}
    return Part(values, rows, arrays)


def _folded(bench: Bench, shifts: list[int]) -> Int[ndarray, "shifts n"]:
    """Notes folded back by octaves, by shift and window."""
    notes = [segment_notes(window) for window in bench.windows]
    return np.array(
        [[count_folded(notes_of_window, shift) if shift else 0 for notes_of_window in notes] for shift in shifts], np.int32
    )


def _range(bench: Bench, shifts: list[int], folded: Int[ndarray, "shifts n"]) -> Iterable[RangeRow]:
    """How much of every shift is not the transposition that it says."""
    n_notes = sum(len(segment_notes(window)) for window in bench.windows)
    for shift, counts in zip(shifts, folded, strict=True):
        yield RangeRow(shift, int((counts > 0).sum()), float(counts.sum() / n_notes), len(counts))
