"""Which frequencies drive it? Bands of the sound taken out, bands of A4 shifted, bands read back from the layers, attributions.

Taking a band out of the sound works for any model. Shifting a band of A4 needs an arm that is given A4.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from analysis.datasets.segments import Segment
from analysis.descriptors.filters import band_edges
from analysis.errors import ConfigError
from analysis.measures.resampling import WorkDraws
from analysis.models.checkpoint import Checkpoint
from analysis.models.sides import compared_sides
from analysis.numbers import the
from analysis.readings.altered import AS_IT_IS
from analysis.readings.embeddings import Weights, list_windows, spread
from analysis.readings.study_run import Answer, StudyRun
from analysis.rows import Measured, Row
from analysis.run import ignore
from analysis.studies.bands.attribution import attribute
from analysis.studies.bands.doses import bands_of, nearest_one, parse_doses, shift_bands
from analysis.studies.bands.filters import filter_bands
from analysis.studies.bands.hearing import hearing_rate
from analysis.studies.bands.reading import read_bands
from analysis.studies.bands.rows import LATER, DoseRow, FilterRow, PartRow
from analysis.studies.bands.tables import Findings
from analysis.studies.base.measurement import Measurement, ranked
from analysis.studies.base.settings import Seed, Setting
from analysis.studies.pools.record import pool_row
from analysis.studies.pools.request import StressRequest
from analysis.studies.pools.rows import PoolRow
from analysis.studies.pools.scores import PoolScores, build_pool
from analysis.studies.pools.words import CEILING
from analysis.studies.shared_rows import SentenceRow, WorkWindowRow, work_window_rows

WEIGHTS: tuple[Weights, ...] = ("trained", "untrained")
N_PARTS = 4
SEARCHED = {"filters": "S without bands of the sound", "doses": "S with bands of A4 shifted"}


@dataclass(frozen=True)
class Request(StressRequest):
    """The canonical pool for bands of the sound; fewer windows for what takes long.

    `bands`: "octaves", "a4", "mel", "third-octave", "low-17.5" or edges in Hz; `doses`: standard deviations of a band of A4, each
    added and subtracted, on as many windows as `dose_windows` and the pool that these fill; `reading_windows`: from which bands
    are read back; `attribution_windows`: from as many works, for gradients take long. 0 leaves a part out.
    """

    bands: Annotated[str, Setting("octaves, a4, mel, third-octave, low-17.5, or edges in Hz separated by commas.")] = "octaves"
    doses: Annotated[str, Setting("Standard deviations of a band of A4, each added and subtracted.")] = "0.1,0.25,0.5,1,2"
    dose_windows: Annotated[int, Setting("Windows on which bands of A4 are shifted.", 0, 2_000)] = 48
    reading_windows: Annotated[int, Setting("Windows from which bands are read back.", 0, 2_000)] = 96
    attribution_windows: Annotated[int, Setting("Windows for gradients, from as many works; 0 leaves them out.", 0, 200)] = 4
    seed: Seed = 42


def measure(request: Request, study_run: StudyRun) -> Measurement:
    """Examine every checkpoint and its untrained twin; the twin's doses are only those nearest to ±1.

    Raises:
        ConfigError: the bands, doses or a number of windows cannot be used.
        CorpusError: the corpus has too few windows even for a pool of 8.
        Cancelled: somebody asked to stop.
    """
    doses = parse_doses(request.doses)
    parts = {name: getattr(request, name) for name in ("dose_windows", "reading_windows", "attribution_windows")}
    if min(parts.values()) < 0:
        raise ConfigError(f"{parts} holds a number below 0; expected 0, to leave a part out, or more.")
    segments = list_windows(study_run, request.split, request.windows_per_piece, fewest=1)
    scores = _pool(request, study_run, segments)
    chosen = one_per_work(segments, request.attribution_windows)
    some = spread(segments, request.dose_windows)
    few = _pool(request, replace(study_run, context=replace(study_run.context, notice=ignore)), some) if some else None
    read = spread(segments, request.reading_windows)
    pools = {"filters": scores} | ({"doses": few} if few else {})
    findings, models = Findings(), study_run.every_model
    for number, (checkpoint, weights) in enumerate(models):
        parts = [study_run.part(number, len(models)).part(part, N_PARTS) for part in range(N_PARTS)]
        edges = band_edges(request.bands, min(hearing_rate(checkpoint), study_run.corpus.sample_rate))
        filter_bands(findings, parts[0], checkpoint, weights, edges, scores)
        if bands_of(checkpoint) is None:
            findings.note(checkpoint.name, "doses", f"{weights}: has no A4, so that no band of it can be shifted")
        elif few is not None:
            shift_bands(findings, parts[1], checkpoint, weights, doses if weights == WEIGHTS[0] else nearest_one(doses), few)
        read_bands(findings, parts[2], checkpoint, weights, read, request.seed)
        attribute(findings, parts[3], checkpoint, weights, chosen, edges, request.seed)
    findings.note("", "doses", f"of untrained twins only ±{nearest_one(doses)[0]:g} standard deviations")
    arrays = {"query": scores.pool.query, "candidates": scores.pool.candidates, **findings.arrays}
    rows = [*findings.rows, *_windows_and_pools(chosen, read, segments, pools)]
    return Measurement(findings.values, rows, arrays)


def conclude(request: Request, checkpoints: Mapping[str, Checkpoint], measured: Measurement) -> Answer:
    """Which band moves which of them farthest."""
    names = ranked(checkpoints)
    text = headline(measured, window_draws(measured, request.seed), names)
    alone = [name for name in names if len(compared_sides(checkpoints[name].outline())) == 1]
    sentences = [SentenceRow(details(measured, names, alone))]
    if not measured.of(DoseRow):  # nothing was searched in the pool of doses
        measured = replace(measured, rows=[row for row in measured.rows if not isinstance(row, PoolRow) or row.part != "doses"])
    return measured.answer(text, sentences)


def window_draws(measured: Measurement, seed: int) -> WorkDraws:
    """Works drawn for means over all windows without a band of the sound."""
    windows = measured.of(WorkWindowRow)
    (numbers,) = (row.windows for row in measured.of(PartRow) if row.part == "filters")
    return WorkDraws(np.array([windows[number].work for number in numbers]), seed)


def _pool(request: Request, study_run: StudyRun, segments: Sequence[Segment]) -> PoolScores:
    return build_pool(study_run, segments, seed=request.seed, **request.sizes)


def one_per_work(segments: Sequence[Segment], n: int) -> list[Segment]:
    """The middle windows of at most `n` works, evenly over all of them."""
    works: dict[str, list[Segment]] = {}
    for segment in segments:
        works.setdefault(segment.piece.group, []).append(segment)
    return spread([members[len(members) // 2] for members in works.values()], n)


def _windows_and_pools(
    chosen: Sequence[Segment], read: Sequence[Segment], segments: Sequence[Segment], pools: Mapping[str, PoolScores]
) -> list[Row]:
    """Windows in the order of the arrays' columns, on which of them the parts rest, and the pools."""
    number = {segment: n for n, segment in enumerate(segments)}
    parts = {**{part: pool.segments for part, pool in pools.items()}, "reading": read, "attribution": chosen}
    return [
        *work_window_rows(segments),
        *(PartRow(part, tuple(number[segment] for segment in some)) for part, some in parts.items()),
        *(replace(pool_row(pool, SEARCHED[part]), part=part) for part, pool in pools.items()),
    ]


def headline(measured: Measurement, draws: WorkDraws, names: Collection[str] = ()) -> str:
    """The farthest that any of these checkpoints moves without a band, beside noise, its twin and the next band; 30 words."""
    bands = _farthest_first(measured, names)
    name = max(bands, key=lambda name: _size(bands[name][0].share))
    first, *rest = bands[name]
    null = first.null or 0.0
    if (_size(first) if first.ci_low is None else first.ci_low) <= null:
        return f"No band moves the embedding of {name} farther than the same sound {LATER} does ({null:.2g})."
    twin = next(row for row in _farthest_first(measured, names, WEIGHTS[1])[name] if row.band == first.band)
    farthest = "farthest" if len(bands) > 1 or rest else "that far"
    sentence = f"{_moved(first, ends=True)}: without {first.band} {name} moves {farthest}"
    controls = (LATER, first.share.null or 0.0), ("untrained twin", _size(twin.share))
    sentence += f" ({', '.join(f'{control} {_number(share, first)}' for control, share in controls)})"
    alike = rest and _alike(measured, first, rest[0], draws)
    return f"{sentence}; not distinguishable from {rest[0].band}." if alike else f"{sentence}."


def details(measured: Measurement, names: Collection[str] = (), alone: Collection[str] = ()) -> str:
    """The same band in other numbers, and the farthest band of every other checkpoint; `alone` read sound alone."""
    bands = _farthest_first(measured, names)
    name = max(bands, key=lambda name: _size(bands[name][0].share))
    first = bands[name][0]
    sentence = f"{first.band} holds {100 * _size(first.energy):.1f} % of the energy; without it {name} moves by a cosine "
    falls = "of 100 windows that find themselves as they were so many fewer are left:" if name in alone else "S falls by"
    sentence += f"distance of {_size(first):.3f}{_ends(first, 1, 3)} and {falls} {100 * _size(first.s_lost):.1f} points"
    sentence += _ends(first.s_lost, 100, 1)
    start = the(measured.values, checkpoint=name, weights=WEIGHTS[0], sound=AS_IT_IS, what="S").value or 0.0
    if start >= CEILING:
        sentence += f" from its ceiling ({100 * start:.1f} %)"
    others = [f"{other} {rows[0].band} ({_moved(rows[0])})" for other, rows in bands.items() if other != name]
    return sentence + (f". Farthest of others: {', '.join(others)}." if others else ".")


def _farthest_first(measured: Measurement, names: Collection[str], weights: str = WEIGHTS[0]) -> dict[str, list[FilterRow]]:
    """Bands of every checkpoint, farthest first; of all checkpoints where none is named."""
    bands: dict[str, list[FilterRow]] = {}
    for row in sorted(measured.of(FilterRow), key=lambda row: -_size(row)):
        if row.edges_hz and row.weights == weights and (not names or row.checkpoint in names):
            bands.setdefault(row.checkpoint, []).append(row)
    return bands


def _size(number: Measured) -> float:
    return number.value or 0.0


def _number(share: float, row: FilterRow) -> str:
    return f"{100 * share:.1f} %" if row.between_works else f"{share:.2g}"


def _moved(row: FilterRow, ends: bool = False) -> str:
    """How far a band moves, as the chart has it."""
    if not row.between_works:
        return f"Cosine distance {_size(row):.3f}{_ends(row, 1, 3) if ends else ''}"
    text = _number(_size(row.share), row)
    return f"{text}{_ends(row.share, 100, 1)} of the way to another work" if ends else text


def _alike(measured: Measurement, first: FilterRow, second: FilterRow, draws: WorkDraws) -> bool:
    """Whether the interval of the paired difference of two distances holds 0; unknown, hence yes, from a single work."""
    far, near = (measured.arrays[row.array][row.row] for row in (first, second))
    low, _ = draws.interval(draws.means(far - near))
    return low is None or low <= 0


def _ends(number: Measured, factor: float, decimals: int) -> str:
    low, high = number.ci_low, number.ci_high
    return "" if low is None or high is None else f" [{factor * low:.{decimals}f}, {factor * high:.{decimals}f}]"


def check(request: Request) -> None:
    """Refuse doses that cannot be read, before anything is opened.

    Raises:
        ConfigError: they are no rising positive numbers.
    """
    parse_doses(request.doses)
