"""What the study of the embedding says: its headline and its sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from analysis.numbers import Value, format_value, pick, the
from analysis.studies.embedding.alone import AUC_WORK
from analysis.studies.embedding.modalities import AUC_OTHER, GAP, MINUS_TWIN, SHARED

JOINT = "embedding"


def headline(values: Sequence[Value], names: Sequence[str], layer: str) -> str:
    """Of the checkpoint that tells matched pairs best: by how much, beside chance and its untrained twin; at most 30 words."""
    if pick(values, checkpoint=names[0], weights="trained", what=AUC_WORK) is not None:
        return headline_alone(values, names, layer)
    best, auc, twin = _best(values, names, AUC_OTHER if layer == JOINT else SHARED)
    if layer != JOINT:
        unclear = "" if auc.inside_null is False else ", not distinguishable"
        text = f"{_bare(auc)} of a window's neighbours do audio and MIDI share at {layer} in {best}"
        return f"{text} (chance {100 * (auc.null or 0.0):.1f} %{unclear}; untrained twin {_bare(twin)})."
    if auc.value is None:
        return f"{best} is given one work only, so that no mismatched pairs can be made."
    above = "" if auc.inside_null is not False else _above_twin(_difference(values, best))
    verdict = "cannot be said to be closer" if auc.inside_null is not False else "are closer"
    verdict = "are farther apart" if auc.inside_null is False and auc.value < 0.5 else verdict
    text = f"AUC {_bare(auc)}: matched audio and MIDI {verdict} than mismatched in {best} (chance 0.5, untrained twin "
    return f"{text}{_bare(twin)}{above})."


def headline_alone(values: Sequence[Value], names: Sequence[str], layer: str) -> str:
    """Of sound alone: how much nearer windows of one work lie than those of other works, beside chance and the twin."""
    best, auc, twin = _best(values, names, AUC_WORK)
    if auc.value is None:
        return f"{best} is given no work with windows that do not overlap, so that nothing can be compared."
    verdict = "lie nearer together than those of other works"
    verdict = "cannot be said to lie nearer together" if auc.inside_null is not False else verdict
    verdict = "lie farther apart than those of other works" if auc.inside_null is False and auc.value < 0.5 else verdict
    where = "" if layer == JOINT else f" at {layer}"
    return f"AUC {_bare(auc)}: windows of one work {verdict}{where} in {best} (chance 0.5, untrained twin {_bare(twin)})."


def _best(values: Sequence[Value], names: Sequence[str], measure: str) -> tuple[str, Value, Value]:
    """The checkpoint with the highest value of a measure, that value, and its untrained twin's."""
    trained = {name: the(values, checkpoint=name, weights="trained", what=measure) for name in names}
    best = max(names, key=lambda name: trained[name].value or 0.0)
    return best, trained[best], the(values, checkpoint=best, weights="untrained", what=measure)


def _difference(values: Sequence[Value], name: str) -> Value | None:
    """What the AUC has above that of the untrained twin."""
    return pick(values, checkpoint=name, weights=MINUS_TWIN, what=AUC_OTHER)


def _above_twin(difference: Value | None) -> str:
    """What is to be said where a model is not shown to be above its untrained twin."""
    if difference is None or difference.inside_null is None or (difference.ci_low or 0.0) > 0:
        return ""
    return ", not distinguishable" if difference.inside_null else ", which is higher"


def details(values: Sequence[Value], names: Sequence[str], layer: str, gap_p: Mapping[str, float | None]) -> str:
    """Of the checkpoint that tells matched pairs best: by how much, beside its untrained twin, and the gap between modalities."""
    if pick(values, checkpoint=names[0], weights="trained", what=AUC_WORK) is not None:
        return f"{names[0]} reads sound alone, so that windows of one work are compared with those of other works."
    if layer != JOINT:
        best, shared, twin = _best(values, names, SHARED)
        return _of_a_layer(best, layer, shared, twin)
    best, auc, twin = _best(values, names, AUC_OTHER)
    gap = the(values, checkpoint=best, weights="trained", what=GAP)
    works = "one work" if auc.value is None else "two works"  # with more there is an interval
    return f"{best}: {_closeness(auc, twin, _difference(values, best))} {_apart(gap, gap_p[best], works)}"


def _closeness(auc: Value, twin: Value, difference: Value | None) -> str:
    if auc.value is None:
        return "there is one work only, so that no mismatched pairs can be made;"
    numbers = f"AUC {format_value(auc, 'chance')}"
    twins = f"untrained twin {_bare(twin)};"
    if auc.inside_null is None:
        return f"matched audio and MIDI cannot be said to be closer than mismatched ones: {numbers}, of two works; {twins}"
    if auc.inside_null:
        return f"matched audio and MIDI cannot be said to be closer than mismatched ones: {numbers}; {twins}"
    if auc.value < 0.5:
        return f"matched audio and MIDI are farther apart than mismatched ones: {numbers} (chance 0.5); {twins}"
    sentence = f"matched audio and MIDI are closer than mismatched ones: {numbers}"
    if difference is None or difference.inside_null is None or (difference.ci_low or 0.0) > 0:
        return f"{sentence}, {twins}"
    if difference.inside_null:
        return f"{sentence}, but not distinguishably more than in the {twins}"
    return f"{sentence}, but less than in the {twins}"


def _apart(gap: Value, p: float | None, works: str) -> str:
    sentence = f"the two modalities lie {_bare(gap)} apart"
    if gap.inside_null is None or p is None:
        return f"{sentence}, {works} being too few to judge that."
    exchanged = format_value(replace(gap, value=gap.null, ci_low=None, ci_high=None, null=None))
    chance = "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
    if p >= 0.05:
        return f"{sentence}, not distinguishable from exchanged labels ({exchanged}, {chance})."
    if gap.inside_null:
        return f"{sentence}, little more than exchanged labels give ({exchanged}, {chance})."
    return f"{sentence} (exchanged labels {exchanged}, {chance})."


def _of_a_layer(name: str, layer: str, shared: Value, twin: Value) -> str:
    chance = f"chance {100 * (shared.null or 0.0):.1f} %"
    sentence = (
        f"At {layer} audio and MIDI have spaces of their own; in {name} the two share {_bare(shared)} of a window's neighbours"
    )
    if shared.inside_null is None:
        return f"{sentence}, which so few works cannot tell from chance ({100 * (shared.null or 0.0):.1f} %)."
    if shared.inside_null:
        return f"{sentence}, not distinguishable from chance ({100 * (shared.null or 0.0):.1f} %), untrained twin {_bare(twin)}."
    return f"{sentence} ({chance}, untrained twin {_bare(twin)})."


def _bare(value: Value) -> str:
    return format_value(replace(value, null=None))
