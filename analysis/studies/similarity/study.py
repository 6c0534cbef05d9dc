"""Do layers and encoders speak the same language? Similarity of all pairs of layers beside shuffled pairs and untrained twins."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Annotated

import numpy as np
from numpy import ndarray

from analysis.datasets.segments import Segment
from analysis.errors import ConfigError
from analysis.measures.cka import gaussian_null
from analysis.measures.layer_grids import shuffles_by_work
from analysis.measures.registry import MEASURES, Measure, measure
from analysis.readings.embeddings import Weights, list_windows
from analysis.readings.layer_means import SIDES, Side
from analysis.readings.study_run import Answer, StudyRun
from analysis.rows import tables_of
from analysis.studies.settings import Seed, Setting, Split, WindowsPerPiece
from analysis.studies.shared_rows import SentenceRow, work_window_rows
from analysis.studies.similarity import words as similarity_words
from analysis.studies.similarity.grids import (
    WITHOUT_LARGEST,
    LayerGrid,
    Tick,
    Width,
    WorkShuffles,
    columns_of,
    compare,
    widths,
    without_largest,
)
from analysis.studies.similarity.layers import Stack, StackKey, read_inputs, read_stack
from analysis.studies.similarity.rows import CellRow, Compared, GridRow, LayerRow, MeasureRow, WorkRow

WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
ACROSS = ("same side", "every side", "none")
ACROSS_MEASURES = ("debiased CKA", "biased CKA")
GAUSSIAN = "biased CKA"
FEWEST_WINDOWS = 4  # of which the debiased estimators make something
MAX_WINDOWS = 1_000  # a matrix over windows for every layer of two models is held in fp64
FEWEST_SHUFFLES = 20
Pair = tuple[Stack, Stack]
Sizes = Mapping[StackKey, Mapping[str, Width]]


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
class _Gathered:
    """What is gathered on the way."""

    works: WorkShuffles
    cells: list[CellRow] = field(default_factory=list)
    grids: list[GridRow] = field(default_factory=list)
    arrays: dict[str, ndarray] = field(default_factory=dict)
    within: dict[tuple[str, Weights, str], LayerGrid] = field(default_factory=dict)
    across: list[tuple[Pair, LayerGrid]] = field(default_factory=list)


def run(request: Request, study_run: StudyRun) -> Answer:
    """Compare the layers of every checkpoint and of its untrained twin, audio with MIDI, and checkpoints with each other.

    Raises:
        ConfigError: the measure, `across` or the number of shuffles is not one that is offered.
        CorpusError: there are fewer than 4 windows.
        Cancelled: somebody asked to stop.
    """
    chosen = _checked(request)
    pairs_of = list(_pairs(tuple(study_run.checkpoints), request.across))
    n_parts = 2 + (len(SIDES) * len(study_run.checkpoints) + len(pairs_of)) * len(WEIGHTS)
    segments = _thinned(
        list_windows(study_run.part(0, n_parts), request.split, request.windows_per_piece, FEWEST_WINDOWS), study_run
    )
    works = _works(segments, request, study_run.cancel.check)
    inputs, number = read_inputs(study_run.part(1, n_parts), segments), 2
    stacks: dict[StackKey, Stack] = {}
    for name, checkpoint in study_run.checkpoints.items():
        for weights, side in product(WEIGHTS, SIDES):
            part = study_run.part(number, n_parts)
            stacks[name, weights, side] = read_stack(part, checkpoint, segments, weights, side, inputs)
            number += 1
    gathered, sizes = _Gathered(works), {key: widths(stack) for key, stack in stacks.items()}
    for (first, second), weights in product(pairs_of, WEIGHTS):
        pair = stacks[first[0], weights, first[1]], stacks[second[0], weights, second[1]]
        _compare_pair(study_run.part(number, n_parts), pair, sizes, chosen, request, gathered)
        number += 1
    summary, differences = similarity_words.summarise(gathered.within, gathered.across, works, chosen.name)
    about = summary, differences, chosen.name, study_run.ranked
    rows = [*summary, *differences, *gathered.cells, *gathered.grids, *_layer_rows(sizes), *_measure_rows(), *_work_rows(works)]
    rows += [*work_window_rows(segments), SentenceRow(similarity_words.details(*about))]
    values = [row.number for row in (*summary, *differences)]
    return Answer(similarity_words.headline(*about), values, tables_of(rows), gathered.arrays)


def _checked(request: Request) -> Measure:
    if request.across not in ACROSS:
        raise ConfigError(f"across is {request.across!r}; expected one of {', '.join(map(repr, ACROSS))}.")
    if request.n_shuffles < FEWEST_SHUFFLES:
        raise ConfigError(f"n_shuffles is {request.n_shuffles}; expected {FEWEST_SHUFFLES} or more, to tell the highest 5 %.")
    return measure(request.measure)


def _thinned(segments: list[Segment], study_run: StudyRun) -> list[Segment]:
    if len(segments) <= MAX_WINDOWS:
        return segments
    study_run.notice(f"Of {len(segments)} windows {MAX_WINDOWS}, evenly spread, are compared.")
    return [segments[number * len(segments) // MAX_WINDOWS] for number in range(MAX_WINDOWS)]


def _works(segments: Sequence[Segment], request: Request, tick: Callable[[], None]) -> WorkShuffles:
    names = tuple(dict.fromkeys(segment.piece.group for segment in segments))
    of_window = np.array([names.index(segment.piece.group) for segment in segments], np.int64)
    n_shuffles = request.n_shuffles if len(names) > 1 else 0
    if not n_shuffles:
        return WorkShuffles(names, of_window, np.empty((0, len(segments)), np.int64))
    return WorkShuffles(names, of_window, shuffles_by_work(of_window, n_shuffles, seed=request.seed, tick=tick))


def _pairs(names: tuple[str, ...], across: str) -> Iterator[tuple[tuple[str, Side], tuple[str, Side]]]:
    """Which stacks are compared: within every checkpoint first."""
    for name in names:
        yield (name, "audio"), (name, "midi")
    if across == "every side":
        for name in names:
            for side in SIDES:
                yield (name, side), (name, side)
    for first, other in combinations(names, 2) if across != "none" else ():
        for side in SIDES:
            yield (first, side), (other, side)
        if across == "every side":
            yield (first, "audio"), (other, "midi")
            yield (first, "midi"), (other, "audio")


def _compare_pair(study_run: StudyRun, pair: Pair, sizes: Sizes, chosen: Measure, request: Request, gathered: _Gathered) -> None:
    first, second = pair
    within = first.checkpoint == second.checkpoint and first.side != second.side
    names = tuple(MEASURES) if within else tuple(dict.fromkeys((*ACROSS_MEASURES, chosen.name)))
    what = f"{first.checkpoint} {first.side} with {second.checkpoint} {second.side}, {first.weights}"
    for step, name in enumerate(names):
        tick = _ticker(study_run, step, len(names) + within, f"{what}: {name}")
        grid = compare(first, second, MEASURES[name], gathered.works, request.seed, tick, behind=name == chosen.name)
        gathered.cells += _cell_rows(pair, grid, gathered.works, sizes)
        if within:
            gathered.within[first.checkpoint, first.weights, name] = grid
        if name == chosen.name:
            _keep_behind(pair, grid, gathered)
            if not within:
                gathered.across.append((pair, grid))
    if within:
        tick = _ticker(study_run, len(names), len(names) + 1, f"{what}: {WITHOUT_LARGEST}")
        gathered.cells += _outlier_rows(pair, sizes, tick)


def _ticker(study_run: StudyRun, done: int, total: int, what: str) -> Tick:
    return lambda: study_run.step(done, total, what)


def _keep_behind(pair: Pair, grid: LayerGrid, gathered: _Gathered) -> None:
    """What leads from a cell to its sounds: the share of every window, and the cell without each work."""
    number, names = len(gathered.grids), (None, None)
    if grid.contributions is not None:
        shares, without = names = f"contributions.{number}", f"without_work.{number}"
        gathered.arrays[shares] = grid.contributions
        gathered.arrays[without] = np.moveaxis(grid.without, 0, -1).astype(np.float32)
    gathered.grids.append(GridRow(*_compared(pair), pair[0].weights, grid.measure, tuple(grid.rows), tuple(grid.columns), *names))


def _compared(pair: Pair) -> Compared:
    first, second = pair
    return Compared(first.checkpoint, first.side, second.checkpoint, second.side)


def _cell_rows(pair: Pair, grid: LayerGrid, works: WorkShuffles, sizes: Sizes) -> list[CellRow]:
    rows, n, (first, second) = [], len(works.of_window), pair
    for row, column in product(first.layers, second.layers):
        (p, p_ratio), (q, q_ratio) = sizes[first.key][row], sizes[second.key][column]
        numbers = columns_of(grid.estimate(works, [row], [column]))
        gaussian = gaussian_null(n, p_ratio, q_ratio) if grid.measure == GAUSSIAN and p_ratio and q_ratio else None
        why = grid.reasons.get((0, row)) or grid.reasons.get((1, column)) or ""
        rows.append(CellRow(
            *_compared(pair), first.weights, row, column, p, q, p_ratio, q_ratio, grid.measure, *numbers, gaussian, n, why,
        ))  # fmt: skip
    return rows


def _outlier_rows(pair: Pair, sizes: Sizes, tick: Tick) -> list[CellRow]:
    rows, (first, second) = [], pair
    for (row, column), (value, n, why) in without_largest(first, second, tick).items():
        (p, p_ratio), (q, q_ratio) = sizes[first.key][row], sizes[second.key][column]
        rows.append(CellRow(
            *_compared(pair), first.weights, row, column, p, q, p_ratio, q_ratio, WITHOUT_LARGEST,
            value, None, None, None, None, None, gaussian_null=None, n=n, reason=why,
        ))  # fmt: skip
    return rows


def _layer_rows(sizes: Sizes) -> list[LayerRow]:
    return [LayerRow(*key, label, *width) for key, layers in sizes.items() for label, width in layers.items()]


def _measure_rows() -> list[MeasureRow]:
    return [
        MeasureRow(
            each.name,
            each.estimator,
            each.low,
            each.high,
            each.min_n,
            each.larger_is_more_alike,
            tuple(sorted(each.invariances)),
            each.reference,
        )
        for each in MEASURES.values()
    ]


def _work_rows(works: WorkShuffles) -> list[WorkRow]:
    return [WorkRow(name, n) for name, n in zip(works.names, works.sizes.tolist(), strict=True)]


def check(request: Request) -> None:
    """Refuse what cannot be computed, before anything is opened.

    Raises:
        ConfigError: the measure, `across` or the number of shuffles is not one that is offered.
    """
    _checked(request)
