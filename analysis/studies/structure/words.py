"""What the study of self-similarity says: its values, the headline, and the sentences below it."""

from collections.abc import Sequence

from analysis.numbers import Value, format_value
from analysis.studies.structure.references import REFERENCES
from analysis.studies.structure.rows import ChangeKindRow, ChosenRow, LayerRow

CHOSEN = "ρ of the chosen layer and quantity"
GAIN = "ρ gained over the untrained twin"
SHOWN = 0.005
NOTHING = "0 layers could be chosen: that takes two works, also for the untrained twin."


def values(chosen: Sequence[ChosenRow]) -> list[Value]:
    """The chosen layer of every checkpoint, that of its twin, and the difference of both."""
    numbers = []
    for row in chosen:
        key = {"checkpoint": row.checkpoint, "weights": row.weights, "what": CHOSEN}
        numbers.append(Value(key, row.value, row.ci_low, row.ci_high, row.n, row.null, "", "ρ_a, other works"))
        if row.gain_value is not None:
            of = row.gain
            gain = {"checkpoint": row.checkpoint, "what": GAIN}
            numbers.append(Value(gain, of.value, of.ci_low, of.ci_high, of.n, of.null, "", "difference in ρ_a"))
    return numbers


def headline(chosen: Sequence[ChosenRow], names: Sequence[str]) -> str:
    """The layer that mirrors a quantity most, beside its twin and the quantity moved in time; at most 30 words."""
    trained = [row for row in chosen if row.weights == "trained" and row.checkpoint in names]
    best = max(trained, key=lambda row: row.value or 0.0, default=None)
    if best is None:
        return NOTHING
    twin = next(row for row in chosen if row.weights == "untrained" and row.checkpoint == best.checkpoint)
    number = Value({"what": CHOSEN}, best.value, best.ci_low, best.ci_high, best.n, None, "", "")
    text = f"{format_value(number)} ρ: self-similarity at {best.layer} of {best.checkpoint} mirrors {best.reference}"
    text += _beyond(best).replace(",", "")
    return f"{text} (untrained twin {_short(twin.value)}, {best.reference} moved in time {_short(best.null)})."


def details(layers: Sequence[LayerRow], changes: Sequence[ChangeKindRow], names: Sequence[str]) -> list[str]:
    """Which layer of the first checkpoint mirrors each quantity most, and against which changes novelty is held."""
    trained = [row for row in layers if not row.is_twin and row.checkpoint == names[0]]
    best = {reference: max(_of(trained, reference), key=lambda row: row.value or -1.0) for reference in REFERENCES}
    parts = [f"{reference} at {row.layer} ({_short(row.value)}{_beyond(row)})" for reference, row in best.items()]
    sentences = [f"In {names[0]} each quantity is mirrored most: {', '.join(parts)}."]
    usable = [row for row in changes if not row.reason]
    if not usable:
        return [*sentences, f"Novelty is not held against chord changes: {changes[0].reason}."]
    kinds = ", ".join(f"{row.changes} (±{row.tolerance_s:g} s, {row.n_changes} in {row.n_pieces} pieces)" for row in usable)
    return [*sentences, f"Novelty is held against {kinds}."]


def _of(rows: Sequence[LayerRow], reference: str) -> list[LayerRow]:
    return [row for row in rows if row.reference == reference]


def _beyond(row: LayerRow | ChosenRow) -> str:
    """Whether training added to it; what two decimals do not show is no difference."""
    if row.gain_value is None or row.gain_low is None or row.gain_high is None:
        return ""
    if abs(row.gain_value) < SHOWN or row.gain_low <= 0 <= row.gain_high:
        return ", no more than untrained"
    return "" if row.gain_low > 0 else ", less than untrained"


def _short(number: float | None) -> str:
    return "not available" if number is None else f"{number:.2f}".replace("-0.00", "0.00")
