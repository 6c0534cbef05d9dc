"""Which frequencies drive it? Bands of the sound taken out, bands of A4 shifted, bands read back from the layers, attributions.

Taking a band out of the sound works for any model. Shifting a band of A4 needs an arm that is given A4.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from analysis.datasets.segments import Segment
from analysis.descriptors.filters import band_edges
from analysis.errors import ConfigError
from analysis.measures.sensitivity import Draws
from analysis.models.checkpoint import Checkpoint
from analysis.studies.ablation_passes import AS_IT_IS
from analysis.studies.band_attribution import attribute
from analysis.studies.band_doses import nearest_one, parse_doses, shift_bands
from analysis.studies.band_filters import LATER, filter_bands
from analysis.studies.band_reading import read_bands
from analysis.studies.band_tables import Findings, Row
from analysis.studies.desk import tell_nobody
from analysis.studies.pool_embeddings import Weights, list_windows, spread
from analysis.studies.pool_request import StressRequest
from analysis.studies.pool_words import CEILING, pool_row
from analysis.studies.stress_scores import PoolScores, build_pool
from analysis.studies.study import Answer, Desk

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

    bands: str = "octaves"
    doses: str = "0.1,0.25,0.5,1,2"
    dose_windows: int = 48
    reading_windows: int = 96
    attribution_windows: int = 4
    seed: int = 42


def run(request: Request, desk: Desk) -> Answer:
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
    edges = band_edges(request.bands, desk.corpus.sample_rate)
    segments = list_windows(desk, request.split, request.windows_per_piece, fewest=1)
    scores = _pool(request, desk, segments)
    chosen = one_per_work(segments, request.attribution_windows)
    some = spread(segments, request.dose_windows)
    few = _pool(request, replace(desk, notice=tell_nobody), some) if some else None
    read = spread(segments, request.reading_windows)
    pools = {"filters": scores} | ({"doses": few} if few else {})
    found = Findings()
    jobs: list[tuple[Checkpoint, Weights]] = [(one, weights) for one in desk.checkpoints.values() for weights in WEIGHTS]
    for number, (checkpoint, weights) in enumerate(jobs):
        parts = [desk.part(number, len(jobs)).part(part, N_PARTS) for part in range(N_PARTS)]
        filter_bands(found, parts[0], checkpoint, weights, edges, scores)
        if checkpoint.model_config.a4_mechanism == "none":
            found.note(checkpoint.name, "doses", f"{weights}: has no A4, so that no band of it can be shifted")
        elif few is not None:
            shift_bands(found, parts[1], checkpoint, weights, doses if weights == WEIGHTS[0] else nearest_one(doses), few)
        read_bands(found, parts[2], checkpoint, weights, read, request.seed)
        attribute(found, parts[3], checkpoint, weights, chosen, edges, request.seed)
    found.note("", "doses", f"of untrained twins only ±{nearest_one(doses)[0]:g} standard deviations")
    arrays = {"query": scores.pool.query, "candidates": scores.pool.candidates, **found.arrays}
    return Answer(
        headline(found, scores.window_draws), found.values, {**found.tables, **_places(chosen, read, segments, pools)}, arrays
    )


def _pool(request: Request, desk: Desk, segments: Sequence[Segment]) -> PoolScores:
    return build_pool(desk, segments, seed=request.seed, **request.sizes)


def one_per_work(segments: Sequence[Segment], n: int) -> list[Segment]:
    """The middle windows of at most `n` works, evenly over all of them."""
    works: dict[str, list[Segment]] = {}
    for segment in segments:
        works.setdefault(segment.piece.group, []).append(segment)
    return spread([its[len(its) // 2] for its in works.values()], n)


def _places(
    chosen: Sequence[Segment], read: Sequence[Segment], segments: Sequence[Segment], pools: Mapping[str, PoolScores]
) -> dict[str, list[Row]]:
    """Windows in the order of the arrays' columns, on which of them the parts rest, and the pools."""
    number = {segment: place for place, segment in enumerate(segments)}
    parts = {**{part: pool.segments for part, pool in pools.items()}, "reading": read, "attribution": chosen}
    return {
        "windows": [{"piece": one.piece.piece_id, "start_s": one.start_s} for one in segments],
        "window_of": [{"part": part, "windows": [number[one] for one in its]} for part, its in parts.items()],
        "pools": [{**pool_row(pool, SEARCHED[part]), "part": part} for part, pool in pools.items()],
    }


def headline(found: Findings, draws: Draws) -> str:
    """The band that the best checkpoint misses most, beside noise, its twin and the next band; that of the others."""
    scores = {value.name: value.value or 0.0 for value in found.values if value.name.endswith(f", {AS_IT_IS}: S")}
    ranked: dict[tuple[str, str], list[Row]] = {}
    for row in found.tables["filters"]:
        if row["low_hz"] is not None:
            ranked.setdefault((row["checkpoint"], row["weights"]), []).append(row)
    for rows in ranked.values():
        rows.sort(key=lambda row: -row["value"])
    names = [name for name, weights in ranked if weights == WEIGHTS[0]]
    best = max(names, key=lambda name: scores[f"{name}, {WEIGHTS[0]}, {AS_IT_IS}: S"])
    first, *rest = ranked[best, WEIGHTS[0]]
    if (first["value"] if first["ci_low"] is None else first["ci_low"]) <= first["null"]:
        return f"No band moves the embedding of {best} farther than the same sound {LATER} does ({first['null']:.2g})."
    twin = next(row for row in ranked[best, WEIGHTS[1]] if row["band"] == first["band"])
    said = f"{best} moves farthest without {first['band']} ({100 * first['energy_share']:.1f} % of the energy): cosine distance "
    said += f"{_with_interval(first)}, {_of_distance(first)} of that between works ({LATER} {first['null']:.2g}; untrained twin "
    said += f"{_with_interval(twin)}, {_of_distance(twin)}), drop in S "
    said += f"{100 * first['drop']:.1f} points{_ends(first, 'drop_ci', 100, 1)}"
    if scores[start := f"{best}, {WEIGHTS[0]}, {AS_IT_IS}: S"] >= CEILING:
        said += f" from its ceiling ({100 * scores[start]:.1f} %)"
    if rest and _alike(found, first, rest[0], draws):
        said += f"; not distinguishable from {rest[0]['band']}"
    others = [f"{name} {ranked[name, WEIGHTS[0]][0]['band']}" for name in names if name != best]
    return said + (f". Farthest of others: {', '.join(others)}." if others else ".")


def _alike(found: Findings, first: Row, second: Row, draws: Draws) -> bool:
    """Whether the interval of the paired difference of two distances holds 0; unknown, hence yes, from a single work."""
    one, other = (found.arrays[row["array"]][row["row"]] for row in (first, second))
    low, _ = draws.interval(draws.means(one - other))
    return low is None or low <= 0


def _of_distance(row: Row) -> str:
    apart = row["between_works"]
    return f"{100 * row['value'] / apart:.0f} %" if apart else "an unknown part"


def _with_interval(row: Row) -> str:
    return f"{row['value']:.3f}{_ends(row, 'ci', 1, 3)}"


def _ends(row: Row, prefix: str, factor: float, decimals: int) -> str:
    low, high = row[f"{prefix}_low"], row[f"{prefix}_high"]
    return "" if low is None else f" [{factor * low:.{decimals}f}, {factor * high:.{decimals}f}]"


def check(request: Request) -> None:
    """Refuse doses that cannot be read, before anything is opened.

    Raises:
        ConfigError: they are no rising positive numbers.
    """
    parse_doses(request.doses)
