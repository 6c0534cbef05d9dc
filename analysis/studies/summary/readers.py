"""Where the numbers of the summary stand in the results of studies: one reader a test."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.datasets.pools import SAME_PIECE
from analysis.numbers import SHARE, Value
from analysis.results import Result
from analysis.studies.embedding.modalities import COSINE

POINTS = "points"
TRAINED, UNTRAINED = "trained", "untrained"
SEMITONES, NOISE_DB = 3, 5
DEBIASED, BIASED, MEAN = "debiased CKA", "biased CKA", "mean over blocks"
Row = Mapping[str, Any]


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


def _value(row: Row | None, name: str, unit: str, estimator: str, scale: float) -> Value | None:
    """The value of a record, divided by `scale`; None without record or number."""
    if row is None or (number := row["value"]) is None:
        return None
    numbers = (row.get(end) for end in ("ci_low", "ci_high", "null"))
    low, high, null = (None if one is None else one / scale for one in numbers)
    return Value(name, number / scale, low, high, row["n"], null, unit, estimator)


def _both(rows: list[Row], unit: str, estimator: str, scale: float = 1.0) -> tuple[Value | None, Value | None]:
    """The first record of the trained model and of its untrained twin, divided by `scale`."""
    firsts = (next((row for row in rows if row["weights"] == weights), None) for weights in (TRAINED, UNTRAINED))
    trained, twin = (_value(row, estimator, unit, estimator, scale) for row in firsts)
    return trained, twin


def _rows(result: Result, table: str, name: str, **wanted: Any) -> list[Row]:
    """Records of a checkpoint that have these entries."""
    rows = (row for row in result.tables.get(table, ()) if row["checkpoint"] == name)
    return [row for row in rows if all(row.get(field) == entry for field, entry in wanted.items())]


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
        trained, twin = _both(_rows(result, "scores", name), SHARE, "min of R@10 both ways")
        return Reading(trained, twin, pool=_pool(result, trained)) if trained else None
    by_name = {value.name: value for value in result.values}
    trained, twin = (by_name.get(f"{name}, {weights}, canonical: S") for weights in (TRAINED, UNTRAINED))
    array = next((row["array"] for row in result.tables.get("pools", ()) if row.get("pool") == "canonical"), 0)
    return Reading(trained, twin, pool=_pool(result, trained, f".{array}")) if trained else None


def _without_a4(result: Result, name: str) -> Reading | None:
    rows = _rows(result, "ablation", name, input="A4", kind="zero")
    trained, twin = _both(rows, POINTS, "S minus S with A4 zero, paired", 0.01)
    return Reading(trained, twin, pool=_pool(result, trained)) if trained else None


def _retention(result: Result, name: str) -> Reading | None:
    rows = _rows(result, "retention", name, moved="MIDI alone", semitones=SEMITONES)
    if not rows:
        return _lacks(result, "scores", name, f"±{SEMITONES} semitones not among its doses")
    trained, twin = _both(rows, SHARE, "mean S at both shifts over S at 0")
    return Reading(trained, twin, pool=_pool(result, trained))


def _cka(result: Result, name: str) -> Reading | None:
    rows = [
        row for row in result.tables.get("summary", ())
        if row["first"] == row["second"] == name and row["sides"] == "audio, midi" and row["what"] == MEAN
    ]  # fmt: skip
    found = [row for row in rows if row["estimator"] == DEBIASED]
    trained, twin = _both(found, "", DEBIASED)
    if trained is None:
        return None
    own = next(row for row in found if row["weights"] == TRAINED)
    biased, _ = _both([row for row in rows if row["estimator"] == BIASED], "", BIASED)
    return Reading(trained, twin, own.get("null_high"), own.get("inside_null"), same_estimator=biased)


def _band(result: Result, name: str) -> Reading | None:
    """The band without which the audio embedding moves farthest, as a share of the distance between works; n windows."""
    estimator = "cosine distance without the band over that between works"
    bands = [row for row in _rows(result, "filters", name) if row["low_hz"] is not None and row.get("between_works")]
    of = {weights: [row for row in bands if row["weights"] == weights] for weights in (TRAINED, UNTRAINED)}
    if not of[TRAINED]:
        return None
    first = max(of[TRAINED], key=lambda row: row["value"])
    twin = next((row for row in of[UNTRAINED] if row["band"] == first["band"]), None)
    number = lambda row: _value(row, estimator, SHARE, estimator, row["between_works"])  # noqa: E731
    return Reading(number(first), number(twin) if twin else None, detail=str(first["band"]))


def _noise(result: Result, name: str) -> Reading | None:
    """The twin is examined at the strongest noise alone."""
    rows = _rows(result, "scores", name, change="white_noise")
    trained, _ = _both([row for row in rows if row["dose"] == NOISE_DB], SHARE, "min of R@10 both ways")
    if trained is None:
        return _lacks(result, "scores", name, f"noise at {NOISE_DB} dB not among its doses")
    _, twin = _both([row for row in rows if row["dose"] == 0], SHARE, "min of R@10 both ways")
    return Reading(trained, twin, pool=_pool(result, trained))


def _cosine(result: Result, name: str) -> Reading | None:
    rows = _rows(result, "measures", name, measure=COSINE)
    trained, twin = _both(rows, "", "mean cosine of matched pairs")
    if trained is None:
        return next((Reading(missing=str(row["note"])) for row in rows if row.get("note")), None)
    return Reading(trained, twin)


def _lacks(result: Result, table: str, name: str, why: str) -> Reading | None:
    return Reading(missing=why) if _rows(result, table, name) else None


READERS: Mapping[str, Callable[[Result, str], Reading | None]] = {
    "s": _s, "without_a4": _without_a4, "retention": _retention, "cka": _cka, "band": _band, "noise": _noise, "cosine": _cosine,
}  # fmt: skip
