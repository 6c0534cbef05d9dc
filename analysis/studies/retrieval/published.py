"""What this study says where others have published a number."""

from analysis.numbers import Value, format_value
from analysis.results import Result
from analysis.studies.counted import TRAINED
from analysis.studies.record import Ours

WAYS = ("audio to MIDI", "MIDI to audio")


def ours(result: Result) -> Ours:
    """Ours beside what is published about this study."""
    pool = "canonical"
    for value in result.values:
        name, _, measure = value.name.partition(f", {TRAINED}, {pool}: ")
        text = format_value(Value(measure or "S", value.value, value.ci_low, value.ci_high, value.n, None, value.unit, ""))
        hard = measure.removeprefix("accuracy against same piece ")
        if hard in WAYS:
            yield name, f"{pool} pool", "accuracy against same piece", f"{text} ({hard})"
        elif measure:
            yield name, f"{pool} pool", measure, text
