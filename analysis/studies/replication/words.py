"""What can be said about arms over training seeds, and what cannot."""

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.models.arms import control_of

ALPHA = 0.05
TESTS = {True: "paired t test over training seeds", False: "Welch's t test"}
Rows = Sequence[Mapping[str, Any]]


def headline(arms: Rows, pairs: Rows, runs: Rows, n_evaluation: int, n_windows: int) -> str:
    """The best arm over training seeds beside chance, twins and the arms it is not significantly better than; no control.

    Arms that have the same training seeds are compared seed by seed (paired t test), others by Welch's t test.

    With one training seed per arm: that nothing can be told about training, and how far redrawn pools alone move S; where the
    queries are more than half of all windows, that they are hardly redrawn.
    """
    trained = [row for row in arms if row["weights"] == "trained"]
    several = [row for row in trained if row["n"] > 1]
    many = [row for row in several if not control_of(row["arm"])]
    if many:
        rivals = [row for row in pairs if row["weights"] == "trained" and not any(map(control_of, (row["first"], row["second"])))]
        said = _over_training_seeds(many, rivals, arms)
        alone = [row["arm"] for row in trained if row["n"] == 1]
        said += f" Of {_listed(alone)} there is one training seed: nothing can be told." if alone else ""
    elif several:
        said = f"Two training seeds are here of controls alone, which are not ranked: {_listed([row['arm'] for row in several])}."
    else:
        said = "How far S differs from training to training cannot be told: no arm is here with two training seeds."
    return f"{said} {_redrawn(runs, n_evaluation)}{_hardly_redrawn(runs, n_windows)}{_left_out(runs)}"


def _over_training_seeds(many: Rows, pairs: Rows, arms: Rows) -> str:
    best = max(many, key=lambda row: row["value"])
    name, twin = best["arm"], next(row for row in arms if (row["arm"], row["weights"]) == (best["arm"], "untrained"))
    reached = f"S = {100 * best['value']:.1f} ± {100 * best['sd']:.1f} % over {best['n']} training seeds"
    controls = f"chance {100 * best['null']:.1f} %, untrained twins {100 * twin['value']:.1f} %"
    if len(many) == 1:
        return f"{name} reaches {reached} ({controls}); no other arm is here with two training seeds to compare it with."
    rows = {
        row["second"] if row["first"] == name else row["first"]: row for row in pairs if name in (row["first"], row["second"])
    }
    alike = {other: row for other, row in rows.items() if (p := chosen_test(row)["p"]) is None or p >= ALPHA}
    said = f"{name} has the highest mean, {reached} ({controls})"
    if alike:
        against = _listed([f"{other} ({_p(row)})" for other, row in alike.items()])
        said += f", but that {name} is best is not significant with n = {best['n']}: not distinguishable from {against}"
    better = [_by(name, other, row) for other, row in rows.items() if other not in alike]
    said += f"; better than {_listed(better)}" if better else ""
    kinds = {chosen_test(row)["by_seed"] for row in rows.values()}
    how = TESTS[kinds.pop()] if len(kinds) == 1 else f"{TESTS[True]} where both arms have the same seeds, else {TESTS[False]}"
    return f"{said} ({how})."


def chosen_test(row: Mapping[str, Any]) -> dict[str, Any]:
    """The test to read of a row of pairs: `value`, `ci_low`, `ci_high`, `p` and `by_seed`.

    It is the paired one (`by_seed`) where both arms have the same training seeds and the differences vary, for what belongs to a
    seed then falls out of the difference; else it is Welch's.
    """
    by_seed = row["paired_n"] > 1 and 2 * row["paired_n"] == row["n"] and row["paired_p"] is not None
    prefix = "paired_" if by_seed else ""
    value = row["paired_difference" if by_seed else "value"]
    return {"value": value, **{name: row[f"{prefix}{name}"] for name in ("ci_low", "ci_high", "p")}, "by_seed": by_seed}


def _by(name: str, other: str, row: Mapping[str, Any]) -> str:
    """How much better than another arm, whichever of the two comes first in the row."""
    sign, found = 1 if row["first"] == name else -1, chosen_test(row)
    low, high = sorted(sign * 100 * found[end] for end in ("ci_low", "ci_high"))
    return f"{other} by {sign * 100 * found['value']:.1f} points [{low:.1f}, {high:.1f}] ({_p(row)})"


def _p(row: Mapping[str, Any]) -> str:
    p = chosen_test(row)["p"]
    if p is None:
        return "p cannot be computed, nothing varies"
    if p < 0.001:
        return "p < 0.001"
    return f"p = {p:.3f}" if round(p, 3) != ALPHA or p == ALPHA else f"p = {p:.5f}"


def _redrawn(runs: Rows, n_evaluation: int) -> str:
    """How far other pools move S of one checkpoint."""
    told = []
    for weights in ("trained", "untrained"):
        sds = [100 * row["evaluation_sd"] for row in runs if row["weights"] == weights]
        low, high = f"{min(sds):.1f}", f"{max(sds):.1f}"
        told.append(low if low == high else f"{low} to {high}")
    binomial = max(100 * row["binomial_sd"] for row in runs if row["weights"] == "trained")
    said = (
        f"Other pools from the same works ({n_evaluation} evaluation seeds) move S of one checkpoint by a standard deviation of"
    )
    return f"{said} {told[0]} points (independent queries: at most {binomial:.1f}; untrained twins {told[1]})."


def _hardly_redrawn(runs: Rows, n_windows: int) -> str:
    n = max(row["n"] for row in runs)
    if 2 * n <= n_windows:
        return ""
    return f" That is too small: every pool asks for {n} of the {n_windows} windows, so that its queries are nearly the same."


def _left_out(runs: Rows) -> str:
    reasons = {row["checkpoint"]: row["left_out"] for row in runs if row["left_out"]}
    return f" Not pooled: {'; '.join(f'{name}, {reason}' for name, reason in reasons.items())}." if reasons else ""


def _listed(words: Sequence[str]) -> str:
    """One, one and two, or one, two and three."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
