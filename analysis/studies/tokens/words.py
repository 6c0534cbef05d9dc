"""What the study of tokens says: its values, the headline, and the sentences below it."""

from collections.abc import Iterable, Sequence

from analysis.numbers import SHARE, Value, format_value
from analysis.studies.tokens.labels import BEAT
from analysis.studies.tokens.rows import ACCURACY, TokenBestRow, TokenScoreRow, TokenTaskRow

NOTHING = "0 layers could be read: no score of any task is defined."
PLURAL = {"chord": "chords", "key": "keys", "beat": "beats"}


def score_values(rows: Iterable[TokenScoreRow]) -> list[Value]:
    """Every score with its control."""
    return [row.number for row in rows]


def headline(best: Sequence[TokenBestRow], names: Sequence[str]) -> str:
    """Of what is read, the task on which training adds most, beside sound, untrained twin and nothing read; at most 30 words."""
    chosen = [row for row in best if row.checkpoint in names]
    if not chosen:
        return NOTHING
    row = max([row for row in chosen if row.is_read] or chosen, key=lambda row: row.margin)
    text = f"{_written(row, row.value, row.ci_low, row.ci_high)} {row.measure}: {row.layer} of {row.checkpoint} tells "
    text += f"{PLURAL.get(row.task, row.task)}{_verdict(row)} "
    beside = [(row.input or "sound", row.input_value), ("untrained twin", row.twin), ("nothing read", row.null)]
    return f"{text}({', '.join(f'{name} {_short(row, number)}' for name, number in beside)})."


def details(tasks: Sequence[TokenTaskRow], n_windows: int) -> list[str]:
    """Of how many moments it is, and which tasks are not asked."""
    asked = [task for task in tasks if not task.reason]
    parts = ", ".join(f"{PLURAL.get(task.task, task.task)} {task.n_moments} ({task.n_works} works)" for task in asked)
    sentences = [f"Moments lie 0.1 s apart in {n_windows} windows; of these are known: {parts}."]
    if any(task.task == BEAT for task in asked):
        sentences.append(
            "Of beats, peaks within 70 ms hit; their threshold was chosen on half of the works, F1 is of the others."
        )
    return sentences + [f"{task.task.capitalize()} is not asked: {task.reason}." for task in tasks if task.reason]


def _verdict(row: TokenBestRow) -> str:
    """Whether the tokens tell more than the untrained twin and the sound; "" where that is not known."""
    if not row.is_read:
        return " no better than nothing"
    for name, over in (("untrained", row.over_twin), ("the sound", row.over_input)):
        if over.ci_low is not None and over.ci_high is not None and over.ci_low <= 0:
            return f" {'worse' if over.ci_high < 0 else 'no better'} than {name}"
    return ""


def _written(row: TokenBestRow, number: float | None, low: float | None = None, high: float | None = None) -> str:
    """A number in the unit of a row."""
    return format_value(Value({"what": "score"}, number, low, high, row.n, None, SHARE if row.measure == ACCURACY else "", ""))


def _short(row: TokenBestRow, number: float | None) -> str:
    """A number beside the one that is spoken of: R² and F1 with two decimals."""
    if number is None or row.measure == ACCURACY:
        return _written(row, number)
    return f"{number:.2f}".replace("-0.00", "0.00")
