"""What the parts of the page of probes share: which rows have a score, how layers are called, and marks beside nothing."""

from collections.abc import Sequence

from analysis.results import Result
from analysis.rows import Numbers
from analysis.studies.probes.rows import ACCURACY, INPUT, BestRow, Measure, MissingRow, ScoreRow
from app.charts.mark import Key, Mark
from app.kit.pool_scores import cell

TWIN = "untrained twin"
NOTHING_READ = "nothing read"
SIDES = {"midi": "MIDI"}  # towers that pages call otherwise than they are named


def scored(result: Result) -> list[ScoreRow]:
    """Rows that have a score."""
    return [row for row in result.rows(ScoreRow) if row.value is not None]


def side_title(side: str) -> str:
    """A tower, or a side of the input, as pages call it.

    >>> side_title("midi"), side_title("encoder")
    ('MIDI', 'encoder')
    """
    return SIDES.get(side, side)


def input_sides(result: Result) -> dict[str, str]:
    """By tower the side of the input that it reads, as pages call both; towers that read none of them are missing."""
    sides = {row.layer: row.side for row in result.rows(ScoreRow) if row.weights == INPUT}
    best = [row for row in result.rows(BestRow) if row.input_layer in sides]
    named_alike = {side_title(side): side_title(side) for side in sides.values()}
    return {side_title(row.side): side_title(sides[row.input_layer or ""]) for row in best} | named_alike


def missing(result: Result) -> list[str]:
    """Why tasks could not be asked, or have no score, each once."""
    reasons = [(row.task, row.reason) for row in (*result.rows(ScoreRow), *result.rows(MissingRow)) if row.reason]
    return list(dict.fromkeys(f"{task.capitalize()}: {reason}." for task, reason in reasons))


def about(rows: Sequence[ScoreRow], task: str) -> str:
    """What is asked and of how much, such as "Balanced accuracy over 3 classes; n = 240 windows of 12 works."."""
    row = next(row for row in rows if row.task == task)
    several = "classes" if row.measure == ACCURACY else "numbers"
    over = f" over {row.n_outputs} {several}" if row.n_outputs > 1 else ""
    return f"{row.measure[:1].upper()}{row.measure[1:]}{over}; n = {row.n} windows of {row.n_works} works."


def layer_title(layer: str) -> str:
    """A layer as an axis names it; an input keeps its name.

    >>> [layer_title(name) for name in ("audio.in", "midi.block.2", "audio.embedding", "log-mel")]
    ['in', '2', 'emb', 'log-mel']
    """
    _, dot, rest = layer.partition(".")
    return rest.removeprefix("block.").replace("embedding", "emb") if dot else layer


def depth(layer: str) -> tuple[bool, bool, int]:
    """Order of layers: in, 1, 2 …, emb."""
    return layer != "in", layer == "emb", int(layer) if layer.isdigit() else 0


def nothing_read(measure: Measure, shuffled: float | None, n_outputs: int) -> float:
    """What is as good as nothing: shuffled labels, or always the mean or any class, whichever is higher.

    >>> nothing_read("R²", -0.2, 1), nothing_read("balanced accuracy", 0.3, 4)
    (0.0, 0.3)
    """
    floor = 1 / n_outputs if measure == ACCURACY else 0.0
    return floor if shuffled is None else max(floor, shuffled)


def beside_nothing(row: ScoreRow | BestRow, n_outputs: int) -> Numbers:
    """A score with its interval beside nothing."""
    return Numbers(row.value, row.ci_low, row.ci_high, nothing_read(row.measure, row.shuffled, n_outputs), row.n)


def mark_of(row: ScoreRow, group: str, series: str, at: float | None = None) -> Mark:
    """The score of one layer beside nothing."""
    parts, numbers = [row.probe], beside_nothing(row, row.n_outputs)
    if row.shuffled is not None and row.selectivity is not None:
        parts.append(f"shuffled labels {row.shuffled:.3f}, selectivity {row.selectivity:.3f}")
    return Mark(
        group, series, row.value or 0.0, row.ci_low, row.ci_high, numbers.null, row.n, at=at, note="; ".join(parts),
        key=tuple(row.of), twin=row.weights == "untrained",
    )  # fmt: skip


def named(rows: Sequence[ScoreRow], clicked: Sequence[Key]) -> ScoreRow | None:
    """The row of the last mark that was clicked; None where nothing was, or what there is not any more."""
    wanted = clicked[-1] if clicked else ()
    return next((row for row in rows if row.of == wanted), None)


def best_of(rows: Sequence[ScoreRow], task: str) -> ScoreRow:
    """The layer from which a task is read best, of trained checkpoints by linear probes where there are any."""
    of_task = [row for row in rows if row.task == task]
    trained = [row for row in of_task if row.weights == "trained" and row.is_linear]
    return max(trained or of_task, key=lambda row: row.value or 0.0)


def score_text(row: ScoreRow) -> str:
    """A score with its interval, marked where that holds nothing."""
    return cell(beside_nothing(row, row.n_outputs), percent=row.measure == ACCURACY) or "—"
