"""What parameter-matched controls say about an arm: of the best arm in the headline, of every arm in a sentence of its own."""

from collections.abc import Mapping, Sequence

from analysis.datasets.pools import size_words
from analysis.models.arms import ARMS
from analysis.numbers import ALPHA, p_words, percent
from analysis.studies.controls.rows import REAL, DifferenceRow, ScoreRow
from analysis.studies.shared_rows import SentenceRow

Scores = Sequence[ScoreRow]
Differences = Sequence[DifferenceRow]
ByModel = Mapping[tuple[str, str], ScoreRow]  # (checkpoint, weights) → S
GIVEN = {"zero": "zeros", "random": "noise", "shuffled": "other windows' values", "reordered": "its reordered values"}


def headline(scores: Scores, differences: Differences, pool_size: int) -> str:
    """The best arm that has a control, beside the control that decides, in at most 30 words; or that no control is here."""
    pairs = [row for row in differences if row.kind == REAL]
    if not pairs:
        return _without_controls(scores, pool_size)
    s = {row.checkpoint: row.value for row in scores if row.weights == "trained"}
    best = max(dict.fromkeys(row.first for row in pairs), key=lambda name: s[name])
    own = [row for row in pairs if row.first == best]
    gains, losses, unclear = _judged(own)
    decides = min(losses or unclear or gains, key=lambda row: row.value)
    twin = next(row for row in own if row.weights == "untrained" and row.second == decides.second)
    finds = "below" if losses else "not distinguishable from" if unclear else "above"
    sentence = f"{_points(decides, ' points of S')} among {size_words(pool_size)}: {best} is {finds} its parameters given "
    sentence += f"{GIVEN[decides.control]} ({_p(decides.p)}, untrained twins {_points(twin)})"
    return f"{sentence}: the information matters." if gains and not losses and not unclear else f"{sentence}."


def _without_controls(scores: Scores, pool_size: int) -> str:
    """S of the best arm that takes descriptors in, and that only its control would tell what it owes to them."""
    best = _best_without(scores)
    if best is None:
        return "No arm with descriptors is chosen, so that there is nothing to control."
    twin = next(row for row in scores if row.checkpoint == best.checkpoint and row.weights == "untrained")
    sentence = f"S = {_share(best)} among {size_words(pool_size)}: {best.checkpoint} without its controls "
    return f"{sentence}(chance {percent(best.null)}, untrained twin {_share(twin)}); what its descriptors add is not known."


def details(scores: Scores, differences: Differences) -> list[SentenceRow]:
    """A sentence for every arm that has a control, beside all its controls; without any, what to choose."""
    pairs = [row for row in differences if row.kind == REAL]
    by_score = {(row.checkpoint, row.weights): row for row in scores}
    firsts = dict.fromkeys(row.first for row in pairs)
    if not firsts and (best := _best_without(scores)):
        wanted = ", ".join(name for name, arm in ARMS.items() if arm.control_of == best.arm)
        text = f"Controls of {best.arm} have its parameters without what its descriptors tell: {wanted}. "
        text += f"Choose one that was trained as {best.checkpoint} beside it, or train one."
        return [SentenceRow(text)]
    return [SentenceRow(_arm(first, [row for row in pairs if row.first == first], by_score)) for first in firsts]


def _best_without(scores: Scores) -> ScoreRow | None:
    """The best arm that takes descriptors in; None without one."""
    own = [row for row in scores if row.weights == "trained" and row.values == "real"]
    controlled = {arm.control_of for arm in ARMS.values()}
    return max((row for row in own if row.arm in controlled), key=lambda row: row.value, default=None)


def _points(row: DifferenceRow, unit: str = "") -> str:
    """A difference in points with its interval, such as "+8.0 points [4.0, 12.0]"."""
    return f"{100 * row.value:+.1f}{unit}{_interval(row)}"


def _judged(pairs: Differences) -> tuple[Differences, Differences, Differences]:
    """Differences of trained models that are above 0, below 0, and not distinguishable from it."""
    trained = [row for row in pairs if row.weights == "trained"]
    clear = [row for row in trained if row.p is not None and row.p < ALPHA]
    gains, losses = ([row for row in clear if (row.value > 0) is up] for up in (True, False))
    return gains, losses, [row for row in trained if row not in clear]


def _arm(first: str, pairs: Differences, by_score: ByModel) -> str:
    untrained = {row.second: row for row in pairs if row.weights == "untrained"}
    own, twin = by_score[first, "trained"], by_score[first, "untrained"]
    gains, losses, unclear = _judged(pairs)
    sentence = f"{first} reaches S = {_share(own)} (chance {percent(own.null)}, untrained twin {_share(twin)})"
    parts = []
    if gains:
        parts.append(f"more than the same parameters given {_listed(gains, by_score, untrained)}")
    if losses:
        parts.append(f"less than the same parameters given {_listed(losses, by_score, untrained)}")
    if unclear:
        parts.append(f"not distinguishable from the same parameters given {_listed(unclear, by_score, untrained)}")
    verdict = _verdict("what the descriptors tell", gains, losses, unclear)
    return f"{sentence}: {'; '.join(parts)}. {verdict[:1].upper()}{verdict[1:]}."


def _verdict(what: str, gains: Differences, losses: Differences, unclear: Differences) -> str:
    """What follows from it."""
    if gains and not losses and not unclear:
        return f"{what} matters, not the parameters alone"
    if gains:
        return f"that {what} matters is shown against some of the controls only"
    return f"that {what} adds anything to the parameters is not shown"


def _listed(rows: Differences, by_score: ByModel, untrained: Mapping[str, DifferenceRow]) -> str:
    """Every control with its score, the difference, its interval and p, and the difference of the untrained twins."""
    parts = []
    for row in rows:
        score, twins = by_score[row.second, "trained"], f"untrained twins {_points(untrained[row.second])}"
        apart = f"{_share(score)}: {_points(row, ' points')}, {_p(row.p)}; {twins}"
        parts.append(f"{GIVEN[row.control]} ({apart})")
    return ", ".join(parts)


def _p(p: float | None) -> str:
    return "a single work, so no test" if p is None else p_words(p)


def _share(row: ScoreRow) -> str:
    """S with its interval, where it has one."""
    return f"{percent(row.value)}{_interval(row)}"


def _interval(row: ScoreRow | DifferenceRow) -> str:
    return "" if row.ci_low is None or row.ci_high is None else f" [{100 * row.ci_low:.1f}, {100 * row.ci_high:.1f}]"
