"""What the study of similarity says: the headline and the sentence, from means over blocks and their differences."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

from analysis.numbers import format_value
from analysis.studies.similarity.rows import MEAN, OTHER_BLOCKS, DifferenceRow, SummaryRow

SHARED = "share structure"


class Means(NamedTuple):
    """Means over blocks of trained models and of their twins, which of them are known and ranked, gains over the twins, and
    whether they are of models that have one side alone, which is said where there are no others.
    """

    trained: dict[str, SummaryRow]
    twins: dict[str, SummaryRow]
    known: list[str]
    gains: dict[str, DifferenceRow]
    alone: bool

    @property
    def layers(self) -> str:
        """What is compared."""
        return "different layers of the sound" if self.alone else "audio and MIDI layers"


def headline(
    summary: Sequence[SummaryRow], differences: Sequence[DifferenceRow], measure: str, names: Collection[str] = ()
) -> str:
    """The mean over blocks beside its untrained twin and shuffled works; of several of these highest and lowest; 30 words."""
    means = _read(summary, differences, measure, names)
    trained, twins, known, gains, _ = means
    if not known:
        return f"{_capital(means.layers)} cannot be compared by {measure}: no pair of blocks has one."
    ordered = sorted(known, key=lambda name: -(trained[name].value or 0.0))
    highest, lowest = ordered[0], ordered[-1]
    row, verdict = trained[highest], _short_verdict(trained[highest], gains.get(highest))
    both = len(known) > 1 and verdict == SHARED
    most = ", most" if both and not _apart(highest, lowest, differences) else ""
    text = f"{_bare(row)} {measure}: {means.layers} {verdict}{most} in {highest} "
    text += f"(untrained twin {_short(twins[highest].value)}"
    text += ")" if row.null is None else f", shuffled pairs {_short(row.null)})"
    if not both:
        return f"{text}."
    return f"{text}, {'least in' if most else 'not distinguishable from'} {lowest} ({_bare(trained[lowest])})."


def details(
    summary: Sequence[SummaryRow], differences: Sequence[DifferenceRow], measure: str, names: Collection[str] = ()
) -> str:
    """The mean over blocks in full, over which of them, beside its controls; of several of these highest and lowest."""
    means = _read(summary, differences, measure, names)
    trained, twins, known, gains, _ = means
    if not known:
        return "No pair of blocks has a value; the cells say why."
    highest = max(known, key=lambda name: trained[name].value or 0.0)
    lowest = min(known, key=lambda name: trained[name].value or 0.0)
    controls = {name: _controls(trained[name], twins[name]) for name in known}
    if len(known) == 1:
        return f"{_capital(means.layers)} {_verdict(trained[highest], gains.get(highest))}: {measure} {controls[highest]}."
    text = f"{_capital(means.layers)} are most alike in {highest}, where they {_verdict(trained[highest], gains.get(highest))}: "
    text += f"{measure} {controls[highest]}; least in {lowest}, where they {_verdict(trained[lowest], gains.get(lowest))}: "
    return f"{text}{controls[lowest]}.{_apart(highest, lowest, differences)}"


def _read(summary: Sequence[SummaryRow], differences: Sequence[DifferenceRow], measure: str, names: Collection[str]) -> Means:
    within = [row for row in summary if row.what in (MEAN, OTHER_BLOCKS) and row.estimator == measure and row.within]
    alone = all(row.alone for row in within) and bool(within)
    means = [row for row in within if row.alone is alone]
    trained = {row.first: row for row in means if row.weights == "trained"}
    twins = {row.first: row for row in means if row.weights == "untrained"}
    known = [name for name, row in trained.items() if row.value is not None and (not names or name in names)]
    return Means(trained, twins, known, {row.first: row for row in differences if row.second_weights == "untrained"}, alone)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _short_verdict(row: SummaryRow, gain: DifferenceRow | None) -> str:
    """The verdict in few words."""
    if row.null is None or row.ci_low is None:
        return "cannot be said to share structure"
    if row.inside_null:
        return "are not distinguishable from shuffled pairs"
    if gain is None or gain.ci_low is None or gain.ci_high is None or gain.ci_low > 0:
        return SHARED
    return "share less structure than the twin" if gain.ci_high < 0 else f"{SHARED}, not distinguishably more than the twin"


def _verdict(row: SummaryRow, gain: DifferenceRow | None) -> str:
    if row.null is None or row.ci_low is None:
        return "cannot be said to share structure"
    if row.inside_null:
        return "are not distinguishable from shuffled pairs (95 %)"
    if gain is None or gain.ci_low is None or gain.ci_high is None or gain.ci_low > 0:
        return SHARED
    less = "less structure than" if gain.ci_high < 0 else "structure, but not distinguishably more than"
    return f"share {less} in the untrained twin"


def _controls(row: SummaryRow, twin: SummaryRow) -> str:
    some = f" over {row.cells} of {row.of_cells} pairs of blocks" if row.cells < row.of_cells else ""
    text = f"{_number(row)} on average{some}, untrained twin {_short(twin.value)}"
    return text if row.null is None else f"{text}, shuffled pairs {_short(row.null)}"


def _number(row: SummaryRow) -> str:
    return _bare(row) if row.ci_low is not None else f"{_bare(row)} (no interval from fewer than 3 works)"


def _bare(row: SummaryRow) -> str:
    return format_value(replace(row.number, null=None))


def _short(number: float | None) -> str:
    return "not available" if number is None else f"{number:.2f}".replace("-0.00", "0.00")


def _apart(highest: str, lowest: str, differences: Sequence[DifferenceRow]) -> str:
    """Whether the highest and the lowest can be told apart."""
    for row in differences:
        if {row.first, row.second} == {highest, lowest} and row.second_weights == "trained" and row.number.inside_null:
            return " The two are not distinguishable (95 % interval of the difference, by work)."
    return ""
