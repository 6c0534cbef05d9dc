"""What transpositions did, as values, tables, arrays and one sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64, Int
from numpy import ndarray

from analysis.datasets.alterations import count_folded
from analysis.datasets.segments import segment_notes
from analysis.numbers import Value, format_value
from analysis.readings.study_run import Answer
from analysis.studies.pools.words import at_ceiling
from analysis.studies.stress.bench import Bench, columns
from analysis.studies.stress.distances import distance_records, distance_value, mean_tally

Records = list[dict[str, Any]]
WHAT = {
    "MIDI alone": "the MIDI is transposed, the audio is the recording",
    "audio alone": "the audio is rendered from transposed notes, the MIDI stays",
    "both": "the MIDI is transposed and the audio rendered from it",
}
PAPERS_SIZE = 3  # semitones of the published retention


@dataclass(frozen=True)
class Found:
    """One model at one shift: ranks by what was moved, distances by side `(taps, n)`, and cosines of the displacements."""

    checkpoint: str
    weights: str
    shift: int
    ranks: Mapping[str, Int[ndarray, "2 q"]]
    distances: Mapping[str, Float32[ndarray, "taps n"]]
    yardstick: Mapping[str, Mapping[str, float | None]]
    alignment: tuple[Float64[ndarray, " n"], Float64[ndarray, " n"]] | None

    @property
    def model(self) -> str:
        """Name and weights, as values begin."""
        return f"{self.checkpoint}, {self.weights}"


def answer(bench: Bench, moved: Sequence[Found], shifts: list[int], sizes: list[int], names: tuple[str, ...]) -> Answer:
    """Values, tables and arrays."""
    models: dict[str, dict[int, Found]] = {}
    for one in moved:
        models.setdefault(one.model, {})[one.shift] = one
    values: list[Value] = []
    tables: dict[str, Records] = {name: [] for name in ("scores", "retention", "distances", "displacements")}
    arrays = bench.pool_arrays()
    for number, by_shift in enumerate(models.values()):
        ordered = [by_shift[shift] for shift in shifts]
        for add in (_scores, _distances, _displacements):
            found, records, its_arrays = add(bench, ordered, number)
            values += found
            arrays |= its_arrays
            tables[add.__name__.strip("_")] += records
        found, tables_rows = _retention(bench, by_shift, sizes)
        values += found
        tables["retention"] += tables_rows
    folded = _folded(bench, shifts)
    arrays["folded"] = folded
    tables |= {"range": _range(bench, shifts, folded), "windows": bench.windows_table(), "pools": [bench.pool_row]}
    tables["sentences"] = [{"text": details(values, names, sizes, bench.pool_row["short"])}]
    return Answer(headline(values, names, sizes, bench.pool_row["short"]), values, tables, arrays)


def shift_label(shift: int) -> str:
    """A shift as it is written on an axis.

    >>> shift_label(-12), shift_label(3), shift_label(0)
    ('−12', '+3', '0')
    """
    return f"{shift:+d}".replace("-", "−") if shift else "0"


def headline(values: Sequence[Value], names: tuple[str, ...], sizes: Sequence[int], pool: str) -> str:
    """How much of S the best of these checkpoints keeps with its MIDI moved, and with both sides moved; at most 30 words.

    Args:
        values: of the study.
        names: of the checkpoints.
        sizes: of the transpositions, in semitones.
        pool: in which S was searched, in short.
    """
    by_name = {value.name: value for value in values}
    best, score = _best(by_name, names)
    size_of_pool = pool.split(", ", maxsplit=1)[0]
    if score.inside_null is not False:
        said = f"S = {format_value(score, 'chance')} among {size_of_pool}: {best} finds too little"
        return f"{said} for a transposition to take anything away."
    size = PAPERS_SIZE if PAPERS_SIZE in sizes else sizes[0]
    alone, both = (by_name.get(f"{best}, trained, {what}, ±{size} semitones: S retained") for what in ("MIDI alone", "both"))
    if alone is None:
        return f"{best} was not transposed by ±{size} semitones."
    said = f"{_share(alone)} of S among {size_of_pool} is left in {best} with MIDI alone moved ±{size} semitones"
    said += f", {_share(both)} with both" if both else ""
    said += f" (chance {100 * (alone.null or 0.0):.1f} %"
    return f"{said}, not distinguishable)." if alone.inside_null else f"{said})."


def details(values: Sequence[Value], names: tuple[str, ...], sizes: Sequence[int], pool: str) -> str:
    """S of that checkpoint with nothing moved, in which pool, and whether both sides of a window move alike."""
    by_name = {value.name: value for value in values}
    best, score = _best(by_name, names)
    said = f"With nothing moved {best} finds S = {format_value(score, 'chance')} of {score.n} windows among {pool}"
    said += f"{': its ceiling, where harm shows late' if at_ceiling(score) else ''}. "
    size = PAPERS_SIZE if PAPERS_SIZE in sizes else sizes[0]
    left = [by_name.get(f"{best}, trained, {what}, ±{size} semitones: S retained") for what in ("MIDI alone", "both")]
    if any(max(one.value or 0.0, one.ci_high or 0.0) > 1 for one in left if one):
        said += "More than 100 % is left where S rises. "
    if left[1] is None:
        return f"{said}The audio cannot be rendered again for this corpus, so that only the MIDI was moved."
    return said + _alike(by_name, best, size)


def _best(by_name: Mapping[str, Value], names: tuple[str, ...]) -> tuple[str, Value]:
    """The checkpoint with the highest S where nothing is moved, and that S."""
    start = {name: by_name[f"{name}, trained, MIDI alone, 0 semitones: S"] for name in names}
    best = max(names, key=lambda name: start[name].value or 0.0)
    return best, start[best]


def _share(value: Value) -> str:
    return format_value(replace(value, null=None))


def _alike(by_name: Mapping[str, Value], best: str, size: int) -> str:
    """Whether the two embeddings of a window move alike, beside windows of other works."""
    label = f"semitones +{size}: cosine of audio and MIDI displacement"
    cosine = by_name.get(f"{best}, trained, {label}")
    if cosine is None or cosine.value is None:
        return "Whether both sides move alike cannot be said from a single work."
    excess = by_name[f"{best}, trained, semitones +{size}: displacement alignment above mismatched windows"]
    said = f"At +{size}, audio and MIDI of a window move with a cosine of {format_value(replace(cosine, null=None))}"
    more = f"that is {format_value(replace(excess, null=None))} more than with windows of other works"
    if excess.inside_null is None:
        return f"{said}; {more}, which so few works cannot tell from none."
    return f"{said}; {more}, not distinguishable from none." if excess.inside_null else f"{said}; {more}."


def _scores(bench: Bench, ordered: list[Found], number: int) -> tuple[list[Value], Records, dict[str, ndarray]]:
    """S by what was moved and shift, and its drop from 0 semitones."""
    values: list[Value] = []
    records: Records = []
    arrays: dict[str, ndarray] = {}
    start = next(one for one in ordered if one.shift == 0)
    for place, what in enumerate(start.ranks):
        name = f"ranks.{number}.{place}"
        arrays[name] = np.stack([one.ranks[what] for one in ordered]).astype(np.int32)
        for row, one in enumerate(ordered):
            label = f"{one.model}, {what}, {shift_label(one.shift)} semitones"
            score, drop = bench.pool.s_value(label, one.ranks[what]), bench.pool.drop(label, start.ranks[what], one.ranks[what])
            values += [score, drop] if one.shift else [score]
            records.append({
                "checkpoint": one.checkpoint, "weights": one.weights, "moved": what, "what": WHAT[what], "semitones": one.shift,
                **columns(score), "n": score.n, **columns(drop, "drop_"), "array": name, "row": row,
            })  # fmt: skip
    return values, records, arrays


def _retention(bench: Bench, by_shift: Mapping[int, Found], sizes: list[int]) -> tuple[list[Value], Records]:
    """Mean of S at +k and −k as a share of S at 0."""
    values: list[Value] = []
    records: Records = []
    start = by_shift[0]
    for what, before in start.ranks.items():
        for size in sizes:
            label = f"{start.model}, {what}, ±{size} semitones"
            value = bench.pool.retention(label, before, *(by_shift[shift].ranks[what] for shift in (-size, size)))
            values.append(value)
            model = {"checkpoint": start.checkpoint, "weights": start.weights}
            records.append({**model, "moved": what, "semitones": size, **columns(value), "n": value.n})
    return values, records


def _distances(bench: Bench, ordered: list[Found], number: int) -> tuple[list[Value], Records, dict[str, ndarray]]:
    """How far every layer of either side moved."""
    values: list[Value] = []
    records: Records = []
    arrays: dict[str, ndarray] = {}
    for side in ordered[0].distances:
        name = f"distances.{number}.{side}"
        arrays[name] = np.stack([one.distances[side] for one in ordered])
        for row, one in enumerate(ordered):
            layers = distance_records(one.distances[side], one.yardstick[side], bench.works)
            if one.shift:
                values.append(distance_value(f"{one.model}, {side}, semitones {shift_label(one.shift)}", layers))
            records += [
                {"checkpoint": one.checkpoint, "weights": one.weights, "side": side, "semitones": one.shift,
                 **record, "array": name, "row": row, "tap_row": tap}
                for tap, record in enumerate(layers)
            ]  # fmt: skip
    return values, records, arrays


def _displacements(bench: Bench, ordered: list[Found], number: int) -> tuple[list[Value], Records, dict[str, ndarray]]:
    """Whether audio and MIDI embeddings go the same way; the null is the way of windows of other works."""
    known = [(one, one.alignment) for one in ordered if one.alignment is not None]
    values: list[Value] = []
    records: Records = []
    for row, (one, (matched, mismatched)) in enumerate(known):
        label, n = f"{one.model}, semitones {shift_label(one.shift)}", len(matched)
        tally, above = mean_tally(matched, bench.works), mean_tally(matched - mismatched, bench.works)
        cosine = Value(
            f"{label}: cosine of audio and MIDI displacement", **tally, n=n, null=float(mismatched.mean()), unit="",
            estimator="mean cosine; null: windows of different works",
        )  # fmt: skip
        excess = Value(
            f"{label}: displacement alignment above mismatched windows", **above, n=n, null=0.0, unit="",
            estimator="paired difference of mean cosines",
        )  # fmt: skip
        values += [cosine, excess]
        records.append({
            "checkpoint": one.checkpoint, "weights": one.weights, "semitones": one.shift, **columns(cosine), "n": n,
            **columns(excess, "above_"), "array": f"displacements.{number}", "row": row,
        })  # fmt: skip
    arrays = {f"displacements.{number}": np.stack([pair for _, pair in known]).astype(np.float32)} if known else {}
    return values, records, arrays


def _folded(bench: Bench, shifts: list[int]) -> Int[ndarray, "shifts n"]:
    """Notes folded back by octaves, by shift and window."""
    notes = [segment_notes(window) for window in bench.windows]
    return np.array([[count_folded(one, shift) if shift else 0 for one in notes] for shift in shifts], np.int32)


def _range(bench: Bench, shifts: list[int], folded: Int[ndarray, "shifts n"]) -> Records:
    """How much of a shift is not the transposition that it says."""
    n_notes = sum(len(segment_notes(window)) for window in bench.windows)
    return [
        {"semitones": shift, "windows_folded": int((row > 0).sum()), "notes_folded": float(row.sum() / n_notes), "n": len(row)}
        for shift, row in zip(shifts, folded, strict=True)
    ]  # fmt: skip
