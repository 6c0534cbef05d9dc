"""What can be said about arms over training seeds, and what cannot."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from analysis.datasets.pools import size_words
from analysis.measures.statistics import holm
from analysis.models.arms import control_of
from analysis.numbers import ALPHA, p_words
from analysis.studies.replication.rows import ArmRow, PairRow, RunRow
from analysis.training.comparison import listed

TESTS = {True: "paired t test over training seeds", False: "Welch's t test"}
Arms = Sequence[ArmRow]
Pairs = Sequence[PairRow]
Runs = Sequence[RunRow]
Corrected = Mapping[tuple[str, str], float]  # both arms → p


def headline(arms: Arms, pairs: Pairs, runs: Runs, n_evaluation: int, pool_size: int) -> str:
    """The best arm over training seeds beside chance, twins and the arms it is not told from; no control; at most 30 words.

    Arms that have the same training seeds are compared seed by seed (paired t test), others by Welch's t test.

    With one training seed per arm: how far redrawn pools alone move S, and that training is not told from chance.
    """
    many = _several(arms)
    if not many:
        reason = "only controls were trained twice" if _several(arms, controls=True) else "every arm was trained once"
        twins = _sds(runs, "untrained")
        sentence = f"{_sds(runs, 'trained')} points is the SD of S over {n_evaluation} redrawn pools of {size_words(pool_size)} "
        return f"{sentence}(independent queries {_binomial(runs):.1f}, untrained twins {twins}); {reason}."
    best = max(many, key=lambda row: row.value)
    twin = _twin(best, arms)
    corrected = corrected_p(pairs)
    alike = [other for other, row in _rivals(best, pairs).items() if _is_alike(row, corrected)]
    sentence = f"S = {mean_text(best)} over {best.n} trainings among {size_words(pool_size)}: {best.arm} finds "
    sentence += "most" if len(many) > 1 else "the match"
    sentence += f" (chance {100 * best.null:.1f} %, untrained twins {mean_text(twin, spread=False)})"
    if not alike:
        return f"{sentence}."
    others = "the others" if len(alike) == len(_rivals(best, pairs)) > 2 else listed(alike, 2)
    return f"{sentence}, not distinguishable from {others}."


def details(arms: Arms, pairs: Pairs, runs: Runs, n_evaluation: int, n_windows: int) -> str:
    """What the headline has no room for: tests, how far redrawn pools move S, and what is not pooled, each in a sentence.

    Where the queries are more than half of all windows, that they are hardly redrawn.
    """
    trained = [row for row in arms if row.weights == "trained"]
    several, controls = _several(arms), _several(arms, controls=True)
    if several:
        sentence = _over_training_seeds(several, pairs, arms)
        alone = [row.arm for row in trained if row.n == 1]
        sentence += f" Of {_listed(alone)} there is one training seed: nothing can be told." if alone else ""
    elif controls:
        sentence = (
            f"Two training seeds are here of controls alone, which are not ranked: {_listed([row.arm for row in controls])}."
        )
    else:
        sentence = "How far S differs from training to training cannot be told: no arm is here with two training seeds."
    return f"{sentence} {_redrawn(runs, n_evaluation)}{_hardly_redrawn(runs, n_windows)}{_left_out(runs)}"


def mean_text(row: ArmRow, *, spread: bool = True) -> str:
    """Mean S over training seeds with Student's interval; of two trainings, which give none, between which two it lies.

    >>> from dataclasses import replace
    >>> two = ArmRow("D0", "trained", 0.76, None, None, 0.04, 2, 0.014, None, None, 0.75, 0.77, (1, 2), "")
    >>> mean_text(two), mean_text(replace(two, ci_low=0.7, ci_high=0.8, n=3))
    ('76.0 % (75.0 to 77.0)', '76.0 % [70.0, 80.0]')
    """
    text = f"{100 * row.value:.1f} %"
    if row.ci_low is not None and row.ci_high is not None:
        return f"{text} [{100 * row.ci_low:.1f}, {100 * row.ci_high:.1f}]"
    return f"{text} ({100 * row.lowest:.1f} to {100 * row.highest:.1f})" if spread and row.n > 1 else text


def _several(arms: Arms, *, controls: bool = False) -> list[ArmRow]:
    """Trained arms that have two training seeds or more: arms proper, or controls."""
    trained = [row for row in arms if row.weights == "trained" and row.n > 1]
    return [row for row in trained if bool(control_of(row.arm)) is controls]


def _twin(best: ArmRow, arms: Arms) -> ArmRow:
    return next(row for row in arms if (row.arm, row.weights) == (best.arm, "untrained"))


def _rivals(best: ArmRow, pairs: Pairs) -> dict[str, PairRow]:
    """The rows in which an arm is compared with arms proper, by the other arm."""
    rivals = {row.other(best.arm): row for row in pairs if row.weights == "trained" and best.arm in row.pair}
    return {other: row for other, row in rivals.items() if not control_of(other)}


def corrected_p(pairs: Pairs) -> dict[tuple[str, str], float]:
    """P of every two trained arms proper, of the test that is read, corrected for the number of these pairs (Holm)."""
    proper = [row for row in pairs if row.weights == "trained" and not any(map(control_of, row.pair))]
    tested = {row.pair: p for row in proper if (p := chosen_test(row).p) is not None}
    return dict(zip(tested, holm(list(tested.values())), strict=True))


def _is_alike(row: PairRow, corrected: Corrected) -> bool:
    return corrected.get(row.pair, 1.0) >= ALPHA


def _over_training_seeds(many: Arms, pairs: Pairs, arms: Arms) -> str:
    best = max(many, key=lambda row: row.value)
    name, twin = best.arm, _twin(best, arms)
    reached = f"S = {100 * best.value:.1f} ± {100 * (best.sd or 0.0):.1f} % (mean ± SD) over {best.n} training seeds"
    if best.ci_low is None:
        reached += f" ({100 * best.lowest:.1f} and {100 * best.highest:.1f} %, of which no useful interval can be made)"
    controls = f"chance {100 * best.null:.1f} %, untrained twins {mean_text(twin)}"
    if len(many) == 1:
        return f"{name} reaches {reached} ({controls}); no other arm is here with two training seeds to compare it with."
    rows, corrected = _rivals(best, pairs), corrected_p(pairs)
    alike = {other: row for other, row in rows.items() if _is_alike(row, corrected)}
    sentence = f"{name} has the highest mean, {reached} ({controls})"
    if alike:
        against = _listed([f"{other} ({_p(row, corrected)})" for other, row in alike.items()])
        sentence += f", but that {name} is best is not significant with n = {best.n}: not distinguishable from {against}"
    better = [_by(name, row, corrected) for other, row in rows.items() if other not in alike]
    sentence += f"; better than {_listed(better)}" if better else ""
    kinds = {chosen_test(row).by_seed for row in rows.values()}
    how = TESTS[kinds.pop()] if len(kinds) == 1 else f"{TESTS[True]} where both arms have the same seeds, else {TESTS[False]}"
    how += f"; p corrected for {len(corrected)} pairs of arms, Holm" if len(corrected) > 1 else ""
    return f"{sentence} ({how})."


class ChosenTest(NamedTuple):
    """A difference of two means, its interval and its p; `by_seed` where it is the paired one."""

    value: float
    ci_low: float
    ci_high: float
    p: float | None
    by_seed: bool


def chosen_test(row: PairRow) -> ChosenTest:
    """The test to read of a pair.

    It is the paired one where both arms have the same training seeds and the differences vary, for what belongs to a seed then
    falls out of the difference; else it is Welch's.
    """
    if row.paired_n < 2 or 2 * row.paired_n != row.n or row.paired_p is None:
        return ChosenTest(row.value, row.ci_low, row.ci_high, row.p, by_seed=False)
    value, low, high = (number or 0.0 for number in (row.paired_difference, row.paired_ci_low, row.paired_ci_high))
    return ChosenTest(value, low, high, row.paired_p, by_seed=True)


def _by(name: str, row: PairRow, corrected: Corrected) -> str:
    """How much better than another arm, whichever of the two comes first in the row."""
    sign, test = 1 if row.first == name else -1, chosen_test(row)
    low, high = sorted(sign * 100 * end for end in (test.ci_low, test.ci_high))
    return f"{row.other(name)} by {sign * 100 * test.value:.1f} points [{low:.1f}, {high:.1f}] ({_p(row, corrected)})"


def _p(row: PairRow, corrected: Corrected) -> str:
    p = corrected.get(row.pair)
    return "p cannot be computed, nothing varies" if p is None else p_words(p)


def _redrawn(runs: Runs, n_evaluation: int) -> str:
    """How far other pools move S of one checkpoint."""
    sentence = (
        f"Other pools from the same works ({n_evaluation} evaluation seeds) move S of one checkpoint by a standard deviation of"
    )
    trained, untrained = _sds(runs, "trained"), _sds(runs, "untrained")
    return f"{sentence} {trained} points (independent queries: at most {_binomial(runs):.1f}; untrained twins {untrained})."


def _sds(runs: Runs, weights: str) -> str:
    """The smallest and the largest standard deviation of S over pools, in points."""
    sds = [100 * row.evaluation_sd for row in runs if row.weights == weights]
    low, high = f"{min(sds):.1f}", f"{max(sds):.1f}"
    return low if low == high else f"{low} to {high}"


def _binomial(runs: Runs) -> float:
    """The largest standard deviation of S of as many independent queries, in points."""
    return max(100 * row.binomial_sd for row in runs if row.weights == "trained")


def _hardly_redrawn(runs: Runs, n_windows: int) -> str:
    n = max(row.n for row in runs)
    if 2 * n <= n_windows:
        return ""
    return f" That is too small: every pool asks for {n} of the {n_windows} windows, so that its queries are nearly the same."


def _left_out(runs: Runs) -> str:
    reasons = {row.checkpoint: row.left_out for row in runs if row.left_out}
    return f" Not pooled: {'; '.join(f'{name}, {reason}' for name, reason in reasons.items())}." if reasons else ""


def _listed(words: Sequence[str]) -> str:
    """One, one and two, or one, two and three."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
