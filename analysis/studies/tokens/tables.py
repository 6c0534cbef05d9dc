"""Scores of probes of tokens as rows: of every layer, and the best of every tower beside its twin and the sound."""

from collections.abc import Iterable, Sequence

import numpy as np

from analysis.studies.tokens.fit import Ends, TokenScore
from analysis.studies.tokens.rows import INPUT, TokenBestRow, TokenScoreRow

NONE: Ends = (None, None, None)


def score_rows(scores: Iterable[TokenScore]) -> list[TokenScoreRow]:
    """Every score with its interval, its null and its selectivity."""
    rows = []
    for score in scores:
        value, low, high = score.interval()
        selectivity = None if value is None or score.shuffled is None else value - score.shuffled
        rows.append(
            TokenScoreRow(
                score.source.checkpoint, score.source.weights, score.layer.tower, score.layer.title, score.order,
                score.task.name, score.task.measure, value, low, high, score.shuffled, selectivity, score.chance,
                len(score.task.rows), score.works.n_works, score.penalty,
            )
        )  # fmt: skip
    return rows


def best_rows(trained: Sequence[TokenScore], twin: Sequence[TokenScore], sound: Sequence[TokenScore]) -> list[TokenBestRow]:
    """The best layer of every tower on every task, beside the best of the untrained twin and of the sound."""
    rows = []
    for task, tower in dict.fromkeys((score.task.name, score.layer.tower) for score in trained):
        best = _best(score for score in trained if (score.task.name, score.layer.tower) == (task, tower))
        other = _best(score for score in twin if (score.task.name, score.layer.tower) == (task, tower))
        heard = _best(score for score in sound if score.task.name == task)
        if best is not None:
            null = best.chance if best.shuffled is None else max(best.chance, best.shuffled)
            rows.append(
                TokenBestRow(
                    task, best.task.measure, best.source.checkpoint, tower, best.layer.title, *best.interval(), null,
                    len(best.task.rows), best.works.n_works, *_beside(best, other), *_beside(best, heard),
                )
            )  # fmt: skip
    return rows


def _best(scores: Iterable[TokenScore]) -> TokenScore | None:
    return max((score for score in scores if np.isfinite(score.value)), key=lambda score: score.value, default=None)


def _beside(
    best: TokenScore, other: TokenScore | None
) -> tuple[str, float | None, float | None, float | None, float | None, float | None, float | None]:
    """Which it is, its score, and what the best layer has above it."""
    if other is None or other.source.weights == best.source.weights:
        return ("", *NONE, *NONE)
    return (other.layer.title, *best.interval(other.draws), *best.above(other))


def is_of_sound(row: TokenScoreRow) -> bool:
    """Whether it is about the sound itself."""
    return row.weights == INPUT
