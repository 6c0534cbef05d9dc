"""What this study says where others have published a number."""

from collections.abc import Mapping

from analysis.numbers import percent
from analysis.results import Result
from analysis.studies.base.record import Ours
from analysis.studies.counted import text_of, trained
from analysis.studies.replication.rows import ArmRow, PairRow, RunRow
from analysis.studies.replication.words import chosen_test

TRAININGS = "five training seeds"
BASELINE = "D0"


def ours(result: Result) -> Ours:
    """Ours beside what is published about this study."""
    first = {row.arm: row.checkpoint for row in reversed(result.rows(RunRow))}
    for row in trained(result.rows(ArmRow)):
        if row.n > 1:
            whose, n = first[row.arm], f"n = {row.n}"
            yield whose, TRAININGS, "mean S", f"{text_of(row)}, {n}"
            yield whose, TRAININGS, "SD of S", f"{100 * (row.sd or 0.0):.1f} points, {n}"
            yield whose, TRAININGS, "lowest S", f"{percent(row.lowest)}, {n}"
            yield whose, TRAININGS, "highest S", f"{percent(row.highest)}, {n}"
    for row in trained(result.rows(PairRow)):
        if BASELINE in row.pair:
            sign, test = (-1 if row.first == BASELINE else 1), chosen_test(row)
            low, high = sorted(sign * 100 * end for end in (test.ci_low, test.ci_high))
            text = f"{sign * 100 * test.value:.1f} points [{low:.1f}, {high:.1f}], {'paired' if test.by_seed else 'Welch'}"
            yield first[row.other(BASELINE)], TRAININGS, "mean S minus that of D0", text


def arms(result: Result) -> Mapping[str, str]:
    """Further trainings, which are not here, are of the arm that the result knows."""
    return {row.checkpoint: row.arm for row in result.rows(RunRow)}
