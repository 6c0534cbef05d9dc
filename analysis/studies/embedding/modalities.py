"""Where audio lies beside MIDI: cosines of matched and other pairs, the gap between the two, neighbours both have in common."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray

from analysis.datasets.segments import WINDOW_S, Segment
from analysis.measures import spaces
from analysis.measures.geometry import cosine as cosines
from analysis.measures.geometry import unit_rows
from analysis.measures.resampling import Interval, WorkDraws
from analysis.numbers import Value
from analysis.readings.study_run import Desk
from analysis.seeding import numpy_generator

MATCHED, OTHER_WORKS, SAME_WORK = KINDS = ("matched", "other works", "same work")
EDGES = np.linspace(-1, 1, 81)
EXAMPLES_PER_BIN = 3
QUANTILES = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}
AUC_OTHER, AUC_SAME = "AUC against other works", "AUC against the same work"
GAP, COSINE, SHARED = "modality gap", "cosine of matched pairs", "neighbours shared by audio and MIDI"
ALONE = "audio and MIDI have spaces of their own before the joint embedding, so that no distance leads from one to the other"


@dataclass
class Found:
    """What is gathered of one checkpoint with one kind of weights."""

    values: list[Value] = field(default_factory=list)
    tables: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    arrays: dict[str, ndarray] = field(default_factory=dict)
    auc_draws: Float[ndarray, " b"] | None = None


@dataclass(frozen=True)
class Pairing:
    """Which windows are compared: their works, and which pairs [audio, MIDI] of windows are of other works or of the same."""

    works: WorkDraws
    other: Bool[ndarray, "n n"]
    same: Bool[ndarray, "n n"]
    label: dict[str, str]
    n_neighbours: int
    number: int = 0
    seed: int = 42

    @property
    def prefix(self) -> str:
        """What names of values begin with."""
        return f"{self.label['checkpoint']}, {self.label['weights']}"


def other_pairs(segments: Sequence[Segment]) -> tuple[Bool[ndarray, "n n"], Bool[ndarray, "n n"]]:
    """Pairs of windows of other works; pairs of the same work that do not overlap within one recording."""
    works = np.array([one.piece.group for one in segments])
    pieces, start = np.array([one.piece.piece_id for one in segments]), np.array([one.start_s for one in segments])
    alike = works[:, None] == works[None, :]
    overlap = (pieces[:, None] == pieces[None, :]) & (np.abs(start[:, None] - start[None, :]) < WINDOW_S)
    return ~alike, alike & ~overlap


def compare_modalities(
    desk: Desk, audio: Float[ndarray, "n d"], midi: Float[ndarray, "n e"], pairing: Pairing, joint: bool
) -> Found:
    """Every number about the two modalities; `joint` if both are in one space.

    Raises:
        Cancelled: somebody asked to stop.
    """
    found = Found()
    found.tables["spaces"] = [pairing.label | {"arrays": str(pairing.number), "joint": joint}]
    tell = lambda: desk.step(0, 1, f"{pairing.prefix}: comparing audio with MIDI")  # noqa: E731
    _neighbours(found, audio, midi, pairing, tell)
    if not joint:
        for measure in (AUC_OTHER, AUC_SAME, COSINE, GAP):
            _missing(found, measure, pairing, ALONE)
        return found
    cosine = np.clip(cosines(audio, midi), -1, 1)
    _aucs(found, cosine, pairing, tell)
    _cosines(found, cosine, pairing)
    _gap(found, audio, midi, pairing)
    _distributions(found, cosine, pairing)
    name = str(pairing.number)
    far = np.where(pairing.other, cosine, -np.inf)
    if pairing.other.any():
        found.arrays[f"rival.{name}"] = np.stack([far.argmax(axis=1), far.argmax(axis=0)]).astype(np.int32)
    found.arrays |= {
        f"cosine.{name}": np.diag(cosine).astype(np.float32),
        f"gap.{name}": spaces.gap_shares(audio, midi).astype(np.float32),
    }
    return found


def difference_of_aucs(label: str, trained: Found, untrained: Found, works: WorkDraws) -> Value | None:
    """How much higher the AUC against other works is than the untrained twin's, the same works drawn for both; None without."""
    ours, twins = (next((v for v in one.values if v.name.endswith(AUC_OTHER)), None) for one in (trained, untrained))
    if ours is None or twins is None or ours.value is None or twins.value is None:
        return None
    low, high = None, None
    if trained.auc_draws is not None and untrained.auc_draws is not None:
        low, high = works.interval(trained.auc_draws - untrained.auc_draws)
    name = f"{label}, trained minus untrained: {AUC_OTHER}"
    return Value(name, ours.value - twins.value, low, high, ours.n, 0.0, "", "difference of areas under the ROC curve")


def _neighbours(found: Found, audio: ndarray, midi: ndarray, pairing: Pairing, tell: Any) -> None:
    k, n = pairing.n_neighbours, len(audio)
    near: list[Int[ndarray, "n k"]] = [spaces.nearest(unit_rows(side), k, tell) for side in (audio, midi)]
    shared = spaces.shared_neighbours(near[0], near[1])
    ends, estimator = pairing.works.interval(pairing.works.means(shared)), f"mutual {k} nearest neighbours"
    _add(found, SHARED, pairing, float(shared.mean()), ends, n, k / (n - 1), "share", estimator)
    found.arrays[f"shared.{pairing.number}"] = shared.astype(np.float32)


def _aucs(found: Found, cosine: ndarray, pairing: Pairing, tell: Any) -> None:
    works, n = pairing.works, len(cosine)
    for measure, allowed in ((AUC_OTHER, pairing.other), (AUC_SAME, pairing.same)):
        counts = spaces.wins(cosine, allowed, works, tell)
        value = spaces.auc(*counts, works)
        if value is None:
            why = "there is one work only" if measure == AUC_OTHER else "no work has windows that do not overlap"
            _missing(found, measure, pairing, why)
            continue
        draws = spaces.auc_draws(*counts, works, tell)
        ends = works.interval(draws)
        _add(found, measure, pairing, value, ends, n, 0.5, "", "area under the ROC curve of cosines")
        if measure == AUC_OTHER:
            found.auc_draws = draws


def _cosines(found: Found, cosine: ndarray, pairing: Pairing) -> None:
    matched = np.diag(cosine)
    null = float(cosine[pairing.other].mean()) if pairing.other.any() else None
    ends = pairing.works.interval(pairing.works.means(matched))
    _add(found, COSINE, pairing, float(matched.mean()), ends, len(matched), null, "", "mean cosine; null: other works")


def _gap(found: Found, audio: ndarray, midi: ndarray, pairing: Pairing) -> None:
    null, p = spaces.exchanged_gap(audio, midi, pairing.works)
    ends, estimator = spaces.gap_interval(audio, midi, pairing.works), "distance between centroids of unit rows"
    _add(found, GAP, pairing, spaces.modality_gap(audio, midi), ends, len(audio), null, "", estimator, p)


def _add(
    found: Found, measure: str, pairing: Pairing, value: float, ends: Interval, n: int, null: float | None, unit: str,
    estimator: str, p: float | None = None,
) -> None:  # fmt: skip
    low, high = ends
    found.values.append(Value(f"{pairing.prefix}: {measure}", value, low, high, n, null, unit, estimator))
    row = {"measure": measure, "value": value, "ci_low": low, "ci_high": high, "null": null, "n": n, "unit": unit, "p": p}
    found.tables.setdefault("measures", []).append(pairing.label | row | {"note": ""})


def _missing(found: Found, measure: str, pairing: Pairing, why: str) -> None:
    found.values.append(Value(f"{pairing.prefix}: {measure}", None, None, None, 0, None, "", f"not available: {why}"))
    row = {"measure": measure, "value": None, "ci_low": None, "ci_high": None, "null": None, "n": 0, "unit": "", "p": None}
    found.tables.setdefault("measures", []).append(pairing.label | row | {"note": f"Not available: {why}."})


def _distributions(found: Found, cosine: ndarray, pairing: Pairing) -> None:
    """Histograms on fixed bins, their quantiles, and for every bar a few pairs that can be played."""
    rng = numpy_generator(pairing.seed, "examples of bins")
    for kind, allowed in zip(KINDS, (np.eye(len(cosine), dtype=bool), pairing.other, pairing.same), strict=True):
        place = np.argwhere(allowed)
        values, label = cosine[allowed], pairing.label | {"kind": kind}
        if not len(values):
            continue
        into = np.clip(np.searchsorted(EDGES, values, "right") - 1, 0, len(EDGES) - 2)
        counts = np.bincount(into, minlength=len(EDGES) - 1)
        bars = [
            {"bin_low": float(EDGES[i]), "bin_high": float(EDGES[i + 1]), "share": float(c / len(values)), "pairs": int(c)}
            for i, c in enumerate(counts)
        ]
        found.tables.setdefault("histograms", []).extend(label | {"bin": i} | bar for i, bar in enumerate(bars))
        summary = {name: float(np.quantile(values, q)) for name, q in QUANTILES.items()}
        found.tables.setdefault("cosines", []).append(label | {"mean": float(values.mean()), **summary, "pairs": len(values)})
        order = rng.permutation(len(values))
        chosen = [order[into[order] == i][:EXAMPLES_PER_BIN] for i in np.flatnonzero(counts)]
        found.tables.setdefault("examples", []).extend(
            label | {"bin": int(into[i]), "audio": int(place[i][0]), "midi": int(place[i][1]), "cosine": float(values[i])}
            for i in np.concatenate(chosen)
        )
