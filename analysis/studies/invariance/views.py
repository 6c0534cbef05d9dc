"""What invariance says of models that hear sound alone: whether an altered window still finds itself as it was."""

from collections.abc import Sequence
from dataclasses import replace

from analysis.datasets.pools import size_words
from analysis.errors import ConfigError
from analysis.numbers import Value, format_value, pick, select
from analysis.studies.invariance.rows import UNALTERED
from analysis.studies.invariance.words import least_moved, named


def headline(values: Sequence[Value], names: tuple[str, ...], pool_size: int) -> str:
    """The change after which the fewest windows find themselves, beside the twin and chance; at most 30 words."""
    name, worst, n_changes = _worst(values, names)
    twin = pick(values, **{**worst.key, "weights": "untrained"})
    text = f"{_bare(worst)} of windows still find themselves among {size_words(pool_size)} after {named(worst)} in "
    text += f"{name}, fewest of {n_changes} changes ("
    return f"{text}{'' if twin is None else f'untrained twin {_short(twin)}, '}chance {100 * (worst.null or 0.0):.1f} %)."


def details(values: Sequence[Value], names: tuple[str, ...], pool_size: int) -> str:
    """The same in full, what moves the embedding least, and what the number means."""
    name, worst, n_changes = _worst(values, names)
    text = f"{name} reads sound alone, so that an altered window has to be found by the same window as it was, among "
    text += f"{size_words(pool_size)}: unaltered all are. Of {n_changes} changes {named(worst)} leaves fewest: "
    unclear = ", not distinguishable from chance" if worst.inside_null else ""
    return f"{text}{_bare(worst)} of {worst.n} windows{unclear}. {least_moved(values, name)}"


def _worst(values: Sequence[Value], names: tuple[str, ...]) -> tuple[str, Value, int]:
    """The first checkpoint that has any, its S where that is lowest, and how many alterations there were."""
    for name in names:
        unaltered = select(values, checkpoint=name, weights="trained", what="S", change=UNALTERED)
        scores = [each for each in select(values, checkpoint=name, weights="trained", what="S") if each not in unaltered]
        if scores:
            return name, min(scores, key=lambda score: score.value or 0.0), len(scores)
    raise ConfigError(f"Nothing was altered for {', '.join(names)}; expected a change at one dose or more.")


def _bare(value: Value) -> str:
    return format_value(replace(value, null=None))


def _short(value: Value) -> str:
    return format_value(replace(value, null=None, ci_low=None, ci_high=None))
