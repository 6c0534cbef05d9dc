"""What the study of beats says: its values, the headline, and the sentences below it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from analysis.numbers import Value, format_value
from analysis.studies.beats.rows import LIBRARY, NOBODY, TWIN, GainRow, MaterialRow, Measure, ScoreRow, TrackRow
from analysis.studies.beats.tracks import MOVED

F: Measure = "F"
ALIKE = 0.04  # of a tempo, within which two are the same


def score_values(rows: Iterable[ScoreRow]) -> list[Value]:
    """Every measure of every model, and of librosa."""
    return [
        Value(
            {**({"checkpoint": row.checkpoint, "weights": row.weights} if row.checkpoint else {"input": LIBRARY}),
             "what": row.measure},
            row.value, row.ci_low, row.ci_high, row.n, row.null, "", f"mean {row.measure} of recordings",
        )
        for row in rows
    ]  # fmt: skip


def gain_values(rows: Iterable[GainRow]) -> list[Value]:
    """What a checkpoint gains over its twin, librosa and moved beats."""
    return [
        Value(
            {"checkpoint": row.checkpoint, "what": f"{row.measure} gained over {_other(row)}"},
            row.value, row.ci_low, row.ci_high, row.n, row.null, "", "difference in means",
        )
        for row in rows
    ]  # fmt: skip


def headline(scores: Sequence[ScoreRow], gains: Sequence[GainRow], names: Sequence[str]) -> str:
    """F of the checkpoint that finds beats best, beside librosa, its untrained twin and moved beats; at most 30 words."""
    best = best_of(scores, names)
    twin, library = (row_of(scores, *whose, F) for whose in ((best.checkpoint, TWIN), (NOBODY, LIBRARY)))
    number = format_value(replace(score_values([best])[0], null=None))
    controls = f"librosa {library.value:.2f}, untrained twin {twin.value:.2f}, {MOVED} {best.null:.2f}"
    return f"{number} F within 70 ms: {best.checkpoint} finds beats{_verdict(best, gains)} ({controls})."


def details(scores: Sequence[ScoreRow], tracks: Sequence[TrackRow], material: MaterialRow, names: Sequence[str]) -> list[str]:
    """What the number is of, what beats at another level of the metre add, and what was left out."""
    best = best_of(scores, names)
    cmlt, amlt = (row_of(scores, best.checkpoint, best.weights, measure) for measure in ("CMLt", "AMLt"))
    tracked = [row for row in tracks if (row.checkpoint, row.weights) == (best.checkpoint, best.weights)]
    same = sum(
        row.template_bpm is not None and abs(row.template_bpm - row.tracked_bpm) < ALIKE * row.tracked_bpm for row in tracked
    )
    sentences = [
        f"n = {material.recordings} recordings of {material.works} works; windows and clicks at {material.slowest_bpm:g} to "
        f"{material.fastest_bpm:g} BPM are compared by {best.score}.",
        f"Continuity: CMLt {cmlt.value:.2f} ({MOVED} {cmlt.null:.2f}); half, double and off-beat tempi allowed, AMLt "
        f"{amlt.value:.2f} ({MOVED} {amlt.null:.2f}).",
        f"In {same} of {len(tracked)} recordings the most similar template has the tempo that was tracked, within 4 %.",
    ]
    parts = [
        f"{material.unannotated} without annotated beats" if material.unannotated else "",
        f"{material.too_short} that are too short or have fewer than 2 beats there" if material.too_short else "",
    ]
    return [*sentences, f"Left out: {', '.join(filter(None, parts))}."] if any(parts) else sentences


def best_of(rows: Sequence[ScoreRow], names: Sequence[str]) -> ScoreRow:
    """The trained checkpoint with the highest F."""
    return max((row_of(rows, name, "trained", F) for name in names), key=lambda row: row.value)


def row_of(rows: Sequence[ScoreRow], checkpoint: str, weights: str, measure: str) -> ScoreRow:
    """A measure of a model."""
    return next(row for row in rows if (row.checkpoint, row.weights, row.measure) == (checkpoint, weights, measure))


def _verdict(best: ScoreRow, gains: Sequence[GainRow]) -> str:
    """Whether it does so beyond what moved beats and the twin do; "" where it does, or where that cannot be told."""
    mine = {row.against: row for row in gains if (row.checkpoint, row.measure) == (best.checkpoint, F)}
    moved, twin = mine[MOVED], mine[TWIN]
    if moved.ci_low is not None and moved.ci_low <= 0:
        return " no better than chance"
    if twin.ci_low is None or twin.ci_high is None or twin.ci_low > 0:
        return ""
    return " worse than untrained" if twin.ci_high < 0 else " no better than untrained"


def _other(row: GainRow) -> str:
    return "untrained twin" if row.against == TWIN else row.against
