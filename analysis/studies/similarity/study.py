"""Do layers and encoders speak the same language? Similarity of all pairs of layers beside shuffled pairs and untrained twins."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Annotated, Any

import numpy as np
from numpy import ndarray

from analysis.datasets.segments import Segment
from analysis.errors import ConfigError
from analysis.measures.cka import gaussian_null
from analysis.measures.layer_grids import shuffles_by_work
from analysis.measures.registry import MEASURES, Measure, measure
from analysis.readings.embeddings import Weights, list_windows
from analysis.readings.layer_means import SIDES, Side
from analysis.readings.study_run import Answer, Desk
from analysis.studies.settings import Seed, Setting, Split, WindowsPerPiece
from analysis.studies.similarity import words as similarity_words
from analysis.studies.similarity.grids import WITHOUT_LARGEST, Grid, Works, compare, widths, without_largest
from analysis.studies.similarity.layers import Stack, read_inputs, read_stack

WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
ACROSS = ("same side", "every side", "none")
ACROSS_MEASURES = ("debiased CKA", "biased CKA")
GAUSSIAN = "biased CKA"
FEWEST_WINDOWS = 4  # of which the debiased estimators make something
MAX_WINDOWS = 1_000  # a matrix over windows for every layer of two models is held in fp64
FEWEST_SHUFFLES = 20
Stacks = dict[tuple[str, Weights, Side], Stack]
Pair = tuple[Stack, Stack]


@dataclass(frozen=True)
class Request:
    """Windows of a split, about 260 of 22 pieces by default; all measures are computed and one is in the headline.

    Attributes:
        checkpoints: names or folders.
        corpus: name or folder.
        split: of the corpus, or "all".
        windows_per_piece: at most; 1 gives examples that are independent of each other.
        measure: of the headline and of contributions, see `analysis.measures.registry`.
        across: between checkpoints, "same side" (audio with audio, MIDI with MIDI), "every side" (also audio with MIDI, and each
            side with itself), or "none".
        n_shuffles: draws of the null.
        seed: of shuffles and batches.
    """

    checkpoints: tuple[str, ...]
    corpus: str = "full"
    split: Split = "test"
    windows_per_piece: WindowsPerPiece = 12
    measure: Annotated[str, Setting("Of the headline and of contributions.", words=tuple(MEASURES))] = "debiased CKA"
    across: Annotated[str, Setting("What is compared between checkpoints.", words=ACROSS)] = "same side"
    n_shuffles: Annotated[int, Setting("Draws of the null.", 0, 2_000)] = 200
    seed: Seed = 42


@dataclass
class _Found:
    """What is collected on the way."""

    works: Works
    cells: list[dict[str, Any]] = field(default_factory=list)
    grids: list[dict[str, Any]] = field(default_factory=list)
    arrays: dict[str, ndarray] = field(default_factory=dict)
    within: dict[tuple[str, Weights, str], Grid] = field(default_factory=dict)
    across: list[tuple[Pair, Grid]] = field(default_factory=list)


def run(request: Request, desk: Desk) -> Answer:
    """Compare the layers of every checkpoint and of its untrained twin, audio with MIDI, and checkpoints with each other.

    Raises:
        ConfigError: the measure, `across` or the number of shuffles is not one that is offered.
        CorpusError: there are fewer than 4 windows.
        Cancelled: somebody asked to stop.
    """
    chosen = _checked(request)
    pairs_of = list(_pairs(tuple(desk.checkpoints), request.across))
    n_parts = 2 + (len(SIDES) * len(desk.checkpoints) + len(pairs_of)) * len(WEIGHTS)
    segments = _thinned(list_windows(desk.part(0, n_parts), request.split, request.windows_per_piece, FEWEST_WINDOWS), desk)
    works = _works(segments, request, desk.cancel.check)
    inputs, number = read_inputs(desk.part(1, n_parts), segments), 2
    stacks: Stacks = {}
    for name, checkpoint in desk.checkpoints.items():
        for weights in WEIGHTS:
            for side in SIDES:
                part = desk.part(number, n_parts)
                stacks[name, weights, side] = read_stack(part, checkpoint, segments, weights, side, inputs)
                number += 1
    found, sizes = _Found(works), {key: widths(stack) for key, stack in stacks.items()}
    for first, second in pairs_of:
        for weights in WEIGHTS:
            pair = stacks[first[0], weights, first[1]], stacks[second[0], weights, second[1]]
            _compare_pair(desk.part(number, n_parts), pair, sizes, chosen, request, found)
            number += 1
    summary, differences = similarity_words.summarise(found.within, found.across, works, chosen.name)
    tables = {
        "summary": summary, "differences": differences, "cells": found.cells, "grids": found.grids,
        "layers": _layer_rows(stacks, sizes), "measures": _measure_rows(), "works": _work_rows(works),
        "windows": [{"piece": one.piece.piece_id, "start_s": one.start_s, "work": one.piece.group} for one in segments],
    }  # fmt: skip
    values = similarity_words.values(summary, differences, len(segments))
    said = [
        words(summary, differences, chosen.name, desk.ranked) for words in (similarity_words.headline, similarity_words.details)
    ]
    tables["sentences"] = [{"text": said[1]}]
    return Answer(said[0], values, tables, found.arrays)


def _checked(request: Request) -> Measure:
    if request.across not in ACROSS:
        raise ConfigError(f"across is {request.across!r}; expected one of {', '.join(map(repr, ACROSS))}.")
    if request.n_shuffles < FEWEST_SHUFFLES:
        raise ConfigError(f"n_shuffles is {request.n_shuffles}; expected {FEWEST_SHUFFLES} or more, to tell the highest 5 %.")
    return measure(request.measure)


def _thinned(segments: list[Segment], desk: Desk) -> list[Segment]:
    if len(segments) <= MAX_WINDOWS:
        return segments
    desk.notice(f"Of {len(segments)} windows {MAX_WINDOWS}, evenly spread, are compared.")
    return [segments[number * len(segments) // MAX_WINDOWS] for number in range(MAX_WINDOWS)]


def _works(segments: Sequence[Segment], request: Request, tick: Callable[[], None]) -> Works:
    names = tuple(dict.fromkeys(one.piece.group for one in segments))
    of_window = np.array([names.index(one.piece.group) for one in segments], np.int64)
    n_shuffles = request.n_shuffles if len(names) > 1 else 0
    if not n_shuffles:
        return Works(names, of_window, np.empty((0, len(segments)), np.int64))
    return Works(names, of_window, shuffles_by_work(of_window, n_shuffles, seed=request.seed, tick=tick))


def _pairs(names: tuple[str, ...], across: str) -> Iterator[tuple[tuple[str, Side], tuple[str, Side]]]:
    """Which stacks are compared: within every checkpoint first."""
    for name in names:
        yield (name, "audio"), (name, "midi")
    if across == "every side":
        for name in names:
            for side in SIDES:
                yield (name, side), (name, side)
    for one, other in combinations(names, 2) if across != "none" else ():
        for side in SIDES:
            yield (one, side), (other, side)
        if across == "every side":
            yield (one, "audio"), (other, "midi")
            yield (one, "midi"), (other, "audio")


def _compare_pair(desk: Desk, pair: Pair, sizes: Mapping[Any, Any], chosen: Measure, request: Request, found: _Found) -> None:
    first, second = pair
    within = first.checkpoint == second.checkpoint and first.side != second.side
    names = tuple(MEASURES) if within else tuple(dict.fromkeys((*ACROSS_MEASURES, chosen.name)))
    what = f"{first.checkpoint} {first.side} with {second.checkpoint} {second.side}, {first.weights}"
    for place, name in enumerate(names):
        tick = _ticker(desk, place, len(names) + within, f"{what}: {name}")
        grid = compare(first, second, MEASURES[name], found.works, request.seed, tick, behind=name == chosen.name)
        found.cells += _cell_rows(pair, grid, found.works, sizes)
        if within:
            found.within[first.checkpoint, first.weights, name] = grid
        if name == chosen.name:
            _keep_behind(pair, grid, found)
            if not within:
                found.across.append((pair, grid))
    if within:
        tick = _ticker(desk, len(names), len(names) + 1, f"{what}: {WITHOUT_LARGEST}")
        found.cells += _outlier_rows(pair, sizes, tick)


def _ticker(desk: Desk, done: int, total: int, what: str) -> Any:
    return lambda: desk.step(done, total, what)


def _keep_behind(pair: Pair, grid: Grid, found: _Found) -> None:
    """What leads from a cell to its sounds: the share of every window, and the cell without each work."""
    number = len(found.grids)
    names = {"contributions": f"contributions.{number}", "without_work": f"without_work.{number}"}
    if grid.contributions is not None:
        found.arrays[names["contributions"]] = grid.contributions
        found.arrays[names["without_work"]] = np.moveaxis(grid.without, 0, -1).astype(np.float32)
    kept = names if grid.contributions is not None else dict.fromkeys(names)
    found.grids.append({**_pair_columns(pair), "estimator": grid.measure, "rows": grid.rows, "columns": grid.columns, **kept})


def _pair_columns(pair: Pair) -> dict[str, Any]:
    first, second = pair
    return {
        "first": first.checkpoint, "first_side": first.side, "second": second.checkpoint, "second_side": second.side,
        "weights": first.weights,
    }  # fmt: skip


def _cell_rows(pair: Pair, grid: Grid, works: Works, sizes: Mapping[Any, Any]) -> list[dict[str, Any]]:
    rows, n = [], len(works.of_window)
    for row in pair[0].layers:
        for column in pair[1].layers:
            about = _cell_columns(pair, row, column, sizes) | {"estimator": grid.measure}
            estimate = grid.estimate(works, [row], [column])
            numbers = estimate.record() if estimate else _NOTHING
            why = grid.reasons.get((0, row)) or grid.reasons.get((1, column)) or ""
            rows.append(about | numbers | {"gaussian_null": _gaussian(about, n), "n": n, "reason": why})
    return rows


def _gaussian(about: Mapping[str, Any], n: int) -> float | None:
    """What biased CKA of independent Gaussian data would be, with participation ratios in place of widths."""
    p, q = about["first_pr"], about["second_pr"]
    return None if about["estimator"] != GAUSSIAN or p is None or q is None else gaussian_null(n, p, q)


def _outlier_rows(pair: Pair, sizes: Mapping[Any, Any], tick: Any) -> list[dict[str, Any]]:
    rows = []
    for (row, column), (value, n, why) in without_largest(*pair, tick).items():
        about = _cell_columns(pair, row, column, sizes) | {"estimator": WITHOUT_LARGEST} | _NOTHING
        rows.append(about | {"value": value, "gaussian_null": None, "n": n, "reason": why})
    return rows


_NOTHING: dict[str, Any] = dict.fromkeys(("value", "ci_low", "ci_high", "null", "null_high", "inside_null"))


def _cell_columns(pair: Pair, row: str, column: str, sizes: Mapping[Any, Any]) -> dict[str, Any]:
    (p, first_pr), (q, second_pr) = (
        sizes[stack.checkpoint, stack.weights, stack.side][label] for stack, label in zip(pair, (row, column), strict=True)
    )
    about = _pair_columns(pair)
    return about | {"first_layer": row, "second_layer": column, "p": p, "q": q, "first_pr": first_pr, "second_pr": second_pr}


def _layer_rows(stacks: Stacks, sizes: Mapping[Any, Any]) -> list[dict[str, Any]]:
    return [
        {"checkpoint": key[0], "weights": key[1], "side": key[2], "layer": label, "p": width, "participation_ratio": ratio}
        for key in stacks
        for label, (width, ratio) in sizes[key].items()
    ]


def _measure_rows() -> list[dict[str, Any]]:
    return [
        {
            "name": one.name, "estimator": one.estimator, "low": one.low, "high": one.high, "min_n": one.min_n,
            "larger_is_more_alike": one.larger_is_more_alike, "invariances": sorted(one.invariances), "reference": one.reference,
        }
        for one in MEASURES.values()
    ]  # fmt: skip


def _work_rows(works: Works) -> list[dict[str, Any]]:
    return [{"work": name, "n": int(n)} for name, n in zip(works.names, works.sizes, strict=True)]


def check(request: Request) -> None:
    """Refuse what cannot be computed, before anything is opened.

    Raises:
        ConfigError: the measure, `across` or the number of shuffles is not one that is offered.
    """
    _checked(request)
