"""What invariance says of its values, in sentences."""

from collections.abc import Sequence
from dataclasses import replace

from analysis.datasets.pools import size_words
from analysis.numbers import Value, format_value, pick, select, the
from analysis.studies.invariance.rows import UNALTERED
from analysis.studies.pools.scores import DROP
from analysis.studies.pools.words import at_ceiling
from analysis.studies.stress.distances import DISTANCE


def headline(values: Sequence[Value], names: tuple[str, ...], pool_size: int) -> str:
    """What costs the best of these checkpoints most of S, beside S unaltered and chance; or that nothing does; at most 30 words.

    Args:
        values: of the study.
        names: of the checkpoints.
        pool_size: candidates among which S was searched.
    """
    best, score = _best(values, names)
    drops, chance = _of(values, best, DROP), f"chance {100 * (score.null or 0.0):.1f} %"
    if score.inside_null is not False:
        text = f"S = {_bare_words(score)} among {size_words(pool_size)} ({chance}, not distinguishable): {best} finds too little"
        return f"{text} for a drop to say anything."
    if not any(map(_lowers, drops)):
        text = f"S = {_bare_words(score)} among {size_words(pool_size)} ({chance}): none of {len(drops)} changes lowers it"
        return f"{text} distinguishably in {best}."
    worst = max(drops, key=_size)
    text = f"{_points(worst)} of S among {size_words(pool_size)}: {named(worst)} costs {best}"
    return f"{text} most of {len(drops)} changes (S unaltered {format_value(_bare(score))}, {chance})."


def details(values: Sequence[Value], names: tuple[str, ...], among: str = "") -> str:
    """Of the best checkpoint the change that costs it most, those that cost nothing measurable, and what moves it least."""
    best, score = _best(values, names)
    drops, least = _of(values, best, DROP), least_moved(values, best)
    text = f"{best} finds the match for S = {format_value(score, 'chance')} of {score.n} unaltered windows{among}"
    if score.inside_null is not False:
        return f"{text}, so that a drop in S says nothing here. {least}"
    text += f" (chance {100 * (score.null or 0.0):.1f} %).{_ceiling(score)} "
    if not any(map(_lowers, drops)):
        return f"{text}None of {len(drops)} changes lowers S distinguishably. {least}"
    worst = max(drops, key=_size)
    text += f"Of {len(drops)} changes, {named(worst)} costs it most: S falls by {_points(worst)}. "
    harmful = {_noun(drop) for drop in drops if _lowers(drop)}
    harmless = [noun for noun in dict.fromkeys(map(_noun, drops)) if noun not in harmful]
    if harmless:
        text += f"At no dose does S fall distinguishably with: {', '.join(harmless)}. "
    return text + least


def _best(values: Sequence[Value], names: tuple[str, ...]) -> tuple[str, Value]:
    """The checkpoint with the highest S unaltered, and that S."""
    start = {name: the(values, checkpoint=name, weights="trained", change=UNALTERED, what="S") for name in names}
    best = max(names, key=lambda name: _size(start[name]))
    return best, start[best]


def _of(values: Sequence[Value], best: str, what: str) -> tuple[Value, ...]:
    """One quantity of that checkpoint at every dose of every change."""
    return select(values, checkpoint=best, weights="trained", what=what)


def least_moved(values: Sequence[Value], best: str) -> str:
    """The change whose strongest dose moves the embedding least, beside the twin at that dose, in a sentence."""
    strongest: dict[str, Value] = {}
    for moved in _of(values, best, DISTANCE):
        if moved.value is not None and (_noun(moved) not in strongest or _size(moved) > _size(strongest[_noun(moved)])):
            strongest[_noun(moved)] = moved
    if not strongest:
        return "Its embedding is the same for every window, so that no distance can be given."
    least = min(strongest.values(), key=_size)
    twin = pick(values, **{**least.key, "weights": "untrained"})
    control = "" if twin is None else f" (untrained twin {_bare_words(twin)})"
    return f"Its embedding moves least with {named(least)}: {_bare_words(least)} of the distance to another piece{control}."


def _noun(value: Value) -> str:
    """The change of which it is."""
    return str(value.key["change"])


def named(value: Value) -> str:
    """The change and its dose inside a sentence."""
    dose = str(value.key["dose"])
    return f"{_noun(value)} {dose}" if dose.startswith("×") else f"{_noun(value)} ({dose})"


def _size(value: Value) -> float:
    return value.value or 0.0


def _lowers(drop: Value) -> bool:
    return (drop.ci_low or 0.0) > 0


def _points(drop: Value) -> str:
    """A difference of two percentages is told in points."""
    return _bare_words(drop).replace(" %", " points", 1)


def _bare_words(value: Value) -> str:
    return format_value(replace(value, null=None))


def _bare(value: Value) -> Value:
    return replace(value, ci_low=None, ci_high=None, null=None)


def _ceiling(score: Value) -> str:
    """That S has hardly any room above it, where it has not."""
    return f" S unaltered is at its ceiling ({format_value(_bare(score))}), where harm shows late." if at_ceiling(score) else ""
