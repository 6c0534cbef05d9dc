"""What this study says in sentences."""

from collections.abc import Sequence

from analysis.numbers import Value, format_value, percent
from analysis.studies.stems.rows import BASELINE, HARD, NOBODY, OTHER_WORKS, AccuracyRow, MaterialRow


def headline(rows: Sequence[AccuracyRow], names: Sequence[str]) -> str:
    """The best of these checkpoints among most candidates, beside chance, its twin and the spectrum alone; at most 30 words."""
    best = best_of(rows, names)
    twin, spectrum = (row_of(rows, *whose, OTHER_WORKS) for whose in ((best.checkpoint, "untrained"), (NOBODY, BASELINE)))
    controls = f"chance {percent(best.null)}, untrained twin {percent(twin.value)}, log-mel {percent(spectrum.value)}"
    number = format_value(Value({"what": "right"}, best.value, best.ci_low, best.ci_high, best.n, None, "share", ""))
    text = f"{number} right among {best.candidates} ({controls}): {best.checkpoint}"
    if inside_null(best):
        return f"{text} is not distinguishable from chance."
    return f"{text} picks {'best ' if len(names) > 1 else ''}the stems that belong together."


def details(rows: Sequence[AccuracyRow], names: Sequence[str], material: MaterialRow) -> list[str]:
    """What the number is of, how it stands with wrong candidates of the same work, and what was left out."""
    best = best_of(rows, names)
    sentences = [
        f"n = {material.windows} windows of {material.works} works, {material.partitions} partitions of each into an anchor "
        f"and its positive (SD between them {100 * best.sd:.1f} points); anchor and candidate are compared by {best.score}."
    ]
    hard = [row for row in rows if (row.checkpoint, row.weights, row.negatives) == (best.checkpoint, best.weights, HARD)]
    if hard:
        among = max(hard, key=lambda row: row.candidates)
        sentences.append(
            f"Where {material.of_same_work:.1f} of {among.candidates - 1} wrong candidates are of the same work: "
            f"{percent(among.value)} (chance {percent(among.null)})."
        )
    return [*sentences, *left_out(material)]


def left_out(material: MaterialRow) -> list[str]:
    """The sentence about what cannot be used; none where all can."""
    silent = f"{material.silent_stems} stems that are silent in a window" if material.silent_stems else ""
    quiet = f"{material.too_quiet} windows in which fewer than two stems sound" if material.too_quiet else ""
    without = f"{material.without} recordings with fewer than two stems" if material.without else ""
    parts = [part for part in (silent, quiet, without) if part]
    return [f"Left out: {', '.join(parts)}."] if parts else []


def best_of(rows: Sequence[AccuracyRow], names: Sequence[str]) -> AccuracyRow:
    """The trained checkpoint that is right most often among most candidates of other works."""
    return max((row_of(rows, name, "trained", OTHER_WORKS) for name in names), key=lambda row: row.value)


def row_of(rows: Sequence[AccuracyRow], checkpoint: str, weights: str, negatives: str) -> AccuracyRow:
    """The row of the most candidates."""
    whose = checkpoint, weights, negatives
    return max((row for row in rows if (row.checkpoint, row.weights, row.negatives) == whose), key=lambda row: row.candidates)


def inside_null(row: AccuracyRow) -> bool:
    """Whether the interval holds chance; False where there is no interval."""
    return row.ci_low is not None and row.ci_high is not None and row.ci_low <= row.null <= row.ci_high
