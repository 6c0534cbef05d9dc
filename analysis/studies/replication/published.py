"""What this study says where others have published a number."""

from analysis.results import Result
from analysis.studies.counted import text_of, trained
from analysis.studies.record import Ours
from analysis.studies.replication.words import chosen_test

TRAININGS = "five training seeds"
BASELINE = "D0"


def ours(result: Result) -> Ours:
    """Ours beside what is published about this study."""
    first = {row["arm"]: row["checkpoint"] for row in reversed(result.tables["runs"])}
    for row in trained(result.tables["arms"]):
        if (n := row["n"]) > 1:
            yield first[row["arm"]], TRAININGS, "mean S", f"{text_of(row)}, n = {n}"
            yield first[row["arm"]], TRAININGS, "SD of S", f"{100 * row['sd']:.1f} points, n = {n}"
            for name in ("lowest", "highest"):
                yield first[row["arm"]], TRAININGS, f"{name} S", f"{100 * row[name]:.1f} %, n = {n}"
    for row in trained(result.tables.get("pairs", ())):
        if BASELINE in (row["first"], row["second"]):
            sign, arm = (-1, row["second"]) if row["first"] == BASELINE else (1, row["first"])
            found = chosen_test(row)
            value, *ends = (sign * 100 * found[name] for name in ("value", "ci_low", "ci_high"))
            text = f"{value:.1f} points [{min(ends):.1f}, {max(ends):.1f}]"
            yield first[arm], TRAININGS, "mean S minus that of D0", f"{text}, {'paired' if found['by_seed'] else 'Welch'}"
