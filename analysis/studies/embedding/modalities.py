"""Where audio lies beside MIDI: cosines of matched and other pairs, the gap between the two, neighbours both have in common."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from analysis.datasets.segments import Segment
from analysis.measures import spaces
from analysis.measures.geometry import cosine as cosines
from analysis.measures.geometry import unit_rows
from analysis.measures.resampling import Interval, WorkDraws
from analysis.numbers import SHARE, WHAT, Value, pick
from analysis.readings.study_run import StudyRun
from analysis.rows import Row
from analysis.seeding import numpy_generator
from analysis.studies.embedding.rows import BinRow, CosineRow, ExampleRow, Kind, MeasureRow, Model, SpaceRow

KINDS: tuple[Kind, ...] = ("matched", "other works", "same work")
EDGES = np.linspace(-1, 1, 81)
EXAMPLES_PER_BIN = 3
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MINUS_TWIN = "trained minus untrained"  # in place of the weights of a value
AUC_OTHER, AUC_SAME = "AUC against other works", "AUC against the same work"
GAP, COSINE, SHARED = "modality gap", "cosine of matched pairs", "neighbours shared by audio and MIDI"
ALONE = "audio and MIDI have spaces of their own before the joint embedding, so that no distance leads from one to the other"


@dataclass
class Findings:
    """What is gathered of one checkpoint with one kind of weights; `number` is its own in the names of arrays."""

    model: Model
    number: int
    values: list[Value] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    arrays: dict[str, ndarray] = field(default_factory=dict)
    auc_draws: Float[ndarray, " b"] | None = None


@dataclass(frozen=True)
class Pairing:
    """Which windows are compared: their works, and which pairs [audio, MIDI] of windows are of other works or of the same."""

    works: WorkDraws
    other: Bool[ndarray, "n n"]
    same: Bool[ndarray, "n n"]
    n_neighbours: int
    seed: int = 42


def other_pairs(segments: Sequence[Segment]) -> tuple[Bool[ndarray, "n n"], Bool[ndarray, "n n"]]:
    """Pairs of windows of other works; pairs of the same work that do not overlap within one recording."""
    works = np.array([segment.piece.group for segment in segments])
    pieces = np.array([segment.piece.piece_id for segment in segments])
    start, duration = (np.array([getattr(segment, name) for segment in segments]) for name in ("start_s", "duration_s"))
    alike = works[:, None] == works[None, :]
    overlap = (pieces[:, None] == pieces[None, :]) & (np.abs(start[:, None] - start[None, :]) < duration)
    return ~alike, alike & ~overlap


def compare_modalities(
    study_run: StudyRun,
    audio: Float[ndarray, "n d"],
    midi: Float[ndarray, "n e"],
    pairing: Pairing,
    findings: Findings,
    joint: bool,
) -> None:
    """Add every number about the two modalities; `joint` if both are in one space.

    Raises:
        Cancelled: somebody asked to stop.
    """
    tick = lambda: study_run.step(0, 1, f"{', '.join(findings.model)}: comparing audio with MIDI")  # noqa: E731
    _neighbours(findings, audio, midi, pairing, tick)
    if joint:
        _compare_in_one_space(findings, audio, midi, pairing, tick)
    else:
        for measure in (AUC_OTHER, AUC_SAME, COSINE, GAP):
            add_missing(findings, measure, ALONE)
    names = (f"{kind}.{findings.number}" for kind in ("cosine", "gap", "rival"))
    between = (name if name in findings.arrays else None for name in names)
    findings.rows.append(SpaceRow(*findings.model, joint, f"shared.{findings.number}", *between))


def _compare_in_one_space(findings: Findings, audio: ndarray, midi: ndarray, pairing: Pairing, tick: Callable[[], None]) -> None:
    """What takes a distance from one modality to the other."""
    cosine = np.clip(cosines(audio, midi), -1, 1)
    _aucs(findings, cosine, pairing, tick)
    _cosines(findings, cosine, pairing)
    _gap(findings, audio, midi, pairing)
    add_distributions(findings, cosine, kinds_of(pairing), pairing.seed)
    name = str(findings.number)
    far = np.where(pairing.other, cosine, -np.inf)
    if pairing.other.any():
        findings.arrays[f"rival.{name}"] = np.stack([far.argmax(axis=1), far.argmax(axis=0)]).astype(np.int32)
    findings.arrays |= {
        f"cosine.{name}": np.diag(cosine).astype(np.float32),
        f"gap.{name}": spaces.gap_shares(audio, midi).astype(np.float32),
    }


def difference_of_aucs(checkpoint: str, trained: Findings, untrained: Findings, works: WorkDraws) -> Value | None:
    """How much higher the AUC against other works is than the untrained twin's, the same works drawn for both; None without."""
    ours, twins = (pick(side.values, what=AUC_OTHER) for side in (trained, untrained))
    if ours is None or twins is None or ours.value is None or twins.value is None:
        return None
    low, high = None, None
    if trained.auc_draws is not None and untrained.auc_draws is not None:
        low, high = works.interval(trained.auc_draws - untrained.auc_draws)
    key = {"checkpoint": checkpoint, "weights": MINUS_TWIN, WHAT: AUC_OTHER}
    return Value(key, ours.value - twins.value, low, high, ours.n, 0.0, "", "difference of areas under the ROC curve")


def _neighbours(findings: Findings, audio: ndarray, midi: ndarray, pairing: Pairing, tick: Callable[[], None]) -> None:
    k, n = pairing.n_neighbours, len(audio)
    near: list[Int[ndarray, "n k"]] = [spaces.nearest(unit_rows(side), k, tick) for side in (audio, midi)]
    shared = spaces.shared_neighbours(near[0], near[1])
    ends, estimator = pairing.works.interval(pairing.works.means(shared)), f"mutual {k} nearest neighbours"
    add_measure(findings, SHARED, float(shared.mean()), ends, n, k / (n - 1), SHARE, estimator)
    findings.arrays[f"shared.{findings.number}"] = shared.astype(np.float32)


def _aucs(findings: Findings, cosine: ndarray, pairing: Pairing, tick: Callable[[], None]) -> None:
    works, n = pairing.works, len(cosine)
    for measure, allowed in ((AUC_OTHER, pairing.other), (AUC_SAME, pairing.same)):
        counts = spaces.wins(cosine, allowed, works, tick)
        value = spaces.auc(*counts, works)
        if value is None:
            why = "there is one work only" if measure == AUC_OTHER else "no work has windows that do not overlap"
            add_missing(findings, measure, why)
            continue
        draws = spaces.auc_draws(*counts, works, tick)
        ends = works.interval(draws)
        add_measure(findings, measure, value, ends, n, 0.5, "", "area under the ROC curve of cosines")
        if measure == AUC_OTHER:
            findings.auc_draws = draws


def _cosines(findings: Findings, cosine: ndarray, pairing: Pairing) -> None:
    matched = np.diag(cosine)
    null = float(cosine[pairing.other].mean()) if pairing.other.any() else None
    ends = pairing.works.interval(pairing.works.means(matched))
    add_measure(findings, COSINE, float(matched.mean()), ends, len(matched), null, "", "mean cosine; null: other works")


def _gap(findings: Findings, audio: ndarray, midi: ndarray, pairing: Pairing) -> None:
    null, p = spaces.exchanged_gap(audio, midi, pairing.works)
    ends, estimator = spaces.gap_interval(audio, midi, pairing.works), "distance between centroids of unit rows"
    add_measure(findings, GAP, spaces.modality_gap(audio, midi), ends, len(audio), null, "", estimator, p)


def add_measure(
    findings: Findings, measure: str, value: float, ends: Interval, n: int, null: float | None, unit: str, estimator: str,
    p: float | None = None,
) -> None:  # fmt: skip
    """Add a number as value and row."""
    low, high = ends
    findings.values.append(Value({**findings.model.key, WHAT: measure}, value, low, high, n, null, unit, estimator))
    findings.rows.append(MeasureRow(*findings.model, measure, value, low, high, null, n, unit, p, note=""))


def add_missing(findings: Findings, measure: str, why: str) -> None:
    """Add that there is no such number, and why."""
    key, note = {**findings.model.key, WHAT: measure}, f"Not available: {why}."
    findings.values.append(Value(key, None, None, None, 0, None, "", f"not available: {why}"))
    findings.rows.append(MeasureRow(*findings.model, measure, None, None, None, None, 0, "", None, note))


def kinds_of(pairing: Pairing) -> dict[Kind, Bool[ndarray, "n n"]]:
    """Which pairs are of which kind."""
    return dict(zip(KINDS, (np.eye(len(pairing.other), dtype=bool), pairing.other, pairing.same), strict=True))


def add_distributions(findings: Findings, cosine: ndarray, kinds: Mapping[Kind, Bool[ndarray, "n n"]], seed: int) -> None:
    """Histograms on fixed bins, their quantiles, and for every bar a few pairs that can be played."""
    rng, model = numpy_generator(seed, "examples of bins"), findings.model
    for kind, allowed in kinds.items():
        pairs, values = np.argwhere(allowed), cosine[allowed]
        if not len(values):
            continue
        into = np.clip(np.searchsorted(EDGES, values, "right") - 1, 0, len(EDGES) - 2)
        counts, edges = np.bincount(into, minlength=len(EDGES) - 1), EDGES.tolist()
        findings.rows += [
            BinRow(*model, kind, i, edges[i], edges[i + 1], count / len(values), count) for i, count in enumerate(counts.tolist())
        ]
        q05, q25, median, q75, q95 = (float(np.quantile(values, q)) for q in QUANTILES)
        findings.rows.append(CosineRow(*model, kind, float(values.mean()), q05, q25, median, q75, q95, len(values)))
        order = rng.permutation(len(values))
        chosen = [order[into[order] == i][:EXAMPLES_PER_BIN] for i in np.flatnonzero(counts)]
        for i in np.concatenate(chosen):
            audio, midi = pairs[i].tolist()
            findings.rows.append(ExampleRow(*model, kind, int(into[i]), audio, midi, float(values[i])))
