"""Do layers and encoders speak the same language? Similarity of all pairs of layers beside shuffled pairs and untrained twins."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Annotated

import numpy as np

from analysis.datasets.segments import Segment
from analysis.errors import ConfigError
from analysis.measures import registry
from analysis.measures.layer_grids import shuffles_by_work
from analysis.measures.registry import MEASURES
from analysis.models.checkpoint import Checkpoint
from analysis.models.poolings import MEAN
from analysis.readings.embeddings import Weights, list_windows
from analysis.readings.layer_means import SIDES, Side
from analysis.readings.study_run import Answer, StudyRun
from analysis.studies.base.measurement import About, Measurement, ranked
from analysis.studies.base.settings import Pooled, Seed, Setting, Split, WindowsPerPiece
from analysis.studies.shared_rows import SentenceRow, work_window_rows
from analysis.studies.similarity import words as similarity_words
from analysis.studies.similarity.grids import Width, WorkShuffles, widths
from analysis.studies.similarity.layers import Stack, StackKey, read_inputs, read_stack
from analysis.studies.similarity.pairs import Gathered, Sizes, compare_pair
from analysis.studies.similarity.rows import DifferenceRow, LayerRow, MeanRow, MeasureRow, SummaryRow, WorkRow

WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
ACROSS = ("same side", "every side", "none")
FEWEST_WINDOWS = 4  # of which the debiased estimators make something
MAX_WINDOWS = 1_000  # a matrix over windows for every layer of two models is held in fp64
FEWEST_SHUFFLES = 20
OneSide = tuple[str, Side]  # checkpoint and side


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
        pooling: of the tokens of layers.
        seed: of shuffles and batches.
    """

    checkpoints: tuple[str, ...]
    corpus: str = "full"
    split: Split = "test"
    windows_per_piece: WindowsPerPiece = 12
    measure: Annotated[str, Setting("Of the headline and of contributions.", words=tuple(MEASURES))] = "debiased CKA"
    across: Annotated[str, Setting("What is compared between checkpoints.", words=ACROSS)] = "same side"
    n_shuffles: Annotated[int, Setting("Draws of the null.", 0, 2_000)] = 200
    pooling: Pooled = MEAN
    seed: Seed = 42


def measure(request: Request, study_run: StudyRun) -> Measurement:
    """Compare the layers of every checkpoint and of its untrained twin, audio with MIDI.

    Raises:
        ConfigError: the measure, `across` or the number of shuffles is not one that is offered.
        CorpusError: there are fewer than 4 windows.
        Cancelled: somebody asked to stop.
    """
    chosen = _checked(request)
    names = tuple(study_run.checkpoints)
    compared = [pair for name in names for pair in _within(name, request.across)]
    n_parts = _n_parts(names, compared)
    segments = list_windows(study_run.part(0, n_parts), request.split, request.windows_per_piece, FEWEST_WINDOWS)
    if len(segments) > MAX_WINDOWS:
        study_run.notice(f"Of {len(segments)} windows {MAX_WINDOWS}, evenly spread, are compared.")
    segments = _thinned(segments)
    gathered = Gathered(_works(segments, request, study_run.cancel.check))
    stacks = _stacks(study_run, names, segments, n_parts, request.pooling)
    sizes = {key: widths(stack) for key, stack in stacks.items()}
    _compare_all(request, study_run, compared, stacks, sizes, gathered)
    summary = similarity_words.summarise(gathered.within, gathered.across, gathered.works)
    differences = similarity_words.gains(gathered.within, gathered.works, chosen.name)
    means, mean_arrays = similarity_words.means(gathered.within, chosen.name)
    rows = [*summary, *differences, *means, *gathered.cells, *gathered.grids, *_layer_rows(sizes)]
    rows += [*_measure_rows(), *_work_rows(gathered.works), *work_window_rows(segments)]
    return Measurement([row.number for row in (*summary, *differences)], rows, gathered.arrays | mean_arrays)


def compare(request: Request, study_run: StudyRun, pairs: Sequence[About], singles: Measurement) -> Measurement:
    """Compare the layers of checkpoints with each other, all of these pairs from one reading, and their means over blocks.

    Raises:
        Cancelled: somebody asked to stop.
    """
    chosen = _checked(request)
    compared = [sides for first, second in pairs for sides in _between(first, second, request.across)]
    names = tuple(dict.fromkeys(name for sides in compared for name, _ in sides))
    n_parts = _n_parts(names, compared)
    segments = _thinned(list_windows(study_run.part(0, n_parts), request.split, request.windows_per_piece, FEWEST_WINDOWS))
    gathered = Gathered(_works(segments, request, study_run.cancel.check))
    if compared:
        stacks = _stacks(study_run, names, segments, n_parts, request.pooling)
        _compare_all(request, study_run, compared, stacks, _sizes(singles.of(LayerRow)), gathered)
    summary = similarity_words.summarise({}, gathered.across, gathered.works)
    means = {row.checkpoint: singles.arrays[row.array] for row in singles.of(MeanRow)}
    differences = list(similarity_words.differences(means, pairs, gathered.works, chosen.name))
    rows = [*summary, *differences, *gathered.cells, *gathered.grids]
    return Measurement([row.number for row in (*summary, *differences)], rows, gathered.arrays)


def conclude(request: Request, checkpoints: Mapping[str, Checkpoint], measured: Measurement) -> Answer:
    """In which of them audio and MIDI are most alike, and in which least."""
    about = measured.of(SummaryRow), measured.of(DifferenceRow), request.measure, ranked(checkpoints)
    return measured.answer(similarity_words.headline(*about), [SentenceRow(similarity_words.details(*about))])


def _checked(request: Request) -> registry.Measure:
    if request.across not in ACROSS:
        raise ConfigError(f"across is {request.across!r}; expected one of {', '.join(map(repr, ACROSS))}.")
    if request.n_shuffles < FEWEST_SHUFFLES:
        raise ConfigError(f"n_shuffles is {request.n_shuffles}; expected {FEWEST_SHUFFLES} or more, to tell the highest 5 %.")
    return registry.measure(request.measure)


def _thinned(segments: list[Segment]) -> list[Segment]:
    """All windows, or `MAX_WINDOWS` of them, evenly spread."""
    if len(segments) <= MAX_WINDOWS:
        return segments
    return [segments[number * len(segments) // MAX_WINDOWS] for number in range(MAX_WINDOWS)]


def _works(segments: Sequence[Segment], request: Request, tick: Callable[[], None]) -> WorkShuffles:
    names = tuple(dict.fromkeys(segment.piece.group for segment in segments))
    of_window = np.array([names.index(segment.piece.group) for segment in segments], np.int64)
    n_shuffles = request.n_shuffles if len(names) > 1 else 0
    if not n_shuffles:
        return WorkShuffles(names, of_window, np.empty((0, len(segments)), np.int64))
    return WorkShuffles(names, of_window, shuffles_by_work(of_window, n_shuffles, seed=request.seed, tick=tick))


def _within(name: str, across: str) -> list[tuple[OneSide, OneSide]]:
    """Which stacks of a checkpoint are compared with each other."""
    itself = SIDES if across == "every side" else ()
    return [((name, "audio"), (name, "midi")), *(((name, side), (name, side)) for side in itself)]


def _between(first: str, second: str, across: str) -> list[tuple[OneSide, OneSide]]:
    """Which stacks of a checkpoint are compared with those of another."""
    if across == "none":
        return []
    both = product(SIDES, SIDES) if across == "every side" else zip(SIDES, SIDES, strict=True)
    return [((first, side), (second, other)) for side, other in both]


def _n_parts(names: Sequence[str], compared: Sequence[tuple[OneSide, OneSide]]) -> int:
    """Windows, inputs, stacks and comparisons."""
    return 2 + (len(SIDES) * len(names) + len(compared)) * len(WEIGHTS)


def _stacks(
    study_run: StudyRun, names: Sequence[str], segments: Sequence[Segment], n_parts: int, pooling: str
) -> dict[StackKey, Stack]:
    """Both sides of every checkpoint and of its untrained twin: parts from 1."""
    inputs = read_inputs(study_run.part(1, n_parts), segments)
    stacks: dict[StackKey, Stack] = {}
    for number, (name, weights, side) in enumerate(product(names, WEIGHTS, SIDES), 2):
        part, checkpoint = study_run.part(number, n_parts), study_run.checkpoints[name]
        stacks[name, weights, side] = read_stack(part, checkpoint, segments, weights, side, inputs, pooling)
    return stacks


def _compare_all(
    request: Request,
    study_run: StudyRun,
    compared: Sequence[tuple[OneSide, OneSide]],
    stacks: Mapping[StackKey, Stack],
    sizes: Sizes,
    gathered: Gathered,
) -> None:
    """Every pair with both kinds of weights: the last parts."""
    chosen, number = registry.measure(request.measure), 2 + len(stacks)
    n_parts = number + len(compared) * len(WEIGHTS)
    for (first, second), weights in product(compared, WEIGHTS):
        pair = stacks[first[0], weights, first[1]], stacks[second[0], weights, second[1]]
        compare_pair(study_run.part(number, n_parts), pair, sizes, chosen, request.seed, gathered)
        number += 1


def _sizes(layers: Sequence[LayerRow]) -> Sizes:
    sizes: dict[StackKey, dict[str, Width]] = {}
    for row in layers:
        sizes.setdefault((row.checkpoint, row.weights, row.side), {})[row.layer] = Width(row.p, row.participation_ratio)
    return sizes


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
