"""Which checkpoint is best: the scores that came with each, and what may honestly be said about them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import nan
from types import MappingProxyType
from typing import Protocol, TypeVar, runtime_checkable

from analysis.models.arms import control_of
from analysis.numbers import percent
from analysis.training.prediction_scores import explained_text, prediction_headline, read_explained
from analysis.training.scores import RANKED, Pool, Weights, ranking_score
from analysis.training.scores import RetrievalScore as RetrievalScore
from analysis.training.scores import read_score as read_score
from analysis.training.scores import score_text as score_text

NAMED = 3
CONTROLS: Mapping[Weights, str] = MappingProxyType({"untrained": "its untrained twin", "sound": "the sound itself"})
OF_CONTROLS: tuple[Weights, ...] = ("untrained", "sound")
OTHER_POOLS: Mapping[Pool, str] = MappingProxyType({"views": "views", "stems": "stems"})
INTERVALS = " (95 % intervals)"
ONLY_CONTROLS = "Only controls are here: they show what an arm owes to its parameters and are not ranked as models."


@runtime_checkable
class Evaluated(Protocol):
    """What a comparison needs of a checkpoint."""

    @property
    def name(self) -> str: ...
    @property
    def arm(self) -> str: ...
    @property
    def training(self) -> Mapping[str, object]: ...
    @property
    def evaluation(self) -> Mapping[str, object]: ...


AnyEvaluated = TypeVar("AnyEvaluated", bound=Evaluated)


def by_score(checkpoints: Iterable[AnyEvaluated]) -> list[AnyEvaluated]:
    """Highest S on the canonical pool first, then that of views, then those without scores, equal ones by name; controls below
    their arm, not ranked.

    Controls whose arm is not there come last.
    """
    ranked = sorted(checkpoints, key=_rank)
    controls = [checkpoint for checkpoint in ranked if control_of(checkpoint.arm)]
    ordered: list[AnyEvaluated] = []
    for checkpoint in ranked:
        if not control_of(checkpoint.arm):
            own_controls = [other for other in controls if control_of(other.arm) == checkpoint.arm and other not in ordered]
            ordered += [checkpoint, *own_controls]
    return [*ordered, *(checkpoint for checkpoint in controls if checkpoint not in ordered)]


def _rank(checkpoint: Evaluated) -> tuple[int, float, str]:
    score = ranking_score(checkpoint.evaluation)
    return (len(RANKED), 0.0, checkpoint.name) if score is None else (RANKED.index(score.pool), -score.value, checkpoint.name)


def score_headline(checkpoint: Evaluated) -> str:
    """What is known of one checkpoint: S with interval, n, chance and untrained twin, and which of these it exceeds."""
    score = ranking_score(checkpoint.evaluation)
    if score is None:
        unknown = "This checkpoint came without scores, so how well it finds the match is not known."
        return prediction_headline(checkpoint.evaluation) or unknown
    verdict = _verdict(score, checkpoint) or [_above(score, checkpoint)]
    return " ".join([f"{score.symbol} = {_measured(score, checkpoint)}.", *verdict])


def compare_headline(checkpoints: Sequence[Evaluated]) -> str:
    """The highest S with its interval and pool, chance and untrained twin, and what it cannot be told from; at most 30 words.

    Only checkpoints that were examined on the same test set are compared: the largest such group. Controls are not models and
    are not ranked.
    """
    if not checkpoints:
        return "There is no checkpoint yet."
    models = _models(checkpoints)
    if not models:
        return ONLY_CONTROLS
    compared = next(iter(_test_sets(models)), [])
    if not compared:
        if len(models) == 1:
            return f"{models[0].name} came without scores, so how well it finds the match is not known."
        return f"None of the {len(models)} checkpoints carries scores, so none can be called best."
    (best, score), *others = compared
    control = _twin_text(score, best)
    sentence = (
        f"{score.symbol} = {score_text(score)} among {score.candidates}: {best.name} {_rank_sentence(score, others, checkpoints)}"
    )
    sentence += f" (chance {percent(score.chance)}, {control})"
    if unclear := _verdict(score, best, OF_CONTROLS[:1]):
        return f"{sentence}: {unclear[0][0].lower()}{unclear[0][1:].removesuffix('.').removesuffix(INTERVALS)}."
    if alike := [checkpoint.name for checkpoint, other in others if score.overlaps(other)]:
        return f"{sentence}; its interval overlaps {_those_of(alike)}."
    return (
        f"{sentence}; its interval lies above {_those_of([checkpoint.name for checkpoint, _ in others])}."
        if others
        else f"{sentence}."
    )


def compare_details(checkpoints: Sequence[Evaluated]) -> str:
    """What the headline has no room for: n, the verdict of the best, what its interval overlaps, and who is not compared."""
    models = _models(checkpoints)
    groups = _test_sets(models)
    if not groups:
        return ""
    (best, score), *others = groups[0]
    sentences = [f"n = {score.n_queries} queries of {score.n_works} works.", *(_verdict(score, best) or [_above(score, best)])]
    sentences += _against(score, others)
    scored = sum(len(group) for group in groups)
    if elsewhere := scored - len(groups[0]):
        sentences.append(f"{_others(elsewhere, 'was', 'were')} examined on another test set and cannot be compared with it.")
    unranked = [checkpoint for checkpoint in models if ranking_score(checkpoint.evaluation) is None]
    if predicting := sum(other_score(checkpoint.evaluation) is not None for checkpoint in unranked):
        sentences.append(f"{_others(predicting, 'is', 'are')} scored on masked patches alone.")
    if silent := len(unranked) - predicting:
        sentences.append(f"{_others(silent, 'carries', 'carry')} no scores.")
    controls = [
        (checkpoint.name, ranking_score(checkpoint.evaluation))
        for checkpoint in by_score(checkpoints)
        if checkpoint not in models
    ]
    texts = [f"{name} {score_text(score)}" if score else f"{name} without scores" for name, score in controls]
    return " ".join([*sentences, *([f"Controls, not ranked: {listed(texts)}."] if texts else [])])


def other_score(evaluation: Mapping[str, object]) -> str | None:
    """What a model without a canonical pool is scored by, with its untrained twin; None where there is nothing."""
    for pool, word in OTHER_POOLS.items():
        if score := read_score(evaluation, pool=pool):
            twin = read_score(evaluation, "untrained", pool)
            return f"{word} {score_text(score)}{f' ({percent(twin.value)})' if twin else ''}"
    if explained := read_explained(evaluation):
        twin = read_explained(evaluation, "untrained")
        return f"explained {explained_text(explained)}{f' ({explained_text(replace(twin, low=nan, high=nan))})' if twin else ''}"
    return None


def _rank_sentence(
    score: RetrievalScore, others: Sequence[tuple[Evaluated, RetrievalScore]], checkpoints: Sequence[Evaluated]
) -> str:
    """What the best does; where a control, which is not ranked, has a higher S, it does not find most."""
    scores = [ranking_score(checkpoint.evaluation) for checkpoint in checkpoints if control_of(checkpoint.arm)]
    beaten = any(other is not None and other.pool == score.pool and other.value > score.value for other in scores)
    return ("ranks first" if beaten else "finds most") if others else "finds the match"


def _those_of(names: Sequence[str]) -> str:
    return f"that of {names[0]}" if len(names) == 1 else f"those of {len(names)} others"


def _models(checkpoints: Sequence[Evaluated]) -> list[Evaluated]:
    """Those that are ranked: no controls, but one that is alone."""
    return [checkpoint for checkpoint in checkpoints if len(checkpoints) == 1 or not control_of(checkpoint.arm)]


def _test_sets(models: Sequence[Evaluated]) -> list[list[tuple[Evaluated, RetrievalScore]]]:
    """Checkpoints that carry scores, highest first, by the test set on which they were examined; the largest group first."""
    groups: dict[tuple[str | int, ...], list[tuple[Evaluated, RetrievalScore]]] = {}
    for checkpoint in by_score(models):
        if score := ranking_score(checkpoint.evaluation):
            groups.setdefault(_test_set(checkpoint, score), []).append((checkpoint, score))
    return sorted(groups.values(), key=len, reverse=True)


def _against(score: RetrievalScore, others: Sequence[tuple[Evaluated, RetrievalScore]]) -> list[str]:
    """What the interval of the best overlaps, and what it lies above."""
    alike = [checkpoint.name for checkpoint, other in others if score.overlaps(other)]
    clear = [checkpoint.name for checkpoint, other in others if not score.overlaps(other)]
    sentences = [f"Its interval overlaps that of {listed(alike)}; the paired test is on the Retrieval page."] if alike else []
    return [*sentences, *([f"Its interval lies above {_those_of(clear)}."] if clear else [])]


def _measured(score: RetrievalScore, checkpoint: Evaluated) -> str:
    text = f"{score_text(score)} among {score.candidates} (n = {score.n_queries} queries of {score.n_works} works)"
    sound = read_score(checkpoint.evaluation, "sound", score.pool)
    by_sound = f", sound itself {score_text(sound)}" if sound else ""
    return f"{text}; chance {percent(score.chance)}, {_twin_text(score, checkpoint)}{by_sound}"


def _twin_text(score: RetrievalScore, checkpoint: Evaluated) -> str:
    twin = read_score(checkpoint.evaluation, "untrained", score.pool)
    return f"untrained twin {score_text(twin)}" if twin else "no untrained twin was scored"


def _above(score: RetrievalScore, checkpoint: Evaluated) -> str:
    return f"Above {listed([name for name, *_ in _controls(score, checkpoint)])}."


def _verdict(score: RetrievalScore, checkpoint: Evaluated, of: Sequence[Weights] = OF_CONTROLS) -> list[str]:
    """What the interval does not exclude, and what it lies below; nothing where it lies above every control."""
    controls = _controls(score, checkpoint, of)
    alike = [name for name, low, high in controls if score.low <= high and low <= score.high]
    above = [name for name, low, _ in controls if score.high < low]
    sentences = [f"Not distinguishable from {' or '.join(alike)}{INTERVALS}."] if alike else []
    return [*sentences, *([f"Below {' and '.join(above)}."] if above else [])]


def _controls(
    score: RetrievalScore, checkpoint: Evaluated, of: Sequence[Weights] = OF_CONTROLS
) -> list[tuple[str, float, float]]:
    """Name, lower and upper end of what a score is held against, chance and these."""
    beside = [(CONTROLS[weights], read_score(checkpoint.evaluation, weights, score.pool)) for weights in of]
    known = [(name, other.low, other.high) for name, other in beside if other]
    return [("chance", score.chance, score.chance), *known]


def _test_set(checkpoint: Evaluated, score: RetrievalScore) -> tuple[str | int, ...]:
    corpus = checkpoint.training.get("corpus_sha256") or checkpoint.training.get("corpus")
    examined = [str(checkpoint.evaluation.get(name)) for name in ("split", "n_windows")]
    return (score.pool, str(corpus), *examined, score.n_queries, score.n_works, score.pool_size)


def listed(names: Sequence[str], named: int = NAMED) -> str:
    """At most so many names, then a number.

    >>> listed(["a", "b", "c", "d"]), listed(["a", "b"], 1)
    ('a, b and 2 others', '2 others')
    """
    shown = list(names) if len(names) <= named else [*names[: named - 1], f"{len(names) - named + 1} others"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _others(number: int, verb: str, plural: str) -> str:
    return f"1 other {verb}" if number == 1 else f"{number} others {plural}"
