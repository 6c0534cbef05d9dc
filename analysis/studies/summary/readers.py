"""Where the numbers of the summary stand in the results of studies: one reader a test."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from analysis.datasets.pools import SAME_PIECE
from analysis.numbers import SHARE, Value, pick
from analysis.results import Result
from analysis.rows import Measured
from analysis.studies.ablation.rows import AblationRow
from analysis.studies.bands.rows import FilterRow
from analysis.studies.controls import rows as controls
from analysis.studies.embedding.modalities import COSINE
from analysis.studies.embedding.rows import MeasureRow
from analysis.studies.invariance import rows as invariance
from analysis.studies.pools.ranks import ESTIMATOR
from analysis.studies.retrieval import rows as retrieval
from analysis.studies.shared_rows import Weights
from analysis.studies.similarity.rows import MEAN, SummaryRow
from analysis.studies.transposition import rows as transposition
from analysis.studies.transposition.rows import RetentionRow

POINTS = "points"
TRAINED, UNTRAINED = "trained", "untrained"
SEMITONES, NOISE_DB = 3, 5
MOVED = "MIDI alone"
DEBIASED, BIASED = "debiased CKA", "biased CKA"


@runtime_checkable
class OfModel(Measured, Protocol):
    """A number of trained or untrained weights."""

    @property
    def weights(self) -> Weights: ...


@dataclass(frozen=True)
class Pool:
    """In what S was searched; how many candidates of a query are of the same piece on average, None where a result has it not."""

    n_queries: int
    n_candidates: int
    n_same_piece: float | None = None

    @property
    def words(self) -> str:
        """The pool as it stands beside an S.

        >>> Pool(500, 256, 62.9).words, Pool(96, 64).words
        ('500 queries among 256 candidates, 63 of the same piece', '96 queries among 64 candidates')
        """
        same = "" if self.n_same_piece is None else f", {self.n_same_piece:.0f} of the same piece"
        return f"{self.n_queries} queries among {self.n_candidates} candidates{same}"


@dataclass(frozen=True)
class Reading:
    """What a result says of a checkpoint; `missing` where it says why there is no number.

    Attributes:
        value: the number.
        twin: the same of the untrained twin.
        null_high: where the upper 2.5 % of the null begin.
        undecided: what a test against the null has found; None where the interval is to judge.
        detail: such as the band.
        same_estimator: our number of the estimator that others have published, where `value` is of another.
        pool: in which S was searched.
        missing: why there is no number.
    """

    value: Value | None = None
    twin: Value | None = None
    null_high: float | None = None
    undecided: bool | None = None
    detail: str = ""
    same_estimator: Value | None = None
    pool: Pool | None = None
    missing: str = ""


def _value(row: Measured | None, unit: str, estimator: str, scale: float) -> Value | None:
    """The number of a row, divided by `scale`; None without row or number."""
    if row is None or row.value is None:
        return None
    low, high, null = (None if number is None else number / scale for number in (row.ci_low, row.ci_high, row.null))
    return Value({"what": estimator}, row.value / scale, low, high, row.n, null, unit, estimator)


def _both(rows: Iterable[OfModel], unit: str, estimator: str, scale: float = 1.0) -> tuple[Value | None, Value | None]:
    """The first number of the trained model and of its untrained twin, divided by `scale`."""
    rows = tuple(rows)
    firsts = (next((row for row in rows if row.weights == weights), None) for weights in (TRAINED, UNTRAINED))
    trained, twin = (_value(row, unit, estimator, scale) for row in firsts)
    return trained, twin


def _pool(result: Result, value: Value | None, suffix: str = "") -> Pool | None:
    """The pool as it was drawn, else as it was asked for."""
    if value is None:
        return None
    candidates, kind = result.arrays.get(f"candidates{suffix}"), result.arrays.get(f"kind{suffix}")
    size = result.request.get("pool_size") if candidates is None else candidates.shape[1]
    same = None if kind is None else float((np.asarray(kind) == SAME_PIECE).sum(axis=1).mean())
    return None if size is None else Pool(value.n, int(size), same)


def _s(result: Result, name: str) -> Reading | None:
    if result.study == "controls":
        own = (row for row in result.rows(controls.ScoreRow) if row.checkpoint == name)
        trained, twin = _both(own, SHARE, ESTIMATOR)
        return Reading(trained, twin, pool=_pool(result, trained)) if trained else None
    scores = result.select(checkpoint=name, pool=retrieval.CANONICAL, what="S")
    trained, twin = (pick(scores, weights=weights) for weights in (TRAINED, UNTRAINED))
    number = next((row.array for row in result.rows(retrieval.SearchedPoolRow) if row.pool == retrieval.CANONICAL), 0)
    return Reading(trained, twin, pool=_pool(result, trained, f".{number}")) if trained else None


def _without_a4(result: Result, name: str) -> Reading | None:
    rows = result.rows(AblationRow)
    own = (row for row in rows if (row.checkpoint, row.input, row.kind) == (name, "A4", "zero"))
    trained, twin = _both(own, POINTS, "S minus S with A4 zero, paired", 0.01)
    return Reading(trained, twin, pool=_pool(result, trained)) if trained else None


def _retention(result: Result, name: str) -> Reading | None:
    """What is left of an S that is chance is a ratio of two values of chance, which says nothing."""
    wanted = (name, MOVED, SEMITONES)
    own = [row for row in result.rows(RetentionRow) if (row.checkpoint, row.moved, row.semitones) == wanted]
    scores = [row for row in result.rows(transposition.ScoreRow) if row.checkpoint == name]
    if not own:
        return Reading(missing=f"±{SEMITONES} semitones not among its doses") if scores else None
    trained, twin = _both(own, SHARE, "mean S at both shifts over S at 0")
    start, of_twin = _both((row for row in scores if row.moved == MOVED and row.semitones == 0), SHARE, ESTIMATOR)
    if start is not None and start.inside_null:
        return Reading(missing="S at 0 semitones is chance")
    return Reading(trained, None if of_twin is not None and of_twin.inside_null else twin, pool=_pool(result, trained))


def _cka(result: Result, name: str) -> Reading | None:
    own = [row for row in result.rows(SummaryRow) if row.within and row.first == name and row.what == MEAN]
    debiased = [row for row in own if row.estimator == DEBIASED]
    trained, twin = _both(debiased, "", DEBIASED)
    if trained is None:
        return None
    row = next(row for row in debiased if row.weights == TRAINED)
    biased, _ = _both((row for row in own if row.estimator == BIASED), "", BIASED)
    return Reading(trained, twin, row.null_high, row.inside_null, same_estimator=biased)


def _band(result: Result, name: str) -> Reading | None:
    """The band without which the audio embedding moves farthest, as a share of the distance between works; n windows."""
    bands = [row for row in result.rows(FilterRow) if row.checkpoint == name and row.edges_hz and row.between_works]
    trained = [row for row in bands if row.weights == TRAINED]
    if not trained:
        return None
    first = max(trained, key=lambda row: row.value or 0.0)
    twin = next((row for row in bands if row.weights == UNTRAINED and row.band == first.band), None)
    return Reading(_share(first), _share(twin) if twin else None, detail=first.band)


def _share(row: FilterRow) -> Value | None:
    return _value(row, SHARE, "cosine distance without the band over that between works", row.between_works or 1.0)


def _noise(result: Result, name: str) -> Reading | None:
    """The twin is examined at the strongest noise alone."""
    own = [row for row in result.rows(invariance.ScoreRow) if row.checkpoint == name and row.change == "white_noise"]
    trained, _ = _both((row for row in own if row.dose == NOISE_DB), SHARE, ESTIMATOR)
    if trained is None:
        return Reading(missing=f"noise at {NOISE_DB} dB not among its doses") if own else None
    _, twin = _both((row for row in own if row.dose == 0), SHARE, ESTIMATOR)
    return Reading(trained, twin, pool=_pool(result, trained))


def _cosine(result: Result, name: str) -> Reading | None:
    own = [row for row in result.rows(MeasureRow) if row.checkpoint == name and row.measure == COSINE]
    trained, twin = _both(own, "", "mean cosine of matched pairs")
    if trained is None:
        return next((Reading(missing=row.note) for row in own if row.note), None)
    return Reading(trained, twin)


READERS: Mapping[str, Callable[[Result, str], Reading | None]] = {
    "s": _s, "without_a4": _without_a4, "retention": _retention, "cka": _cka, "band": _band, "noise": _noise, "cosine": _cosine,
}  # fmt: skip
