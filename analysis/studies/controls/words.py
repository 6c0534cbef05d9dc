"""What parameter-matched controls say about an arm: of the best arm in the headline, of every arm in a sentence of its own."""

from collections.abc import Mapping, Sequence
from typing import Any

ALPHA = 0.05
Rows = Sequence[Mapping[str, Any]]
GIVEN = {"zero": "zeros", "random": "noise", "shuffled": "other windows' values", "reordered": "its own values in another order"}
REAL = "real − control"


def headline(scores: Rows, differences: Rows) -> str:
    """The best arm that has a control, beside the control that decides; or that no control is here."""
    pairs = [row for row in differences if row["kind"] == REAL]
    if not pairs:
        return "Whether it is what the descriptors tell or only their parameters cannot be said: no arm is here with its control."
    s = {row["checkpoint"]: row["value"] for row in scores if row["weights"] == "trained"}
    firsts = list(dict.fromkeys(row["first"] for row in pairs))
    best = max(firsts, key=lambda name: s[name])
    own = [row for row in pairs if row["first"] == best]
    gains, losses, unclear = _judged(own)
    decides = min(losses or unclear or gains, key=lambda row: row["value"])
    twin = next(row for row in own if row["weights"] == "untrained" and row["second"] == decides["second"])
    finds = "finds less than" if losses else "is not distinguishable from" if unclear else "finds more than"
    several = f", the best of {len(firsts)} arms," if len(firsts) > 1 else ""
    ends = "" if decides["ci_low"] is None else f" [{100 * decides['ci_low']:.1f}, {100 * decides['ci_high']:.1f}]"
    said = f"{best}{several} {finds} the same parameters given {GIVEN[decides['control']]} ({100 * decides['value']:+.1f} points"
    said += f" of S{ends}, {_p(decides['p'])}; untrained twins {100 * twin['value']:+.1f})"
    return f"{said}: {_verdict('the information', gains, losses, unclear)}."


def details(scores: Rows, differences: Rows) -> list[dict[str, str]]:
    """Every arm that has a control beside all its controls: `checkpoint` and `text`."""
    pairs = [row for row in differences if row["kind"] == REAL]
    by_score = {(row["checkpoint"], row["weights"]): row for row in scores}
    firsts = dict.fromkeys(row["first"] for row in pairs)
    return [
        {"checkpoint": first, "text": _arm(first, [row for row in pairs if row["first"] == first], by_score)} for first in firsts
    ]


def _judged(pairs: Rows) -> tuple[Rows, Rows, Rows]:
    """Differences of trained models that are above 0, below 0, and not distinguishable from it."""
    trained = [row for row in pairs if row["weights"] == "trained"]
    clear = [row for row in trained if row["p"] is not None and row["p"] < ALPHA]
    gains, losses = ([row for row in clear if (row["value"] > 0) is up] for up in (True, False))
    return gains, losses, [row for row in trained if row not in clear]


def _arm(first: str, pairs: Rows, by_score: Mapping[tuple[str, str], Mapping[str, Any]]) -> str:
    untrained = {row["second"]: row for row in pairs if row["weights"] == "untrained"}
    own, twin = by_score[first, "trained"], by_score[first, "untrained"]
    gains, losses, unclear = _judged(pairs)
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
    verdict = _verdict("what the descriptors tell", gains, losses, unclear)
    return f"{said}: {'; '.join(parts)}. {verdict[:1].upper()}{verdict[1:]}."


def _verdict(what: str, gains: Rows, losses: Rows, unclear: Rows) -> str:
    """What follows from it."""
    if gains and not losses and not unclear:
        return f"{what} matters, not the parameters alone"
    if gains:
        return f"that {what} matters is shown against some of the controls only"
    return f"that {what} adds anything to the parameters is not shown"


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
