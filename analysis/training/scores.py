"""S of checkpoints as their evaluations hold it, read with care: a configuration may say anything."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from analysis.datasets.pools import size_words
from analysis.numbers import percent

Weights = Literal["trained", "untrained", "sound"]
Pool = Literal["canonical", "no_overlap", "views", "stems"]
RANKED: tuple[Pool, ...] = ("canonical", "views", "stems")  # pools by which checkpoints are ranked, each among those that have it


@dataclass(frozen=True)
class RetrievalScore:
    """S of one model on one pool with its 95 % interval over works; shares of 1.

    In the pool "views" not the other side of a window is to be found, but another window of the recording that is near it. In the
    pool "stems" stems of a window are to be found by others of its stems, and S is the share for which they come first.
    """

    value: float
    low: float
    high: float
    chance: float
    n_queries: int
    n_works: int
    pool_size: int
    pool: Pool = "canonical"

    @property
    def candidates(self) -> str:
        """Among what the match is to be found, in words."""
        if self.pool == "stems":
            return f"{self.pool_size:,} mixes"
        return f"{self.pool_size:,} second views" if self.pool == "views" else size_words(self.pool_size)

    @property
    def symbol(self) -> str:
        """What the number is called."""
        return "Accuracy" if self.pool == "stems" else "S"

    def overlaps(self, other: "RetrievalScore") -> bool:
        """Whether the two intervals share a point."""
        return self.low <= other.high and other.low <= self.high


def read_score(evaluation: Mapping[str, object], weights: Weights = "trained", pool: Pool = "canonical") -> RetrievalScore | None:
    """One score of an evaluation; None where it is missing or not a score."""
    scores = _at(evaluation, weights, pool)
    if not isinstance(scores, Mapping):
        return None
    try:
        low, high = (float(bound) for bound in scores["S_ci"])
        counts = [int(scores[name]) for name in ("n_queries", "n_works", "pool_size")]
        score = RetrievalScore(float(scores["S"]), low, high, float(scores["chance"]), *counts, pool=pool)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    shares = (score.value, score.low, score.high, score.chance)
    return score if all(0 <= share <= 1 for share in shares) and low <= high and min(counts) > 0 else None


def ranking_score(evaluation: Mapping[str, object]) -> RetrievalScore | None:
    """The score by which a checkpoint is ranked: that on the canonical pool, else that of views; None without either."""
    return next((score for pool in RANKED if (score := read_score(evaluation, pool=pool)) is not None), None)


def retrieval_rows(evaluation: Mapping[str, object]) -> list[dict[str, str | None]]:
    """R@1, R@5, R@10 (%) and MRR with their intervals per pool and direction, and R@10 of the untrained twin (%).

    What is missing is None.
    """
    rows = []
    pools = (("canonical", "canonical"), ("no_overlap", "no overlap"), ("views", "views"), ("stems", "stems"))
    sides = (("audio_to_midi", "audio → MIDI"), ("midi_to_audio", "MIDI → audio"))
    views = (("first_to_second", "view 1 → view 2"), ("second_to_first", "view 2 → view 1"))
    stems = (("anchor_to_positive", "stems → other stems"),)
    for pool, label in pools:
        for direction, query in (*sides, *views, *stems):
            trained = (evaluation, "trained", pool, direction)
            cells = {name: _interval(*trained, name, 100, 1) for name in ("R@1", "R@5", "R@10")}
            cells |= {"untrained R@10": _interval(evaluation, "untrained", *trained[2:], "R@10", 100, 1)}
            cells |= {"MRR": _interval(*trained, "MRR", 1, 3)}
            if any(value is not None for name, value in cells.items() if name != "untrained R@10"):
                rows.append({"pool": label, "query → match": query, **cells})
    return rows


def score_text(score: RetrievalScore) -> str:
    """A score with its interval.

    >>> score_text(RetrievalScore(0.344, 0.289, 0.403, 0.039, 500, 24, 256))
    '34.4 % [28.9, 40.3]'
    """
    return f"{percent(score.value)} [{100 * score.low:.1f}, {100 * score.high:.1f}]"


def recall_words(evaluation: Mapping[str, object], weights: Weights, pool: Pool, direction: str, k: int) -> str:
    """Recall at `k` with its interval, as the card words it."""
    text = _interval(evaluation, weights, pool, direction, f"R@{k}", 100, 1)
    return "–" if text is None else text.replace(" [", " % [") if "[" in text else f"{text} %"


def _interval(
    evaluation: Mapping[str, object], weights: str, pool: str, direction: str, name: str, factor: int, decimals: int
) -> str | None:
    """A number with its interval, if it has one; None without the number."""
    path = (weights, pool, direction)
    value = _number(_at(evaluation, *path, name))
    if value is None:
        return None
    ends = _at(evaluation, *path, f"{name}_ci")
    bounds = [_number(end) for end in ends] if isinstance(ends, list) else []
    write = [f"{factor * number:.{decimals}f}" for number in (value, *bounds) if number is not None]
    return f"{write[0]} [{write[1]}, {write[2]}]" if len(write) == 3 else write[0]


def _at(value: object, *path: str) -> object:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _number(value: object) -> float | None:
    """A finite number as a float; None for anything else, as for one too large for a float."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
