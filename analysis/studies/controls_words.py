"""What parameter-matched controls say about an arm, in one sentence per arm."""

from collections.abc import Mapping, Sequence
from typing import Any

ALPHA = 0.05
Rows = Sequence[Mapping[str, Any]]
GIVEN = {"zero": "zeros", "random": "noise", "shuffled": "shuffled values"}


def headline(scores: Rows, differences: Rows, missing: Rows) -> str:
    """Every arm beside its controls, or that no control is here."""
    pairs = [row for row in differences if row["kind"] == "real − control"]
    by_score = {(row["checkpoint"], row["weights"]): row for row in scores}
    firsts = dict.fromkeys(row["first"] for row in pairs)
    said = [_arm(first, [row for row in pairs if row["first"] == first], by_score) for first in firsts]
    if not said:
        said = [
            "Whether it is what the descriptors tell or only their parameters cannot be said: no arm is here with its control."
        ]
    return " ".join([*said, *_untold(scores, missing, {row["second"] for row in pairs} | set(firsts))])


def _untold(scores: Rows, missing: Rows, paired: set[str]) -> list[str]:
    """Why arms stand without a control: of a control only where its arm is not here, and nothing of arms without descriptors."""
    real = {row["checkpoint"] for row in scores if row["values"] == "real"}
    arms = {row["arm"] for row in scores if row["values"] == "real"}
    rows = [row for row in missing if row["controllable"] and row["checkpoint"] not in paired]
    return [row["text"] for row in rows if row["checkpoint"] in real or row["arm"] not in arms]


def _arm(first: str, pairs: Rows, by_score: Mapping[tuple[str, str], Mapping[str, Any]]) -> str:
    trained = [row for row in pairs if row["weights"] == "trained"]
    untrained = {row["second"]: row for row in pairs if row["weights"] == "untrained"}
    own, twin = by_score[first, "trained"], by_score[first, "untrained"]
    clear = [row for row in trained if row["p"] is not None and row["p"] < ALPHA]
    gains, losses = ([row for row in clear if (row["value"] > 0) is up] for up in (True, False))
    unclear = [row for row in trained if row not in clear]
    said = (
        f"{first} reaches S = {_percent(own['value'])} (chance {_percent(own['null'])}, untrained twin {_percent(twin['value'])})"
    )
    parts = []
    if gains:
        parts.append(f"more than the same parameters given {_listed(gains, by_score, untrained)}")
    if losses:
        parts.append(f"less than the same parameters given {_listed(losses, by_score, untrained)}")
    if unclear:
        parts.append(f"not distinguishable from the same parameters given {_listed(unclear, by_score, untrained)}")
    return f"{said}: {'; '.join(parts)}. {_verdict(gains, losses, unclear)}"


def _verdict(gains: Rows, losses: Rows, unclear: Rows) -> str:
    """What follows from it."""
    if gains and not losses and not unclear:
        return "What the descriptors tell matters, not the parameters alone."
    if gains:
        return "That what the descriptors tell matters is shown against some of the controls only."
    return "That what the descriptors tell adds anything to the parameters is not shown."


def _listed(rows: Rows, by_score: Mapping[tuple[str, str], Mapping[str, Any]], untrained: Mapping[str, Mapping[str, Any]]) -> str:
    """Every control with its score, the difference, its interval and p, and the difference of the untrained twins."""
    told = []
    for row in rows:
        score, apart = by_score[row["second"], "trained"], 100 * row["value"]
        ends = "" if row["ci_low"] is None else f" [{100 * row['ci_low']:.1f}, {100 * row['ci_high']:.1f}]"
        twins = f"untrained twins {100 * untrained[row['second']]['value']:+.1f}"
        words = f"{GIVEN[row['control']]} ({_percent(score['value'])}: {apart:+.1f} points{ends}, {_p(row['p'])}; {twins})"
        told.append(words)
    return ", ".join(told)


def _p(p: float | None) -> str:
    if p is None:
        return "a single work, so no test"
    return f"p = {p:.3f}" if round(p, 3) != ALPHA or p == ALPHA else f"p = {p:.5f}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
