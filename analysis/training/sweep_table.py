"""The table of a sweep: S of every arm over its seeds, and its paired difference from one arm over works."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.errors import ConfigError
from analysis.measures.paired_scores import hits_exchange_p, s_of_hits, s_of_hits_on_resamples
from analysis.measures.resampling import WorkDraws
from analysis.measures.statistics import holm
from analysis.models.arms import control_of
from analysis.models.checkpoint import Checkpoint
from analysis.numbers import ALPHA, p_words
from analysis.training.work_counts import PoolCounts, WorkCounts, read_counts

BASELINE = "D0"
SEED = 42


@dataclass(frozen=True, eq=False)
class HitsByWork:
    """Counts of all trainings of one arm together, S of each, and chance of S."""

    counts: WorkCounts
    scores: tuple[float, ...]
    chance: float

    @property
    def s(self) -> float:
        """S of all trainings together."""
        return s_of_hits(self.counts.hits, self.counts.queries)


@dataclass(frozen=True)
class SweepRow:
    """One arm of a sweep; S and differences are parts of 1, intervals hold 95 % and are over works.

    Attributes:
        arm: its name.
        seeds: of its trainings.
        s, s_low, s_high: S over the queries of all trainings.
        lowest, highest: S of single trainings.
        chance: of S.
        untrained: S of the untrained twins together.
        n_works: works of the queries.
        baseline: the arm that differences are taken from; "" in its own row, where there are none.
        difference, low, high: S minus that of the baseline, works drawn alike for both; None in its own row, as are both p.
        p: two-sided, the two arms exchanged at random for whole works.
        p_holm: corrected for the number of rows that have one (Holm).
    """

    arm: str
    seeds: tuple[int, ...]
    s: float
    s_low: float | None
    s_high: float | None
    lowest: float
    highest: float
    chance: float
    untrained: float
    n_works: int
    baseline: str = ""
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_holm: float | None = None


def sweep_table(checkpoints: Sequence[Checkpoint]) -> tuple[SweepRow, ...]:
    """A row for every arm, the highest S first, controls last; the baseline is D0, or the first arm where D0 is not there.

    Raises:
        ConfigError: there is nothing to compare, an evaluation has no counts by work, or they are of other queries.
    """
    by_arm: dict[str, list[Checkpoint]] = {}
    for checkpoint in checkpoints:
        by_arm.setdefault(checkpoint.arm, []).append(checkpoint)
    if not by_arm:
        raise ConfigError("There is no training to be compared; expected one or more.")
    baseline = BASELINE if BASELINE in by_arm else next(iter(by_arm))
    matches = {arm: read_hits(ones) for arm, ones in by_arm.items()}
    rows = [_row(arm, ones, matches[arm], baseline, matches[baseline]) for arm, ones in by_arm.items()]
    corrected = iter(holm([row.p for row in rows if row.p is not None]))
    rows = [row if row.p is None else _corrected(row, next(corrected)) for row in rows]
    return tuple(sorted(rows, key=lambda row: (bool(control_of(row.arm)), -row.s, row.arm)))


def read_hits(checkpoints: Sequence[Checkpoint], weights: str = "trained") -> HitsByWork:
    """What the trainings of one arm found on the canonical pool of the split test, from their evaluations.

    Raises:
        ConfigError: an evaluation has no counts by work, or they are of other queries.
    """
    pools: list[PoolCounts] = []
    for checkpoint in checkpoints:
        pool = read_counts(checkpoint.evaluation, weights)
        if pool is None:
            raise ConfigError(f"{checkpoint.name} was examined without counts by work. Train it again, or leave it out.")
        pools.append(pool)
    first = pools[0].counts
    if not all(same_queries(pool.counts, first) for pool in pools):
        raise ConfigError("The trainings were examined on other queries and cannot be compared. Use one corpus.")
    hits = np.sum([pool.counts.hits for pool in pools], axis=0)
    counts = WorkCounts(first.works, len(pools) * first.queries, hits)
    return HitsByWork(counts, tuple(pool.s for pool in pools), pools[0].chance)


def same_queries(one_model: WorkCounts, other: WorkCounts) -> bool:
    """Whether two models were asked for as many windows of the same works."""
    return one_model.works == other.works and one_model.queries.tolist() == other.queries.tolist()


def headline(rows: Sequence[SweepRow]) -> str:
    """The highest S with its interval, seeds and chance, and its difference from the baseline; at most 30 words."""
    best = next((row for row in rows if not control_of(row.arm)), rows[0])
    n = len(best.seeds)
    trained = f"{n} seed{'' if n == 1 else 's'}"
    reached = f"S = {100 * best.s:.1f} %{_bounds(best.s_low, best.s_high)}: {best.arm} is highest of {len(rows)} arms"
    sentence = f"{reached} ({trained}, chance {100 * best.chance:.1f} %)"
    if best.difference is not None and best.p_holm is not None:
        return f"{sentence}; {_apart(best.difference, best.low, best.high, best.p_holm, best.baseline)}."
    nearest = max((row for row in rows if row.p_holm is not None), key=lambda row: row.s, default=None)
    if nearest is None or nearest.difference is None or nearest.p_holm is None:
        return f"{sentence}."
    low, high = (None if end is None else -end for end in (nearest.high, nearest.low))
    return f"{sentence}; {_apart(-nearest.difference, low, high, nearest.p_holm, nearest.arm)}."


def _apart(difference: float, low: float | None, high: float | None, p: float, other: str) -> str:
    """How much higher an arm is than another, or that the two cannot be told apart."""
    points = f"{100 * difference:+.1f} points{_bounds(low, high)}"
    return (
        f"not distinguishable from {other} ({points}, {p_words(p)}, Holm)"
        if p >= ALPHA
        else (f"{points} to {other}, {p_words(p)} (Holm)")
    )


def table_lines(rows: Sequence[SweepRow]) -> list[str]:
    """The table as text."""
    width = max(len(row.arm) for row in rows)
    lines = [f"{'arm':{width}}  seeds  S (%)                twin   difference (points)    p (Holm)"]
    for row in rows:
        s = f"{100 * row.s:.1f}{_bounds(row.s_low, row.s_high)}"
        apart = "–" if row.difference is None else f"{100 * row.difference:+.1f}{_bounds(row.low, row.high)}"
        p = "–" if row.p_holm is None else p_words(row.p_holm).removeprefix("p ").removeprefix("= ")
        lines.append(f"{row.arm:{width}}  {len(row.seeds):5}  {s:20} {100 * row.untrained:4.1f}   {apart:22} {p}")
    baseline = next((row.baseline for row in rows if row.baseline), "")
    return [*lines, *([f"Differences are from {baseline}, paired by work."] if baseline else [])]


def _row(arm: str, ones: Sequence[Checkpoint], matches: HitsByWork, baseline: str, other: HitsByWork) -> SweepRow:
    counts, theirs = matches.counts, other.counts
    draws = WorkDraws(np.array(counts.works), SEED)
    resampled = s_of_hits_on_resamples(draws, counts.hits, counts.queries)
    row = SweepRow(
        arm, tuple(checkpoint.seed for checkpoint in ones), matches.s, *draws.interval(resampled), min(matches.scores),
        max(matches.scores), matches.chance, read_hits(ones, "untrained").s, draws.n_works,
    )  # fmt: skip
    if arm == baseline:
        return row
    if not same_queries(counts, theirs):
        raise ConfigError(f"{arm} and {baseline} were examined on other queries and cannot be compared. Use the same seeds.")
    low, high = draws.interval(resampled - s_of_hits_on_resamples(draws, theirs.hits, theirs.queries))
    p = hits_exchange_p(counts.hits, theirs.hits, seed=SEED)
    return replace(row, baseline=baseline, difference=row.s - other.s, low=low, high=high, p=p)


def _corrected(row: SweepRow, p: float) -> SweepRow:
    return replace(row, p_holm=p)


def _bounds(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" [{100 * low:.1f}, {100 * high:.1f}]"
