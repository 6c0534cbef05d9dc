"""What the study of onsets says: its values, the headline, and the sentences below it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from analysis.numbers import Value, format_value
from analysis.studies.onsets.rows import CurveRow, EventRow, GainRow, HeadRow
from analysis.studies.onsets.scores import TWIN

F1, PARTIAL = "F1 of the chosen head", "correlation of the chosen head given log energy"
ONSETS = "onsets"
FLUX = "spectral flux"
NO_HEADS = "0 heads could be held against onsets, in no checkpoint and no untrained twin."


def head_values(rows: Iterable[HeadRow]) -> list[Value]:
    """F1 of the chosen head of every model, and how it goes with events beyond log energy."""
    values = []
    for row in rows:
        if row.chosen:
            key = {"checkpoint": row.checkpoint, "weights": row.weights, "events": row.events}
            values.append(Value({**key, "what": F1}, row.value, row.ci_low, row.ci_high, row.n, row.null, "", "F1, other works"))
            of = row.partial
            values.append(
                Value({**key, "what": PARTIAL}, of.value, of.ci_low, of.ci_high, of.n, of.null, "", "partial correlation")
            )
    return values


def gain_values(rows: Iterable[GainRow]) -> list[Value]:
    """What the chosen head gains over the twin and over curves of the sound."""
    return [
        Value(
            {"checkpoint": row.checkpoint, "events": row.events, "what": f"F1 gained over {row.against}"},
            row.value, row.ci_low, row.ci_high, row.n, row.null, "", "difference in F1",
        )
        for row in rows
    ]  # fmt: skip


def curve_values(rows: Iterable[CurveRow]) -> list[Value]:
    """F1 of curves of the sound."""
    return [
        Value(
            {"input": row.curve, "events": row.events, "what": "F1"},
            row.value, row.ci_low, row.ci_high, row.n, row.null, "", "F1, other works",
        )
        for row in rows
    ]  # fmt: skip


def headline(heads: Sequence[HeadRow], gains: Sequence[GainRow], curves: Sequence[CurveRow], names: Sequence[str]) -> str:
    """F1 of the head that marks onsets best, beside spectral flux, the untrained twin and moved peaks; at most 30 words."""
    if (best := _best(heads, names, ONSETS)) is None:
        return NO_HEADS
    twin = next(row for row in heads if row.chosen and row.is_twin and row.checkpoint == best.checkpoint and row.events == ONSETS)
    flux = next(row for row in curves if row.curve == FLUX and row.events == ONSETS)
    text = f"{_number(best)} F1: {best.name} of {best.checkpoint} marks onsets{_verdict(best, gains)}"
    return f"{text} (spectral flux {_short(flux.value)}, twin's best {_short(twin.value)}, moved in time {_short(best.null)})."


def details(
    heads: Sequence[HeadRow], gains: Sequence[GainRow], curves: Sequence[CurveRow], events: Sequence[EventRow],
    names: Sequence[str],
) -> list[str]:  # fmt: skip
    """How heads were chosen, what is left beyond energy, and the same for chords, or why not."""
    (onsets, chords) = events
    text = (
        f"Heads and thresholds were chosen on half of {onsets.n_works} works, and F1 is of the others "
        f"({onsets.n_tested} windows); a peak hits within {1000 * onsets.tolerance_s:.0f} ms."
    )
    sentences = [text]
    if (best := _best(heads, names, ONSETS)) is not None and best.partial_value is not None:
        of = best.partial
        value = Value({"what": PARTIAL}, of.value, of.ci_low, of.ci_high, of.n, of.null, "", "")
        sentences.append(f"Given log energy, what it receives correlates with onsets by {format_value(value, 'moved in time')}.")
    if chords.reason:
        return [*sentences, f"Chord changes are not asked about: {chords.reason}."]
    if (chord := _best(heads, names, "chord changes")) is not None:
        flux = next(row for row in curves if row.curve == FLUX and row.events == "chord changes")
        sentences.append(
            f"Chord changes are marked best by {chord.name} of {chord.checkpoint}: F1 {_number(chord)} within "
            f"{chords.tolerance_s:g} s{_verdict(chord, gains)} (spectral flux {_short(flux.value)}, moved in time "
            f"{_short(chord.null)})."
        )
    return sentences


def _best(heads: Sequence[HeadRow], names: Sequence[str], events: str) -> HeadRow | None:
    """Of the chosen heads of these checkpoints that with the highest F1 where it was chosen."""
    chosen = [row for row in heads if row.chosen and not row.is_twin and row.events == events and row.checkpoint in names]
    return max(chosen, key=lambda row: row.chosen_value, default=None)


def _verdict(best: HeadRow, gains: Sequence[GainRow]) -> str:
    """Whether it does so beyond what moved peaks and the twin do; "" where it does, or where that cannot be told."""
    gain = next(row for row in gains if (row.checkpoint, row.events, row.against) == (best.checkpoint, best.events, TWIN))
    if best.ci_low is not None and best.null is not None and best.ci_low <= best.null:
        return " no better than chance"
    if gain.ci_low is None or gain.ci_high is None or gain.ci_low > 0:
        return ""
    return " worse than untrained" if gain.ci_high < 0 else " no better than untrained"


def _number(row: HeadRow) -> str:
    return format_value(replace(head_values([replace(row, chosen=True)])[0], null=None))


def _short(number: float | None) -> str:
    return "not available" if number is None else f"{number:.2f}"
